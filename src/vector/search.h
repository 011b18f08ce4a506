// SPDX-License-Identifier: Apache-2.0
#pragma once
// Nearest rows of an index, by whatever the index has. The candidates that exact, 8-bit or approximate search gives are put in order by nearness in
// double (metric_nearness), and of equally near rows the lower comes first: the same rows have the same scores and order whichever way they were
// found, with any number of threads, on every machine.
#include "base/err.h"
#include "vector/index.h"

struct searcher;
enum { SEARCH_K_MAX = 10000, SEARCH_EF_MAX = 100000 };
struct search_options {
    size_t k;                           // 1 … SEARCH_K_MAX
    int64_t ef;                         // of approximate search: how many candidates it keeps; 0: as many as were measured when the index was made
    bool exact;                         // every row, also where there is a graph or there are codes
    int threads;                        // 0: all cores
    const char *kernels;                // NULL: the best of this processor; else their name, for tests
};
struct found {
    int64_t row;
    double nearness;
};

// The index must outlive it. NULL (ERR_INVALID): k or ef is out of range.
struct searcher *searcher_new(const struct vector_index *x, const struct search_options *o, struct err *err);
void searcher_free(struct searcher *s);                 // NULL is fine
size_t searcher_each(const struct searcher *s);         // rows that each query gets: min(k, count)
int64_t searcher_ef(const struct searcher *s);          // candidates that a walk through the graph keeps; 0: there is no such walk
bool searcher_uses_codes(const struct searcher *s);     // 8-bit products choose the candidates
bool searcher_is_exact(const struct searcher *s);       // every row is looked at, in floating point
// Queries: count × dims floats, finite. out: count × searcher_each(), nearest first. ERR_DAMAGED: the index holds what it must not.
bool searcher_run(struct searcher *s, const float *queries, size_t count, struct found *out, struct err *err) MUST_CHECK;
