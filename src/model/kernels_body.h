// SPDX-License-Identifier: Apache-2.0
#pragma once
// The kernels, written once for any width of vector. A file that includes it has defined
//   LANES, vf, vi         floats in a vector, the vector types of float and int32_t
//   FN                    attributes of a function (its target)
//   v_load, v_store, v_set, v_fma, v_max    unaligned load and store, the same float in all lanes, a·b + c, the greater
//   v_of_int                                integers to floats
//   v_store_low_bytes                       the low byte of each integer, one behind the other
//   v_half_sum                              16 lanes to 4, see sum_lanes()
//   v_scale                                 p · 2^n, a normal number; n is also in the low bits of `shifted`
//   v_divide                                a / b; tiny results may be a unit off
//   v_add_product, v_add_dot                *sum = v_fma(a, b, *sum); each integer of *sum plus four products of unsigned and signed bytes: in the
//                                           register where it is
//   ROWS, WIDE, TILES     rows of a tile; vectors across a tile; a list of the tiles there are: X(rows, vectors across)
//   KERNEL_NAME, KERNEL_FUSED
// Plain operators on vectors are used for the rest; the compiler must not fuse them (-ffp-contract=off), or the widths would differ.
#include <math.h>

#include "model/kernels.h"

#define INLINE FN inline __attribute__((always_inline))
#define PARTS (KERNEL_PAD / LANES)      // vectors that make 16 lanes

#if defined(__clang__)
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 32")
#endif

// --- functions of one vector

// erf(x) as x P(x²) / Q(x²), |x| cut at 3.8325 where it is 1 (the rational function of Eigen and XLA). Within 3 units of the last place.
INLINE vf v_erf(vf x)
{
    const vf limit = v_set(3.832506856900711f);
    x = v_max(x, -limit);
    x = -v_max(-x, -limit);
    vf s = x * x;
    vf p = v_set(-2.72614225801306e-10f);
    p = v_fma(p, s, v_set(2.77068142495902e-08f));
    p = v_fma(p, s, v_set(-2.10102402082508e-06f));
    p = v_fma(p, s, v_set(-5.69250639462346e-05f));
    p = v_fma(p, s, v_set(-7.34990630326855e-04f));
    p = v_fma(p, s, v_set(-2.95459980854025e-03f));
    p = v_fma(p, s, v_set(-1.60960333262415e-02f));
    vf q = v_set(-1.45660718464996e-05f);
    q = v_fma(q, s, v_set(-2.13374055278905e-04f));
    q = v_fma(q, s, v_set(-1.68282697438203e-03f));
    q = v_fma(q, s, v_set(-7.37332916720468e-03f));
    q = v_fma(q, s, v_set(-1.42647390514189e-02f));
    return v_divide(x * p, q);
}

// x Φ(x).
INLINE vf v_gelu(vf x)
{
    vf half = x * v_set(0.5f);
    return v_fma(half, v_erf(x * v_set(0.70710678118654752f)), half);
}

// See struct kernels.
FN void gelu(float *x, size_t n)
{
    for (size_t i = 0; i < n; i += LANES)
        v_store(x + i, v_gelu(v_load(x + i)));
}

// --- sums along a row: 16 lanes, then pairwise

// v_half_sum joins 16 lanes to 4: i with i + 8, then with i + 4.
INLINE float sum_lanes(const vf part[PARTS])
{
    float lane[4];
    v_half_sum(part, lane);
    return (lane[0] + lane[2]) + (lane[1] + lane[3]);
}

// Of x - mean, with zeros for what lies beyond n.
FN float sum_of_squares(const float *x, float mean, size_t n)
{
    static const float keep[2 * KERNEL_PAD] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };
    vf part[PARTS];
    size_t whole = n / KERNEL_PAD * KERNEL_PAD;
    for (int p = 0; p < PARTS; p++)
        part[p] = v_set(0.0f);
    for (size_t i = 0; i < whole; i += KERNEL_PAD)
        for (int p = 0; p < PARTS; p++) {
            vf d = v_load(x + i + p * LANES) - v_set(mean);
            part[p] = v_fma(d, d, part[p]);
        }
    for (int p = 0; p < PARTS && whole < n; p++) {
        vf d = (v_load(x + whole + p * LANES) - v_set(mean)) * v_load(keep + KERNEL_PAD - (n - whole) + p * LANES);
        part[p] = v_fma(d, d, part[p]);
    }
    return sum_lanes(part);
}

// See struct kernels.
FN void layer_norm(const float *x, size_t x_stride, float *out, size_t out_stride, size_t rows, size_t n, const float *weight,
                   const float *bias, float eps)
{
    for (size_t r = 0; r < rows; r++, x += x_stride, out += out_stride) {
        vf part[PARTS];
        for (int p = 0; p < PARTS; p++)
            part[p] = v_set(0.0f);
        for (size_t i = 0; i < n; i += KERNEL_PAD)
            for (int p = 0; p < PARTS; p++)
                part[p] += v_load(x + i + p * LANES);
        float mean = sum_lanes(part) / (float)n;
        float scale = 1.0f / sqrtf(sum_of_squares(x, mean, n) / (float)n + eps);
        for (size_t i = 0; i < kernel_pad(n); i += LANES)
            v_store(out + i, v_fma((v_load(x + i) - v_set(mean)) * v_set(scale), v_load(weight + i), v_load(bias + i)));
    }
}

// --- products

// One tile of a product: rows × (wide · LANES) sums over k, which stay in registers meanwhile.
struct tile {
    size_t k;
    const float *a;
    size_t a_row, a_step;               // from a row to the next, from a k to the next: one of them is 1
    const float *b;
    size_t b_stride;
    bool more;                          // the sums go on from what c holds
    const char *fetch;                  // what the next tiles read, to be brought near meanwhile: `fetch_step` bytes of it with each k
    size_t fetch_step;
    const float *soon;                  // c of the next tile, to be brought near row by row: `soon_rows` of them
    size_t soon_rows;
    const float *bias;
    float *most;                        // NULL, or one vector after the other: becomes the greater of itself and the rows of the tile
    float *c;
    size_t c_stride;
    enum gemm_finish finish;
};

// What becomes of the sums.
INLINE void finish_tile(const int rows, const int wide, const struct tile *s, vf sum[ROWS][WIDE])
{
    const size_t c_stride = s->c_stride;
    float *c = s->c, *most = s->most;
    if (s->finish != GEMM_STORE)
        UNROLL for (int w = 0; w < wide; w++) {
            vf add = v_load(s->bias + w * LANES);
            UNROLL for (int r = 0; r < rows; r++)
                sum[r][w] += add;
        }
    if (s->finish == GEMM_BIAS_ADD)
        UNROLL for (int r = 0; r < rows; r++, c += c_stride)
            UNROLL for (int w = 0; w < wide; w++)
                sum[r][w] += v_load(c + w * LANES);
    if (most)
        UNROLL for (int w = 0; w < wide; w++) {
            vf greatest = v_load(most + w * LANES);
            UNROLL for (int r = 0; r < rows; r++)
                greatest = v_max(greatest, sum[r][w]);
            v_store(most + w * LANES, greatest);
        }
    c = s->c;
    UNROLL for (int r = 0; r < rows; r++, c += c_stride)
        UNROLL for (int w = 0; w < wide; w++)
            v_store(c + w * LANES, sum[r][w]);
    if (s->finish != GEMM_BIAS_GELU)
        return;
    c = s->c;
    for (int r = 0; r < rows; r++, c += c_stride)
        UNROLL for (int w = 0; w < wide; w++)
            v_store(c + w * LANES, v_gelu(v_load(c + w * LANES)));
}

// Keeps a number in a register as it is: compilers would rather keep many sums of it, more than there are registers.
#define KEEP(x) __asm__("" : "+r"(x))
#define KEEP_MEMORY(x) __asm__("" : "+m"(x))
// Steps along k in one turn of the loop: several where there is much to do; each tile would else be a kilobyte of code.
#define STEPS(rows) ((rows) == ROWS || (rows) * 2 == ROWS ? 4 : 1)

// From the first row of a tile to others, in bytes. An address holds a register once, twice or four times.
struct rows {
    size_t one, three, five, seven;
};

// Of rows that lie `bytes` apart.
INLINE struct rows rows_apart(const int rows, size_t bytes)
{
    struct rows o = { bytes, 3 * bytes, 5 * bytes, 7 * bytes };
    KEEP(o.one);
    if (rows > 3)
        KEEP(o.three);
    if (rows > 5)
        KEEP(o.five);
    if (rows > 7)
        KEEP(o.seven);
    return o;
}

// Row r, where `a` is the first.
INLINE const float *row_of(const char *a, const struct rows *o, const int r)
{
    const size_t offset[] = { 0, o->one, 2 * o->one, o->three, 4 * o->one, o->five, 2 * o->three, o->seven };
    return (const float *)(const void *)(a + offset[r]);
}

// One step along k: each row's number times the columns. With `bytes`, numbers and columns are four bytes each, and sums are integers.
INLINE void add_products(const int rows, const int wide, const bool bytes, vf sum[ROWS][WIDE], const float *const a[ROWS], const float *b)
{
    vf column[WIDE];
    UNROLL for (int w = 0; w < wide; w++)
        column[w] = v_load(b + w * LANES);
    UNROLL for (int r = 0; r < rows; r++) {
        vf x = v_set(*a[r]);
        UNROLL for (int w = 0; w < wide; w++) {
            if (bytes)
                v_add_dot(&sum[r][w], x, column[w]);
            else
                v_add_product(&sum[r][w], x, column[w]);
        }
    }
}

// Sums over k of rows that lie `a_row` apart, along which k runs.
INLINE void sum_along(const int rows, const int wide, const bool bytes, const struct tile *s, vf sum[ROWS][WIDE])
{
    const size_t steps = STEPS(rows);
    const struct rows o = rows_apart(rows, s->a_row * sizeof(float));
    const size_t b_stride = wide * LANES == KERNEL_PANEL ? KERNEL_PANEL : s->b_stride, fetch_step = s->fetch_step * steps;
    const char *a = (const char *)s->a, *next = s->fetch;
    const float *b = s->b, *at[ROWS], *soon = s->soon;
    size_t k = s->k, soon_rows = s->soon_rows;
    for (; k >= steps; k -= steps, next += fetch_step) {
        __builtin_prefetch(next, 0, 2);
        if (soon_rows) {
            UNROLL for (int w = 0; w < wide; w++)
                __builtin_prefetch(soon + w * LANES, 1, 3);
            soon += s->c_stride, soon_rows--;
        }
        UNROLL for (size_t j = 0; j < steps; j++) {
            UNROLL for (int r = 0; r < rows; r++)
                at[r] = row_of(a, &o, r);
            add_products(rows, wide, bytes, sum, at, b + j * b_stride);
            a += sizeof(float);
            KEEP(a);
        }
        b += steps * b_stride;
        KEEP(b);
    }
    for (; steps > 1 && k; k--, a += sizeof(float), b += b_stride) {
        UNROLL for (int r = 0; r < rows; r++)
            at[r] = row_of(a, &o, r);
        add_products(rows, wide, bytes, sum, at, b);
    }
}

// Sums over k of rows that lie side by side: from a k to the next it is `a_step`.
INLINE void sum_across(const int rows, const int wide, const struct tile *s, vf sum[ROWS][WIDE])
{
    const size_t steps = STEPS(rows);
    const size_t b_stride = wide * LANES == KERNEL_PANEL ? KERNEL_PANEL : s->b_stride, a_step = s->a_step;
    const float *a = s->a, *b = s->b, *at[ROWS];
    size_t k = s->k;
    for (; k >= steps; k -= steps) {
        UNROLL for (size_t j = 0; j < steps; j++) {
            UNROLL for (int r = 0; r < rows; r++)
                at[r] = a + r;
            add_products(rows, wide, false, sum, at, b + j * b_stride);
            a += a_step;
            KEEP(a);
        }
        b += steps * b_stride;
        KEEP(b);
    }
    for (; steps > 1 && k; k--, a += a_step, b += b_stride) {
        UNROLL for (int r = 0; r < rows; r++)
            at[r] = a + r;
        add_products(rows, wide, false, sum, at, b);
    }
}

// Sums, and what becomes of them.
INLINE void tile(const int rows, const int wide, const struct tile *s)
{
    vf sum[ROWS][WIDE];
    const float *from = s->c;
    UNROLL for (int r = 0; r < rows; r++, from += s->c_stride)
        UNROLL for (int w = 0; w < wide; w++)
            sum[r][w] = s->more ? v_load(from + w * LANES) : v_set(0.0f);
    if (s->a_step == 1)
        sum_along(rows, wide, false, s, sum);
    else
        sum_across(rows, wide, s, sum);
    KEEP(s);                            // what comes now is computed now, not kept in registers through the sums
    finish_tile(rows, wide, s, sum);
}

typedef void tile_fn(const struct tile *s);

// Tiles of every number of rows; of the widths that a panel's parts can have.
#define TILE(r, w) \
    FN void tile_##r##_##w(const struct tile *s) { tile(r, w, s); }
TILES(TILE)

static tile_fn *const tiles[ROWS + 1][WIDE + 1] = {
#define X(r, w) [r][w] = tile_##r##_##w,
    TILES(X)
#undef X
};

// What the tile after the one at row r writes: the rows below, or the first of the columns beside it.
INLINE void see_ahead(struct tile *s, size_t r, size_t rows, const float *beside, bool is_more)
{
    const bool below = r + ROWS < rows;
    s->soon = below ? s->c + ROWS * s->c_stride : beside;
    s->soon_rows = below ? MIN(rows - r - ROWS, (size_t)ROWS) : is_more ? MIN(rows, (size_t)ROWS) : 0;
}

// See struct kernels. Panel by panel, and a panel for all rows: the caller's blocks of rows stay in the second cache. Steps along k would keep a
// panel in the first cache, but cost more in sums that come and go than they save.
FN void gemm(const struct gemm *g)
{
    const char *end = (const char *)(g->b + g->n * g->k);
    for (size_t n = 0; n < g->n; n += KERNEL_PANEL) {
        const size_t width = MIN((size_t)KERNEL_PANEL, g->n - n), step = MIN((size_t)WIDE * LANES, width);
        const size_t tile_count = (g->rows + ROWS - 1) / ROWS * ((width + step - 1) / step);
        const char *next = (const char *)(g->b + (n + width) * g->k);
        const size_t ahead = MIN((size_t)(end - next), KERNEL_PANEL * g->k * sizeof(float));
        struct tile s = { .k = g->k, .a_row = g->a_stride, .a_step = 1, .b_stride = width, .fetch = next,
                          .fetch_step = ahead / (tile_count * g->k + 1), .c_stride = g->c_stride, .finish = g->finish };
        for (size_t w = 0; w < width; w += step) {
            s.b = g->b + n * g->k + w, s.bias = g->bias ? g->bias + n + w : NULL;
            for (size_t r = 0; r < g->rows; r += ROWS) {
                s.a = g->a + r * g->a_stride, s.c = g->c + r * g->c_stride + n + w;
                see_ahead(&s, r, g->rows, g->c + n + w + step, n + w + step < g->n);
                tiles[MIN((size_t)ROWS, g->rows - r)][MIN(step, width - w) / LANES](&s);
                s.fetch += s.fetch_step * g->k;
            }
        }
    }
}

#include "model/kernels_attention.h"

// --- dot products of single rows

#define DOT_CHAINS 4                    // of 16 lanes each, so that additions need not wait for each other

// 16 products into one of the chains.
INLINE void dot_step(vf sum[DOT_CHAINS][PARTS], const float *x, const float *y, const size_t chain)
{
    UNROLL for (int p = 0; p < PARTS; p++)
        sum[chain][p] = v_fma(v_load(x + p * LANES), v_load(y + p * LANES), sum[chain][p]);
}

// The dot product of two rows; what is left over at the end goes through a buffer of zeros.
INLINE float dot_row(const float *x, const float *y, size_t n)
{
    vf sum[DOT_CHAINS][PARTS];
    size_t i = 0;
    UNROLL for (int c = 0; c < DOT_CHAINS; c++)
        UNROLL for (int p = 0; p < PARTS; p++)
            sum[c][p] = v_set(0.0f);
    for (; i + DOT_CHAINS * KERNEL_PAD <= n; i += DOT_CHAINS * KERNEL_PAD)
        UNROLL for (size_t c = 0; c < DOT_CHAINS; c++)
            dot_step(sum, x + i + c * KERNEL_PAD, y + i + c * KERNEL_PAD, c);
    for (; i + KERNEL_PAD <= n; i += KERNEL_PAD)
        dot_step(sum, x + i, y + i, 0);
    if (i < n) {
        float rest[2][KERNEL_PAD] = { { 0 } };
        memcpy(rest[0], x + i, (n - i) * sizeof *x);
        memcpy(rest[1], y + i, (n - i) * sizeof *y);
        dot_step(sum, rest[0], rest[1], 1);
    }
    UNROLL for (int p = 0; p < PARTS; p++)
        sum[0][p] = (sum[0][p] + sum[2][p]) + (sum[1][p] + sum[3][p]);
    return sum_lanes(sum[0]);
}

// Asks for what lies from `at` to `end`.
INLINE void fetch(const char *at, const char *end)
{
    for (; at < end; at += 64)
        __builtin_prefetch(at, 0, 2);
}

// See struct kernels. Rows lie anywhere: the next one is fetched while this one is multiplied.
FN void dots(const float *x, const float *rows, size_t stride, const uint32_t *which, size_t count, size_t n, float *out)
{
    for (size_t i = 0; i < count; i++) {
        const float *next = rows + which[MIN(i + 1, count - 1)] * stride;
        fetch((const char *)next, (const char *)(next + n));
        out[i] = dot_row(x, rows + which[i] * stride, n);
    }
}

// --- 8 bits

// The greatest magnitude of n floats, a multiple of 16. Four maxima at once: one alone would wait for itself.
FN float largest_of(const float *x, size_t n)
{
    vf most[4] = { v_set(0.0f), v_set(0.0f), v_set(0.0f), v_set(0.0f) };
    size_t i = 0;
    float lane[LANES], largest = 0;
    for (; i + 4 * LANES <= n; i += 4 * LANES)
        UNROLL for (size_t j = 0; j < 4; j++) {
            vf v = v_load(x + i + j * LANES);
            most[j] = v_max(most[j], v_max(v, -v));
        }
    for (; i < n; i += LANES)
        most[0] = v_max(most[0], v_max(v_load(x + i), -v_load(x + i)));
    v_store(lane, v_max(v_max(most[0], most[1]), v_max(most[2], most[3])));
    for (i = 0; i < LANES; i++)
        largest = lane[i] > largest ? lane[i] : largest;
    return largest;
}

FN void quantise(const float *x, size_t x_stride, uint8_t *out, size_t out_stride, size_t rows, size_t n, float *scale)
{
    for (size_t r = 0; r < rows; r++, x += x_stride, out += out_stride) {
        float largest = largest_of(x, kernel_pad(n));
        scale[r] = largest / 127.0f;
        const vf factor = v_set(largest > 0 ? 127.0f / largest : 0.0f), magic = v_set(12582912.0f + 128.0f);
        for (size_t i = 0; i < kernel_pad(n); i += LANES) {
            vi rounded = (vi)v_fma(v_load(x + i), factor, magic);       // the low byte is round(x) + 128
            __builtin_prefetch(x + x_stride + i, 0, 3);                 // of the next row
            v_store_low_bytes(out + i, rounded);
        }
    }
}

// What becomes of the sums of a tile from column n on, which lie one row behind the other, 48 columns each.
INLINE void finish_sums(const enum gemm_finish finish, const struct gemm_int8 *g, int rows, int wide, const float *row_scale, size_t n,
                        const vf *sums, float *c)
{
    const size_t c_stride = g->c_stride;
    for (int w = 0; w < wide; w++, n += LANES) {
        const vf scale = v_load(g->column_scale + n), bias = v_load(g->bias + n);
        vi offset;
        memcpy(&offset, g->column_sum + n, sizeof offset);
        offset <<= 7;
        float *at = c + w * LANES;
        for (int r = 0; r < rows; r++, at += c_stride) {
            vf value = v_of_int((vi)sums[r * WIDE + w] - offset) * v_set(row_scale[r]) * scale + bias;
            if (finish == GEMM_BIAS_ADD)
                value += v_load(at);
            if (finish == GEMM_BIAS_GELU)
                value = v_gelu(value);
            v_store(at, value);
        }
    }
}

// The same, once for tiles of all sizes.
FN __attribute__((noinline)) void finish_tile_int8(const struct gemm_int8 *g, int rows, int wide, const float *row_scale, size_t n, const vf *sums,
                                                   float *c)
{
    if (g->finish == GEMM_BIAS_ADD)
        finish_sums(GEMM_BIAS_ADD, g, rows, wide, row_scale, n, sums, c);
    else if (g->finish == GEMM_BIAS_GELU)
        finish_sums(GEMM_BIAS_GELU, g, rows, wide, row_scale, n, sums, c);
    else
        finish_sums(GEMM_BIAS, g, rows, wide, row_scale, n, sums, c);
}

// A tile of 8-bit products: `s` counts in groups of four bytes, as if they were floats.
INLINE void tile_int8(const int rows, const int wide, const struct gemm_int8 *g, const struct tile *s, const float *row_scale, size_t n)
{
    vf sum[ROWS][WIDE];
    float *c = s->c;
    UNROLL for (int r = 0; r < rows; r++)
        UNROLL for (int w = 0; w < wide; w++)
            sum[r][w] = v_set(0.0f);
    sum_along(rows, wide, true, s, sum);
    KEEP(s);
    vf done[ROWS][WIDE];                // in memory: the sums stay in registers only if nothing asks for them by number
    UNROLL for (int r = 0; r < rows; r++)
        UNROLL for (int w = 0; w < wide; w++)
            done[r][w] = sum[r][w];
    KEEP_MEMORY(done);
    finish_tile_int8(g, rows, wide, row_scale, n, done[0], c);
}

typedef void tile_int8_fn(const struct gemm_int8 *g, const struct tile *s, const float *row_scale, size_t n);

#define TILE_INT8(r, w) \
    FN void tile_int8_##r##_##w(const struct gemm_int8 *g, const struct tile *s, const float *row_scale, size_t n) \
    { \
        tile_int8(r, w, g, s, row_scale, n); \
    }
TILES(TILE_INT8)

static tile_int8_fn *const tiles_int8[ROWS + 1][WIDE + 1] = {
#define X(r, w) [r][w] = tile_int8_##r##_##w,
    TILES(X)
#undef X
};

// See struct kernels. As gemm().
FN void gemm_int8(const struct gemm_int8 *g)
{
    const size_t groups = g->k / 4;
    const float *a = (const float *)(const void *)g->a, *b = (const float *)(const void *)g->b;
    const char *end = (const char *)(b + g->n * groups);
    for (size_t n = 0; n < g->n; n += KERNEL_PANEL) {
        const size_t width = MIN((size_t)KERNEL_PANEL, g->n - n), step = MIN((size_t)WIDE * LANES, width);
        const size_t tile_count = (g->rows + ROWS - 1) / ROWS * ((width + step - 1) / step);
        const char *next = (const char *)(b + (n + width) * groups);
        const size_t ahead = MIN((size_t)(end - next), KERNEL_PANEL * groups * sizeof(float));
        struct tile s = { .k = groups, .a_row = g->a_stride / 4, .a_step = 1, .b_stride = width, .fetch = next,
                          .fetch_step = ahead / (tile_count * groups + 1), .c_stride = g->c_stride };
        for (size_t w = 0; w < width; w += step) {
            s.b = b + n * groups + w;
            for (size_t r = 0; r < g->rows; r += ROWS) {
                s.a = a + r * s.a_row, s.c = g->c + r * g->c_stride + n + w;
                see_ahead(&s, r, g->rows, g->c + n + w + step, n + w + step < g->n);
                tiles_int8[MIN((size_t)ROWS, g->rows - r)][MIN(step, width - w) / LANES](g, &s, g->row_scale + r, n + w);
                s.fetch += s.fetch_step * groups;
            }
        }
    }
}

#define KERNEL_FUNCTIONS \
    .is_fused = KERNEL_FUSED, .gemm = gemm, .layer_norm = layer_norm, .gelu = gelu, .attend = attend, \
    .dots = dots, .quantise = quantise

const struct kernels KERNEL_TABLE = { .name = KERNEL_NAME, .row_tile = ROWS, KERNEL_FUNCTIONS, .gemm_int8 = gemm_int8 };
