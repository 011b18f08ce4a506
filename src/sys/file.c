// SPDX-License-Identifier: Apache-2.0
// Reading, writing and copying whole files. Streams and partial reads are not here: who needs them opens the file.
// Nothing retries a failed sync. Names and places are in path.c, whole trees in tree.c.
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "sys/path_text.h"

enum { COPY_BLOCK = 256 * 1024 };

static int open_path(Str path, int flags, mode_t mode)
{
    struct path_text text;
    return path_text_set(&text, path) ? open(text.z, flags | O_CLOEXEC, mode) : -1;
}

bool fd_write_all(int fd, const void *bytes, size_t len, struct err *err)
{
    const char *at = bytes;
    while (len > 0) {
        ssize_t n = write(fd, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(err, "writing");
        at += n;
        len -= (size_t)n;
    }
    return true;
}

static bool read_regular(struct arena *a, int fd, int64_t max_bytes, Str *out, struct err *err)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return err_errno(err, "stat");
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_INVALID, "is %s, expected a regular file",
                       S_ISDIR(st.st_mode) ? "a folder" : "a special file");
    if (st.st_size > max_bytes)
        return err_set(err, ERR_LIMIT, "is %lld bytes long, more than the %lld that are allowed here",
                       (long long)st.st_size, (long long)max_bytes);
    char *bytes = arena_alloc(a, (size_t)st.st_size + 1);
    size_t len = 0;
    while (len < (size_t)st.st_size) {                  // what is appended meanwhile is not ours; a shorter file is
        ssize_t n = read(fd, bytes + len, (size_t)st.st_size - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(err, "reading");
        if (n == 0)
            break;
        len += (size_t)n;
    }
    *out = (Str){ bytes, len };
    return true;
}

bool file_read(struct arena *a, Str path, int64_t max_bytes, Str *out, struct err *err)
{
    int fd = open_path(path, O_RDONLY | O_NONBLOCK, 0);         // O_NONBLOCK: a FIFO must not hang us
    if (fd < 0)
        return err_errno(err, "cannot read " STR_FMT, STR_ARG(path));
    bool ok = read_regular(a, fd, max_bytes, out, err) || err_wrap(err, STR_FMT, STR_ARG(path));
    close(fd);
    return ok;
}

// Unique on this machine among live processes; O_EXCL settles the rest.
static Str temporary_path(struct arena *a, Str dir)
{
    static atomic_uint counter;
    return str_printf(a, STR_FMT "/.tmp-%d-%u-%llx", STR_ARG(dir), (int)getpid(), atomic_fetch_add(&counter, 1),
                      (unsigned long long)time_now());
}

static bool write_and_sync(Str path, Str bytes, struct err *err)
{
    int fd = open_path(path, O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (fd < 0)
        return err_errno(err, "cannot make " STR_FMT, STR_ARG(path));
    bool ok = fd_write_all(fd, bytes.data, bytes.len, err) && (fsync(fd) == 0 || err_errno(err, "sync"));
    if (close(fd) < 0 && ok)
        ok = err_errno(err, "close");
    return ok || err_wrap(err, STR_FMT, STR_ARG(path));
}

bool file_write_atomic(Str path, Str bytes, struct err *err)
{
    struct arena scratch = { 0 };
    Str dir = str_dirname(path), temporary = temporary_path(&scratch, dir);
    struct path_text final;
    bool ok = false;
    if (!path_text_set(&final, path))
        err_errno(err, "cannot write '" STR_FMT "'", STR_ARG(path));
    else if (write_and_sync(temporary, bytes, err))
        ok = rename(temporary.data, final.z) == 0 ? dir_sync(dir, err) : err_errno(err, "cannot write %s", final.z);
    if (!ok)
        unlink(temporary.data);
    arena_release(&scratch);
    return ok;
}

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

// One mkdir when the parent is there, which is the usual case; else from the top down.
bool dir_make_all(Str path, struct err *err)
{
    struct path_text text;
    if (!path_text_set(&text, path))
        return err_errno(err, "cannot make the folder '" STR_FMT "'", STR_ARG(path));
    if (mkdir(text.z, 0777) == 0 || (errno == EEXIST && is_folder(text.z)))
        return true;
    if (errno != ENOENT)
        return err_errno(err, "cannot make the folder %s", text.z);
    for (char *at = text.z + 1;; at++) {
        char here = *at;
        if (here != '/' && here != '\0')
            continue;
        *at = '\0';
        if (mkdir(text.z, 0777) < 0 && !(errno == EEXIST && is_folder(text.z)) &&
            !(errno == EROFS && is_folder(text.z)))
            return err_errno(err, "cannot make the folder %s", text.z);
        *at = here;
        if (here == '\0')
            return true;
    }
}

bool dir_sync(Str path, struct err *err)
{
    int fd = open_path(path, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0)
        return err_errno(err, "cannot open the folder " STR_FMT, STR_ARG(path));
    bool ok = fsync(fd) == 0 || err_errno(err, "sync of the folder " STR_FMT, STR_ARG(path));
    close(fd);
    return ok;
}

static bool copy_by_buffer(int from, int to, struct err *err)
{
    char *block = xmalloc(COPY_BLOCK);
    bool ok = true;
    for (;;) {
        ssize_t n = read(from, block, COPY_BLOCK);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            ok = err_errno(err, "reading");
        if (n <= 0 || !(ok = fd_write_all(to, block, (size_t)n, err)))
            break;
    }
    free(block);
    return ok;
}

static bool copy_bytes(int from, int to, int64_t size, struct err *err)
{
    if (size > 0 && ioctl(to, FICLONE, from) == 0)
        return true;
    bool is_first = true;
    for (;;) {
        ssize_t n = copy_file_range(from, NULL, to, NULL, (size_t)1 << 30, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EIO || errno == EFBIG))
            return err_errno(err, "copying");
        if (n < 0 || (n == 0 && is_first))    // other filesystems, pipes, and files of /proc that claim size 0
            return copy_by_buffer(from, to, err);
        if (n == 0)
            return true;
        is_first = false;
    }
}

bool file_copy(Str from, Str to, struct err *err)
{
    struct stat st;
    int in = open_path(from, O_RDONLY, 0);
    if (in < 0)
        return err_errno(err, "cannot read " STR_FMT, STR_ARG(from));
    int out = fstat(in, &st) == 0 ? open_path(to, O_WRONLY | O_CREAT | O_EXCL, 0600) : -1;
    if (out < 0) {
        err_errno(err, "cannot make " STR_FMT, STR_ARG(to));
        close(in);
        return false;
    }
    bool ok = copy_bytes(in, out, st.st_size, err) && (fchmod(out, st.st_mode & 0777) == 0 || err_errno(err, "chmod"));
    close(in);
    if (close(out) < 0 && ok)
        ok = err_errno(err, "close");
    struct path_text text;
    if (!ok && path_text_set(&text, to))
        unlink(text.z);
    return ok || err_wrap(err, "copying " STR_FMT " to " STR_FMT, STR_ARG(from), STR_ARG(to));
}

bool file_stat(Str path, struct stat *out)
{
    struct path_text text;
    return path_text_set(&text, path) && stat(text.z, out) == 0;
}

bool file_exists(Str path)
{
    struct stat st;
    return file_stat(path, &st);
}
