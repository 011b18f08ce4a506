// SPDX-License-Identifier: Apache-2.0
// Kernels in plain C with the compiler's vectors of 4 lanes, for any processor. The product of a multiply-add is rounded, so the bits differ
// from those of the fused kernels.
#include "model/kernels.h"
#include "model/lanes_plain.h"

#define ROWS 4
#define WIDE 2
#define TILES(X) \
    X(1, 2) X(2, 2) X(3, 2) X(4, 2)
#define KERNEL_NAME "plain"
#define KERNEL_FUSED false
#define KERNEL_TABLE kernels_plain

#define v_divide(a, b) ((a) / (b))
#define v_scale(p, n, shifted) (vf)((vi)(p) + ((vi)(shifted) << 23))

static inline void v_add_product(vf *sum, vf a, vf b) { *sum += a * b; }
static inline vf v_max(vf a, vf b)
{
    vi take = a > b;
    return (vf)((take & (vi)a) | (~take & (vi)b));
}
static inline void v_store_low_bytes(uint8_t *p, vi v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)v[i];
}
static inline void v_add_dot(vf *sum, vf four, vf bytes)
{
    vi a = (vi)four, b = (vi)bytes, all = (vi)*sum;
    for (int i = 0; i < 4; i++)
        all += (a >> 8 * i & 0xff) * ((b << (24 - 8 * i)) >> 24);
    *sum = (vf)all;
}

static inline void v_half_sum(const vf *part, float lane[4]) { v_store(lane, (part[0] + part[2]) + (part[1] + part[3])); }

#include "model/kernels_body.h"
