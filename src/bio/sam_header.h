// SPDX-License-Identifier: Apache-2.0
#pragma once
// For this folder: the header of SAM, BAM and CRAM (the SAM specification 1.3), line by line.
#include "base/map.h"
#include "bio/check_kinds.h"

enum sam_order { SAM_ORDER_UNKNOWN, SAM_ORDER_COORDINATE, SAM_ORDER_NAME };
struct sam_header {                     // { .file = f } before the first line; must not move
    struct check_file *file;
    struct contigs contigs;             // of @SQ
    struct { int64_t *at; size_t len, cap; } contig_lines;
    struct { Str *at; size_t len, cap; } contig_md5;            // empty where there is none
    struct map alternatives, read_groups, programs;             // AN names; IDs of @RG, @PG -> the line
    enum sam_order order;
    int64_t lines;
    bool has_hd;
};

bool sam_name_is_valid(Str name);                       // of a reference sequence
// Takes one line, with its '@'. `line`: its number.
void sam_header_line(struct sam_header *h, Str text, int64_t line);
// After the last one: what needs all lines, and the reference, if there is one.
void sam_header_end(struct sam_header *h);

// What SAM, BAM and CRAM share once a record was read.
struct alignments {
    struct sam_header *header;
    int64_t records, mapped, last_pos;
    int32_t last_ref;
    bool unsorted_told;
};
struct alignment {
    int32_t ref;                        // number of @SQ, -1: none, -2: not known
    int64_t pos;                        // 1-based, 0: none
    uint16_t flag;
    int64_t end;                        // the last base on the reference
};
// `line`: 0 for binary formats, where sentences name the record.
void alignments_take(struct alignments *s, const struct alignment *x, int64_t line);
void alignments_end(struct alignments *s);
