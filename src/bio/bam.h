// SPDX-License-Identifier: Apache-2.0
#pragma once
// Reads BAM (the SAM specification 4.2) from a window: the header, then records with their fields in place. Nothing is trusted:
// every length is compared with the bytes that are there.
#include "bio/reference.h"
#include "bio/window.h"

struct bam_header {
    Str text;                           // SAM's, in the arena
    struct contigs contigs;             // of the binary part
    Str bytes;                          // all of it, to be written again
};
struct bam_record {                     // views that stay until the next one is read
    int32_t ref, pos, mate_ref, mate_pos, length;       // positions 0-based; -1: none
    uint16_t flag;
    uint8_t quality;
    Str name;                           // without its NUL
    const uint8_t *cigar, *bases, *qualities;
    uint32_t cigar_count, base_count;
    Str tags;
    Str bytes;                          // the whole record with its size in front
};
enum bam_result { BAM_RECORD, BAM_END, BAM_BAD };

// ERR_INVALID: what is wrong.
bool bam_read_header(struct arena *a, struct window *w, struct bam_header *out, struct err *err) MUST_CHECK;
// BAM_BAD: err says what is wrong; nothing more can be read.
enum bam_result bam_next(struct window *w, struct bam_record *r, struct err *err);
// How many bases the CIGAR takes of the read and of the reference. False: an operation is none that is known.
bool bam_spans(const struct bam_record *r, int64_t *read, int64_t *reference);
// Walks the tags: false when they are not well-formed. `fn` may be NULL.
bool bam_tags(Str tags, void (*fn)(void *arg, const char *tag, char type, const uint8_t *value), void *arg);
