// SPDX-License-Identifier: Apache-2.0
// Which kernels this processor gets, and the packing of weights, which all of them share.
#include "model/kernels.h"

const struct kernels *kernels_best(void)
{
#if defined(__x86_64__)
    if (kernels_find("avx512"))
        return &kernels_avx512;
    if (kernels_find("avx2"))
        return &kernels_avx2;
#endif
    return &kernels_plain;
}

const struct kernels *kernels_find(const char *name)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (strcmp(name, "avx512") == 0)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw")
            && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vnni") ? &kernels_avx512 : NULL;
    if (strcmp(name, "avx2") == 0)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &kernels_avx2 : NULL;
#endif
    return strcmp(name, "plain") == 0 ? &kernels_plain : NULL;
}

void kernels_pack(const float *source, size_t stride, size_t first, size_t count, size_t k, size_t n, float *out)
{
    size_t padded = kernel_pad(n), end = MIN(padded, first + count);
    for (size_t p = first; p < end; p += KERNEL_PANEL) {
        size_t width = MIN((size_t)KERNEL_PANEL, padded - p);
        float *panel = out + p * k;
        for (size_t x = 0; x < k; x += KERNEL_PAD)                      // in squares, so that both sides stay in the cache
            for (size_t c = 0; c < width; c++) {
                const float *row = p + c < n ? source + (p + c) * stride : NULL;
                for (size_t i = x; i < MIN(k, x + KERNEL_PAD); i++)
                    panel[i * width + c] = row ? row[i] : 0;
            }
    }
}

void kernels_pack_int8(const int8_t *source, size_t stride, size_t k, size_t n, int8_t *out)
{
    size_t padded = kernel_pad(n);
    for (size_t p = 0; p < padded; p += KERNEL_PANEL) {
        size_t width = MIN((size_t)KERNEL_PANEL, padded - p);
        int8_t *panel = out + p * k;
        for (size_t i = 0; i < k; i += 4)
            for (size_t c = 0; c < width; c++)
                for (size_t j = 0; j < 4; j++)
                    panel[i * width + c * 4 + j] = p + c < n ? source[(p + c) * stride + i + j] : 0;
    }
}
