// SPDX-License-Identifier: Apache-2.0
// Which kernels this processor gets, and the packing of weights, which all of them share.
#include "model/kernels.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CPUID_FEATURES = 7, HAS_TILES = 1 << 24, HAS_TILES_OF_BYTES = 1 << 25 };     // in EDX. clang 14 knows no names of them
enum { REQUEST_STATE = 0x1023, TILE_DATA = 18 };        // arch_prctl(2): ARCH_REQ_XCOMP_PERM, of asm/prctl.h since Linux 5.16; XFEATURE_XTILEDATA

// Does the processor have matrix tiles of bytes, and may this process use them? Children may as well.
static bool has_tiles(void)
{
    unsigned a, b, c, d = 0, wanted = HAS_TILES | HAS_TILES_OF_BYTES;
    return __get_cpuid_count(CPUID_FEATURES, 0, &a, &b, &c, &d) && (d & wanted) == wanted && syscall(SYS_arch_prctl, REQUEST_STATE, TILE_DATA) == 0;
}
#endif

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

const struct kernels *kernels_best_int8(void)
{
    const struct kernels *tiles = kernels_find("amx");
    return tiles ? tiles : kernels_best();
}

const struct kernels *kernels_find(const char *name)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (strcmp(name, "amx") == 0)
        return kernels_find("avx512") && has_tiles() ? &kernels_amx : NULL;
    if (strcmp(name, "avx512") == 0)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw")
            && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vnni") ? &kernels_avx512 : NULL;
    if (strcmp(name, "avx2") == 0)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &kernels_avx2 : NULL;
#endif
    return strcmp(name, "plain") == 0 ? &kernels_plain : NULL;
}

typedef float v4 __attribute__((vector_size(16), aligned(4)));

// Four rows of four, on their side.
static void turn_square(const float *from, size_t stride, float *to, size_t to_stride)
{
    v4 a = *(const v4 *)from, b = *(const v4 *)(from + stride), c = *(const v4 *)(from + 2 * stride), d = *(const v4 *)(from + 3 * stride);
    v4 ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
    *(v4 *)to = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
    *(v4 *)(to + to_stride) = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
    ab = __builtin_shufflevector(a, b, 2, 6, 3, 7), cd = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    *(v4 *)(to + 2 * to_stride) = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
    *(v4 *)(to + 3 * to_stride) = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
}

// Columns p … p + width of a panel; those from n on are zero.
static void pack_panel(const float *source, size_t stride, size_t p, size_t width, size_t k, size_t n, float *panel)
{
    size_t c = 0, have = MIN(width, n > p ? n - p : 0);
    for (; c + 4 <= have; c += 4) {
        const float *rows = source + (p + c) * stride;
        size_t i = 0;
        for (; i + 4 <= k; i += 4)
            turn_square(rows + i, stride, panel + i * width + c, width);
        for (; i < k; i++)
            for (size_t j = 0; j < 4; j++)
                panel[i * width + c + j] = rows[j * stride + i];
    }
    for (; c < width; c++)
        for (size_t i = 0; i < k; i++)
            panel[i * width + c] = c < have ? source[(p + c) * stride + i] : 0;
}

void kernels_pack(const float *source, size_t stride, size_t first, size_t count, size_t k, size_t n, float *out)
{
    size_t padded = kernel_pad(n), end = MIN(padded, first + count);
    for (size_t p = first; p < end; p += KERNEL_PANEL)
        pack_panel(source, stride, p, MIN((size_t)KERNEL_PANEL, padded - p), k, n, out + p * k);
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
