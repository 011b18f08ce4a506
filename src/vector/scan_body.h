// SPDX-License-Identifier: Apache-2.0
#pragma once
// The kernels of scan.h, written once for any width of vector. A file that includes it has defined
//   LANES, vf, vi         floats in a vector, the vector types of float and int32_t
//   FN                    attributes of a function (its target)
//   ROWS                  rows of a group: 2 · ROWS sums, two vectors of queries and one of a row are in registers
//   v_load, v_store, v_set, v_fma           unaligned load and store, the same float in all lanes, a·b + c
//   v_of_int, v_dot       integers to floats; sum + four products of an unsigned and a signed byte in each lane
//   v_total               the sum of all lanes of integers
//   v_reached             a bit for each lane of the first that is not under the second
//   SCAN_NAME, SCAN_TABLE
#include "vector/scan.h"

#define INLINE FN inline __attribute__((always_inline))
#define WIDE 2
#if !defined(UNROLL) && defined(__clang__)
#define UNROLL _Pragma("unroll")
#elif !defined(UNROLL)
#define UNROLL _Pragma("GCC unroll 32")
#endif

// A chunk of a row to its place. A lane of the result is set where one of `bad` is, or the number there is not finite.
INLINE vi copy_chunk(const float *from, float *to, vi bad)
{
    UNROLL for (size_t i = 0; i < SCAN_CHUNK; i += LANES) {
        vi bits = (vi)v_load(from + i);
        v_store(to + i, (vf)bits);
        bad |= (bits & 0x7f800000) == 0x7f800000;
    }
    return bad;
}

// See struct scan_kernels.
FN bool copy(const void *rows, size_t count, size_t words, void *group)
{
    const float *from = rows;
    const size_t whole = words / SCAN_CHUNK, rest = words % SCAN_CHUNK;
    vi bad = { 0 };
    int32_t lanes[LANES], any = 0;
    for (size_t r = 0; r < ROWS; r++, from += words) {
        float *to = (float *)group + r * SCAN_CHUNK, last[SCAN_CHUNK] = { 0 };
        for (size_t c = 0; c < whole; c++, to += ROWS * SCAN_CHUNK)
            bad = copy_chunk(r < count ? from + c * SCAN_CHUNK : last, to, bad);
        if (r < count)
            memcpy(last, from + whole * SCAN_CHUNK, rest * sizeof *last);
        if (rest)
            bad = copy_chunk(last, to, bad);
    }
    memcpy(lanes, &bad, sizeof lanes);
    for (size_t i = 0; i < LANES; i++)
        any |= lanes[i];
    return any == 0;
}

// Tells what reaches its floor in a tile that was found to have something.
FN __attribute__((noinline, cold)) void tell(const struct scan *s, size_t query, const float *tile)
{
    for (size_t r = 0; r < s->rows; r++)
        for (size_t w = 0; w < WIDE; w++) {
            const float *lanes = tile + (r * WIDE + w) * LANES;
            size_t first = query + w * LANES;
            for (uint32_t found = v_reached(v_load(lanes), v_load(s->floor + first)); found; found &= found - 1) {
                int lane = __builtin_ctz(found);
                s->reached(s->arg, r, first + (size_t)lane, lanes[lane]);
            }
        }
}

// The products of a tile become nearness; the usual case is that none reaches anything.
FN __attribute__((noinline)) void finish(const struct scan *s, size_t query, float *tile)
{
    uint32_t any = 0;
    for (size_t w = 0; w < WIDE; w++) {
        size_t q = query + w * LANES;
        vf offset = v_load(s->offset + q), factor = v_load(s->factor + q), floor = v_load(s->floor + q);
        float *at = tile + w * LANES;
        for (size_t r = 0; r < ROWS; r++, at += WIDE * LANES) {
            vf nearness = (v_load(at) + (v_set(s->add[r]) + offset)) * (v_set(s->times[r]) * factor);
            v_store(at, nearness);
            any |= v_reached(nearness, floor);
        }
    }
    if (__builtin_expect(any != 0, 0))
        tell(s, query, tile);
}

// Brings some lines of what comes next near.
INLINE void fetch(struct scan *s)
{
    for (size_t i = s->fetch_lines; i; i--, s->fetch += 64)
        __builtin_prefetch(s->fetch, 0, 2);
}

// See struct scan_kernels.
FN void floats(struct scan *s)
{
    const float *b = s->queries;
    for (size_t p = 0; p < s->panels; p++) {
        const float *a = s->group;
        float tile[ROWS * WIDE * LANES];
        vf sum[ROWS][WIDE];
        UNROLL for (int r = 0; r < ROWS; r++)
            UNROLL for (int w = 0; w < WIDE; w++)
                sum[r][w] = v_set(0.0f);
        for (size_t c = s->chunks; c; c--, a += (ROWS - 1) * SCAN_CHUNK) {
            fetch(s);
            for (int k = 0; k < SCAN_CHUNK; k++, a++, b += WIDE * LANES) {
                vf column[WIDE];
                UNROLL for (int w = 0; w < WIDE; w++)
                    __builtin_prefetch(b + (8 * WIDE + w) * LANES, 0, 3);
                UNROLL for (int w = 0; w < WIDE; w++)
                    column[w] = v_load(b + w * LANES);
                UNROLL for (int r = 0; r < ROWS; r++) {
                    vf x = v_set(a[r * SCAN_CHUNK]);
                    UNROLL for (int w = 0; w < WIDE; w++)
                        sum[r][w] = v_fma(x, column[w], sum[r][w]);
                }
            }
        }
        UNROLL for (int r = 0; r < ROWS; r++)
            UNROLL for (int w = 0; w < WIDE; w++)
                v_store(tile + (r * WIDE + w) * LANES, sum[r][w]);
        finish(s, p * WIDE * LANES, tile);
    }
}

// Sums of whole numbers become products.
FN void scale_codes(const struct scan *s, size_t query, float *tile)
{
    for (size_t w = 0; w < WIDE; w++) {
        vf scale = v_load(s->query_scale + query + w * LANES);
        vi start, sum;
        memcpy(&start, s->query_sum + query + w * LANES, sizeof start);
        for (size_t r = 0; r < ROWS; r++) {
            float *at = tile + (r * WIDE + w) * LANES;
            memcpy(&sum, at, sizeof sum);
            v_store(at, v_of_int(sum - start * 128) * (v_set(s->scale[r]) * scale));
        }
    }
}

// See struct scan_kernels.
FN void codes(struct scan *s)
{
    const int32_t *b = s->queries;
    for (size_t p = 0; p < s->panels; p++) {
        const int32_t *a = s->group;
        float tile[ROWS * WIDE * LANES];
        vi sum[ROWS][WIDE];
        UNROLL for (int r = 0; r < ROWS; r++)
            UNROLL for (int w = 0; w < WIDE; w++)
                sum[r][w] = (vi){ 0 };
        for (size_t c = s->chunks; c; c--, a += (ROWS - 1) * SCAN_CHUNK) {
            fetch(s);
            for (int k = 0; k < SCAN_CHUNK; k++, a++, b += WIDE * LANES) {
                vi column[WIDE];
                UNROLL for (int w = 0; w < WIDE; w++)
                    memcpy(&column[w], b + w * LANES, sizeof column[w]);
                UNROLL for (int r = 0; r < ROWS; r++)
                    UNROLL for (int w = 0; w < WIDE; w++)
                        sum[r][w] = v_dot(sum[r][w], a[r * SCAN_CHUNK], column[w]);
            }
        }
        UNROLL for (int r = 0; r < ROWS; r++)
            UNROLL for (int w = 0; w < WIDE; w++)
                memcpy(tile + (r * WIDE + w) * LANES, &sum[r][w], sizeof sum[r][w]);
        scale_codes(s, p * WIDE * LANES, tile);
        finish(s, p * WIDE * LANES, tile);
    }
}

// See struct scan_kernels.
FN void code_dots(const uint8_t *x, const int8_t *rows, const uint32_t *which, size_t count, size_t n, int32_t *out)
{
    const size_t whole = n / (4 * LANES) * (4 * LANES), rest = n - whole;
    vi last = { 0 };
    memcpy(&last, x + whole, rest);
    for (size_t i = 0; i < count; i++) {
        const int8_t *row = rows + which[i] * n;
        vi sum = { 0 }, a, b = { 0 };
        for (size_t k = 0; k < whole; k += 4 * LANES) {
            memcpy(&a, x + k, sizeof a);
            memcpy(&b, row + k, sizeof b);
            sum = v_dots(sum, a, b);
        }
        if (rest) {
            b = (vi){ 0 };
            memcpy(&b, row + whole, rest);
            sum = v_dots(sum, last, b);
        }
        out[i] = v_total(sum);
    }
}

const struct scan_kernels SCAN_TABLE = {
    .name = SCAN_NAME, .rows = ROWS, .panel = WIDE * LANES, .copy = copy, .floats = floats, .codes = codes,
    .code_dots = code_dots,
};
