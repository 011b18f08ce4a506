// SPDX-License-Identifier: Apache-2.0
#pragma once
// Every query against every row: a blocked matrix product (scan.h), and of each query the best kept. Rows stream through the cache once for a
// batch of queries.
#include "base/err.h"
#include "model/kernels.h"
#include "vector/index.h"
#include "vector/top.h"

struct team;
enum { EXACT_BATCH = 1024 };            // queries that share a pass over the rows, at most: fewer where vectors are long

struct exact {
    const struct vector_index *index;
    const struct kernels *kernels;
    struct team *team;
    bool use_codes;                     // 8-bit products; the index must have them
};
// Tells of every row that is at least as near to a query as the query's floor.
struct exact_visit {
    const float *floors;                // of each query; NULL: minus infinity
    // Called by thread `member` of the team; returns the floor from now on.
    float (*reached)(void *arg, int member, size_t query, struct near n);
    void *arg;
};
// ERR_DAMAGED: a row of the index holds a number that is not finite.
bool exact_visit(const struct exact *e, const float *queries, size_t count, const struct exact_visit *v, struct err *err) MUST_CHECK;

// The nearest rows of each query (count × dims floats) into tops[query], emptied first; their room says how many. Nearness in single precision.
// With codes they are candidates: exact_code_candidates(k) of them, put in order by the floats, give k.
// ERR_DAMAGED: a row of the index holds a number that is not finite.
bool exact_search(const struct exact *e, const float *queries, size_t count, struct top *tops, struct err *err) MUST_CHECK;

// How many candidates stand for k with codes.
static inline size_t exact_code_candidates(size_t k) { return 4 * k + 64; }
