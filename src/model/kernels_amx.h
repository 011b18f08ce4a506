// SPDX-License-Identifier: Apache-2.0
#pragma once
// 8-bit products in the matrix tiles of AMX, included by kernels_avx512.c: 16 rows × 48 columns at a time, 64 k a step. Sums of integers are
// exact, so the bits are those of the other kernels. What is left of the rows goes through the vectors.
//
//     registers   0 1 2: sums, 16 rows × 16 columns each       3: 16 rows of a, 64 k       4 5: 64 k of 16 columns of b
//                 6, 7: the last k of a row of a, of 16 columns of b, where k is no multiple of 64

#define AMX __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx512vnni,amx-tile,amx-int8")))

enum { AMX_ROWS = 16, AMX_STEP = 64, AMX_COLUMNS = 16 };

// As the processor reads it: Intel's manual, volume 1, 18.2.
struct amx_shape {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
};

// The shapes of the registers for this k.
AMX static void amx_shape_registers(size_t k)
{
    const size_t rest = k % AMX_STEP;
    struct amx_shape shape = { .palette = 1 };
    for (int i = 0; i < 6; i++)
        shape.row_bytes[i] = AMX_STEP, shape.rows[i] = AMX_ROWS;
    if (rest) {
        shape.row_bytes[6] = (uint16_t)rest, shape.rows[6] = AMX_ROWS;
        shape.row_bytes[7] = AMX_STEP, shape.rows[7] = (uint8_t)(rest / 4);
    }
    _tile_loadconfig(&shape);
}

// Sums of 16 rows and `wide` · 16 columns. Not INLINE: that names another target, and clang takes one of two.
AMX static inline __attribute__((always_inline)) void amx_sum(const int wide, const struct gemm_int8 *g, const uint8_t *a, const int8_t *b,
    size_t b_stride, int32_t *sums)
{
    const size_t whole = g->k / AMX_STEP * AMX_STEP;
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    for (size_t k = 0; k < whole; k += AMX_STEP, a += AMX_STEP, b += AMX_STEP / 4 * b_stride) {
        _tile_loadd(3, a, g->a_stride);
        _tile_loadd(4, b, b_stride);
        _tile_dpbusd(0, 3, 4);
        if (wide > 1) {
            _tile_loadd(5, b + 4 * AMX_COLUMNS, b_stride);
            _tile_dpbusd(1, 3, 5);
        }
        if (wide > 2) {
            _tile_loadd(4, b + 8 * AMX_COLUMNS, b_stride);
            _tile_dpbusd(2, 3, 4);
        }
    }
    if (whole < g->k) {
        _tile_loadd(6, a, g->a_stride);
        _tile_loadd(7, b, b_stride);
        _tile_dpbusd(0, 6, 7);
        if (wide > 1) {
            _tile_loadd(7, b + 4 * AMX_COLUMNS, b_stride);
            _tile_dpbusd(1, 6, 7);
        }
        if (wide > 2) {
            _tile_loadd(7, b + 8 * AMX_COLUMNS, b_stride);
            _tile_dpbusd(2, 6, 7);
        }
    }
    _tile_stored(0, sums, KERNEL_PANEL * sizeof *sums);
    if (wide > 1)
        _tile_stored(1, sums + AMX_COLUMNS, KERNEL_PANEL * sizeof *sums);
    if (wide > 2)
        _tile_stored(2, sums + 2 * AMX_COLUMNS, KERNEL_PANEL * sizeof *sums);
}

// 16 rows of a panel, from column n on.
AMX static void amx_tile(const struct gemm_int8 *g, size_t row, size_t n, size_t width)
{
    int32_t sums[AMX_ROWS * KERNEL_PANEL] __attribute__((aligned(64)));
    const uint8_t *a = g->a + row * g->a_stride;
    const int8_t *b = g->b + n * g->k;
    float *c = g->c + row * g->c_stride + n;
    for (size_t r = 0; r < AMX_ROWS; r++)
        for (size_t w = 0; w < width; w += LANES)
            __builtin_prefetch(c + r * g->c_stride + w, 1, 3);
    if (width == 3 * AMX_COLUMNS)
        amx_sum(3, g, a, b, width * 4, sums);
    else if (width == 2 * AMX_COLUMNS)
        amx_sum(2, g, a, b, width * 4, sums);
    else
        amx_sum(1, g, a, b, width * 4, sums);
    finish_tile_int8(g, AMX_ROWS, (int)(width / LANES), g->row_scale + row, n, (const vf *)(const void *)sums, c);
}

// See struct kernels.
AMX static void gemm_int8_amx(const struct gemm_int8 *g)
{
    const size_t rows = g->rows / AMX_ROWS * AMX_ROWS;
    struct gemm_int8 rest = *g;
    if (rows) {
        amx_shape_registers(g->k);
        for (size_t n = 0; n < g->n; n += KERNEL_PANEL)
            for (size_t r = 0; r < rows; r += AMX_ROWS)
                amx_tile(g, r, n, MIN((size_t)KERNEL_PANEL, g->n - n));
        _tile_release();                                // or every switch between threads would save them
    }
    rest.rows -= rows, rest.a += rows * g->a_stride, rest.row_scale += rows, rest.c += rows * g->c_stride;
    if (rest.rows)
        gemm_int8(&rest);
}

const struct kernels kernels_amx = { .name = "amx", .row_tile = AMX_ROWS, KERNEL_FUNCTIONS, .gemm_int8 = gemm_int8_amx };
