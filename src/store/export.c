// SPDX-License-Identifier: Apache-2.0
// Objects out of the store: a clone where the filesystem can, else a copy that is hashed on its way.
#include "store/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "sys/file.h"

enum { COPY_BLOCK = 256 * 1024 };

static bool export_failed(const char *path, struct err *err)
{
    const char *advice = errno == ENOSPC || errno == EDQUOT ? " (free some space there, or choose another folder)" : "";
    return err_errno(err, "cannot write %s%s", path, advice);
}

static bool copy_checked(int from, int to, const char *path, Hash *hash, struct err *err)
{
    char *block = xmalloc(COPY_BLOCK);
    struct hasher hasher;
    bool ok = true;
    hasher_init(&hasher);
    for (ssize_t n; ok && (n = read(from, block, COPY_BLOCK)) != 0;) {
        if (n < 0 && errno == EINTR)
            continue;
        ok = n < 0 ? err_errno(err, "reading an object")
                   : fd_write_all(to, block, (size_t)n, err) || err_wrap(err, "%s", path);
        if (ok)
            hasher_update(&hasher, block, (size_t)n);
    }
    free(block);
    *hash = hasher_finish(&hasher);
    return ok;
}

// Fills the new file. A clone has the bytes that store_locate() has just vouched for.
static bool fill(int from, int to, const char *path, Hash want, bool *is_sound, struct err *err)
{
    Hash found;
    *is_sound = true;
    if (ioctl(to, FICLONE, from) == 0)
        return true;
    if (!copy_checked(from, to, path, &found, err))
        return false;
    *is_sound = hash_eq(found, want);
    return true;
}

// Without `path`: the temporary file is what is wanted, and who wants it syncs it.
static bool write_beside(int from, const char *temp, const char *path, Hash want, mode_t mode, bool *is_sound,
                         struct err *err)
{
    const char *shown = path ? path : temp;
    int to = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (to < 0)
        return export_failed(shown, err);
    bool ok = fill(from, to, shown, want, is_sound, err);
    if (ok && *is_sound && path && fsync(to) != 0)      // else a power cut could leave the name without the bytes
        ok = export_failed(shown, err);
    if (close(to) != 0 && ok)
        ok = export_failed(shown, err);
    if (ok && *is_sound && path && rename(temp, path) != 0)
        ok = export_failed(shown, err);
    if (!ok || !*is_sound)
        unlink(temp);
    return ok;
}

static bool export_to(struct store *s, Hash hash, Str temp, Str path, mode_t mode, struct arena *a, struct err *err)
{
    Str source;
    bool is_sound = false;
    struct stat st;
    if (!store_locate(s, hash, a, &source, err))
        return false;
    int from = open(source.data, O_RDONLY | O_CLOEXEC);
    if (from < 0 || fstat(from, &st) != 0) {
        err_errno(err, "cannot read %s", source.data);
        if (from >= 0)
            close(from);
        return false;
    }
    bool ok = write_beside(from, str_z(a, temp), path.len ? str_z(a, path) : NULL, hash, mode, &is_sound, err);
    close(from);
    if (!ok || is_sound)
        return ok;
    char hex[HASH_HEX + 1];
    hash_hex(hash, hex);
    if (!set_aside(s, KIND_OBJECT, hash, &st, "object-digest", err))
        return false;
    return err_set(err, ERR_DAMAGED, "the object blake3:%s in the store %s is damaged: nothing was written to " STR_FMT
                   ". Run the task that makes it again", hex, s->root, STR_ARG(path.len ? path : temp));
}

bool store_export(struct store *s, Hash hash, Str path, bool is_executable, struct err *err)
{
    struct arena scratch = { 0 };
    unsigned long long number = atomic_fetch_add(&s->temp_count, 1), token = s->token;
    Str temp = str_join_path(&scratch, str_dirname(path), str_printf(&scratch, TEMP_PREFIX "%016llx-%llu", token, number));
    bool ok = !str_has(path, '\0') ? export_to(s, hash, temp, path, is_executable ? 0755 : 0644, &scratch, err)
                                   : err_set(err, ERR_INVALID, "the name of a file contains a NUL");
    arena_release(&scratch);
    return ok;
}

bool store_copy(struct store *s, Hash hash, Str path, bool is_executable, struct err *err)
{
    struct arena scratch = { 0 };
    bool ok = export_to(s, hash, path, (Str){ 0 }, is_executable ? 0777 : 0666, &scratch, err);
    arena_release(&scratch);
    return ok;
}
