// SPDX-License-Identifier: Apache-2.0
#pragma once
// `petri check`: reads files to their ends, in constant memory, and says what is wrong with each and between them.
#include "bio/fault.h"
#include "bio/kind.h"
#include "base/err.h"
#include "value/value.h"

struct arena;

struct check_options {
    const Str *files;
    size_t file_count;
    Str reference;                      // a FASTA; empty: none
    enum bio_kind kind;                 // of all files; KIND_UNKNOWN: each says itself
    bool pair;                          // FASTQ files are mates, two by two; else those whose names say so are
    bool no_pair;                       // each stands for itself
    bool interleaved;                   // mates stand one behind the other in each FASTQ
    bool sheet_only;                    // of sample sheets: not the files they name
    bool lenient;                       // see fault_convention()
    Str refused;                        // codes whose warnings are errors, with ',' between
    bool hash;                          // digests of the files
    size_t kept_per_code;
    int threads;                        // 0: one per core
};
struct check_report {
    struct check_file **at;             // in the order given; those that sheets name behind their sheet
    size_t len, cap;
    int64_t errors, warnings;
};

// False: the checking itself failed (a reference that can't be read). A file that can't be read is a fault of that file.
bool check_run(struct arena *a, const struct check_options *o, struct check_report *out, struct err *err) MUST_CHECK;
void check_print_faults(const struct check_report *r, struct strbuf *out);
// A line a file: "a.fq.gz: fastq, 1000 reads, …: ok", and a last one for all.
void check_print_summary(const struct check_report *r, struct strbuf *out);
Value check_value(const struct check_report *r, struct arena *a);       // {ok, errors, warnings, files: […]}
