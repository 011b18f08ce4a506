// SPDX-License-Identifier: Apache-2.0
// Files into the store: moved where that is safe, else copied. Whoever calls this sees to it that no process can still
// write to the file; that nobody did is checked as far as a stat tells.
#include "store/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "sys/file.h"

enum { COPY_BLOCK = 256 * 1024 };

// Reads from `from` into the new file `to`, with the digest in the same pass.
static bool copy_hashing(struct store *s, int from, int to, const char *name, Hash *hash, int64_t *size,
                         struct err *err)
{
    char *block = xmalloc(COPY_BLOCK);
    struct hasher hasher;
    ssize_t n;
    bool ok = true;
    hasher_init(&hasher);
    *size = 0;
    while (ok && (n = pread(from, block, COPY_BLOCK, *size)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        ok = n > 0 ? write_all(s, to, name, (Str){ block, (size_t)n }, err)
                   : err_errno(err, "reading what is copied into the store");
        if (ok)
            hasher_update(&hasher, block, (size_t)n);
        *size += n;
    }
    free(block);
    *hash = hasher_finish(&hasher);
    return ok;
}

static bool take_copy(struct store *s, int fd, Hash *hash, int64_t *size, struct err *err)
{
    char name[NAME_SIZE];
    int copy = temp_open(s, KIND_OBJECT, -1, name, err);
    if (copy < 0)
        return false;
    bool exists = false, ok = copy_hashing(s, fd, copy, name, hash, size, err) && object_settle(s, *hash, &exists, err);
    if (ok && !exists)
        ok = sync_fd(s, copy, name, err) && object_install(s, s->fd, name, copy, *hash, NULL, err);
    if (!ok || exists)
        unlinkat(s->fd, name, 0);
    close(copy);
    return ok;
}

// A file with a second name, or of another owner, could still be written to when it lies in the store.
static bool can_move(const struct store *s, const struct stat *st)
{
    return st->st_dev == s->device && st->st_nlink == 1 && st->st_uid == geteuid();
}

static bool take_move(struct store *s, const char *path, int fd, Hash *hash, int64_t *size, bool *is_elsewhere,
                      struct err *err)
{
    bool exists;
    if (!hash_fd(fd, 0, hash, size, err))
        return err_wrap(err, "%s", path);
    if (!object_settle(s, *hash, &exists, err))
        return false;
    if (exists)
        return unlink(path) == 0 || errno == ENOENT || err_errno(err, "cannot remove %s", path);
    if (fchmod(fd, s->object_mode) != 0)
        return err_errno(err, "cannot make %s read-only", path);
    return sync_fd(s, fd, path, err) && object_install(s, AT_FDCWD, path, fd, *hash, is_elsewhere, err);
}

// A task may leave a file that not even its owner may read.
static int open_to_take(const char *path)
{
    enum { FLAGS = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC };
    int fd = open(path, FLAGS);
    struct stat st;
    if (fd >= 0 || errno != EACCES || lstat(path, &st) != 0 || !S_ISREG(st.st_mode) || chmod(path, 0400) != 0)
        return fd;
    return open(path, FLAGS);
}

static bool take(struct store *s, const char *path, Hash *hash, int64_t *size, struct err *err)
{
    struct stat st;
    bool is_elsewhere = false;
    if (lstat(path, &st) != 0)
        return err_errno(err, "%s", path);
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_INVALID, "%s is %s: only regular files can be stored", path,
                       S_ISDIR(st.st_mode)   ? "a folder"
                       : S_ISLNK(st.st_mode) ? "a link"
                                             : "a device, pipe or socket");
    int fd = open_to_take(path);
    if (fd < 0)
        return err_errno(err, "cannot read %s", path);
    bool ok = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink > 0;
    if (!ok)
        err_set(err, ERR_CONFLICT, "%s was replaced while the store took it", path);
    if (ok && can_move(s, &st))
        ok = take_move(s, path, fd, hash, size, &is_elsewhere, err);
    else
        is_elsewhere = true;
    if (ok && is_elsewhere) {
        struct stat after;
        ok = take_copy(s, fd, hash, size, err);
        if (ok && (fstat(fd, &after) != 0 || !same_file(&st, &after)))
            ok = err_set(err, ERR_CONFLICT, "%s was changed while the store took it: something still writes to it",
                         path);
    }
    close(fd);
    return ok;
}

bool store_take_file(struct store *s, Str path, Hash *hash, int64_t *size, struct err *err)
{
    struct arena scratch = { 0 };
    bool ok = check_writable(s, err);
    if (ok && str_has(path, '\0'))
        ok = err_set(err, ERR_INVALID, "the name of a file contains a NUL");
    ok = ok && take(s, str_z(&scratch, path_absolute(&scratch, path)), hash, size, err);
    arena_release(&scratch);
    return ok;
}
