// SPDX-License-Identifier: Apache-2.0
#pragma once
// Parts of a reference that somebody asks for: "chr20", "chr20:1000-2000", "chr20:1,000", or the lines of a BED file.
#include "base/err.h"

struct arena;

struct region {
    Str name;
    int64_t start, end;                 // 0-based, half open; the end may be INT64_MAX
};
struct regions {                        // { 0 } is empty
    struct region *at;
    size_t len, cap;
};
// ERR_INVALID: it is no region. A name that holds a ':' is taken whole when nothing behind it is a number.
bool regions_add(struct arena *a, struct regions *r, Str text, struct err *err) MUST_CHECK;
bool regions_add_bed(struct arena *a, struct regions *r, Str path, struct err *err) MUST_CHECK;
void regions_sort(struct regions *r);                   // before asking; merges those that touch
bool regions_overlap(const struct regions *r, Str name, int64_t start, int64_t end);     // [start, end), 0-based
// The first region on `name` whose end lies behind `from`; NULL: none.
const struct region *regions_next(const struct regions *r, Str name, int64_t from);
