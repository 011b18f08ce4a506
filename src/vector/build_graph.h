// SPDX-License-Identifier: Apache-2.0
#pragma once
// The graph of an index that is being made, and how well it is found through: 200 rows are put in last, and before they are, they are searched for
// with growing ef. The smallest ef that finds RECALL_GOAL of the truth becomes the index's own.
#include "base/err.h"
#include "vector/graph.h"

struct writer;
#define RECALL_GOAL 0.98
struct graph_making {
    const struct vector_index *rows;    // of the new generation: count, dims, metric, vectors, norms
    const struct vector_index *old;     // its rows come first; NULL: there are none
    int m, ef_construction;
    struct team *team;
    void (*progress)(void *arg, int64_t done);          // may be NULL
    void *arg;
};
// Writes links, upper and places; *hnsw and *recall are what the manifest says of them. recall is null where there is nothing to measure.
bool graph_make(const struct graph_making *g, struct writer *w, Value *hnsw, Value *recall, struct err *err) MUST_CHECK;
// Is everything in this graph in range? Else ERR_DAMAGED, with file and row.
bool graph_check(const struct vector_index *x, struct err *err) MUST_CHECK;
