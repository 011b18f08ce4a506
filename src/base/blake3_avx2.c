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
    __m256i r[8], t[8];
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

AVX2 static void compress(__m256i cv[8], const __m256i m[16], __m256i counter_low, __m256i counter_high, uint32_t flags)
{
    __m256i v[16];
    BLAKE3_UNROLL
    for (int i = 0; i < 8; i++)
        v[i] = cv[i];
    BLAKE3_UNROLL
    for (int i = 0; i < 4; i++)
        v[i + 8] = _mm256_set1_epi32((int)blake3_iv[i]);
    v[12] = counter_low, v[13] = counter_high;
    v[14] = _mm256_set1_epi32(BLAKE3_BLOCK), v[15] = _mm256_set1_epi32((int)flags);
    BLAKE3_ROUNDS(BLAKE3_ROUND)
    BLAKE3_UNROLL
    for (int i = 0; i < 8; i++)
        cv[i] = _mm256_xor_si256(v[i], v[i + 8]);
}

AVX2 static void store_transposed(const __m256i cv[8], size_t n, blake3_cv *out)
{
    uint32_t words[8][8];
    BLAKE3_UNROLL
    for (int i = 0; i < 8; i++)
        _mm256_storeu_si256((__m256i *)(void *)words[i], cv[i]);
    for (size_t lane = 0; lane < n; lane++)
        for (int i = 0; i < 8; i++)
            out[lane][i] = words[i][lane];
}

AVX2 void blake3_avx2(const uint8_t *in, size_t n, enum blake3_kind kind, uint64_t counter, blake3_cv *out)
{
    bool chunks = kind == BLAKE3_CHUNKS;
    size_t len = chunks ? BLAKE3_CHUNK : BLAKE3_BLOCK;
    const uint8_t *lane[8];
    uint32_t low[8] = { 0 }, high[8] = { 0 };
    for (size_t i = 0; i < 8; i++) {
        lane[i] = in + MIN(i, n - 1) * len;             // lanes without an input repeat the last one
        if (chunks)
            low[i] = (uint32_t)(counter + i), high[i] = (uint32_t)((counter + i) >> 32);
    }
    __m256i counter_low = _mm256_loadu_si256((const __m256i *)(const void *)low), cv[8], m[16];
    __m256i counter_high = _mm256_loadu_si256((const __m256i *)(const void *)high);
    for (int i = 0; i < 8; i++)
        cv[i] = _mm256_set1_epi32((int)blake3_iv[i]);
    for (size_t at = 0; at < len; at += BLAKE3_BLOCK) {
        uint32_t flags = chunks ? 0 : BLAKE3_PARENT;
        if (chunks && at == 0)
            flags |= BLAKE3_CHUNK_START;
        if (chunks && at + BLAKE3_BLOCK == len)
            flags |= BLAKE3_CHUNK_END;
        load_transposed(m, lane, at);
        load_transposed(m + 8, lane, at + BLAKE3_BLOCK / 2);
        compress(cv, m, counter_low, counter_high, flags);
    }
    store_transposed(cv, n, out);
}
#endif
