// SPDX-License-Identifier: Apache-2.0
#pragma once
// What is asked of every byte of a read: loops that the compiler turns into vectors.
#include "base/str.h"

// The least and the greatest byte; 255 and 0 of nothing.
void bytes_range(Str s, uint8_t *least, uint8_t *greatest);
bool bytes_are_bases(Str s);                            // A, C, G, T, N in either case, and nothing else
// The first byte that is no IUPAC nucleotide code (nor '.', '-' or '*'); -1: there is none.
ptrdiff_t bytes_find_no_nucleotide(Str s);
// The first byte that is no letter (nor '.', '-' or '*'): nucleotides or amino acids; -1: there is none.
ptrdiff_t bytes_find_no_residue(Str s);
// How many bytes are at least `least`.
size_t bytes_count_from(Str s, uint8_t least);
size_t bytes_count_base(Str s, char upper);             // of one letter, in either case
uint64_t bytes_sum(Str s);
// A 64-bit hash for tables in memory and for choosing by name: the same in every run and on every machine.
uint64_t bytes_hash(Str s, uint64_t seed);
