// SPDX-License-Identifier: Apache-2.0
#pragma once
// An index of vectors: a folder, opened by mapping its files into memory, whatever their size, in milliseconds. In it:
//     manifest.json       written last: what it is, and the name, size and digest of each file
//     vectors-G.npy       float [count, dims], as they were embedded (not normalised)
//     norms-G.npy         float [count]: their Euclidean norms
//     lengths-G.npy       int64 [count]: residues; -1 where they are not known
//     digests-G.npy       uint8 [count, 32]: BLAKE3 of the residues in upper case; zeros where they are not known
//     ids-G.txt           the ids, a line each
//     id_starts-G.npy     int64 [count + 1]: where each begins in it
//     codes-G.npy, code_terms-G.npy, code_center-G.npy        with 8-bit vectors: see build_codes.h
//     links-G.npy, upper-G.npy, places-G.npy                  of an approximate index: see graph.h
// G counts the index's generations: adding writes new files, then a new manifest, then removes the old files. Rows count from 0, in the
// order in which vectors were added; ids need not be unique. All numbers are little-endian.
//
// Files may come from strangers. Opening checks the manifest, the sizes and the types; what stands inside of large files (places of ids, links,
// numbers that are not finite) is checked where it is read.
#include "base/arena.h"
#include "base/err.h"
#include "base/hash.h"
#include "value/value.h"
#include "vector/metric.h"

enum vector_kind { VECTOR_EXACT, VECTOR_HNSW };
enum { VECTOR_DIMS_MAX = 1 << 16 };
#define VECTOR_COUNT_MAX ((int64_t)INT32_MAX)
#define VECTOR_NORM_MAX 1e18            // longer vectors are refused: products of two must stay finite
#define VECTOR_NORM_MIN 1e-18           // shorter ones too, but zeros: products of two must not vanish

struct codes {                          // 8-bit vectors: value = (code - 128) · scale + center
    const uint8_t *bytes;               // count × stride; NULL: there are none
    size_t stride;                      // the next multiple of 16 of dims
    const float *terms;                 // count × 2: the scale; center·u, or with l2 - |u|² / 2, where u = value - center
    const float *center;                // dims
};
struct graph {                          // HNSW: see graph.h
    int m;                              // links of a row in upper layers; 2m in layer 0
    int64_t entry;                      // row where searches begin; -1: there are no rows
    int top;                            // its layer
    const uint32_t *links;              // count × (1 + 2m): how many, then rows
    const uint32_t *upper;              // upper_count × (1 + m): the same of the layers over 0
    const uint32_t *places;             // count × 2: a row's highest layer; its first block in `upper`
    int64_t upper_count;
};
struct vector_index {
    struct arena arena;
    Str dir;
    Value manifest;
    Value embeddings;                   // the settings of the embeddings (see docs/embed.md), or null: vectors of other origin
    int64_t count, dims, generation;
    enum metric metric;
    enum vector_kind kind;
    const float *vectors;               // count × dims
    const float *norms;
    const int64_t *lengths;
    const uint8_t *digests;
    const int64_t *id_starts;           // count + 1
    Str ids;
    struct codes codes;
    struct graph graph;                 // of VECTOR_HNSW
};

// NULL after a failure. ERR_NOT_FOUND: there is no folder or manifest; ERR_DAMAGED: a file is not what the manifest says, and is named.
struct vector_index *vector_index_open(Str dir, struct err *err);
void vector_index_close(struct vector_index *x);        // NULL is fine

// dims floats.
static inline const float *vector_index_row(const struct vector_index *x, int64_t row) { return x->vectors + row * x->dims; }
// The id of a row, valid until the index is closed. ERR_DAMAGED: the places of ids are out of order.
bool vector_index_id(const struct vector_index *x, int64_t row, Str *out, struct err *err) MUST_CHECK;
const char *vector_kind_name(enum vector_kind kind);    // "exact", "hnsw"
bool vector_kind_find(Str name, enum vector_kind *out); // false: there is none of that name
// Is a vector of this norm one that an index takes?
bool vector_norm_is_fine(double norm);
// Are these `count` numbers all finite?
bool vector_is_finite(const float *x, size_t count);
