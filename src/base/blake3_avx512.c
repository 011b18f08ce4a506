// SPDX-License-Identifier: Apache-2.0
// BLAKE3's kernel for AVX-512: sixteen chunks or parents at once, one in each 32-bit lane. It decides nothing about the
// tree, and blake3.c calls it only on a CPU that has the instructions.
#include "base/blake3.h"

#if defined(__x86_64__)
#include <immintrin.h>
#if defined(__clang__)
#define AVX512 __attribute__((target("avx512f")))
#else
// Sums put into another order make longer chains (5 to 10 % slower); so do instructions that are moved once registers are given (15 %); and for no
// processor in particular there are twice as many moves to memory (5 %).
#pragma GCC optimize("no-tree-reassoc", "no-schedule-insns2")
#define AVX512 __attribute__((target("avx512f,tune=sapphirerapids")))
#endif
#define INLINE AVX512 __attribute__((always_inline)) static inline

INLINE void mix(__m512i v[16], int a, int b, int c, int d, __m512i x, __m512i y)
{
    v[a] = _mm512_add_epi32(_mm512_add_epi32(v[a], x), v[b]);
    v[d] = _mm512_ror_epi32(_mm512_xor_si512(v[d], v[a]), 16);
    v[c] = _mm512_add_epi32(v[c], v[d]);
    v[b] = _mm512_ror_epi32(_mm512_xor_si512(v[b], v[c]), 12);
    v[a] = _mm512_add_epi32(_mm512_add_epi32(v[a], y), v[b]);
    v[d] = _mm512_ror_epi32(_mm512_xor_si512(v[d], v[a]), 8);
    v[c] = _mm512_add_epi32(v[c], v[d]);
    v[b] = _mm512_ror_epi32(_mm512_xor_si512(v[b], v[c]), 7);
}

// m[word] gets that word of each lane's block: a 16 x 16 transposition in four steps of pairs.
INLINE void load_transposed(__m512i m[16], const uint8_t *const lane[16], size_t at)
{
    __m512i r[16] UNINITIALIZED, t[16] UNINITIALIZED;
    BLAKE3_UNROLL
    for (int i = 0; i < 16; i++)
        r[i] = _mm512_loadu_si512(lane[i] + at);
    BLAKE3_UNROLL
    for (int i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
        t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
    }
    BLAKE3_UNROLL
    for (int i = 0; i < 16; i += 4) {
        r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
        r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
        r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
        r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
    }
    BLAKE3_UNROLL
    for (int i = 0; i < 4; i++) {                       // r[i + 4k]: word i of the four quarters, lanes 4k … 4k+3
        t[i] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0x88);
        t[i + 4] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0xdd);
        t[i + 8] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0x88);
        t[i + 12] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0xdd);
    }
    BLAKE3_UNROLL
    for (int i = 0; i < 4; i++) {
        m[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
        m[i + 4] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0x88);
        m[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd);
        m[i + 12] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0xdd);
    }
}

#define TARGET AVX512
#define LANES 16
#define LOADS 1
typedef __m512i Lanes;
INLINE Lanes lanes_of(uint32_t x) { return _mm512_set1_epi32((int)x); }
INLINE Lanes lanes_load(const uint32_t x[LANES]) { return _mm512_loadu_si512(x); }
INLINE void lanes_store(uint32_t out[LANES], Lanes x) { _mm512_storeu_si512(out, x); }
INLINE Lanes lanes_xor(Lanes x, Lanes y) { return _mm512_xor_si512(x, y); }

#include "base/blake3_lanes.h"

void blake3_avx512(const uint8_t *in, size_t n, enum blake3_kind kind, uint64_t counter, blake3_cv *out) { hash_lanes(in, n, kind, counter, out); }
#endif
