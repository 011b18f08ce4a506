// SPDX-License-Identifier: Apache-2.0
#pragma once
// Vectors of 4 lanes as the compiler has them, for any processor:
// what the kernels of models and of exact search (vector/scan_body.h) are written in. FN is the target of their functions.
#include "base/base.h"

#define LANES 4
#define FN static

typedef float vf __attribute__((vector_size(16)));
typedef int32_t vi __attribute__((vector_size(16)));

// Unaligned load and store.
static inline vf v_load(const float *p)
{
    vf v;
    memcpy(&v, p, sizeof v);
    return v;
}
// As v_load() reads.
static inline void v_store(float *p, vf v) { memcpy(p, &v, sizeof v); }
// The same float in all lanes.
static inline vf v_set(float x) { return (vf){ x, x, x, x }; }
// a · b + c, the product rounded.
static inline vf v_fma(vf a, vf b, vf c) { return a * b + c; }
// Integers as floats.
static inline vf v_of_int(vi v) { return __builtin_convertvector(v, vf); }
