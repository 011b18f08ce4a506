// SPDX-License-Identifier: Apache-2.0
#pragma once
// What stands in an index, as numbers: lengths, identical sequences, norms, distances of nearest neighbours, a map, and the neighbours of a few
// probes. The same index and options give the same numbers on every machine, with any number of threads; times are not among them.
#include "vector/pca.h"
#include "vector/queries.h"
#include "vector/search.h"

enum { STATS_PROBES = 5, STATS_PROBES_MAX = 1000, STATS_NEIGHBOURS_MAX = 100 };
#define STATS_NEAREST_ROWS ((int64_t)1000)              // whose nearest neighbour is looked for
#define STATS_QUANTILE_ROWS ((int64_t)1000000)          // of more, quantiles are those of so many that lie evenly among them

struct histogram {
    double *edges;                      // len + 1
    int64_t *counts;
    size_t len;
};
struct spread {
    int64_t count;
    double least, mean, most;
    double quarters[3];                 // a quarter of them, half, three quarters lie below
};
struct probe {
    Str id;
    int64_t row;                        // in the index; -1: it came from elsewhere
    const float *vector;
    size_t count;
    const struct found *found;          // nearest first, without itself
};
struct vector_stats {
    const struct vector_index *index;
    Value embeddings;                   // manifest of the embeddings; null: not given
    int64_t residues, zero;             // vectors of zeros
    int64_t distinct;                   // sequences that are not identical to an earlier one; -1: digests are not known
    struct spread lengths, norms, nearest;      // lengths: of those that are known
    struct histogram length_bins, norm_bins, nearest_bins;
    bool nearest_is_exact;
    struct pca pca;
    struct probe *probes;
    size_t probe_count;
};
struct stats_options {
    const struct queries *probes;       // NULL: STATS_PROBES rows that lie evenly in the index
    size_t neighbours;                  // of each probe, 1 … STATS_NEIGHBOURS_MAX
    int threads;                        // 0: all cores
};
// In `a`; the index and the probes must live as long. ERR_DAMAGED: the index holds what it must not. ERR_LIMIT: too many probes.
bool vector_stats(struct arena *a, const struct vector_index *x, const struct stats_options *o, struct vector_stats *out, struct err *err) MUST_CHECK;

// What `nearest` is: "cosine distance" (1 - cosine, 0: the same direction), "dot product", "Euclidean distance".
const char *stats_distance_name(enum metric m);
