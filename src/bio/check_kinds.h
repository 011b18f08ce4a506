// SPDX-License-Identifier: Apache-2.0
#pragma once
// For this folder: one file while it is checked, and the checks of each format. Each reads the window to its end, adds faults,
// and sets facts. None opens or closes anything.
#include "bio/check.h"
#include "bio/reference.h"
#include "bio/window.h"

struct check_file {
    struct arena *arena;
    const struct check_options *options;
    struct reference *reference;        // NULL: none was given
    Str path;
    enum bio_kind kind;
    struct faults faults;
    struct window window;
    struct input_info info;
    struct value_builder facts;         // "reads", "bases", "contigs", …
    Str what;                           // "1000 reads, 100 bases": for people
    const struct check_file *mate;      // of the second file: the first, and the other way round
    int64_t device, inode;              // 0: not known
};

// A fact of the summary.
void check_fact(struct check_file *f, const char *name, int64_t number);
void check_fact_text(struct check_file *f, const char *name, Str text);

// Reads; `mate` is NULL, or the second file of a pair, whose faults are its own.
void check_fastq(struct check_file *f, struct check_file *mate);
// Sequences; also the .qual files that stand beside FASTA.
void check_fasta(struct check_file *f);
void check_qual(struct check_file *f);
// Alignments: as text, as BAM, as CRAM.
void check_sam(struct check_file *f);
void check_bam(struct check_file *f);
void check_cram(struct check_file *f);
// Variants: as text, as BCF.
void check_vcf(struct check_file *f);
void check_bcf(struct check_file *f);
// Features.
void check_gff3(struct check_file *f);
void check_gtf(struct check_file *f);
void check_bed(struct check_file *f);

// A sheet of samples. The rows that hold together are for the caller to check further.
struct sheet_row {
    int64_t line, columns[2];           // where the paths stand
    Str sample, lane, library;
    Str fastq[2];                       // absolute paths; the second may be empty
};
struct sheet {
    struct sheet_row *at;
    size_t len, cap;
};
void check_sheet(struct check_file *f, struct sheet *sheet);

// Windows line ends in a format whose programs don't take them.
void check_refuse_dos(struct check_file *f);
void check_warn_dos(struct check_file *f);
