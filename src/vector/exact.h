// SPDX-License-Identifier: Apache-2.0
#pragma once
// Every query against every row: a blocked matrix product, and of each query the best kept. Queries are packed as the weights of a layer are
// (model/kernels.h), rows stream through the cache once for a batch of queries.
#include "base/err.h"
#include "model/kernels.h"
#include "vector/index.h"
#include "vector/top.h"

struct team;
enum { EXACT_BATCH = 512 };             // queries that share a pass over the rows

struct exact {
    const struct vector_index *index;
    const struct kernels *kernels;
    struct team *team;
    bool use_codes;                     // 8-bit products; the index must have them
};
// The nearest rows of each query (count × dims floats) into tops[query], emptied first; their room says how many. Nearness in single precision.
// With codes they are candidates: exact_code_candidates(k) of them, put in order by the floats, give k.
// ERR_DAMAGED: a row of the index holds a number that is not finite.
bool exact_search(const struct exact *e, const float *queries, size_t count, struct top *tops, struct err *err) MUST_CHECK;

static inline size_t exact_code_candidates(size_t k) { return 4 * k + 64; }
