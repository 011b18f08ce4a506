// SPDX-License-Identifier: Apache-2.0
// BAM's layout. What the fields mean is for the callers.
#include "bio/bam.h"

#include "base/arena.h"

enum { RECORD_HEAD = 32, RECORD_MAX = 1 << 28, HEADER_MAX = 1 << 28 };

static uint32_t get32(const char *at)
{
    const uint8_t *p = (const uint8_t *)at;
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint32_t get16(const char *at) { return (uint8_t)at[0] | (uint32_t)(uint8_t)at[1] << 8; }

static bool cut_off(struct err *err) { return err_set(err, ERR_INVALID, "the BAM header ends early"); }

static bool take(struct window *w, size_t len, struct strbuf *all, Str *out)
{
    return window_bytes(w, len, out) && strbuf_add(all, *out);
}

static bool read_sequences(struct arena *a, struct window *w, struct strbuf *all, struct bam_header *h, struct err *err)
{
    Str bytes;
    if (!take(w, 4, all, &bytes))
        return cut_off(err);
    uint32_t count = get32(bytes.data);
    for (uint32_t i = 0; i < count; i++) {
        if (!take(w, 4, all, &bytes))
            return cut_off(err);
        uint32_t len = get32(bytes.data);
        if (len == 0 || len > 1 << 20)
            return err_set(err, ERR_INVALID, "sequence %u of the BAM header has a name of %u bytes", i + 1, len);
        if (!take(w, len + 4, all, &bytes))
            return cut_off(err);
        if (bytes.data[len - 1] != 0)
            return err_set(err, ERR_INVALID, "the name of sequence %u of the BAM header has no end", i + 1);
        struct contig c = { .name = str_first(bytes, len - 1), .length = (int32_t)get32(bytes.data + len) };
        if (!contigs_add(a, &h->contigs, c))
            return err_set(err, ERR_INVALID, "sequence %u of the BAM header has the name of one before", i + 1);
    }
    return true;
}

bool bam_read_header(struct arena *a, struct window *w, struct bam_header *out, struct err *err)
{
    struct strbuf all = { 0 };
    Str bytes;
    *out = (struct bam_header){ 0 };
    bool ok = take(w, 8, &all, &bytes);
    if (!ok || !str_starts(bytes, STR("BAM\1"))) {
        strbuf_release(&all);
        return err_set(err, ERR_INVALID, "is no BAM: expected it to begin with 'BAM' and a 1, packed as BGZF");
    }
    uint32_t len = get32(bytes.data + 4);
    ok = len <= HEADER_MAX ? take(w, len, &all, &bytes) || cut_off(err) : err_set(err, ERR_LIMIT, "the header is longer than 256 MiB");
    if (ok) {
        while (bytes.len && bytes.data[bytes.len - 1] == 0)             // NUL-padded by some programs
            bytes.len--;
        out->text = str_copy(a, bytes);
        ok = read_sequences(a, w, &all, out, err);
    }
    out->bytes = strbuf_take(&all, a);
    return ok;
}

static enum bam_result bad(struct err *err, const char *what)
{
    err_set(err, ERR_INVALID, "%s", what);
    return BAM_BAD;
}

enum bam_result bam_next(struct window *w, struct bam_record *r, struct err *err)
{
    Str head;
    if (!window_bytes(w, 4, &head))
        return head.len == 0 ? BAM_END : bad(err, "the file ends within a record");
    uint32_t size = get32(head.data);
    if (size < RECORD_HEAD || size > RECORD_MAX)
        return bad(err, "its size is none that a record can have");
    w->at -= 4;
    if (!window_bytes(w, 4 + (size_t)size, &r->bytes))
        return bad(err, "the file ends within a record");
    const char *p = r->bytes.data + 4;
    size_t name = (uint8_t)p[8];
    r->ref = (int32_t)get32(p), r->pos = (int32_t)get32(p + 4);
    r->quality = (uint8_t)p[9];
    r->cigar_count = get16(p + 12), r->flag = (uint16_t)get16(p + 14);
    r->base_count = get32(p + 16);
    r->mate_ref = (int32_t)get32(p + 20), r->mate_pos = (int32_t)get32(p + 24), r->length = (int32_t)get32(p + 28);
    uint64_t need = RECORD_HEAD + name + 4 * (uint64_t)r->cigar_count + ((uint64_t)r->base_count + 1) / 2 + r->base_count;
    if (need > size)
        return bad(err, "its fields are longer than the record");
    if (name == 0 || p[RECORD_HEAD + name - 1] != 0)
        return bad(err, "its name has no end");
    r->name = (Str){ p + RECORD_HEAD, name - 1 };
    r->cigar = (const uint8_t *)p + RECORD_HEAD + name;
    r->bases = r->cigar + 4 * (size_t)r->cigar_count;
    r->qualities = r->bases + ((size_t)r->base_count + 1) / 2;
    r->tags = str_from((Str){ p, size }, (size_t)need);
    return BAM_RECORD;
}

// Length << 4 | operation, of MIDNSHP=X.
static uint32_t cigar_at(const struct bam_record *r, uint32_t i) { return get32((const char *)r->cigar + 4 * (size_t)i); }

bool bam_spans(const struct bam_record *r, int64_t *read, int64_t *reference)
{
    *read = *reference = 0;
    for (uint32_t i = 0; i < r->cigar_count; i++) {
        uint32_t cigar = cigar_at(r, i), op = cigar & 15, len = cigar >> 4;
        if (op > 8)
            return false;
        *read += 0x193 >> op & 1 ? len : 0;             // M, I, S, =, X
        *reference += 0x18d >> op & 1 ? len : 0;        // M, D, N, =, X
    }
    return true;
}

static size_t value_size(char type)
{
    switch (type) {
    case 'A': case 'c': case 'C': return 1;
    case 's': case 'S': return 2;
    case 'i': case 'I': case 'f': return 4;
    case 'd': return 8;
    default: return 0;
    }
}

bool bam_tags(Str tags, void (*fn)(void *arg, const char *tag, char type, const uint8_t *value), void *arg)
{
    while (tags.len) {
        if (tags.len < 4)
            return false;
        char type = tags.data[2];
        const char *value = tags.data + 3;
        size_t left = tags.len - 3, size = value_size(type);
        if (type == 'Z' || type == 'H') {
            const char *end = memchr(value, 0, left);
            if (end == NULL)
                return false;
            size = (size_t)(end - value) + 1;
        } else if (type == 'B') {
            size_t item = left >= 5 ? value_size(value[0]) : 0;
            if (item == 0 || value[0] == 'A' || value[0] == 'd' || get32(value + 1) > left / item)
                return false;
            size = 5 + item * get32(value + 1);
        }
        if (size == 0 || size > left)
            return false;
        if (fn)
            fn(arg, tags.data, type, (const uint8_t *)value);
        tags = str_from(tags, 3 + size);
    }
    return true;
}
