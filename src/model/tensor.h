// SPDX-License-Identifier: Apache-2.0
#pragma once
// A tensor that somebody else holds: element type, shape, and where its bytes lie. Row-major, the last dimension contiguous, little-endian,
// no padding: as safetensors and npy store them. What the encoder computes with is padded; see encoder.h.
#include "base/str.h"

#define TENSOR_TYPES(X) \
    X(F64, 8, "F64") X(F32, 4, "F32") X(F16, 2, "F16") X(BF16, 2, "BF16") X(I64, 8, "I64") X(I32, 4, "I32") X(I16, 2, "I16") X(I8, 1, "I8") \
    X(U64, 8, "U64") X(U32, 4, "U32") X(U16, 2, "U16") X(U8, 1, "U8") X(BOOL, 1, "BOOL")
enum tensor_type {
#define X(name, bytes, text) TENSOR_##name,
    TENSOR_TYPES(X)
#undef X
    TENSOR_TYPE_COUNT
};
enum { TENSOR_RANK_MAX = 8, TENSOR_SHAPE_TEXT = 192 };

struct tensor {
    Str name;
    enum tensor_type type;
    int rank;
    int64_t shape[TENSOR_RANK_MAX];
    const void *data;                   // NULL: there is no such tensor
    int64_t count;                      // elements
};

size_t tensor_type_bytes(enum tensor_type type);                        // of one element
const char *tensor_type_name(enum tensor_type type);                    // as safetensors writes it: "F32"
bool tensor_type_find(Str name, enum tensor_type *out);                 // false: there is none of that name
bool tensor_is_float(const struct tensor *t);                           // F64, F32, F16 or BF16
// "[33, 320]", into out
void tensor_shape_text(int rank, const int64_t *shape, char out[TENSOR_SHAPE_TEXT]);

// `count` elements from element `start` on, as float or double (rounded to nearest where the type is wider). Floating types only.
void tensor_read_floats(const struct tensor *t, int64_t start, int64_t count, float *out);
void tensor_read_doubles(const struct tensor *t, int64_t start, int64_t count, double *out);

// IEEE 754 binary16: rounded to nearest even; too large becomes infinite, NaN stays NaN.
uint16_t half_of_float(float f);
float float_of_half(uint16_t h);
