// SPDX-License-Identifier: Apache-2.0
#pragma once
// What is asked of every byte of a read: loops that the compiler turns into vectors.
#include "base/str.h"

// The least and the greatest byte; 255 and 0 of nothing.
void bytes_range(Str s, uint8_t *least, uint8_t *greatest);
bool bytes_are_bases(Str s);                            // A, C, G, T, N in either case, and nothing else
// The first byte that is no IUPAC nucleotide code (nor '.', '-' or '*'); -1: there is none.
ptrdiff_t bytes_find_no_nucleotide(Str s);
// Most codes of ambiguous nucleotides are amino acids too: letters are of nucleotides if all are codes (IUPAC) and at least half of the first
// ones are A, C, G, T, U or N. Nothing is of neither kind.
struct alphabet {
    bool has_other;                                     // a byte that is no code of a nucleotide
    size_t seen, plain;                                 // of the first ALPHABET_SAMPLE letters
};
enum { ALPHABET_SAMPLE = 65536 };
void alphabet_add(struct alphabet *a, Str piece, bool are_bases);       // { 0 } at the beginning; are_bases: bytes_are_bases() is known to hold
bool alphabet_is_nucleotides(const struct alphabet *a);
// The first byte that is no letter (nor '.', '-' or '*'): nucleotides or amino acids; -1: there is none.
ptrdiff_t bytes_find_no_residue(Str s);
typedef uint8_t Lanes __attribute__((vector_size(16)));
typedef uint16_t WideLanes __attribute__((vector_size(16)));

// Counted over many reads: sixteen bytes at a time into lanes, which go into the numbers now and then. { 0 } at the beginning.
struct base_counts {
    int64_t gc, n, others;                              // others: A and T, and what is no base
    Lanes gc_lanes, n_lanes;
    unsigned steps;
};
struct quality_counts {                                 // of bytes as they stand there; least is 255 at the beginning
    uint8_t least, greatest;
    uint8_t levels[2];                                  // given by the caller, over 0
    int64_t from_level[2];                              // bytes that are at least so great
    uint64_t sum;
    Lanes level_lanes[2];
    WideLanes sums[2];
    unsigned steps;
};
void bytes_count_bases(Str s, struct base_counts *out);
void bytes_count_qualities(Str s, struct quality_counts *out);
// Before the numbers are read: what is still in the lanes.
void bytes_end_bases(struct base_counts *out);
void bytes_end_qualities(struct quality_counts *out);
// A 64-bit hash for tables in memory and for choosing by name: the same in every run and on every machine.
uint64_t bytes_hash(Str s, uint64_t seed);
