// SPDX-License-Identifier: Apache-2.0
#pragma once
// Vectors of 16 lanes, with VNNI:
// what the kernels of models and of exact search (vector/scan_body.h) are written in. FN is the target of their functions.
#include <immintrin.h>

#include "base/base.h"

#define LANES 16
#define FN static __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx512vnni")))

typedef __m512 vf;
typedef int32_t vi __attribute__((vector_size(64)));

#define v_load(p) _mm512_loadu_ps(p)
#define v_store(p, v) _mm512_storeu_ps((p), (v))
#define v_set(x) _mm512_set1_ps(x)
#define v_fma(a, b, c) _mm512_fmadd_ps((a), (b), (c))
#define v_of_int(v) _mm512_cvtepi32_ps((__m512i)(v))
