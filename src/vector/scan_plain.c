// SPDX-License-Identifier: Apache-2.0
// Exact search in plain C with the compiler's vectors of 4 lanes, for any processor; and what all processors share.
#if defined(__x86_64__) && !defined(__clang__)
#pragma GCC optimize("Os")              // here it is for processors that are hardly to be found: small, not fast
#endif
#include "vector/scan.h"

#include "model/lanes_plain.h"

#define ROWS 2
#define UNROLL _Pragma("GCC unroll 1")
#define SCAN_NAME "plain"
#define SCAN_TABLE scan_plain

static inline int32_t v_total(vi v) { return v[0] + v[1] + v[2] + v[3]; }
static inline uint32_t v_reached(vf v, vf floor)
{
    uint32_t bits = 0;
    for (int i = 0; i < LANES; i++)
        bits |= (uint32_t)(v[i] >= floor[i]) << i;
    return bits;
}
static inline vi v_dots(vi sum, vi a, vi b)
{
    for (int i = 0; i < 4; i++)
        sum += (vi)((a << (24 - 8 * i)) >> 24 & 0xff) * (vi)((b << (24 - 8 * i)) >> 24);
    return sum;
}
#define v_dot(sum, four, b) v_dots((sum), (vi){ (four), (four), (four), (four) }, (b))

#include "vector/scan_body.h"

// --- of all processors

const struct scan_kernels *scan_find(const char *name)
{
#if defined(__x86_64__)
    if (strcmp(name, scan_avx512.name) == 0)
        return &scan_avx512;
    if (strcmp(name, scan_avx2.name) == 0)
        return &scan_avx2;
#endif
    return &scan_plain;
}

size_t scan_packed_words(size_t words, size_t count, size_t panel)
{
    return (count + panel - 1) / panel * panel * scan_chunks(words) * SCAN_CHUNK;
}

void scan_pack(const void *source, size_t words, size_t count, size_t panel, void *out)
{
    const char *from = source;
    char *to = out;
    memset(out, 0, scan_packed_words(words, count, panel) * 4);
    for (size_t q = 0; q < count; q++) {
        size_t first = q / panel * panel * scan_chunks(words) * SCAN_CHUNK + q % panel;
        for (size_t w = 0; w < words; w++)
            memcpy(to + (first + w * panel) * 4, from + (q * words + w) * 4, 4);
    }
}
