// SPDX-License-Identifier: Apache-2.0
#pragma once
// A reference: the names and lengths of its sequences, and any part of them. And plain lists of names with lengths, as headers
// of BAM and VCF have them.
#include "base/err.h"

struct arena;
struct faults;
struct map;

struct contig {
    Str name;
    int64_t length;                     // -1: not known
    int64_t offset, line_bases, line_bytes;     // in the FASTA, as in its .fai: 0 where bases can't be looked up
};
struct contigs {                        // { 0 } is empty; lives in an arena
    struct contig *at;
    size_t len, cap;
    struct map *by_name;                // name -> contig's number + 1; NULL while empty
};
// A name that is there already is not added: false.
bool contigs_add(struct arena *a, struct contigs *c, struct contig contig);
ptrdiff_t contigs_find(const struct contigs *c, Str name);              // its number, or -1
// What `c` may call this sequence: "chr20" for "20", "MT" for "chrM" and so on. NULL: nothing.
const struct contig *contigs_alias(const struct contigs *c, Str name);

// What to say of a name that `c` does not have, added to the fault last added: what it may be called there, else what there is.
void contigs_hint(const struct contigs *c, Str name, struct faults *faults);

struct reference;
// From the FASTA's .fai if that is no older than it, else by reading the FASTA (any packing) once.
struct reference *reference_open(struct arena *a, Str path, struct err *err);
void reference_close(struct reference *r);              // NULL is allowed
const struct contigs *reference_contigs(const struct reference *r);
Str reference_path(const struct reference *r);
// `len` bases from `start` (0-based) of contig number `n`, upper case, into out. False: they can't be had (a packed FASTA,
// lines of different lengths, or beyond the end).
bool reference_bases(struct reference *r, size_t n, int64_t start, size_t len, char *out);
// MD5 of a whole sequence in upper case, as in the M5 of SAM headers. False: can't be had.
bool reference_md5(struct reference *r, size_t n, char out[33]);

// Compares a header's list with the reference: each name must be there with the same length. `what` begins the sentences ("the
// header's sequence"); `line_of` gives the lines of the names (NULL: not known). Contigs come from headers, so they are named.
void reference_compare(const struct reference *r, const struct contigs *c, const int64_t *line_of, struct faults *faults);
