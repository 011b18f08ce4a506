// SPDX-License-Identifier: Apache-2.0
// Kernels of 8 lanes with FMA: a tile is 6 × 16, 12 of the 16 registers.
#include "model/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define LANES 8
#define ROWS 6
#define WIDE 2
#define TILES(X) \
    X(1, 2) X(2, 2) X(3, 2) X(4, 2) X(5, 2) X(6, 2)
#define FN static __attribute__((target("avx2,fma")))
#define KERNEL_NAME "avx2"
#define KERNEL_FUSED true
#define KERNEL_TABLE kernels_avx2

typedef __m256 vf;
typedef int32_t vi __attribute__((vector_size(32)));

#define v_load(p) _mm256_loadu_ps(p)
#define v_store(p, v) _mm256_storeu_ps((p), (v))
#define v_set(x) _mm256_set1_ps(x)
#define v_fma(a, b, c) _mm256_fmadd_ps((a), (b), (c))
#define v_max(a, b) _mm256_max_ps((a), (b))
#define v_of_int(v) _mm256_cvtepi32_ps((__m256i)(v))

FN inline void v_store_low_bytes(uint8_t *p, vi v)
{
    const __m256i low = _mm256_set1_epi64x(0x0c080400), words = _mm256_setr_epi32(0, 4, 0, 0, 0, 0, 0, 0);
    __m256i bytes = _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8((__m256i)v, low), words);
    _mm_storel_epi64((__m128i *)(void *)p, _mm256_castsi256_si128(bytes));
}

// Four products of an unsigned and a signed byte into each 32-bit lane. maddubs would saturate at 16 bits, so the bytes are widened: the even
// ones and the odd ones, two products a lane each.
FN inline __attribute__((always_inline)) void v_add_dot(vf *sum, vf four, vf b)
{
    __m256i a = (__m256i)four, bytes = (__m256i)b, low = _mm256_set1_epi16(0x00ff);
    __m256i even = _mm256_madd_epi16(_mm256_and_si256(a, low), _mm256_srai_epi16(_mm256_slli_epi16(bytes, 8), 8));
    __m256i odd = _mm256_madd_epi16(_mm256_srli_epi16(a, 8), _mm256_srai_epi16(bytes, 8));
    *sum = (vf)((vi)*sum + (vi)even + (vi)odd);
}

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
