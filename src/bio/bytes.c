// SPDX-License-Identifier: Apache-2.0
// Counters are a byte wide, in vectors, and are added up before they could overflow.
#include "bio/bytes.h"

#include <endian.h>

enum { LANES = 16, STEPS_MAX = 255 };

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

// The last bytes of `s` as lanes, the others being bytes that were seen before; *mask: 255 where one is new.
static Lanes last_lanes(Str s, size_t rest, Lanes *mask)
{
    static const uint8_t masks[32] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
                                       255, 255, 255, 255 };
    Lanes x;
    memcpy(mask, masks + rest, sizeof *mask);
    if (s.len >= LANES) {
        memcpy(&x, s.data + s.len - LANES, sizeof x);
    } else {
        memset(&x, s.data[0], sizeof x);
        memcpy((char *)&x + LANES - rest, s.data, rest);
    }
    return x;
}

static int64_t sum_lanes(Lanes x)
{
    int64_t sum = 0;
    for (int i = 0; i < LANES; i++)
        sum += x[i];
    return sum;
}

void bytes_end_bases(struct base_counts *out)
{
    int64_t gc = sum_lanes(out->gc_lanes), n = sum_lanes(out->n_lanes);
    out->gc += gc, out->n += n, out->others -= gc + n;
    out->gc_lanes = out->n_lanes = (Lanes){ 0 };
    out->steps = 0;
}

static void add_bases(struct base_counts *out, Lanes x, Lanes mask)
{
    Lanes upper = x & 0xdf;
    out->gc_lanes -= (Lanes)((upper == 'G') | (upper == 'C')) & mask;
    out->n_lanes -= (Lanes)(upper == 'N') & mask;
    if (++out->steps == STEPS_MAX)
        bytes_end_bases(out);
}

void alphabet_add(struct alphabet *a, Str piece, bool are_bases)
{
    a->has_other = a->has_other || (!are_bases && bytes_find_no_nucleotide(piece) >= 0);
    for (size_t i = 0; i < piece.len && a->seen < ALPHABET_SAMPLE; i++) {
        char c = piece.data[i];
        a->seen += c != '.' && c != '-' && c != '*';
        a->plain += str_has(STR("ACGTUNacgtun"), c);
    }
}

bool alphabet_is_nucleotides(const struct alphabet *a) { return a->seen > 0 && !a->has_other && a->plain >= a->seen - a->plain; }

void bytes_count_bases(Str s, struct base_counts *out)
{
    Lanes x, mask, all = (Lanes){ 0 } - 1;
    size_t whole = s.len / LANES;
    for (size_t i = 0; i < whole; i++) {
        memcpy(&x, s.data + i * LANES, sizeof x);
        add_bases(out, x, all);
    }
    if (s.len % LANES) {
        x = last_lanes(s, s.len % LANES, &mask);
        add_bases(out, x, mask);
    }
    out->others += (int64_t)s.len;                      // bytes_end_bases() takes away what is not
}

void bytes_end_qualities(struct quality_counts *out)
{
    for (int i = 0; i < 2; i++) {
        out->from_level[i] += sum_lanes(out->level_lanes[i]);
        for (int k = 0; k < LANES / 2; k++)
            out->sum += out->sums[i][k];
        out->level_lanes[i] = (Lanes){ 0 };
        out->sums[i] = (WideLanes){ 0 };
    }
    out->steps = 0;
}

static void add_qualities(struct quality_counts *out, Lanes x, Lanes mask)
{
    WideLanes pairs = (WideLanes)(x & mask);
    out->level_lanes[0] -= (Lanes)(x >= out->levels[0]) & mask;
    out->level_lanes[1] -= (Lanes)(x >= out->levels[1]) & mask;
    out->sums[0] += pairs & 0xff;                       // at most STEPS_MAX times 255 in each
    out->sums[1] += pairs >> 8;
    if (++out->steps == STEPS_MAX)
        bytes_end_qualities(out);
}

// x where the mask is 255, y where it is 0.
static inline Lanes choose(Lanes mask, Lanes x, Lanes y) { return (x & mask) | (y & ~mask); }

void bytes_count_qualities(Str s, struct quality_counts *out)
{
    Lanes x, mask, all = (Lanes){ 0 } - 1, least = all, greatest = { 0 };
    size_t whole = s.len / LANES;
    for (size_t i = 0; i < whole; i++) {
        memcpy(&x, s.data + i * LANES, sizeof x);
        least = choose((Lanes)(x < least), x, least), greatest = choose((Lanes)(x > greatest), x, greatest);
        add_qualities(out, x, all);
    }
    if (s.len % LANES) {
        x = last_lanes(s, s.len % LANES, &mask);
        least = choose((Lanes)(x < least), x, least), greatest = choose((Lanes)(x > greatest), x, greatest);
        add_qualities(out, x, mask);
    }
    for (int i = 0; s.len && i < LANES; i++)
        out->least = MIN(out->least, least[i]), out->greatest = MAX(out->greatest, greatest[i]);
}

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93u;
    x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93u;
    return x ^ (x >> 32);
}

static uint64_t word_at(const char *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return le64toh(word);
}

// Bytes are taken eight at a time, the least significant first whatever the machine; the last ones with zeros behind.
uint64_t bytes_hash(Str s, uint64_t seed)
{
    uint64_t h = mix(seed ^ (s.len * 0x9e3779b97f4a7c15u));
    size_t at = 0;
    for (; at + 8 <= s.len; at += 8)
        h = mix(h ^ word_at(s.data + at)) + 0x9e3779b97f4a7c15u;
    if (at < s.len) {
        char last[8] = { 0 };
        memcpy(last, s.data + at, s.len - at);
        h = mix(h ^ word_at(last)) + 0x9e3779b97f4a7c15u;
    }
    return mix(h);
}
