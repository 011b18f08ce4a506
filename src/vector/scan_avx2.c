// SPDX-License-Identifier: Apache-2.0
// Exact search with 8 lanes and FMA: a tile is 6 × 16, 12 of the 16 registers.
#include "vector/scan.h"

#if defined(__x86_64__)
#include "model/lanes_avx2.h"

#define ROWS 6
#define SCAN_NAME "avx2"
#define SCAN_TABLE scan_avx2

#define v_reached(v, floor) (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps((v), (floor), _CMP_GE_OQ))

FN inline __attribute__((always_inline)) int32_t v_total(vi v)
{
    return (v[0] + v[4]) + (v[1] + v[5]) + ((v[2] + v[6]) + (v[3] + v[7]));
}

#define v_dot(sum, four, b) v_dots((sum), (vi)_mm256_set1_epi32(four), (b))

#include "vector/scan_body.h"
#endif
