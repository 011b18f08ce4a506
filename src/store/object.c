// SPDX-License-Identifier: Apache-2.0
// Objects: bytes under their digest. Found, checked, installed. Nothing here copies: see take.c and export.c.
#include "store/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "sys/file.h"

bool same_file(const struct stat *x, const struct stat *y)
{
    return x->st_dev == y->st_dev && x->st_ino == y->st_ino && x->st_size == y->st_size &&
           x->st_mtim.tv_sec == y->st_mtim.tv_sec && x->st_mtim.tv_nsec == y->st_mtim.tv_nsec;
}

static bool same_change(const struct stat *x, const struct stat *y)
{
    return x->st_ctim.tv_sec == y->st_ctim.tv_sec && x->st_ctim.tv_nsec == y->st_ctim.tv_nsec;
}

// Digest of an open regular file; *can_note: its stat stands for these bytes from now on.
static bool hash_steady(int fd, const char *path, const struct stat *before, Hash *hash, bool *can_note,
                        struct err *err)
{
    Time start = time_now();
    struct stat after;
    int64_t size;
    if (!hash_fd(fd, 0, hash, &size, err))
        return err_wrap(err, "%s", path);
    if (fstat(fd, &after) != 0)
        return err_errno(err, "%s", path);
    if (!same_file(before, &after) || size != after.st_size)
        return err_set(err, ERR_CONFLICT,
                       "%s was changed while it was read: let whatever writes it finish, then try again", path);
    *can_note = same_change(before, &after) && memo_is_settled(before, start);
    return true;
}

// --- is it sound?

bool object_check(struct store *s, Hash hash, bool always, enum soundness *out, struct stat *st, struct err *err)
{
    char name[NAME_SIZE];
    Hash found;
    bool can_note = false;
    name_of(KIND_OBJECT, hash, name);
    *out = OBJECT_ABSENT;
    if (fstatat(s->fd, name, st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT || err_errno(err, "cannot read the object %s/%s", s->root, name);
    *out = OBJECT_DAMAGED;
    if (!S_ISREG(st->st_mode))
        return true;
    if (!always && memo_find(&s->memo, str_of(name), st, &found)) {
        *out = hash_eq(found, hash) ? OBJECT_SOUND : OBJECT_DAMAGED;
        return true;
    }
    int fd = openat(s->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        *out = OBJECT_ABSENT;
        return errno == ENOENT || err_errno(err, "cannot read the object %s/%s", s->root, name);
    }
    bool ok = fstat(fd, st) == 0 && hash_steady(fd, name, st, &found, &can_note, err);
    close(fd);
    if (!ok)
        return err_wrap(err, "checking an object of the store %s", s->root);
    *out = hash_eq(found, hash) ? OBJECT_SOUND : OBJECT_DAMAGED;
    if (can_note && *out == OBJECT_SOUND)
        memo_note(&s->memo, str_of(name), st, hash);
    return true;
}

// --- durability

static size_t durable_slot(Hash hash)
{
    size_t slot;
    memcpy(&slot, hash.bytes + 8, sizeof slot);
    return slot % DURABLE_SLOTS;
}

static bool make_durable(struct store *s, Hash hash, struct err *err)
{
    if (!sync_prefix(s, KIND_OBJECT, hash.bytes[0], err))
        return false;
    pthread_mutex_lock(&s->prefix_lock);
    s->durable[durable_slot(hash)] = hash;
    pthread_mutex_unlock(&s->prefix_lock);
    return true;
}

static bool is_known_durable(struct store *s, Hash hash)
{
    pthread_mutex_lock(&s->prefix_lock);
    bool is_known = hash_eq(s->durable[durable_slot(hash)], hash);
    pthread_mutex_unlock(&s->prefix_lock);
    return is_known;
}

bool object_settle(struct store *s, Hash hash, bool *exists, struct err *err)
{
    enum soundness soundness;
    struct stat st;
    *exists = false;
    if (!object_check(s, hash, false, &soundness, &st, err))
        return false;
    if (soundness == OBJECT_DAMAGED)
        return set_aside(s, KIND_OBJECT, hash, &st, "object-digest", err);
    *exists = soundness == OBJECT_SOUND;
    if (!*exists || is_known_durable(s, hash))
        return true;
    // Its bytes were synced before it got its name. But who gave it the name may not have synced that yet.
    return make_prefix(s, KIND_OBJECT, hash.bytes[0], err) && make_durable(s, hash, err);
}

// The name that was moved may not have been the file that was hashed, or somebody wrote to it meanwhile.
static bool verify_installed(struct store *s, const char *name, int fd, const struct stat *before, Hash hash,
                             struct err *err)
{
    struct stat opened, there;
    if (fstat(fd, &opened) != 0 || fstatat(s->fd, name, &there, AT_SYMLINK_NOFOLLOW) != 0)
        return err_errno(err, "cannot read the object %s/%s", s->root, name);
    if (same_file(before, &opened) && same_file(&opened, &there) && there.st_nlink == 1) {
        memo_note(&s->memo, str_of(name), &there, hash);
        return true;
    }
    struct err ignored;
    (void)!set_aside(s, KIND_OBJECT, hash, &there, "changed-while-taken", &ignored);
    return err_set(err, ERR_CONFLICT, "a file was changed while the store took it: something still writes to it");
}

bool object_install(struct store *s, int from_fd, const char *name, int fd, Hash hash, bool *is_elsewhere,
                    struct err *err)
{
    char final[NAME_SIZE];
    struct stat before;
    bool exists;
    name_of(KIND_OBJECT, hash, final);
    if (fstat(fd, &before) != 0)
        return err_errno(err, "%s", name);
    if (!make_prefix(s, KIND_OBJECT, hash.bytes[0], err))
        return false;
    for (int attempt = 0; attempt < 10; attempt++) {
        if (rename_new(from_fd, name, s->fd, final) == 0)
            return verify_installed(s, final, fd, &before, hash, err) && make_durable(s, hash, err);
        if (errno == EXDEV && is_elsewhere) {
            *is_elsewhere = true;
            return true;
        }
        if (errno != EEXIST)
            return write_failed(s, final, err);
        if (!object_settle(s, hash, &exists, err))
            return false;
        if (exists)
            return unlinkat(from_fd, name, 0) == 0 || errno == ENOENT || err_errno(err, "cannot remove %s", name);
    }
    return err_set(err, ERR_CONFLICT, "the object %s/%s is damaged again and again: check the disk", s->root, final);
}

// --- the door

static bool put_new(struct store *s, Str bytes, Hash hash, struct err *err)
{
    char name[NAME_SIZE];
    int fd = temp_open(s, KIND_OBJECT, hash.bytes[0], name, err);
    if (fd < 0)
        return false;
    bool ok = write_all(s, fd, name, bytes, err) && sync_fd(s, fd, name, err) &&
              object_install(s, s->fd, name, fd, hash, NULL, err);
    if (!ok)
        unlinkat(s->fd, name, 0);
    close(fd);                                          // nothing was written since its sync
    return ok;
}

bool store_put_bytes(struct store *s, Str bytes, Hash *hash, struct err *err)
{
    bool exists;
    if (!check_writable(s, err))
        return false;
    *hash = hash_bytes_parallel(bytes.data, bytes.len, 0);
    return object_settle(s, *hash, &exists, err) && (exists || put_new(s, bytes, *hash, err));
}

bool store_has(struct store *s, Hash hash)
{
    char name[NAME_SIZE];
    name_of(KIND_OBJECT, hash, name);
    return faccessat(s->fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

bool store_locate(struct store *s, Hash hash, struct arena *a, Str *path, struct err *err)
{
    char name[NAME_SIZE], hex[HASH_HEX + 1];
    enum soundness soundness;
    struct stat st;
    if (!object_check(s, hash, false, &soundness, &st, err))
        return false;
    name_of(KIND_OBJECT, hash, name);
    hash_hex(hash, hex);
    if (soundness == OBJECT_ABSENT)
        return err_set(err, ERR_NOT_FOUND, "the object blake3:%s is not in the store %s", hex, s->root);
    if (soundness == OBJECT_DAMAGED) {
        struct err aside;
        const char *what = !s->can_write ? "this store may only be read: it stays" : "it was set aside in damaged/";
        if (!set_aside(s, KIND_OBJECT, hash, &st, "object-digest", &aside))
            what = aside.text;
        return err_set(err, ERR_DAMAGED,
                       "the object blake3:%s in the store %s is damaged, its bytes have another digest "
                       "(%s). Run the task that makes it again",
                       hex, s->root, what);
    }
    *path = str_printf(a, "%s/%s", s->root, name);
    return true;
}

static bool hash_user_file(struct store *s, Str path, Hash *hash, int64_t *size, struct err *err)
{
    struct stat st;
    bool can_note = false;
    if (stat(path.data, &st) != 0)
        return err_errno(err, "%s", path.data);
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_INVALID, "%s is %s, expected a regular file", path.data,
                       S_ISDIR(st.st_mode) ? "a folder" : "a device, pipe or socket");
    *size = st.st_size;
    if (memo_find(&s->memo, path, &st, hash))
        return true;
    int fd = open(path.data, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, "cannot read %s", path.data);
    bool ok = fstat(fd, &st) == 0 || err_errno(err, "cannot read %s", path.data);
    ok = ok && hash_steady(fd, path.data, &st, hash, &can_note, err);
    close(fd);
    *size = st.st_size;
    if (ok && can_note)
        memo_note(&s->memo, path, &st, *hash);
    return ok;
}

bool store_hash_file(struct store *s, Str path, Hash *hash, int64_t *size, struct err *err)
{
    struct arena scratch = { 0 };
    Str absolute = path_absolute(&scratch, path);
    bool ok = !str_has(path, '\0') ? hash_user_file(s, str_copy(&scratch, absolute), hash, size, err)
                                   : err_set(err, ERR_INVALID, "the name of a file contains a NUL");
    arena_release(&scratch);
    return ok;
}

bool store_remove_object(struct store *s, Hash hash, struct err *err)
{
    char name[NAME_SIZE];
    name_of(KIND_OBJECT, hash, name);
    if (!check_writable(s, err))
        return false;
    if (unlinkat(s->fd, name, 0) != 0)
        return errno == ENOENT ? err_set(err, ERR_NOT_FOUND, "%s/%s is not there", s->root, name)
                               : write_failed(s, name, err);
    pthread_mutex_lock(&s->prefix_lock);
    s->durable[durable_slot(hash)] = (Hash){ { 0 } };
    pthread_mutex_unlock(&s->prefix_lock);
    return true;
}
