// SPDX-License-Identifier: Apache-2.0
// Results: records under their task's key. What is in a record is task/result.c's.
//
// A result that was put waits in memory, known to this store alone, until store_sync_results() has it on disk; only then it
// gets its name. So a result that another process can see is not lost by a power cut.
#include "store/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/vec.h"
#include "task/result.h"

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

// The record of a result that waits, if one does.
static bool find_pending(struct store *s, Hash key, struct arena *a, Str *text)
{
    if (s->pending_count == 0)
        return false;
    Str id = { (const char *)key.bytes, sizeof key.bytes };
    pthread_mutex_lock(&s->lock);
    const struct pending *p = map_find(&s->pending.by_key, id);
    if (p == NULL)
        p = map_find(&s->syncing.by_key, id);
    if (p && a)
        *text = str_copy(a, p->text);
    pthread_mutex_unlock(&s->lock);
    return p != NULL;
}

bool store_find_result(struct store *s, Hash key, struct arena *a, struct task_result *out, struct err *err)
{
    char name[NAME_SIZE];
    struct stat st;
    struct err aside;
    Str text;
    if (find_pending(s, key, a, &text))
        return result_decode(a, text, out, err);
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

void pending_free(struct pending *p)
{
    free((char *)p->text.data);
    free(p);
}

void pending_release(struct pending_list *list)
{
    for (size_t i = 0; i < list->items.len; i++)
        pending_free(list->items.at[i]);
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

bool result_write(struct store *s, Hash key, Str text, bool *is_taken, struct err *err)
{
    char temp[NAME_SIZE], name[NAME_SIZE];
    off_t earlier = 0;
    if (!make_prefix(s, KIND_RESULT, key.bytes[0], err))
        return false;
    int fd = spare_open(s, temp, &earlier);
    if (fd < 0 && (fd = temp_open(s, KIND_RESULT, key.bytes[0], temp, err)) < 0)
        return false;
    name_of(KIND_RESULT, key, name);
    bool ok = write_all(s, fd, temp, text, err);
    if (ok && earlier > (off_t)text.len)                // written first: some filesystems flush a file that was cut to nothing
        ok = ftruncate(fd, (off_t)text.len) == 0 || write_failed(s, temp, err);
    ok = (close(fd) == 0 || errno == EINTR || (ok && write_failed(s, temp, err))) && ok;
    if (is_taken)
        *is_taken = false;
    if (ok && (is_taken ? rename_new(s->fd, temp, s->fd, name) : renameat(s->fd, temp, s->fd, name)) == 0)
        return true;
    if (ok && is_taken && errno == EEXIST)
        *is_taken = true;
    else if (ok)
        ok = write_failed(s, name, err);
    unlinkat(s->fd, temp, 0);
    return ok;
}

static struct pending *pending_new(const struct task_result *r, bool replace)
{
    struct arena scratch = { 0 };
    struct pending *p = xcalloc(1, sizeof *p);
    Str text = result_encode(&scratch, r);
    char *copy = xmalloc(text.len + 1);
    memcpy(copy, text.data, text.len);
    *p = (struct pending){ .key = r->key, .text = { copy, text.len }, .replace = replace };
    arena_release(&scratch);
    return p;
}

bool store_put_result(struct store *s, const struct task_result *r, bool replace, bool *existed, struct err *err)
{
    bool has = !replace && find_pending(s, r->key, NULL, NULL);
    if (existed)
        *existed = has;
    if (!check_writable(s, err))
        return false;
    if (has || (!replace && !result_exists(s, r->key, &has, err)))
        return has;
    if (existed)
        *existed = has;
    if (has)
        return true;
    struct pending *p = pending_new(r, replace);
    pthread_mutex_lock(&s->lock);
    if (!replace && (pending_of(&s->pending, r->key) || pending_of(&s->syncing, r->key)))
        has = true;                     // another thread was first
    else
        pending_add(&s->pending, p), s->pending_count++;
    pthread_mutex_unlock(&s->lock);
    if (has)
        pending_free(p);
    if (existed)
        *existed = has;
    return true;
}
