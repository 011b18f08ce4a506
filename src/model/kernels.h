// SPDX-License-Identifier: Apache-2.0
#pragma once
// The arithmetic that takes the time, in versions for AVX-512, AVX2 with FMA, and plain C; the widest that the processor has is used.
//
// Matrices of activations are row-major with a stride in floats; rows are padded to a multiple of 16 floats and the padding is zero.
// Weights are packed once (kernels_pack): panels of 48 columns, the last one of 16 or 32 where that suffices,
//
//     panel p, columns 48p …:   k = 0: 48 floats | k = 1: 48 floats | …          at b + 48 p k_total
//
// Promise: every element of a product is one chain of multiply-adds over k in order, and sums along a row are taken in 16 lanes and then
// pairwise. So a row's bits depend on that row and the weights alone: not on which rows are beside it, how rows are split among
// threads, or whether vectors have 8 or 16 lanes. AVX-512 and AVX2 give the same bits; plain C rounds the product of each
// multiply-add and gives others (`is_fused` is false).
#include "base/base.h"

enum { KERNEL_PAD = 16, KERNEL_PANEL = 48 };

enum gemm_finish {
    GEMM_STORE,                         // c = ab
    GEMM_BIAS,                          // c = ab + bias
    GEMM_BIAS_GELU,                     // c = gelu(ab + bias)
    GEMM_BIAS_ADD,                      // c += ab + bias
};
struct gemm {                           // c[rows × n] = a[rows × k] b[k × n]
    size_t rows, k, n;                  // n: a multiple of 16
    const float *a;
    size_t a_stride;
    const float *b;                     // packed
    const float *bias;                  // n of them; NULL for GEMM_STORE
    float *c;
    size_t c_stride;
    enum gemm_finish finish;
};
struct gemm_int8 {                      // as struct gemm, of integers; c = (ab - 128 column_sum) · row_scale · column_scale, then as `finish` says
    size_t rows, k, n;                  // k: a multiple of 4
    const uint8_t *a;                   // quantised rows, zero at 128; aligned for int32_t
    size_t a_stride;                    // a multiple of 4
    const float *row_scale;
    const int8_t *b;                    // packed: panels as above, of groups of 4 along k; aligned as well
    const int32_t *column_sum;          // over k of b
    const float *column_scale, *bias;
    float *c;
    size_t c_stride;
    enum gemm_finish finish;
};

struct attention {                      // one head of one sequence
    size_t length, size;                // tokens; the head's width
    const float *q, *k, *v;             // [length][size], rows `stride` apart
    size_t stride;
    const float *cosine, *sine;         // rotary positions: [size / 2][angle_stride], angle_stride at least kernel_pad(length); NULL: none
    size_t angle_stride;
    bool pairs;                         // 2i is turned with 2i + 1; else i with i + size / 2
    bool turn_values;                   // v too
    float scale;                        // of q, before it is turned: log2(e) / sqrt(size), because scores become powers of 2
    float *out;                         // rows as of q, whose place it may take
    float *memory;                      // kernels_attention_memory() floats, aligned for vectors
    const float *next;                  // NULL, or q of a head that probably comes next, its k and v as far off as here: brought near meanwhile
    size_t next_length;
    float *probabilities;               // NULL, or length × length: row i says what token i looks at
};

struct kernels {
    const char *name;                   // "amx", "avx512", "avx2", "plain"
    bool is_fused;
    size_t row_tile;                    // rows that are computed at once: blocks of a multiple of it waste nothing
    void (*gemm)(const struct gemm *g);
    void (*gemm_int8)(const struct gemm_int8 *g);
    // out = (x - mean) / sqrt(variance + eps) · weight + bias over `n` floats of each row; out may be x. Padding becomes zero
    // (weight and bias are padded with zeros).
    void (*layer_norm)(const float *x, size_t x_stride, float *out, size_t out_stride, size_t rows, size_t n, const float *weight,
                       const float *bias, float eps);
    // out = softmax(q kᵀ) v, with the exact maximum.
    void (*attend)(const struct attention *h);
    // x Φ(x) by erf, in place; n is a multiple of 16. Within 2e-7 · max(1, |x|) of the exact value.
    void (*gelu)(float *x, size_t n);
    // out[i] = x · rows[which[i]], rows `stride` apart, n floats each. Each is a sum in 64 lanes, joined pairwise: the bits depend on the two vectors
    // alone.
    void (*dots)(const float *x, const float *rows, size_t stride, const uint32_t *which, size_t count, size_t n, float *out);
    // Rows to 8 bits with a scale each: out = round(x / scale) + 128, scale = max |x| / 127.
    void (*quantise)(const float *x, size_t x_stride, uint8_t *out, size_t out_stride, size_t rows, size_t n, float *scale);
};

const struct kernels *kernels_best(void);               // of this processor
const struct kernels *kernels_best_int8(void);          // for products of 8 bits: "amx" is "avx512" with them in matrix tiles
// NULL: unknown, or not for this processor. For "amx" the system is asked to let this process use the tiles; it may refuse.
const struct kernels *kernels_find(const char *name);

// The next multiple of 16.
static inline size_t kernel_pad(size_t n) { return (n + KERNEL_PAD - 1) / KERNEL_PAD * KERNEL_PAD; }
// Floats that `n` columns over `k` take when packed.
static inline size_t kernel_packed_size(size_t k, size_t n) { return k * kernel_pad(n); }
// Packs columns [first, first + count) of a matrix of n columns that is given as rows: source[column][k], `stride` apart (a linear layer's weight
// [out, in]). first is a multiple of 48 or comes last. `out` is the packed whole. Columns beyond n are zero.
void kernels_pack(const float *source, size_t stride, size_t first, size_t count, size_t k, size_t n, float *out);
// The same of 8 bits, in groups of 4 along k. k is a multiple of 4.
void kernels_pack_int8(const int8_t *source, size_t stride, size_t k, size_t n, int8_t *out);

// Floats that `attend` needs for a head.
static inline size_t kernels_attention_memory(size_t length, size_t size)
{
    return 2 * size * (kernel_pad(length) + KERNEL_PAD) + (2 * size + 2 + length) * KERNEL_PANEL;
}

extern const struct kernels kernels_plain;
#if defined(__x86_64__)
extern const struct kernels kernels_avx2, kernels_avx512, kernels_amx;
#endif
