// SPDX-License-Identifier: Apache-2.0
// Element types and their conversions. No arithmetic on tensors: that is kernels.h and reference.h.
#include "model/tensor.h"

static const struct {
    size_t bytes;
    const char *name;
} types[TENSOR_TYPE_COUNT] = {
#define X(name, bytes, text) [TENSOR_##name] = { bytes, text },
    TENSOR_TYPES(X)
#undef X
};

size_t tensor_type_bytes(enum tensor_type type) { return types[type].bytes; }

const char *tensor_type_name(enum tensor_type type) { return types[type].name; }

bool tensor_type_find(Str name, enum tensor_type *out)
{
    for (int i = 0; i < TENSOR_TYPE_COUNT; i++)
        if (str_is(name, types[i].name)) {
            *out = (enum tensor_type)i;
            return true;
        }
    return false;
}

bool tensor_is_float(const struct tensor *t)
{
    return t->type == TENSOR_F64 || t->type == TENSOR_F32 || t->type == TENSOR_F16 || t->type == TENSOR_BF16;
}

void tensor_shape_text(int rank, const int64_t *shape, char out[TENSOR_SHAPE_TEXT])
{
    size_t at = 0;
    out[at++] = '[';
    for (int i = 0; i < rank && at + 24 < TENSOR_SHAPE_TEXT; i++)
        at += (size_t)snprintf(out + at, TENSOR_SHAPE_TEXT - at, i ? ", %lld" : "%lld", (long long)shape[i]);
    out[at++] = ']';
    out[at] = 0;
}

static uint32_t bits_of(float f)
{
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    return bits;
}

static float float_of_bits(uint32_t bits)
{
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

uint16_t half_of_float(float f)
{
    uint32_t bits = bits_of(f), sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000)
        return (uint16_t)(sign | 0x7e00);                               // NaN
    if (magnitude >= 0x477ff000)
        return (uint16_t)(sign | 0x7c00);                               // from 65520 on: infinite
    if (magnitude >= 0x38800000) {                                      // normal: round the 13 bits that go
        uint32_t rounded = magnitude + 0xfff + (magnitude >> 13 & 1);
        return (uint16_t)(sign | ((rounded - 0x38000000) >> 13));
    }
    float shifted = float_of_bits(magnitude) + 0.5f;                    // the sum's last bit is 2^-24, a subnormal half's: rounds to nearest even
    return (uint16_t)(sign | (bits_of(shifted) - 0x3f000000));
}

float float_of_half(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, magnitude = h & 0x7fff;
    if (magnitude >= 0x7c00)
        return float_of_bits(sign | 0x7f800000 | (magnitude & 0x3ff) << 13);
    if (magnitude >= 0x400)
        return float_of_bits(sign | ((magnitude << 13) + 0x38000000));
    float f = (float)magnitude * 0x1p-24f;
    return sign ? -f : f;
}

static double element(const struct tensor *t, int64_t i)
{
    const char *at = (const char *)t->data + (size_t)i * types[t->type].bytes;
    uint16_t h;
    float f;
    double d;
    switch (t->type) {
    case TENSOR_F64: memcpy(&d, at, sizeof d); return d;
    case TENSOR_F32: memcpy(&f, at, sizeof f); return (double)f;
    case TENSOR_F16: memcpy(&h, at, sizeof h); return (double)float_of_half(h);
    case TENSOR_BF16: memcpy(&h, at, sizeof h); return (double)float_of_bits((uint32_t)h << 16);
    case TENSOR_I64: case TENSOR_I32: case TENSOR_I16: case TENSOR_I8: case TENSOR_U64: case TENSOR_U32: case TENSOR_U16: case TENSOR_U8:
    case TENSOR_BOOL: case TENSOR_TYPE_COUNT: break;
    }
    CHECK(!"a tensor of a floating type");
    return 0;
}

void tensor_read_floats(const struct tensor *t, int64_t start, int64_t count, float *out)
{
    CHECK(start >= 0 && count >= 0 && start + count <= t->count);
    if (t->type == TENSOR_F32) {
        memcpy(out, (const char *)t->data + start * 4, (size_t)count * 4);
        return;
    }
    for (int64_t i = 0; i < count; i++)
        out[i] = (float)element(t, start + i);
}

void tensor_read_doubles(const struct tensor *t, int64_t start, int64_t count, double *out)
{
    CHECK(start >= 0 && count >= 0 && start + count <= t->count);
    for (int64_t i = 0; i < count; i++)
        out[i] = element(t, start + i);
}
