// SPDX-License-Identifier: Apache-2.0
#pragma once
// Every query against some rows, the arithmetic of exact search. A group of rows is copied into the first cache and multiplied with all
// queries, which stay in the second; products stay in registers, become nearness there, and leave them only where one reaches its query's
// floor: hardly ever. Those of model/kernels.h would be stored and read again.
//
// A row is seen as words of 32 bits: a float, or four codes (unsigned bytes, zero at 128; those of queries are signed).
//     a group       [chunk of 16 words][row][16 words]          rows that are missing and the rest of the last chunk are zeros
//     queries       panel by panel: [word][query of the panel]  the last panel is filled up with zeros
#include "base/base.h"

enum { SCAN_CHUNK = 16, SCAN_ROWS_MAX = 16, SCAN_PANEL_MAX = 32 };

struct scan {                           // a group of rows against all queries
    const void *group, *queries;
    size_t chunks;                      // of 16 words
    size_t rows, panels;
    // nearness = (product + (add of the row + offset of the query)) · (times of the row · factor of the query)
    float add[SCAN_ROWS_MAX], times[SCAN_ROWS_MAX];
    const float *offset, *factor;
    float scale[SCAN_ROWS_MAX];         // codes: product = (sum of products - 128 · sum of the query) · scale of the row · scale of the query
    const int32_t *query_sum;
    const float *query_scale;
    const float *floor;                 // of each query; infinity for what fills the last panel up. reached() may change it
    const char *fetch;                  // what the next group is copied from: brought near meanwhile
    size_t fetch_lines;                 // of 64 bytes, for each chunk of each panel
    // Nearness of a row of the group and a query is at least the query's floor.
    void (*reached)(void *arg, size_t row, size_t query, float nearness);
    void *arg;
};
struct scan_kernels {
    const char *name;                   // as of struct kernels
    size_t rows, panel;                 // rows of a group; queries of a panel
    // Copies `count` rows, one behind the other, to a group. False: seen as floats, not all of it is finite.
    bool (*copy)(const void *rows, size_t count, size_t words, void *group);
    void (*floats)(struct scan *s);
    void (*codes)(struct scan *s);
    // The sum of products of n codes, a multiple of 16: of x, zero at 128, and each of rows[which[i]], zero at 0, n apart. 128 · the sum of the row's
    // has to be taken from it.
    void (*code_dots)(const uint8_t *x, const int8_t *rows, const uint32_t *which, size_t count, size_t n, int32_t *out);
};

const struct scan_kernels *scan_find(const char *name); // of a name that kernels_find() knows
// Words that `count` queries take when packed in panels of so many, and the packing. source: `words` words a query, one behind the other.
size_t scan_packed_words(size_t words, size_t count, size_t panel);
void scan_pack(const void *source, size_t words, size_t count, size_t panel, void *out);
// Chunks that a row of so many words takes.
static inline size_t scan_chunks(size_t words) { return (words + SCAN_CHUNK - 1) / SCAN_CHUNK; }

extern const struct scan_kernels scan_plain;
#if defined(__x86_64__)
extern const struct scan_kernels scan_avx2, scan_avx512;
#endif
