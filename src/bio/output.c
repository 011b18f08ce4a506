// SPDX-License-Identifier: Apache-2.0
// BGZF blocks (the SAM specification 4.1) by isa-l at its level 1: what passes between steps need not be packed hard.
#include "bio/output.h"

#include <fcntl.h>
#include <isa-l.h>
#include <unistd.h>

#include "base/arena.h"
#include "sys/file.h"

enum { PLAIN_BLOCK = 256 * 1024, PACKED_BLOCK = 0xff00, HEAD = 18, FOOT = 8, PACKED_ROOM = 128 * 1024 };

struct output {
    struct arena arena;
    Str path, beside;
    int fd;
    bool is_packed, is_stdout, failed;
    struct err err;
    char *block;
    uint8_t *packed, *level_buffer;
    size_t len, size;
    int64_t bytes;
};

bool output_is_packed(Str path)
{
    return str_ends(path, STR(".gz")) || str_ends(path, STR(".bgz")) || str_ends(path, STR(".bam"));
}

struct output *output_open(Str path, bool is_packed, bool overwrite, struct err *err)
{
    struct output *o = xcalloc(1, sizeof *o);
    o->is_stdout = str_is(path, "-"), o->is_packed = is_packed;
    o->path = str_copy(&o->arena, path);
    o->beside = str_printf(&o->arena, STR_FMT ".%d.part", STR_ARG(path), (int)getpid());
    o->size = is_packed ? PACKED_BLOCK : PLAIN_BLOCK;
    bool ok = o->is_stdout || overwrite || !file_exists(path) ||
              err_set(err, ERR_CONFLICT, STR_FMT " is there already: remove it, or give --force", STR_ARG(path));
    if (ok) {
        o->fd = o->is_stdout ? STDOUT_FILENO : open(o->beside.data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        ok = o->fd >= 0 || err_errno(err, "making " STR_FMT, STR_ARG(path));
    }
    if (!ok) {
        arena_release(&o->arena);
        free(o);
        return NULL;
    }
    o->block = xmalloc(o->size);
    if (is_packed) {
        o->packed = xmalloc(PACKED_ROOM);
        o->level_buffer = xmalloc(ISAL_DEF_LVL1_DEFAULT);
    }
    return o;
}

static void write_out(struct output *o, const void *bytes, size_t len)
{
    if (!o->failed && !fd_write_all(o->fd, bytes, len, &o->err))
        o->failed = true;
}

static void put16(uint8_t *p, uint32_t n) { p[0] = (uint8_t)n, p[1] = (uint8_t)(n >> 8); }
static void put32(uint8_t *p, uint32_t n) { put16(p, n), put16(p + 2, n >> 16); }

static void write_packed(struct output *o)
{
    static const uint8_t head[HEAD] = { 0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 6, 0, 'B', 'C', 2, 0, 0, 0 };
    struct isal_zstream z;
    isal_deflate_stateless_init(&z);
    z.level = 1, z.level_buf = o->level_buffer, z.level_buf_size = ISAL_DEF_LVL1_DEFAULT;
    z.end_of_stream = 1, z.flush = NO_FLUSH;
    z.next_in = (uint8_t *)o->block, z.avail_in = (uint32_t)o->len;
    z.next_out = o->packed + HEAD, z.avail_out = PACKED_ROOM - HEAD - FOOT;
    CHECK(isal_deflate_stateless(&z) == COMP_OK);
    size_t size = HEAD + z.total_out + FOOT;
    CHECK(size <= 65536);
    memcpy(o->packed, head, HEAD);
    put16(o->packed + 16, (uint32_t)size - 1);
    put32(o->packed + size - 8, crc32_gzip_refl(0, (const uint8_t *)o->block, o->len));
    put32(o->packed + size - 4, (uint32_t)o->len);
    write_out(o, o->packed, size);
}

static void flush(struct output *o)
{
    if (o->len == 0)
        return;
    if (o->is_packed)
        write_packed(o);
    else
        write_out(o, o->block, o->len);
    o->len = 0;
}

void output_add(struct output *o, Str bytes)
{
    o->bytes += (int64_t)bytes.len;
    while (bytes.len) {
        size_t part = MIN(bytes.len, o->size - o->len);
        memcpy(o->block + o->len, bytes.data, part);
        o->len += part;
        bytes = str_from(bytes, part);
        if (o->len == o->size)
            flush(o);
    }
}

int64_t output_bytes(const struct output *o) { return o->bytes; }

static void release(struct output *o)
{
    if (!o->is_stdout && o->fd >= 0)
        close(o->fd);
    free(o->block);
    free(o->packed);
    free(o->level_buffer);
    arena_release(&o->arena);
    free(o);
}

bool output_finish(struct output *o, struct err *err)
{
    static const uint8_t end[28] = { 0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 6, 0, 'B', 'C', 2, 0, 0x1b, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
    flush(o);
    if (o->is_packed)
        write_out(o, end, sizeof end);
    bool ok = !o->failed;
    if (!ok)
        *err = o->err;
    if (ok && !o->is_stdout) {
        int fd = o->fd;
        ok = fsync(fd) == 0 || err_errno(err, "syncing");
        o->fd = -1;
        ok = (close(fd) == 0 || (ok && err_errno(err, "closing"))) && ok;
        ok = ok && (rename(o->beside.data, o->path.data) == 0 || err_errno(err, "renaming"));
    }
    if (!ok)
        err_wrap(err, "writing " STR_FMT, STR_ARG(o->path));
    if (!ok && !o->is_stdout)
        unlink(o->beside.data);
    release(o);
    return ok;
}

void output_abandon(struct output *o)
{
    if (o == NULL)
        return;
    if (!o->is_stdout)
        unlink(o->beside.data);
    release(o);
}
