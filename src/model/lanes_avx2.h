// SPDX-License-Identifier: Apache-2.0
#pragma once
// Vectors of 8 lanes, with FMA:
// what the kernels of models and of exact search (vector/scan_body.h) are written in. FN is the target of their functions.
#include <immintrin.h>

#include "base/base.h"

#define LANES 8
#define FN static __attribute__((target("avx2,fma")))

typedef __m256 vf;
typedef int32_t vi __attribute__((vector_size(32)));

#define v_load(p) _mm256_loadu_ps(p)
#define v_store(p, v) _mm256_storeu_ps((p), (v))
#define v_set(x) _mm256_set1_ps(x)
#define v_fma(a, b, c) _mm256_fmadd_ps((a), (b), (c))
#define v_of_int(v) _mm256_cvtepi32_ps((__m256i)(v))

// Four products of an unsigned and a signed byte onto each 32-bit lane. maddubs would saturate at 16 bits, so the bytes are widened: the even
// ones and the odd ones, two products a lane each.
FN inline __attribute__((always_inline)) vi v_dots(vi sum, vi x, vi y)
{
    __m256i a = (__m256i)x, b = (__m256i)y, low = _mm256_set1_epi16(0x00ff);
    __m256i even = _mm256_madd_epi16(_mm256_and_si256(a, low), _mm256_srai_epi16(_mm256_slli_epi16(b, 8), 8));
    __m256i odd = _mm256_madd_epi16(_mm256_srli_epi16(a, 8), _mm256_srai_epi16(b, 8));
    return sum + (vi)even + (vi)odd;
}
