// SPDX-License-Identifier: Apache-2.0
#pragma once
// Makes exact search exact. Candidates are chosen by nearness in single precision, whose rounding is bounded; where the k-th of a query is not nearer
// than the bound lets the best of those left out be, every row that may belong to the result is compared in double. That happens to vectors that
// are all but equal beside what they have in common, and to very short ones.
#include "vector/exact.h"
#include "vector/search.h"

// The greatest norm of an index; a search needs it once.
float recheck_longest(const struct vector_index *x);
// The most by which nearness in single precision may differ from that in double, for a query and rows no longer than `longest`.
double recheck_error(const struct vector_index *x, float longest, const float *query);
// Does `found`, `each` rows nearest first, hold the nearest, if no row that was left out has a nearness over `floor` in single precision?
static inline bool recheck_is_sure(const struct found *found, size_t each, float floor, double error)
{
    return found[each - 1].nearness > (double)floor + error;
}
// The nearest rows, by nearness in double, of the queries `which` (count of them, of many × dims floats) into found[which[i] * each …], where the
// best known so far stand. ERR_DAMAGED as exact_visit().
bool recheck(const struct exact *e, float longest, const float *queries, const size_t *which, size_t count, size_t each, struct found *found,
             struct err *err) MUST_CHECK;
