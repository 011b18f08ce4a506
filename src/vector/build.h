// SPDX-License-Identifier: Apache-2.0
#pragma once
// Makes an index from embeddings, and adds to one. What is there stays whole until the new manifest stands: killed at any instant, the folder
// holds the old index or the new one (or none yet). The same input and options give the same bytes, with any number of threads.
#include "base/err.h"
#include "vector/index.h"

enum { BUILD_M = 16, BUILD_EF = 128, BUILD_M_MAX = 256, BUILD_EF_MAX = 4096 };
#define BUILD_EXACT_MAX ((int64_t)200000)               // with "auto": up to so many vectors exact, then hnsw; with int8 exact always

struct build_progress {
    const char *what;                   // "vectors", "graph", "recall"
    int64_t done, of;
};
struct build_options {
    Str out;                            // build: the folder, made if it is not there. add: the index
    const Str *inputs;                  // as for feed_open()
    size_t input_count;
    enum metric metric;                 // this and what follows up to ef_construction: of a new index
    bool is_auto;                       // kind follows from the number of vectors
    enum vector_kind kind;
    bool int8;                          // 8-bit vectors beside the floats; with exact search
    int m, ef_construction;             // of hnsw; 0: BUILD_M, BUILD_EF
    int threads;                        // 0: all cores
    void (*progress)(void *arg, const struct build_progress *p);        // may be NULL; told now and then
    void *arg;
};
struct build_summary {
    int64_t added, zero;                // rows that are new; rows of zeros, in all
    Value manifest;
};
// ERR_CONFLICT: there is an index already, another process works there, or the inputs do not go together.
bool index_build(struct arena *a, const struct build_options *o, struct build_summary *out, struct err *err) MUST_CHECK;
// ERR_CONFLICT: also other embeddings (model, layer, pooling …) or another width than the index has.
bool index_add(struct arena *a, const struct build_options *o, struct build_summary *out, struct err *err) MUST_CHECK;
