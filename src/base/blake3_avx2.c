// SPDX-License-Identifier: Apache-2.0
// BLAKE3's kernel for AVX2: eight chunks or parents at once, one in each 32-bit lane. It decides nothing about the
// tree, and blake3.c calls it only on a CPU that has the instructions.
#include "base/blake3.h"

#if defined(__x86_64__)
#include <immintrin.h>
#if !defined(__clang__)
#pragma GCC optimize("no-tree-reassoc")                 // would reorder mix's sums into longer chains: 5-10 % slower
#endif

#define AVX2 __attribute__((target("avx2")))
#define INLINE AVX2 __attribute__((always_inline)) static inline

INLINE __m256i rotate_right(__m256i x, int n)
{
    return _mm256_or_si256(_mm256_srli_epi32(x, n), _mm256_slli_epi32(x, 32 - n));
}

// Rotations by whole bytes are one shuffle.
INLINE __m256i rotate_right_16(__m256i x)
{
    return _mm256_shuffle_epi8(x, _mm256_set_epi8(13, 12, 15, 14, 9, 8, 11, 10, 5, 4, 7, 6, 1, 0, 3, 2,
                                                  13, 12, 15, 14, 9, 8, 11, 10, 5, 4, 7, 6, 1, 0, 3, 2));
}

INLINE __m256i rotate_right_8(__m256i x)
{
    return _mm256_shuffle_epi8(x, _mm256_set_epi8(12, 15, 14, 13, 8, 11, 10, 9, 4, 7, 6, 5, 0, 3, 2, 1,
                                                  12, 15, 14, 13, 8, 11, 10, 9, 4, 7, 6, 5, 0, 3, 2, 1));
}

INLINE void mix(__m256i v[16], int a, int b, int c, int d, __m256i x, __m256i y)
{
    v[a] = _mm256_add_epi32(_mm256_add_epi32(v[a], x), v[b]);
    v[d] = rotate_right_16(_mm256_xor_si256(v[d], v[a]));
    v[c] = _mm256_add_epi32(v[c], v[d]);
    v[b] = rotate_right(_mm256_xor_si256(v[b], v[c]), 12);
    v[a] = _mm256_add_epi32(_mm256_add_epi32(v[a], y), v[b]);
    v[d] = rotate_right_8(_mm256_xor_si256(v[d], v[a]));
    v[c] = _mm256_add_epi32(v[c], v[d]);
    v[b] = rotate_right(_mm256_xor_si256(v[b], v[c]), 7);
}

// m[word] gets that word of each lane's half block: an 8 x 8 transposition in three steps of pairs.
INLINE void load_transposed(__m256i m[8], const uint8_t *const lane[8], size_t at)
{
    __m256i r[8] UNINITIALIZED, t[8] UNINITIALIZED;
    BLAKE3_UNROLL
    for (int i = 0; i < 8; i++)
        r[i] = _mm256_loadu_si256((const __m256i *)(const void *)(lane[i] + at));
    BLAKE3_UNROLL
    for (int i = 0; i < 8; i += 2) {
        t[i] = _mm256_unpacklo_epi32(r[i], r[i + 1]);
        t[i + 1] = _mm256_unpackhi_epi32(r[i], r[i + 1]);
    }
    BLAKE3_UNROLL
    for (int i = 0; i < 8; i += 4) {
        r[i] = _mm256_unpacklo_epi64(t[i], t[i + 2]);
        r[i + 1] = _mm256_unpackhi_epi64(t[i], t[i + 2]);
        r[i + 2] = _mm256_unpacklo_epi64(t[i + 1], t[i + 3]);
        r[i + 3] = _mm256_unpackhi_epi64(t[i + 1], t[i + 3]);
    }
    BLAKE3_UNROLL
    for (int i = 0; i < 4; i++) {
        m[i] = _mm256_permute2x128_si256(r[i], r[i + 4], 0x20);
        m[i + 4] = _mm256_permute2x128_si256(r[i], r[i + 4], 0x31);
    }
}

#define TARGET AVX2
#define LANES 8
#define LOADS 2
typedef __m256i Lanes;
INLINE Lanes lanes_of(uint32_t x) { return _mm256_set1_epi32((int)x); }
INLINE Lanes lanes_load(const uint32_t x[LANES]) { return _mm256_loadu_si256((const __m256i *)(const void *)x); }
INLINE void lanes_store(uint32_t out[LANES], Lanes x) { _mm256_storeu_si256((__m256i *)(void *)out, x); }
INLINE Lanes lanes_xor(Lanes x, Lanes y) { return _mm256_xor_si256(x, y); }

#include "base/blake3_lanes.h"

void blake3_avx2(const uint8_t *in, size_t n, enum blake3_kind kind, uint64_t counter, blake3_cv *out) { hash_lanes(in, n, kind, counter, out); }
#endif
