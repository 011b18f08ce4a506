// SPDX-License-Identifier: Apache-2.0
// Exact search with 16 lanes: a tile is 14 × 32, 28 of the 32 registers.
#include "vector/scan.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define LANES 16
#define ROWS 14
#define FN static __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx512vnni")))
#define SCAN_NAME "avx512"
#define SCAN_TABLE scan_avx512

typedef __m512 vf;
typedef int32_t vi __attribute__((vector_size(64)));

#define v_load(p) _mm512_loadu_ps(p)
#define v_store(p, v) _mm512_storeu_ps((p), (v))
#define v_set(x) _mm512_set1_ps(x)
#define v_fma(a, b, c) _mm512_fmadd_ps((a), (b), (c))
#define v_of_int(v) _mm512_cvtepi32_ps((__m512i)(v))
#define v_total(v) _mm512_reduce_add_epi32((__m512i)(v))
#define v_reached(v, floor) (uint32_t)_mm512_cmp_ps_mask((v), (floor), _CMP_GE_OQ)
#define v_dots(sum, a, b) (vi)_mm512_dpbusd_epi32((__m512i)(sum), (__m512i)(a), (__m512i)(b))
#define v_dot(sum, four, b) v_dots((sum), _mm512_set1_epi32(four), (b))

#include "vector/scan_body.h"
#endif
