// SPDX-License-Identifier: Apache-2.0
#pragma once
// The IDs of a GFF3 file and the Parents that name them: an ID belongs to features of one type, every Parent is the ID of a feature,
// and no feature is its own ancestor. IDs are kept as hashes, 24 bytes each (48 with the room of the table), and no more than 4 million:
// what comes later is not looked at.
#include "bio/fault.h"

struct gff_id {                         // hashes
    uint64_t id, parent;                // parent: the first one; 0: none
    uint32_t type;                      // of the feature that had the ID first
    uint32_t mark;                      // of the search for circles
};
struct gff_link { uint64_t child, parent; int64_t line; };
struct gff_links { struct gff_link *at; size_t len, cap; };
struct gff_ids {                        // { 0 } is an empty one
    struct gff_id *table;               // open addressing
    size_t places, count;
    struct gff_links more;              // second and further parents
    struct gff_links pending;           // a Parent whose ID was not seen yet; child 0: a feature without an ID
    struct gff_links forward;           // of these, the ones that were found later: every circle has one
};

// A line's ID (empty: none) with the feature's type; its Parents are taken by the next call. False: a feature of another type has it.
bool gff_ids_add(struct gff_ids *ids, Str id, Str type);
// `parents`: the value of Parent (of Derives_from with an empty `id`), names with ',' between. Those that no line before had as ID
// are looked for later.
void gff_ids_parents(struct gff_ids *ids, Str id, Str parents, int64_t line);
// "###" or the end of the file: whatever was named must be there by now. Faults: gff-parent.
void gff_ids_resolve(struct gff_ids *ids, struct faults *faults);
// At the end of the file: features that are their own ancestors. Faults: gff-parent, one for each circle.
void gff_ids_find_circles(struct gff_ids *ids, struct faults *faults);
void gff_ids_release(struct gff_ids *ids);
