// SPDX-License-Identifier: Apache-2.0
#pragma once
// How much of the truth a search finds: rows drawn evenly from an index, and what exact search finds for each. Recall@k counts of the k nearest rows
// those found; a row as near as the k-th counts too, so identical vectors do no harm.
#include "base/err.h"
#include "vector/index.h"
#include "vector/top.h"

struct team;
enum { SAMPLE_MAX = 200, SAMPLE_K = 10 };
struct sample {
    size_t count, k;                    // rows; neighbours that are asked for: fewer than SAMPLE_K in a very small index
    bool is_held_out;                   // the search must not know these rows: they, not only the row itself, are left out of the truth
    uint32_t rows[SAMPLE_MAX];          // ascending
    double floor[SAMPLE_MAX];           // nearness of the k-th
};
// `count` rows of [first, end), evenly, at most SAMPLE_MAX. The truth is not known yet.
void sample_draw(struct sample *s, int64_t first, int64_t end, int64_t count, bool is_held_out);
bool sample_has(const struct sample *s, uint32_t row);
// Fills k and floor by exact search in x, of which count, dims, metric, vectors and norms are used.
bool sample_measure(struct sample *s, const struct vector_index *x, struct team *team, struct err *err) MUST_CHECK;
// Of the rows found for sample row i (any number, any order): how many belong to the truth; at most k. Rows that are left out do not count.
size_t sample_hits(const struct sample *s, const struct vector_index *x, size_t i, const struct near *found, size_t len);
