// SPDX-License-Identifier: Apache-2.0
#pragma once
// `petri subset`: the first records of a file, a part of them chosen by their names, or those of regions. Mates are chosen
// together. The same seed chooses the same names in every file and on every machine.
#include "bio/kind.h"
#include "bio/region.h"
#include "value/value.h"

struct subset_options {
    Str files[2], outputs[2];           // the second is a mate, or empty. "-" as output: standard output
    enum bio_kind kind;                 // KIND_UNKNOWN: the file says itself
    int64_t count;                      // the first so many reads, pairs or records; -1: all
    double fraction;                    // of names, from 0 to 1
    int64_t seed;
    struct regions regions;             // sorted; empty: everything
    bool overwrite;
    int threads;
};
struct subset_counts { int64_t read, written; };        // records; pairs count as one

// On failure nothing stands under the names of the outputs. ERR_INVALID: the file can not be read as what it is, or options do not fit it.
bool subset_run(struct arena *a, const struct subset_options *o, struct subset_counts *out, struct err *err) MUST_CHECK;
