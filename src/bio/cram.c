// SPDX-License-Identifier: Apache-2.0
// Integers of CRAM are ITF8 and LTF8: the first byte's leading ones say how many bytes follow.
#include "bio/cram.h"

#include <isa-l.h>

enum { DEFINITION = 26, BLOCK_MAX = 1 << 29, LANDMARKS_MAX = 1 << 20 };

struct walk {
    struct window *window;
    struct cram_layout *layout;
    int64_t at;                         // of the bytes read so far
    uint32_t crc;                       // of those since it was 0
    bool ended;                         // the file ended where something was expected
};

static const uint8_t *take(struct walk *k, size_t len)
{
    Str bytes;
    if (!window_bytes(k->window, len, &bytes)) {
        k->ended = true;
        return NULL;
    }
    k->crc = crc32_gzip_refl(k->crc, (const uint8_t *)bytes.data, len);
    k->at += (int64_t)len;
    return (const uint8_t *)bytes.data;
}

static uint32_t get32(const uint8_t *p) { return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24; }

// ITF8, or LTF8 where `most` is 8: big-endian behind the leading ones.
static bool take_integer(struct walk *k, int most, int64_t *out)
{
    const uint8_t *p = take(k, 1);
    if (p == NULL)
        return false;
    uint8_t first = *p;
    int more = 0;
    while (more < most && first & 0x80 >> more)
        more++;
    uint64_t n = more < 7 ? first & (0x7fu >> more) : 0;
    if (more == most && most == 4)
        n = first & 0x0f;
    if (more == 0) {
        *out = (int64_t)n;
        return true;
    }
    if ((p = take(k, (size_t)more)) == NULL)
        return false;
    for (int i = 0; i < more; i++)
        n = more == 4 && most == 4 && i == 3 ? n << 4 | (p[i] & 0x0f) : n << 8 | p[i];
    *out = most == 4 ? (int32_t)(uint32_t)n : (int64_t)n;
    return true;
}

static bool bad(struct walk *k, struct err *err, const char *what)
{
    if (k->ended)
        what = "the file ends within it";
    return err_set(err, ERR_INVALID, "container %lld: %s", (long long)k->layout->containers, what);
}

// Compares the checksum of what was taken since k->crc was 0 with the one that stands here.
static bool same_checksum(struct walk *k)
{
    uint32_t want = k->crc;
    const uint8_t *p = take(k, 4);
    return p && get32(p) == want;
}

static bool walk_block(struct walk *k, struct err *err)
{
    int64_t id, packed, unpacked;
    k->crc = 0;
    const uint8_t *p = take(k, 2);
    if (p == NULL || !take_integer(k, 4, &id) || !take_integer(k, 4, &packed) || !take_integer(k, 4, &unpacked))
        return bad(k, err, "the head of a block can't be read");
    if (packed < 0 || packed > BLOCK_MAX || unpacked < 0)
        return bad(k, err, "a block's size is none that it can have");
    if (take(k, (size_t)packed) == NULL || (k->layout->major >= 3 && !same_checksum(k)))
        return bad(k, err, "a block is damaged: its checksum is not that of its bytes");
    k->layout->blocks++;
    return true;
}

struct container {
    int64_t length, ref, start, span, records, counter, bases, blocks, landmarks;
};

static bool walk_head(struct walk *k, struct container *c, struct err *err)
{
    int wide = k->layout->major >= 3 ? 8 : 4;
    k->crc = 0;
    const uint8_t *p = take(k, 4);
    c->length = p ? (int32_t)get32(p) : 0;
    bool ok = p && take_integer(k, 4, &c->ref) && take_integer(k, 4, &c->start) && take_integer(k, 4, &c->span) && take_integer(k, 4, &c->records) &&
              take_integer(k, wide, &c->counter) && take_integer(k, 8, &c->bases) && take_integer(k, 4, &c->blocks) &&
              take_integer(k, 4, &c->landmarks);
    if (!ok || c->length < 0 || c->blocks < 0 || c->landmarks < 0 || c->landmarks > LANDMARKS_MAX)
        return bad(k, err, "its head can't be read");
    for (int64_t i = 0; i < c->landmarks; i++) {
        int64_t ignored;
        if (!take_integer(k, 4, &ignored))
            return bad(k, err, "its head can't be read");
    }
    return k->layout->major < 3 || same_checksum(k) || bad(k, err, "its head is damaged: the checksum is not that of its bytes");
}

static bool walk_container(struct walk *k, struct err *err)
{
    struct container c;
    k->layout->containers++;
    if (!walk_head(k, &c, err))
        return false;
    int64_t end = k->at + c.length;
    for (int64_t i = 0; i < c.blocks && k->at < end; i++)
        if (!walk_block(k, err))
            return false;
    if (k->at > end)
        return bad(k, err, "its blocks are longer than its head says");
    while (k->at < end)                                 // room that was left for a longer header
        if (take(k, (size_t)MIN(end - k->at, (int64_t)65536)) == NULL)
            return bad(k, err, "the file ends within it");
    k->layout->records += c.records;
    k->layout->has_end = c.ref == -1 && c.start == 0x454f46 && c.records == 0 && c.blocks <= 1;
    return true;
}

bool cram_walk(struct window *w, struct cram_layout *out, struct err *err)
{
    struct walk k = { .window = w, .layout = out };
    *out = (struct cram_layout){ 0 };
    const uint8_t *p = take(&k, DEFINITION);
    if (p == NULL || memcmp(p, "CRAM", 4) != 0)
        return err_set(err, ERR_INVALID, "is no CRAM: expected it to begin with 'CRAM', a version and a name of 20 bytes");
    out->major = p[4], out->minor = p[5];
    if (out->major < 2 || out->major > 3)
        return err_set(err, ERR_INVALID, "CRAM %d.%d is not known: expected 2 or 3", out->major, out->minor);
    while (window_peek(w).len || window_more(w)) {
        if (!walk_container(&k, err))
            return false;
        window_mark(w);
    }
    return out->containers > 0 || err_set(err, ERR_INVALID, "the file ends behind its first 26 bytes");
}
