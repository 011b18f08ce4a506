// SPDX-License-Identifier: Apache-2.0
// Exact search with 8 lanes and FMA: a tile is 6 × 16, 12 of the 16 registers.
#include "vector/scan.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define LANES 8
#define ROWS 6
#define FN static __attribute__((target("avx2,fma")))
#define SCAN_NAME "avx2"
#define SCAN_TABLE scan_avx2

typedef __m256 vf;
typedef int32_t vi __attribute__((vector_size(32)));

#define v_load(p) _mm256_loadu_ps(p)
#define v_store(p, v) _mm256_storeu_ps((p), (v))
#define v_set(x) _mm256_set1_ps(x)
#define v_fma(a, b, c) _mm256_fmadd_ps((a), (b), (c))
#define v_of_int(v) _mm256_cvtepi32_ps((__m256i)(v))
#define v_reached(v, floor) (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps((v), (floor), _CMP_GE_OQ))

FN inline __attribute__((always_inline)) int32_t v_total(vi v)
{
    return (v[0] + v[4]) + (v[1] + v[5]) + ((v[2] + v[6]) + (v[3] + v[7]));
}

// maddubs would saturate at 16 bits, so the bytes are widened: the even ones and the odd ones, two products a lane each.
FN inline __attribute__((always_inline)) vi v_dots(vi sum, vi x, vi y)
{
    __m256i a = (__m256i)x, b = (__m256i)y, low = _mm256_set1_epi16(0x00ff);
    __m256i even = _mm256_madd_epi16(_mm256_and_si256(a, low), _mm256_srai_epi16(_mm256_slli_epi16(b, 8), 8));
    __m256i odd = _mm256_madd_epi16(_mm256_srli_epi16(a, 8), _mm256_srai_epi16(b, 8));
    return sum + (vi)even + (vi)odd;
}
#define v_dot(sum, four, b) v_dots((sum), (vi)_mm256_set1_epi32(four), (b))

#include "vector/scan_body.h"
#endif
