// SPDX-License-Identifier: Apache-2.0
#pragma once
// BLAKE3 in vectors of LANES 32-bit lanes, one chunk or parent in each: what the kernels of all widths share. A file that
// includes it has defined TARGET, LANES, Lanes, lanes_of(), lanes_load(), lanes_store(), lanes_xor(), mix(), and load_transposed(), which
// takes a block in LOADS pieces.

// Sixteen streams are more than a processor follows by itself. While a group of inputs is hashed, the next one comes near, line by
// line in the order of memory, and the next block of each lane nearer; behind its last block that is the first of the next group.
// Always inline: gcc takes a call that only prefetches for one that does nothing.
TARGET __attribute__((always_inline)) static inline void prefetch(const uint8_t *in, const uint8_t *const lane[LANES], size_t len, size_t at)
{
    size_t next = at + BLAKE3_BLOCK < len ? at + BLAKE3_BLOCK : LANES * len;
    for (size_t i = 0; i < LANES; i++) {
        __builtin_prefetch(in + LANES * len + at * LANES + i * BLAKE3_BLOCK, 0, 2);
        __builtin_prefetch(lane[i] + next);
    }
}

// The compression function (BLAKE3 paper, section 2.2) of a block in each lane, onto the chaining values.
TARGET static void compress(Lanes cv[8], const Lanes m[16], Lanes counter_low, Lanes counter_high, uint32_t flags)
{
    Lanes v[16] UNINITIALIZED;
    BLAKE3_UNROLL
    for (int i = 0; i < 8; i++)
        v[i] = cv[i];
    BLAKE3_UNROLL
    for (int i = 0; i < 4; i++)
        v[i + 8] = lanes_of(blake3_iv[i]);
    v[12] = counter_low, v[13] = counter_high;
    v[14] = lanes_of(BLAKE3_BLOCK), v[15] = lanes_of(flags);
    BLAKE3_ROUNDS(BLAKE3_ROUND)
    BLAKE3_UNROLL
    for (int i = 0; i < 8; i++)
        cv[i] = lanes_xor(v[i], v[i + 8]);
}

// The first n lanes, one chaining value behind the other.
TARGET static void store_transposed(const Lanes cv[8], size_t n, blake3_cv *out)
{
    uint32_t words[8][LANES] UNINITIALIZED;
    BLAKE3_UNROLL
    for (int i = 0; i < 8; i++)
        lanes_store(words[i], cv[i]);
    for (size_t lane = 0; lane < n; lane++)
        for (int i = 0; i < 8; i++)
            out[lane][i] = words[i][lane];
}

// As blake3.h says of a kernel.
TARGET static void hash_lanes(const uint8_t *in, size_t n, enum blake3_kind kind, uint64_t counter, blake3_cv *out)
{
    bool chunks = kind == BLAKE3_CHUNKS;
    size_t len = chunks ? BLAKE3_CHUNK : BLAKE3_BLOCK;
    const uint8_t *lane[LANES] UNINITIALIZED;
    uint32_t low[LANES] = { 0 }, high[LANES] = { 0 };
    for (size_t i = 0; i < LANES; i++) {
        lane[i] = in + MIN(i, n - 1) * len;             // lanes without an input repeat the last one
        if (chunks)
            low[i] = (uint32_t)(counter + i), high[i] = (uint32_t)((counter + i) >> 32);
    }
    Lanes counter_low = lanes_load(low), counter_high = lanes_load(high), cv[8] UNINITIALIZED, m[16] UNINITIALIZED;
    for (int i = 0; i < 8; i++)
        cv[i] = lanes_of(blake3_iv[i]);
    for (size_t at = 0; at < len; at += BLAKE3_BLOCK) {
        uint32_t flags = chunks ? 0 : BLAKE3_PARENT;
        if (chunks && at == 0)
            flags |= BLAKE3_CHUNK_START;
        if (chunks && at + BLAKE3_BLOCK == len)
            flags |= BLAKE3_CHUNK_END;
        prefetch(in, lane, len, at);
        for (size_t i = 0; i < LOADS; i++)
            load_transposed(m + i * LANES, lane, at + i * BLAKE3_BLOCK / LOADS);
        compress(cv, m, counter_low, counter_high, flags);
    }
    store_transposed(cv, n, out);
}
