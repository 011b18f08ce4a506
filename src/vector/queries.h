// SPDX-License-Identifier: Apache-2.0
#pragma once
// What is searched for: sequences, embedded as the vectors of the index were; or vectors (a folder of embeddings, a .npy file).
#include "base/arena.h"
#include "base/err.h"
#include "vector/index.h"

struct queries {
    struct arena arena;
    size_t count;
    float *vectors;                     // count × dims
    Str *ids;
    bool have_names;                    // false: the ids are row numbers
};
// `model` (empty: none) is needed for sequences and must have the digest of the index's. ERR_CONFLICT: other embeddings than the index has.
bool queries_read(const struct vector_index *x, Str path, Str model, int threads, struct queries *out, struct err *err) MUST_CHECK;
void queries_release(struct queries *q);
