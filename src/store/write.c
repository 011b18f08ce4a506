// SPDX-License-Identifier: Apache-2.0
// The write protocol: temporary file, write, sync, rename without overwrite, sync of the folder. What is written, and
// whether a failure matters, is known elsewhere; but that a failed sync is final is known here.
#include "store/inside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static void list_prefixes(struct store *s, enum kind kind)
{
    s->is_listed[kind] = s->has_new_prefix[kind] = true;        // who made them may not have synced them yet
    int fd = openat(s->fd, kind_folders[kind], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (dir == NULL) {
        if (fd >= 0)
            close(fd);
        return;
    }
    const struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) {
        char *end;
        unsigned long prefix = strtoul(entry->d_name, &end, 16);
        if (strlen(entry->d_name) == 2 && *end == '\0' && prefix < PREFIXES)
            s->prefix_exists[kind][prefix] = true;
    }
    closedir(dir);
}

static bool make_one(struct store *s, enum kind kind, unsigned prefix, struct err *err)
{
    char name[NAME_SIZE];
    snprintf(name, sizeof name, "%s/%02x", kind_folders[kind], prefix);
    if (mkdirat(s->fd, name, 0777) != 0 && errno != EEXIST)
        return write_failed(s, name, err);
    s->prefix_exists[kind][prefix] = s->has_new_prefix[kind] = true;
    return true;
}

// Objects are made durable one by one: all their folders at once cost one sync in place of 256. Results come in batches.
static bool make_all(struct store *s, struct err *err)
{
    for (unsigned prefix = 0; prefix < PREFIXES; prefix++)
        if (!s->prefix_exists[KIND_OBJECT][prefix] && !make_one(s, KIND_OBJECT, prefix, err))
            return false;
    return true;
}

bool make_prefix(struct store *s, enum kind kind, uint8_t prefix, struct err *err)
{
    bool ok = true;
    pthread_mutex_lock(&s->prefix_lock);
    if (!s->is_listed[kind])
        list_prefixes(s, kind);
    if (!s->prefix_exists[kind][prefix])
        ok = kind == KIND_OBJECT ? make_all(s, err) : make_one(s, kind, prefix, err);
    pthread_mutex_unlock(&s->prefix_lock);
    return ok;
}

bool sync_folder(struct store *s, const char *name, struct err *err)
{
    int fd = openat(s->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, "cannot sync %s/%s", s->root, name);
    bool ok = fsync(fd) == 0 || errno == EINVAL || sync_failed(s, name, err);      // EINVAL: no such thing here
    close(fd);
    return ok;
}

bool sync_prefix(struct store *s, enum kind kind, uint8_t prefix, struct err *err)
{
    char name[NAME_SIZE];
    bool ok = true;
    pthread_mutex_lock(&s->prefix_lock);                // held: nobody goes on before the folders above are on disk
    if (s->has_new_prefix[kind])
        ok = sync_folder(s, kind_folders[kind], err);
    s->has_new_prefix[kind] = s->has_new_prefix[kind] && !ok;
    pthread_mutex_unlock(&s->prefix_lock);
    snprintf(name, sizeof name, "%s/%02x", kind_folders[kind], prefix);
    return ok && sync_folder(s, name, err);
}

int temp_open(struct store *s, enum kind kind, int prefix, char name[NAME_SIZE], struct err *err)
{
    if (prefix >= 0 && !make_prefix(s, kind, (uint8_t)prefix, err))
        return -1;
    for (int attempt = 0; attempt < 10; attempt++) {
        unsigned long long number = atomic_fetch_add(&s->temp_count, 1), token = s->token;
        if (prefix >= 0)
            snprintf(name, NAME_SIZE, "%s/%02x/" TEMP_PREFIX "%016llx-%llu", kind_folders[kind], prefix, token, number);
        else
            snprintf(name, NAME_SIZE, "%s/" TEMP_PREFIX "%016llx-%llu", kind_folders[kind], token, number);
        int fd = openat(s->fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, s->object_mode);
        if (fd >= 0 || errno != EEXIST) {
            if (fd < 0)
                write_failed(s, name, err);
            return fd;
        }
    }
    write_failed(s, name, err);
    return -1;
}

bool write_all(struct store *s, int fd, const char *name, Str bytes, struct err *err)
{
    while (bytes.len > 0) {
        ssize_t n = write(fd, bytes.data, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return write_failed(s, name, err);
        bytes = str_from(bytes, (size_t)n);
    }
    return true;
}

bool sync_fd(struct store *s, int fd, const char *name, struct err *err)
{
    return fsync(fd) == 0 || sync_failed(s, name, err);
}

int rename_new(int from_fd, const char *from, int to_fd, const char *to)
{
    if (renameat2(from_fd, from, to_fd, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP)
        return -1;
    if (linkat(from_fd, from, to_fd, to, 0) != 0)
        return -1;
    return unlinkat(from_fd, from, 0);
}

static void aside_name(Hash hash, const char *reason, int attempt, char *out, size_t size)
{
    char hex[HASH_HEX + 1], when[TIME_TEXT], again[16] = "";
    hash_hex(hash, hex);
    time_text(time_now(), when);
    if (attempt > 0)
        snprintf(again, sizeof again, "-%d", attempt);
    snprintf(out, size, "damaged/%s-%s-%s%s", hex, when, reason, again);
}

bool set_aside(struct store *s, enum kind kind, Hash hash, const struct stat *seen, const char *reason, struct err *err)
{
    char name[NAME_SIZE], aside[256];
    struct stat st;
    name_of(kind, hash, name);
    if (!s->can_write)
        return true;
    if (mkdirat(s->fd, "damaged", 0777) != 0 && errno != EEXIST)
        return write_failed(s, "damaged", err);
    for (int attempt = 0; attempt < 100; attempt++) {
        // Another process may have set it aside and put a sound one in its place.
        if (fstatat(s->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || st.st_ino != seen->st_ino)
            return true;
        aside_name(hash, reason, attempt, aside, sizeof aside);
        if (rename_new(s->fd, name, s->fd, aside) == 0 || errno == ENOENT)
            return true;
        if (errno != EEXIST)
            break;
    }
    return write_failed(s, aside, err);
}

void keep_aside(struct store *s, enum kind kind, Hash hash, const char *reason)
{
    char name[NAME_SIZE], aside[256];
    name_of(kind, hash, name);
    for (int attempt = 0; attempt < 100; attempt++) {
        aside_name(hash, reason, attempt, aside, sizeof aside);
        if (linkat(s->fd, name, s->fd, aside, 0) == 0 || errno != EEXIST)
            return;
    }
}
