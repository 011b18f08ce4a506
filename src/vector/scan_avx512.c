// SPDX-License-Identifier: Apache-2.0
// Exact search with 16 lanes: a tile is 14 × 32, 28 of the 32 registers.
#include "vector/scan.h"

#if defined(__x86_64__)
#include "model/lanes_avx512.h"

#define ROWS 14
#define SCAN_NAME "avx512"
#define SCAN_TABLE scan_avx512

#define v_total(v) _mm512_reduce_add_epi32((__m512i)(v))
#define v_reached(v, floor) (uint32_t)_mm512_cmp_ps_mask((v), (floor), _CMP_GE_OQ)
#define v_dots(sum, a, b) (vi)_mm512_dpbusd_epi32((__m512i)(sum), (__m512i)(a), (__m512i)(b))
#define v_dot(sum, four, b) v_dots((sum), _mm512_set1_epi32(four), (b))

#include "vector/scan_body.h"
#endif
