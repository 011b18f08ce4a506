// SPDX-License-Identifier: Apache-2.0
// Kernels of 16 lanes: a tile is 8 × 48, 24 of the 32 registers. 8-bit products need VNNI too; a processor with AVX-512 but without it
// uses the AVX2 kernels. One with AMX has its matrix tiles for 8-bit products (kernels_amx.h).
#include "model/kernels.h"

#if defined(__x86_64__)
#include "model/lanes_avx512.h"

#define ROWS 8
#define WIDE 3
#define TILES(X) \
    X(1, 1) X(2, 1) X(3, 1) X(4, 1) X(5, 1) X(6, 1) X(7, 1) X(8, 1) \
    X(1, 2) X(2, 2) X(3, 2) X(4, 2) X(5, 2) X(6, 2) X(7, 2) X(8, 2) \
    X(1, 3) X(2, 3) X(3, 3) X(4, 3) X(5, 3) X(6, 3) X(7, 3) X(8, 3)
#define KERNEL_NAME "avx512"
#define KERNEL_FUSED true
#define KERNEL_TABLE kernels_avx512

#define v_max(a, b) _mm512_max_ps((a), (b))
#define v_scale(p, n, shifted) _mm512_scalef_ps((p), (n))
#define v_store_low_bytes(p, v) _mm_storeu_si128((__m128i *)(void *)(p), _mm512_cvtepi32_epi8((__m512i)(v)))

// Four times as fast as the instruction, and its bits unless the result is tiny (under 2^-100): a reciprocal made exact by a step of Newton's, then
// the quotient by its rest.
FN inline __attribute__((always_inline)) vf v_divide(vf a, vf b)
{
    vf y = _mm512_rcp14_ps(b);
    y = v_fma(_mm512_fnmadd_ps(b, y, v_set(1.0f)), y, y);
    vf quotient = a * y;
    return v_fma(_mm512_fnmadd_ps(b, quotient, a), y, quotient);
}

// 16 lanes: upper half onto lower half, twice.
FN inline __attribute__((always_inline)) void v_half_sum(const vf *part, float lane[4])
{
    __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(part[0]), _mm512_extractf32x8_ps(part[0], 1));
    _mm_storeu_ps(lane, _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1)));
}

// Left to itself the compiler moves sums from register to register.
FN inline __attribute__((always_inline)) void v_add_product(vf *sum, vf a, vf b)
{
    __asm__("vfmadd231ps %2, %1, %0" : "+v"(*sum) : "v"(a), "v"(b));
}

FN inline __attribute__((always_inline)) void v_add_dot(vf *sum, vf a, vf b)
{
    __asm__("vpdpbusd %2, %1, %0" : "+v"(*sum) : "v"(a), "v"(b));
}

#include "model/kernels_body.h"
#include "model/kernels_amx.h"
#endif
