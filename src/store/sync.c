// SPDX-License-Identifier: Apache-2.0
// The batch that makes results durable: writeout of all, sync of each, then their names, then the folders. A result
// gets its name only after its bytes are on disk.
#include "store/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/vec.h"

enum { BATCH = 256 };                                   // descriptors open at once

static bool sync_batch(struct store *s, struct pending **at, size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        if (at[i]->is_dropped)
            continue;
        if (at[i]->fd < 0)
            at[i]->fd = openat(s->fd, at[i]->temp, O_RDONLY | O_CLOEXEC);
        if (at[i]->fd < 0)
            return err_errno(err, "cannot open %s/%s for its sync", s->root, at[i]->temp);
        sync_file_range(at[i]->fd, 0, 0, SYNC_FILE_RANGE_WRITE);       // only a head start
    }
    for (size_t i = 0; i < count; i++) {
        struct pending *p = at[i];
        if (p->is_dropped)
            continue;
        if (!sync_fd(s, p->fd, p->temp, err))
            return false;
        int fd = p->fd;
        p->fd = -1;
        if (!close_written(s, fd, p->temp, err))
            return false;
    }
    return true;
}

static bool give_name(struct store *s, struct pending *p, struct err *err)
{
    char name[NAME_SIZE];
    bool exists;
    name_of(KIND_RESULT, p->key, name);
    if (p->replace) {
        keep_aside(s, KIND_RESULT, p->key, "replaced");
        return renameat(s->fd, p->temp, s->fd, name) == 0 || write_failed(s, name, err);
    }
    for (int attempt = 0; attempt < 10; attempt++) {
        if (rename_new(s->fd, p->temp, s->fd, name) == 0)
            return true;
        if (errno != EEXIST)
            return write_failed(s, name, err);
        if (!result_exists(s, p->key, &exists, err))
            return false;
        if (exists)                                     // another process was first: its result counts
            return unlinkat(s->fd, p->temp, 0) == 0 || errno == ENOENT || write_failed(s, p->temp, err);
    }
    return err_set(err, ERR_CONFLICT, "the result %s/%s is damaged again and again: check the disk", s->root, name);
}

static bool sync_list(struct store *s, struct pending_list *list, struct err *err)
{
    for (size_t i = 0; i < list->items.len; i += BATCH)
        if (!sync_batch(s, list->items.at + i, MIN(list->items.len - i, (size_t)BATCH), err))
            return false;
    for (size_t i = 0; i < list->items.len; i++) {
        struct pending *p = list->items.at[i];
        if (p->is_dropped)
            unlinkat(s->fd, p->temp, 0);
        else if (!give_name(s, p, err))
            return false;
        p->is_dropped = true;                           // done with; `find` may still ask where it was
    }
    for (int prefix = 0; prefix < PREFIXES; prefix++)
        if (list->touched[prefix] && !(make_prefix(s, KIND_RESULT, (uint8_t)prefix, err) &&
                                       sync_prefix(s, KIND_RESULT, (uint8_t)prefix, err)))
            return false;
    return true;
}

// After a failure that is not final (no descriptors, no space) what was not done waits for the next call.
static void put_back(struct store *s, struct pending_list *undone)
{
    for (size_t i = 0; i < undone->items.len; i++) {
        struct pending *p = undone->items.at[i];
        Str id = { (const char *)p->key.bytes, sizeof p->key.bytes };
        if (p->is_dropped || map_has(&s->pending.by_key, id))
            pending_drop(s, p);
        else
            pending_add(&s->pending, p);
    }
    undone->items.len = 0;
    for (int prefix = 0; prefix < PREFIXES; prefix++)
        s->pending.touched[prefix] |= undone->touched[prefix];
    s->pending.count += undone->count;
    undone->count = 0;
}

static bool sync_pending(struct store *s, struct err *err)
{
    pthread_mutex_lock(&s->lock);
    s->syncing = s->pending;
    s->pending = (struct pending_list){ 0 };
    pthread_mutex_unlock(&s->lock);
    bool ok = sync_list(s, &s->syncing, err);
    pthread_mutex_lock(&s->lock);
    if (!ok)
        put_back(s, &s->syncing);
    s->pending_count -= s->syncing.count;
    for (size_t i = 0; i < s->syncing.items.len; i++)
        free(s->syncing.items.at[i]);
    free(s->syncing.items.at);
    map_release(&s->syncing.by_key);
    s->syncing = (struct pending_list){ 0 };
    pthread_mutex_unlock(&s->lock);
    return ok;
}

bool store_sync_results(struct store *s, struct err *err)
{
    pthread_mutex_lock(&s->sync_lock);
    bool ok = s->pending_count == 0 || (check_writable(s, err) && sync_pending(s, err));
    pthread_mutex_unlock(&s->sync_lock);
    return ok;
}
