// SPDX-License-Identifier: Apache-2.0
// Where the bytes of a task's inputs are: in the store, inside a result, or in a user's own file; and making bytes again
// that were deleted or damaged, by running the task that once made them, from the identity kept in its result.
#include "engine/driver_private.h"

#include "store/store.h"
#include "sys/file.h"
#include "value/read.h"

static Str hash_str(const Hash *h) { return (Str){ (const char *)h->bytes, sizeof h->bytes }; }

// --- producers

enum { KEPT_FILE_MAX = 4096, KEPT_MAX = 4 << 20 };      // small files that need not be read again to be staged or exported; of all tasks

static struct producer *producer_slot(const struct producers *p, Hash hash)
{
    uint64_t h;
    memcpy(&h, hash.bytes, sizeof h);
    for (size_t i = h & (p->cap - 1);; i = (i + 1) & (p->cap - 1))
        if (!p->at[i].is_used || hash_eq(p->at[i].hash, hash))
            return &p->at[i];
}

static void producers_grow(struct producers *p)
{
    struct producers grown = { .cap = p->cap ? p->cap * 2 : 256, .kept_bytes = p->kept_bytes };
    grown.at = xcalloc(grown.cap, sizeof *grown.at);
    for (size_t i = 0; i < p->cap; i++)
        if (p->at[i].is_used)
            *producer_slot(&grown, p->at[i].hash) = p->at[i], grown.len++;
    free(p->at);
    *p = grown;
}

static void producer_add(struct driver *d, const struct output *o, Hash key, bool keep)
{
    struct producers *p = &d->producers;
    if (o->kind != OUTPUT_FILE)
        return;
    if ((p->len + 1) * 2 > p->cap)
        producers_grow(p);
    struct producer *slot = producer_slot(p, o->hash);
    if (slot->is_used)
        return;
    *slot = (struct producer){ .hash = o->hash, .key = key, .is_used = true, .is_inline = o->is_inline };
    p->len++;
    if (o->is_inline && (keep || (o->bytes.len <= KEPT_FILE_MAX && p->kept_bytes + o->bytes.len <= KEPT_MAX))) {
        slot->bytes = str_copy(&d->arena, o->bytes);
        p->kept_bytes += o->bytes.len;
    }
}

void producers_add(struct driver *d, const struct task_result *r, bool keep)
{
    for (size_t i = 0; i < r->output_count; i++)
        producer_add(d, &r->outputs[i], r->key, keep);
}

static const struct producer *producer_find(const struct driver *d, Hash hash)
{
    if (d->producers.cap == 0)
        return NULL;
    const struct producer *slot = producer_slot(&d->producers, hash);
    return slot->is_used ? slot : NULL;
}

void sources_add(struct driver *d, const struct task_spec *spec)
{
    for (size_t i = 0; i < spec->stage_count; i++) {
        const struct stage *s = &spec->stages[i];
        if (s->kind != STAGE_FILE || s->source.len == 0 || map_has(&d->sources, hash_str(&s->hash)))
            continue;
        Str key = str_copy(&d->arena, hash_str(&s->hash));
        Str *path = arena_copy(&d->arena, &(Str){ 0 }, sizeof(Str));
        *path = str_copy(&d->arena, s->source);
        map_set(&d->sources, key, path);
        record_files(d, &(struct driver_hash_item){ .path = s->source, .hash = s->hash, .size = s->size > 0 ? s->size : -1 }, 1);
    }
}

// --- finding bytes

static void forget_result(struct result_cache *c)
{
    map_release(&c->by_hash);
    arena_release(&c->arena);
    *c = (struct result_cache){ 0 };
}

// The result read last stays in memory: outputs of one task are asked for one after the other.
static bool read_result(struct driver *d, Hash key, struct err *err)
{
    struct result_cache *c = &d->result_cache;
    if (c->is_set && hash_eq(c->result.key, key))
        return true;
    forget_result(c);
    if (!store_find_result(d->store, key, &c->arena, &c->result, err))
        return false;
    for (size_t i = 0; i < c->result.output_count; i++) {
        struct output *o = &c->result.outputs[i];
        if (o->kind == OUTPUT_FILE && o->is_inline)
            map_set(&c->by_hash, hash_str(&o->hash), o);
    }
    c->is_set = true;
    return true;
}

static bool bytes_in_result(struct driver *d, struct arena *a, Hash key, Hash hash, Str *bytes, struct err *err)
{
    if (!read_result(d, key, err))
        return false;
    const struct output *o = map_find(&d->result_cache.by_hash, hash_str(&hash));
    if (o == NULL)
        return err_set(err, ERR_NOT_FOUND, "the result does not hold these bytes");
    *bytes = str_copy(a, o->bytes);
    return true;
}

static bool user_file(struct driver *d, Hash hash, Str source, struct err *err)
{
    Hash now;
    int64_t size;
    if (!store_hash_file(d->store, source, &now, &size, err))
        return err_wrap(err, "input " STR_FMT, STR_ARG(source));
    if (!hash_eq(now, hash))
        return err_set(err, ERR_INVALID, "input " STR_FMT " changed after this run read it; run again to take the new content", STR_ARG(source));
    return true;
}

bool driver_bytes(struct driver *d, struct arena *a, Hash hash, Str source, Str *path, Str *bytes, struct err *err)
{
    *path = *bytes = (Str){ 0 };
    if (source.len) {
        *path = source;
        return user_file(d, hash, source, err);
    }
    const struct producer *producer = producer_find(d, hash);
    if (producer && producer->bytes.data) {
        *bytes = producer->bytes;
        return true;
    }
    if (producer && producer->is_inline && bytes_in_result(d, a, producer->key, hash, bytes, err))
        return true;
    if (store_locate(d->store, hash, a, path, err))
        return true;
    const Str *known = map_find(&d->sources, hash_str(&hash));
    if (known == NULL)
        return false;
    *path = *known;
    return user_file(d, hash, *known, err);
}

// --- making bytes again

struct waiter {                         // who waits for a key to be made again
    struct link link;
    void (*fn)(struct driver *d, void *arg, bool ok, Str error);
    void *arg;
};
struct making {
    struct driver *driver;
    Hash key;
    struct link waiters;
};

static void made_again(void *ticket, const struct task_outcome *outcome)
{
    struct making *m = ticket;
    struct driver *d = m->driver;
    map_remove(&d->making, hash_str(&m->key));
    bool ok = outcome->end == TASK_DONE;
    LINK_EACH(&m->waiters, l) {
        struct waiter *w = CONTAINER_OF(l, struct waiter, link);
        w->fn(d, w->arg, ok, ok ? (Str){ 0 } : outcome->error);
        free(w);
    }
    free(m);
}

// Runs the producer of `hash` again, or joins the one that is already at it.
static bool make_again(struct driver *d, Hash hash, void (*fn)(struct driver *, void *, bool, Str), void *arg, struct err *err)
{
    const struct producer *producer = producer_find(d, hash);
    char hex[HASH_HEX + 1];
    hash_hex(hash, hex);
    if (producer == NULL)
        return err_set(err, ERR_NOT_FOUND, "the bytes of blake3:%.16s… are lost and no task of this run makes them", hex);
    struct making *m = map_find(&d->making, hash_str(&producer->key));
    if (m == NULL) {
        struct arena scratch = { 0 };
        struct task_result result;
        Value identity;
        struct task_spec spec;
        bool found = store_find_result(d->store, producer->key, &scratch, &result, err)
                  && json_parse(&scratch, result.identity, &identity, err) && task_from_identity(&scratch, identity, &spec, err);
        if (found) {
            m = xcalloc(1, sizeof *m);
            m->driver = d, m->key = producer->key;
            link_init(&m->waiters);
            map_set(&d->making, hash_str(&m->key), m);
            spec.name = spec.step = result.task;
            struct driver_task *t = driver_task_new(d, &spec, made_again, m);
            t->makes_again = true;
            driver_task_submit(t);
        }
        arena_release(&scratch);
        if (!found)
            return err_wrap(err, "the bytes of blake3:%.16s… are lost and cannot be made again", hex);
    }
    struct waiter *w = xcalloc(1, sizeof *w);
    w->fn = fn, w->arg = arg;
    link_append(&m->waiters, &w->link);
    return true;
}

void driver_unwait(struct driver *d, void *arg)
{
    for (size_t i = 0; i < d->making.len; i++) {
        struct making *m = d->making.entries[i].value;
        LINK_EACH(&m->waiters, l) {
            struct waiter *w = CONTAINER_OF(l, struct waiter, link);
            if (w->arg == arg) {
                link_remove(l);
                free(w);
            }
        }
    }
}

void driver_stage_free(struct driver *d)
{
    for (size_t i = 0; i < d->making.len; i++) {
        struct making *m = d->making.entries[i].value;
        LINK_EACH(&m->waiters, l)
            free(CONTAINER_OF(l, struct waiter, link));
        free(m);
    }
    map_release(&d->making);
    map_release(&d->sources);
    free(d->producers.at);
    forget_result(&d->result_cache);
}

// --- for tasks

static void input_made(struct driver *d, void *arg, bool ok, Str error)
{
    struct driver_task *t = arg;
    if (!ok && t->error.len == 0)
        strbuf_addf(&t->error, "its input cannot be made again: " STR_FMT, STR_ARG(error));
    if (--t->missing == 0)
        driver_event(d, (struct core_event){ .kind = CORE_READY, .task = t->core });
}

enum staged driver_find_sources(struct driver_task *t)
{
    struct driver *d = t->driver;
    const struct task_spec *spec = t->spec;
    struct stage_source *sources = NEW_ARRAY(&t->attempt_arena, struct stage_source, spec->stage_count);
    if (t->error.len)
        return STAGED_FAILED;
    for (size_t i = 0; i < spec->stage_count; i++) {
        const struct stage *s = &spec->stages[i];
        struct err err;
        if (s->kind != STAGE_FILE || driver_bytes(d, &t->attempt_arena, s->hash, s->source, &sources[i].path, &sources[i].bytes, &err))
            continue;
        bool is_lost = s->source.len == 0 && (err.code == ERR_NOT_FOUND || err.code == ERR_DAMAGED);
        if (is_lost && make_again(d, s->hash, input_made, t, &err)) {
            t->missing++;
            continue;
        }
        strbuf_addz(&t->error, err.text);
        break;
    }
    t->attempt.sources = sources;
    return t->missing ? STAGED_HELD : t->error.len ? STAGED_FAILED : STAGED_READY;
}

// --- for evaluators

struct need {
    struct driver *driver;
    int missing;
    bool failed;
    struct strbuf error;
    void (*fn)(void *arg, bool ok, Str error);
    void *arg;
};

static void need_told(void *arg)
{
    struct need *n = arg;
    n->fn(n->arg, !n->failed, strbuf_str(&n->error));
    strbuf_release(&n->error);
    free(n);
}

static void need_made(struct driver *d, void *arg, bool ok, Str error)
{
    struct need *n = arg;
    if (!ok && !n->failed) {
        n->failed = true;
        strbuf_add(&n->error, error);
    }
    if (--n->missing == 0)
        driver_later(d, need_told, n);
}

void driver_need(struct driver *d, const Hash *hashes, size_t count, void (*fn)(void *, bool, Str), void *arg)
{
    struct need *n = xcalloc(1, sizeof *n);
    n->driver = d, n->fn = fn, n->arg = arg;
    n->missing = 1;                     // until all are looked at
    for (size_t i = 0; i < count; i++) {
        struct arena scratch = { 0 };
        Str path, bytes;
        struct err err;
        if (!driver_bytes(d, &scratch, hashes[i], (Str){ 0 }, &path, &bytes, &err)) {
            if (make_again(d, hashes[i], need_made, n, &err))
                n->missing++;
            else if (!n->failed)
                n->failed = true, strbuf_addz(&n->error, err.text);
        }
        arena_release(&scratch);
    }
    if (--n->missing == 0)
        driver_later(d, need_told, n);
}
