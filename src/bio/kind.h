// SPDX-License-Identifier: Apache-2.0
#pragma once
// Which format a file has: by its name, except where its first bytes are those of a binary format; without a known name by
// its first bytes alone.
#include "base/str.h"

#define BIO_KINDS(X) \
    X(UNKNOWN, "unknown") X(FASTA, "fasta") X(FASTQ, "fastq") X(QUAL, "qual") X(SAM, "sam") X(BAM, "bam") X(CRAM, "cram") X(VCF, "vcf") \
    X(BCF, "bcf") X(GFF3, "gff3") X(GTF, "gtf") X(BED, "bed") X(SHEET, "sheet")
enum bio_kind {
#define X(name, text) KIND_##name,
    BIO_KINDS(X)
#undef X
};

const char *kind_name(enum bio_kind kind);              // "fastq"
// KIND_UNKNOWN: no kind is called so.
enum bio_kind kind_of_name(Str name);
// By the file's name: ".gz" and the like are passed over.
enum bio_kind kind_of_path(Str path);
// `head`: the file's first bytes, unpacked.
enum bio_kind kind_of(Str path, Str head);

// A packing, or an encoding, that is not read: what bytes at the front of a file (behind gzip, if it was packed with that) tell.
struct bio_packing {
    Str magic;
    const char *name;                   // "packed as bzip2"
    const char *remedy;                 // what to do, to stand behind "hint:"
};
const struct bio_packing *kind_packing(Str head);       // NULL: none of them
