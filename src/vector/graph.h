// SPDX-License-Identifier: Apache-2.0
#pragma once
// Approximate nearest neighbours by a hierarchical navigable small world graph (Malkov and Yashunin, "Efficient and robust approximate nearest
// neighbor search using Hierarchical Navigable Small World graphs", IEEE TPAMI 42, 2020; arXiv 1603.09320). Layer 0 holds every row with up to 2m
// links, each layer above 1/m of the one below with up to m. A search walks down from the entry, and in layer 0 keeps the `ef` nearest it has met.
//
//     links[row]      how many, then the rows; 1 + 2m numbers a row
//     upper[block]    the same of a layer over 0, 1 + m numbers; a row of top layer t has t blocks, one a layer, from layer 1 on
//     places[row]     t, and its first block
//
// The graph is made in batches (as ParlayANN, Manohar et al., PPoPP 2024, arXiv 2305.04359): the rows of a batch search the graph as it stood
// before and are compared with each other by a matrix product; then links back are put in by target. So it does not depend on the number of threads.
#include "base/err.h"
#include "model/kernels.h"
#include "vector/index.h"
#include "vector/top.h"

struct team;
struct space_codes;
struct space {                          // the vectors that a graph connects
    const struct kernels *kernels;
    enum metric metric;
    const float *vectors, *norms;
    int64_t count;
    size_t dims;
    const struct space_codes *codes;    // NULL, or what walks compare in place of vectors: see graph_codes.h
};
struct point {                          // a query, or a row as one
    const float *vector;
    float weight, offset;               // metric_weight() and metric_offset() of its norm
    const uint8_t *code;                // with codes: space_codes_point()
    float code_scale, code_add;
};
// A vector as a query, with its norm.
struct point space_point(const struct space *s, const float *vector);
// Of a point to some rows, by their vectors; nearness[i] to which[i].
void space_nearness(const struct space *s, const struct point *p, const uint32_t *which, size_t count, float *nearness);

struct walk;                            // what a search needs; one for each thread
// For a graph of so many rows and links, and searches with at most so many candidates.
struct walk *walk_new(int64_t rows, int m, size_t ef_max);
void walk_free(struct walk *w);                         // NULL is fine
// The nearest of layer `layer` that a search with `ef` candidates meets, nearest first, at most `ef`; valid until the walk's next search.
// `bad_row` is -1, or a row whose links lead nowhere or whose vector is not finite: then the search broke off.
struct walked {
    const struct near *at;
    size_t len;
    int64_t bad_row;
};
struct walked graph_search(const struct graph *g, const struct space *s, struct walk *w, const struct point *p, int layer, size_t ef);

// A graph in memory that grows.
struct graph_growth;
struct graph_options {
    int m, ef_construction;
    struct team *team;
    void (*progress)(void *arg, int64_t done);          // may be NULL
    void *arg;
};
// `old` may be NULL; it is copied. There is room for space.count rows.
struct graph_growth *graph_grow(const struct space *s, const struct graph *old, int64_t old_rows, const struct graph_options *o);
// Inserts these rows, in this order. False: a row of the old graph is bad (ERR_DAMAGED).
bool graph_insert(struct graph_growth *g, const uint32_t *rows, size_t count, struct err *err) MUST_CHECK;
const struct graph *graph_grown(const struct graph_growth *g);          // valid until more is inserted
void graph_growth_free(struct graph_growth *g);         // NULL is fine
