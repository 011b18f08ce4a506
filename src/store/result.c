// SPDX-License-Identifier: Apache-2.0
// Results: records under their task's key. What is in a record is task/result.c's.
//
// A result that was put waits in a temporary file, known to this store alone, until store_sync_results() has synced it;
// only then it gets its name. So a result that another process can see has its bytes on disk.
#include "store/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/vec.h"
#include "task/result.h"

enum { OPEN_MAX_PENDING = 256 };
#define RECORD_MAX_BYTES ((off_t)1 << 30)

// --- reading

static bool read_record(int fd, off_t size, struct arena *a, Str *out)
{
    char *bytes = arena_alloc(a, (size_t)size + 1);
    size_t len = 0;
    while (len < (size_t)size) {
        ssize_t n = pread(fd, bytes + len, (size_t)size - len, (off_t)len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        if (n == 0)
            break;
        len += (size_t)n;
    }
    *out = (Str){ bytes, len };
    return true;
}

bool result_read(struct store *s, const char *name, Hash key, struct arena *a, struct task_result *out,
                 struct stat *st, struct err *err)
{
    Str bytes;
    int fd = openat(s->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? err_set(err, ERR_NOT_FOUND, "no result %s/%s", s->root, name)
                               : err_errno(err, "cannot read the result %s/%s", s->root, name);
    bool ok = fstat(fd, st) == 0;
    if (!ok || !S_ISREG(st->st_mode) || st->st_size > RECORD_MAX_BYTES) {
        close(fd);
        return err_set(err, ERR_DAMAGED, "%s/%s is no result record", s->root, name);
    }
    ok = read_record(fd, st->st_size, a, &bytes) || err_errno(err, "reading the result %s/%s", s->root, name);
    close(fd);
    if (!ok)
        return false;
    ok = result_decode(a, bytes, out, err);
    if (ok && !hash_eq(out->key, key))
        ok = err_set(err, ERR_DAMAGED, "it is the result of another key");
    if (!ok && err->code == ERR_INVALID)                // the check was right: written wrongly, and no use either
        err->code = ERR_DAMAGED;
    return ok || err_wrap(err, "%s/%s", s->root, name);
}

// The temporary name of a result that waits, if one does.
static bool find_pending(struct store *s, Hash key, char temp[NAME_SIZE])
{
    if (s->pending_count == 0)
        return false;
    Str id = { (const char *)key.bytes, sizeof key.bytes };
    pthread_mutex_lock(&s->lock);
    const struct pending *p = map_find(&s->pending.by_key, id);
    if (p == NULL)
        p = map_find(&s->syncing.by_key, id);
    if (p)
        memcpy(temp, p->temp, NAME_SIZE);
    pthread_mutex_unlock(&s->lock);
    return p != NULL;
}

bool store_find_result(struct store *s, Hash key, struct arena *a, struct task_result *out, struct err *err)
{
    char name[NAME_SIZE];
    struct stat st;
    struct err aside;
    if (find_pending(s, key, name) && result_read(s, name, key, a, out, &st, err))
        return true;                                    // else it has got its name meanwhile
    name_of(KIND_RESULT, key, name);
    if (result_read(s, name, key, a, out, &st, err))
        return true;
    if (err->code != ERR_DAMAGED)
        return false;
    if (!set_aside(s, KIND_RESULT, key, &st, "result-check", &aside))
        return err_wrap(err, "%s", aside.text);
    return err_wrap(err, s->can_write ? "set aside in damaged/" : "damaged");
}

// --- putting

static struct pending *pending_of(struct pending_list *list, Hash key)
{
    return map_find(&list->by_key, (Str){ (const char *)key.bytes, sizeof key.bytes });
}

void pending_add(struct pending_list *list, struct pending *p)
{
    struct pending *earlier = pending_of(list, p->key);
    if (earlier)
        earlier->is_dropped = true;
    vec_push_heap(&list->items, p);
    if (earlier)                                        // the map's key must live as long as its entry
        map_remove(&list->by_key, (Str){ (const char *)p->key.bytes, sizeof p->key.bytes });
    map_set(&list->by_key, (Str){ (const char *)p->key.bytes, sizeof p->key.bytes }, p);
}

void pending_drop(struct store *s, struct pending *p)
{
    if (p->fd >= 0)
        close(p->fd);
    unlinkat(s->fd, p->temp, 0);
    free(p);
}

void pending_release(struct store *s, struct pending_list *list)
{
    for (size_t i = 0; i < list->items.len; i++)
        pending_drop(s, list->items.at[i]);
    free(list->items.at);
    map_release(&list->by_key);
    *list = (struct pending_list){ 0 };
}

bool result_exists(struct store *s, Hash key, bool *exists, struct err *err)
{
    char name[NAME_SIZE];
    struct arena scratch = { 0 };
    struct task_result found;
    struct stat st;
    name_of(KIND_RESULT, key, name);
    *exists = result_read(s, name, key, &scratch, &found, &st, err);
    arena_release(&scratch);
    if (*exists || err->code == ERR_NOT_FOUND)
        return true;
    if (err->code == ERR_UNSUPPORTED)                   // a newer Petri's: not ours to overwrite
        return *exists = true;
    return err->code == ERR_DAMAGED && set_aside(s, KIND_RESULT, key, &st, "result-check", err);
}

static struct pending *write_temp(struct store *s, const struct task_result *r, struct err *err)
{
    struct arena scratch = { 0 };
    struct pending *p = xcalloc(1, sizeof *p);
    p->key = r->key;
    p->fd = temp_open(s, KIND_RESULT, r->key.bytes[0], p->temp, err);
    bool ok = p->fd >= 0 && write_all(s, p->fd, p->temp, result_encode(&scratch, r), err);
    arena_release(&scratch);
    if (ok && s->pending_count >= OPEN_MAX_PENDING) {   // descriptors are few: this one is opened again for its sync
        ok = close_written(s, p->fd, p->temp, err);
        p->fd = -1;
    }
    if (ok)
        return p;
    pending_drop(s, p);
    return NULL;
}

bool store_put_result(struct store *s, const struct task_result *r, bool replace, bool *existed, struct err *err)
{
    char temp[NAME_SIZE];
    bool has = !replace && find_pending(s, r->key, temp);
    if (existed)
        *existed = has;
    if (!check_writable(s, err))
        return false;
    if (has)
        return true;
    if (!replace && !result_exists(s, r->key, &has, err))
        return false;
    struct pending *p = has ? NULL : write_temp(s, r, err);
    if (!has && p == NULL)
        return false;
    pthread_mutex_lock(&s->lock);
    if (p && !replace && (pending_of(&s->pending, r->key) || pending_of(&s->syncing, r->key))) {
        pending_drop(s, p);                                // another thread was first
        has = true;
    } else if (p) {
        p->replace = replace;
        pending_add(&s->pending, p);
    }
    s->pending.touched[r->key.bytes[0]] = true;         // also another's: its name may not have been synced yet
    s->pending.count++;
    s->pending_count++;
    pthread_mutex_unlock(&s->lock);
    if (existed)
        *existed = has;
    return true;
}
