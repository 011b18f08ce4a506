// SPDX-License-Identifier: Apache-2.0
// Files that are no longer needed, kept for the results to come. A filesystem makes and removes an inode for more than it renames one for; an ext4
// without journal does not give a removed one away for minutes, and searches past all of them for each new file.
#include "store/inside.h"

#include <fcntl.h>
#include <unistd.h>

static void name_spare(const struct store *s, uint64_t number, char out[NAME_SIZE])
{
    snprintf(out, NAME_SIZE, "%s/" TEMP_PREFIX "%016llx-%llu", kind_folders[KIND_RESULT], (unsigned long long)s->token,
             (unsigned long long)number);
}

static bool add(struct store *s, uint64_t number)
{
    pthread_mutex_lock(&s->lock);
    bool has_room = s->spare_count < SPARES_MAX && !s->is_closed;
    if (has_room)
        s->spares[s->spare_count++] = number;
    pthread_mutex_unlock(&s->lock);
    return has_room;
}

static bool take(struct store *s, uint64_t *number)
{
    pthread_mutex_lock(&s->lock);
    bool has_one = s->spare_count > 0;
    if (has_one)
        *number = s->spares[--s->spare_count];
    pthread_mutex_unlock(&s->lock);
    return has_one;
}

bool store_reuse_file(struct store *s, Str path)
{
    char name[NAME_SIZE];
    uint64_t number = atomic_fetch_add(&s->temp_count, 1);
    name_spare(s, number, name);
    if (!s->can_write || s->spare_count >= SPARES_MAX || renameat(AT_FDCWD, path.data, s->fd, name) != 0)
        return false;
    if (!add(s, number))
        unlinkat(s->fd, name, 0);
    return true;
}

int spare_open(struct store *s, char name[NAME_SIZE], off_t *size)
{
    uint64_t number;
    struct stat st;
    if (!take(s, &number))
        return -1;
    name_spare(s, number, name);
    int fd = openat(s->fd, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1 && fchmod(fd, s->object_mode) == 0) {
        *size = st.st_size;
        return fd;
    }
    if (fd >= 0)
        close(fd);
    unlinkat(s->fd, name, 0);
    return -1;
}

void spares_release(struct store *s)
{
    char name[NAME_SIZE];
    for (uint64_t number; take(s, &number);) {
        name_spare(s, number, name);
        unlinkat(s->fd, name, 0);
    }
}
