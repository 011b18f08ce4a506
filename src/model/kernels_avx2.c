// SPDX-License-Identifier: Apache-2.0
// Kernels of 8 lanes with FMA: a tile is 6 × 16, 12 of the 16 registers.
#include "model/kernels.h"

#if defined(__x86_64__)
#include "model/lanes_avx2.h"

#define ROWS 6
#define WIDE 2
#define TILES(X) \
    X(1, 2) X(2, 2) X(3, 2) X(4, 2) X(5, 2) X(6, 2)
#define KERNEL_NAME "avx2"
#define KERNEL_FUSED true
#define KERNEL_TABLE kernels_avx2

#define v_max(a, b) _mm256_max_ps((a), (b))
#define v_divide(a, b) ((a) / (b))
#define v_scale(p, n, shifted) (vf)((vi)(p) + ((vi)(shifted) << 23))

FN inline void v_store_low_bytes(uint8_t *p, vi v)
{
    const __m256i low = _mm256_set1_epi64x(0x0c080400), words = _mm256_setr_epi32(0, 4, 0, 0, 0, 0, 0, 0);
    __m256i bytes = _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8((__m256i)v, low), words);
    _mm_storel_epi64((__m128i *)(void *)p, _mm256_castsi256_si128(bytes));
}

FN inline __attribute__((always_inline)) void v_add_dot(vf *sum, vf a, vf b) { *sum = (vf)v_dots((vi)*sum, (vi)a, (vi)b); }

FN inline __attribute__((always_inline)) void v_half_sum(const vf *part, float lane[4])
{
    __m256 eight = _mm256_add_ps(part[0], part[1]);
    _mm_storeu_ps(lane, _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1)));
}

// Left to itself the compiler moves sums from register to register.
FN inline __attribute__((always_inline)) void v_add_product(vf *sum, vf a, vf b)
{
    __asm__("vfmadd231ps %2, %1, %0" : "+x"(*sum) : "x"(a), "x"(b));
}

#include "model/kernels_body.h"
#endif
