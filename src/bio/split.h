// SPDX-License-Identifier: Apache-2.0
#pragma once
// `petri split`: FASTA or FASTQ, alone or as mates, into parts. The same input and options give the same parts, byte for byte.
#include "base/err.h"
#include "bio/kind.h"

struct arena;

struct split_options {
    Str files[2];                       // the second is a mate, or empty
    enum bio_kind kind;
    int64_t count, size, parts;         // one of them is over 0: records or unpacked bytes of a part; parts, filled in turns
    Str folder;                         // made if it is not there
    Str name;                           // of the parts, in place of the file's; empty, or there is no mate
    bool pack, plain;                   // the parts, whatever the input is; else as the input
    bool overwrite;
    int threads;
};
struct split_part {
    Str paths[2];
    int64_t records, bytes;             // bytes of both files, unpacked
};
struct split_result {
    struct split_part *at;
    size_t len, cap;
};
// Parts are called NAME.part_001.fastq.gz and so on. On failure none of them is left.
bool split_run(struct arena *a, const struct split_options *o, struct split_result *out, struct err *err) MUST_CHECK;
