// SPDX-License-Identifier: Apache-2.0
#pragma once
// Lengths of many reads or sequences in little memory: their sum, extremes, mean and N50.
#include "value/value.h"

struct lengths {                        // { 0 } is empty
    uint32_t *counts;                   // of those below LENGTHS_EXACT
    struct { int64_t *at; size_t len, cap; } longer;
    int64_t count, sum, shortest, longest;
};
enum { LENGTHS_EXACT = 1 << 20 };
// One more of this length, from 0.
void lengths_add(struct lengths *l, int64_t length);
// Sets "shortest", "longest", "mean_length", "n50", and with `more` "l50" and "n90".
void lengths_facts(struct lengths *l, struct value_builder *b, bool more);
void lengths_release(struct lengths *l);
