// SPDX-License-Identifier: Apache-2.0
// Counters are 8 bits wide inside of loops of at most CHUNK bytes, so that they fit into vectors of bytes.
#include "bio/bytes.h"

enum { CHUNK = 240 };

void bytes_range(Str s, uint8_t *least, uint8_t *greatest)
{
    const uint8_t *p = (const uint8_t *)s.data;
    uint8_t low = 255, high = 0;
    for (size_t i = 0; i < s.len; i++) {
        low = p[i] < low ? p[i] : low;
        high = p[i] > high ? p[i] : high;
    }
    *least = low, *greatest = high;
}

bool bytes_are_bases(Str s)
{
    const uint8_t *p = (const uint8_t *)s.data;
    uint8_t bad = 0;
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = p[i] & 0xdf;
        bad |= (uint8_t)!((c == 'A') | (c == 'C') | (c == 'G') | (c == 'T') | (c == 'N'));
    }
    return bad == 0;
}

static ptrdiff_t find_other(Str s, const char *allowed)
{
    bool table[256] = { 0 };
    for (const char *c = allowed; *c; c++)
        table[(unsigned char)*c] = true;
    for (size_t i = 0; i < s.len; i++)
        if (!table[(unsigned char)s.data[i]])
            return (ptrdiff_t)i;
    return -1;
}

ptrdiff_t bytes_find_no_nucleotide(Str s)
{
    return bytes_are_bases(s) ? -1 : find_other(s, "ACGTUNRYSWKMBDHVXacgtunryswkmbdhvx.-*");
}

ptrdiff_t bytes_find_no_residue(Str s)
{
    return bytes_are_bases(s) ? -1 : find_other(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.-*");
}

size_t bytes_count_from(Str s, uint8_t least)
{
    size_t total = 0;
    for (size_t at = 0; at < s.len; at += CHUNK) {
        const uint8_t *p = (const uint8_t *)s.data + at;
        size_t len = MIN(s.len - at, (size_t)CHUNK);
        uint8_t count = 0;
        for (size_t i = 0; i < len; i++)
            count = (uint8_t)(count + (p[i] >= least));
        total += count;
    }
    return total;
}

size_t bytes_count_base(Str s, char upper)
{
    size_t total = 0;
    for (size_t at = 0; at < s.len; at += CHUNK) {
        const uint8_t *p = (const uint8_t *)s.data + at;
        size_t len = MIN(s.len - at, (size_t)CHUNK);
        uint8_t count = 0;
        for (size_t i = 0; i < len; i++)
            count = (uint8_t)(count + ((p[i] & 0xdf) == (uint8_t)upper));
        total += count;
    }
    return total;
}

uint64_t bytes_sum(Str s)
{
    const uint8_t *p = (const uint8_t *)s.data;
    uint64_t total = 0;
    for (size_t at = 0; at < s.len; at += 4096) {
        uint32_t sum = 0;
        for (size_t i = at; i < MIN(s.len, at + 4096); i++)
            sum += p[i];
        total += sum;
    }
    return total;
}

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93u;
    x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93u;
    return x ^ (x >> 32);
}

// Bytes are taken eight at a time, the least significant first whatever the machine.
uint64_t bytes_hash(Str s, uint64_t seed)
{
    uint64_t h = mix(seed ^ (s.len * 0x9e3779b97f4a7c15u));
    for (size_t at = 0; at < s.len; at += 8) {
        uint8_t part[8] = { 0 };
        uint64_t word = 0;
        memcpy(part, s.data + at, MIN(s.len - at, (size_t)8));
        for (int i = 0; i < 8; i++)
            word |= (uint64_t)part[i] << (8 * i);
        h = mix(h ^ word) + 0x9e3779b97f4a7c15u;
    }
    return mix(h);
}
