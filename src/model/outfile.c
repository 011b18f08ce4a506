// SPDX-License-Identifier: Apache-2.0
// Streams into files that are complete or absent. Seeking is not here: every format written with it has its sizes in front.
#include "model/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/arena.h"
#include "sys/file.h"

enum { BUFFER = 256 * 1024 };

struct outfile {
    struct arena arena;
    Str path, temporary;
    int fd;
    bool is_committed;
    int64_t size;
    struct hasher hasher;
    size_t len;
    char buffer[BUFFER];
};

bool outfile_open(Str path, struct outfile **out, struct err *err)
{
    struct outfile *o = xcalloc(1, sizeof *o);
    Str dir = str_dirname(path), name = str_basename(path);
    *out = NULL;
    o->path = str_copy(&o->arena, path);
    o->temporary = str_printf(&o->arena, STR_FMT "/.tmp-%d-" STR_FMT, STR_ARG(dir), (int)getpid(), STR_ARG(name));
    hasher_init(&o->hasher);
    o->fd = open(o->temporary.data, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (o->fd < 0) {
        bool ok = err_errno(err, "cannot write " STR_FMT, STR_ARG(path));
        arena_release(&o->arena);
        free(o);
        return ok;
    }
    *out = o;
    return true;
}

static bool flush(struct outfile *o, struct err *err)
{
    bool ok = fd_write_all(o->fd, o->buffer, o->len, err) || err_wrap(err, STR_FMT, STR_ARG(o->path));
    o->len = 0;
    return ok;
}

bool outfile_write(struct outfile *o, const void *bytes, size_t len, struct err *err)
{
    const char *at = bytes;
    hasher_update(&o->hasher, bytes, len);
    o->size += (int64_t)len;
    while (len > 0) {
        size_t n = MIN(len, BUFFER - o->len);
        memcpy(o->buffer + o->len, at, n);
        o->len += n, at += n, len -= n;
        if (o->len == BUFFER && !flush(o, err))
            return false;
    }
    return true;
}

bool outfile_commit(struct outfile *o, struct err *err)
{
    if (!flush(o, err))
        return false;
    if (fsync(o->fd) < 0)
        return err_errno(err, "sync of " STR_FMT, STR_ARG(o->path));
    int fd = o->fd;
    o->fd = -1;
    if (close(fd) < 0)
        return err_errno(err, "close of " STR_FMT, STR_ARG(o->path));
    if (rename(o->temporary.data, o->path.data) < 0)
        return err_errno(err, "cannot write " STR_FMT, STR_ARG(o->path));
    o->is_committed = true;
    return true;
}

Hash outfile_digest(const struct outfile *o) { return hasher_finish(&o->hasher); }

int64_t outfile_size(const struct outfile *o) { return o->size; }

void outfile_close(struct outfile *o)
{
    if (o == NULL)
        return;
    if (o->fd >= 0)
        close(o->fd);
    if (!o->is_committed)
        unlink(o->temporary.data);
    arena_release(&o->arena);
    free(o);
}
