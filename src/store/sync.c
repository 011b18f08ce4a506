// SPDX-License-Identifier: Apache-2.0
// The batch that makes results durable: all of them in the log, by one sync, and then each under its name.
#include "store/inside.h"

#include <errno.h>

static bool give_name(struct store *s, struct pending *p, struct err *err)
{
    bool is_taken, exists;
    if (p->replace) {
        keep_aside(s, KIND_RESULT, p->key, "replaced");
        return result_write(s, p->key, p->text, NULL, err);
    }
    for (int attempt = 0; attempt < 10; attempt++) {
        if (!result_write(s, p->key, p->text, &is_taken, err))
            return false;
        if (!is_taken)
            return true;
        if (!result_exists(s, p->key, &exists, err))
            return false;
        s->lost_count += exists;
        if (exists)                                     // another process was first: its result counts
            return true;
    }
    char name[NAME_SIZE];
    name_of(KIND_RESULT, p->key, name);
    return err_set(err, ERR_CONFLICT, "the result %s/%s is damaged again and again: check the disk", s->root, name);
}

static bool sync_list(struct store *s, struct pending_list *list, struct err *err)
{
    if (!log_append(s, list->items.at, list->items.len, err))
        return false;
    for (size_t i = 0; i < list->items.len; i++) {
        struct pending *p = list->items.at[i];
        if (!p->is_dropped && !give_name(s, p, err)) {
            s->log.is_needed = true;
            return false;
        }
        p->is_dropped = true;                           // done with; `find` may still ask for it
    }
    return log_is_full(&s->log) ? log_settle(s, err) : true;
}

// After a failure that is not final (no descriptors, no space) what was not done waits for the next call.
static void put_back(struct store *s, struct pending_list *undone)
{
    for (size_t i = 0; i < undone->items.len; i++) {
        struct pending *p = undone->items.at[i];
        Str id = { (const char *)p->key.bytes, sizeof p->key.bytes };
        s->pending_count--;
        if (p->is_dropped || map_has(&s->pending.by_key, id))
            pending_free(p);
        else
            pending_add(&s->pending, p), s->pending_count++;
    }
    undone->items.len = 0;
}

static bool sync_pending(struct store *s, struct err *err)
{
    pthread_mutex_lock(&s->lock);
    s->syncing = s->pending;
    s->pending = (struct pending_list){ 0 };
    pthread_mutex_unlock(&s->lock);
    bool ok = sync_list(s, &s->syncing, err);
    pthread_mutex_lock(&s->lock);
    s->has_failed = !ok;
    if (!ok)
        put_back(s, &s->syncing);
    s->pending_count -= s->syncing.items.len;
    pending_release(&s->syncing);
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

size_t store_results_lost(const struct store *s) { return s->lost_count; }
