// SPDX-License-Identifier: Apache-2.0
#pragma once
// Inside base/ only: what the tree (blake3.c), its kernels (blake3_avx2.c, blake3_avx512.c) and the file hashing
// (hash.c) share. Everybody else uses base/hash.h.
#include "base/hash.h"

enum { BLAKE3_BLOCK = 64, BLAKE3_CHUNK = 1024 };
enum { BLAKE3_CHUNK_START = 1, BLAKE3_CHUNK_END = 2, BLAKE3_PARENT = 4, BLAKE3_ROOT = 8 };
enum blake3_kind { BLAKE3_CHUNKS, BLAKE3_PARENTS };

typedef uint32_t blake3_cv[8];                          // the chaining value of a chunk or of a subtree

extern const uint32_t blake3_iv[8];

// A kernel hashes n inputs side by side, 1 <= n <= its number of lanes:
//   BLAKE3_CHUNKS:  `in` is n whole chunks of 1024 bytes, the first one numbered `counter`;
//   BLAKE3_PARENTS: `in` is 2n chaining values, two for each parent. `out` may be `in`.
typedef void blake3_kernel(const uint8_t *in, size_t n, enum blake3_kind kind, uint64_t counter, blake3_cv *out);
#if defined(__x86_64__)
blake3_kernel blake3_avx2, blake3_avx512;               // 8 and 16 lanes; call only where the CPU has them
#endif

// The order of the message words in each of the seven rounds.
#define BLAKE3_ROUNDS(ROUND) \
    ROUND(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) \
    ROUND(2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8) \
    ROUND(3, 4, 10, 12, 13, 2, 7, 14, 6, 5, 9, 0, 11, 15, 8, 1) \
    ROUND(10, 7, 12, 9, 14, 3, 13, 15, 4, 0, 11, 2, 5, 8, 1, 6) \
    ROUND(12, 13, 9, 11, 15, 10, 14, 8, 7, 2, 5, 3, 0, 1, 6, 4) \
    ROUND(9, 14, 11, 5, 8, 12, 15, 1, 13, 3, 0, 10, 2, 6, 4, 7) \
    ROUND(11, 15, 5, 0, 1, 9, 8, 6, 14, 10, 2, 12, 3, 4, 7, 13)

// A round: columns, then diagonals. Needs mix(v, a, b, c, d, x, y), v[16] and m[16] where it stands.
#define BLAKE3_ROUND(s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15) \
    mix(v, 0, 4, 8, 12, m[s0], m[s1]); \
    mix(v, 1, 5, 9, 13, m[s2], m[s3]); \
    mix(v, 2, 6, 10, 14, m[s4], m[s5]); \
    mix(v, 3, 7, 11, 15, m[s6], m[s7]); \
    mix(v, 0, 5, 10, 15, m[s8], m[s9]); \
    mix(v, 1, 6, 11, 12, m[s10], m[s11]); \
    mix(v, 2, 7, 8, 13, m[s12], m[s13]); \
    mix(v, 3, 4, 9, 14, m[s14], m[s15]);

// Before a loop over vectors: rolled out, they stay in registers. gcc does it at -O3 only: a quarter slower.
#if defined(__clang__)
#define BLAKE3_UNROLL _Pragma("unroll")
#else
#define BLAKE3_UNROLL _Pragma("GCC unroll 16")
#endif

// A hasher for the subtree that begins at chunk `first_chunk` of a larger input (a multiple of the subtree's size).
void blake3_subtree_init(struct hasher *h, uint64_t first_chunk);
// The chaining value of what went in, as a part of a larger tree: never its root.
void blake3_subtree_finish(const struct hasher *h, blake3_cv out);
// The digest over n >= 2 subtrees, all of the same power of two of chunks but the last, which may be smaller.
// Overwrites cvs.
Hash blake3_root(blake3_cv *cvs, size_t n);
