// SPDX-License-Identifier: Apache-2.0
// Decides what may go, and lets it go. In doubt everything stays.
#include "cli/gc.h"

#include "base/arena.h"
#include "cli/home.h"
#include "engine/record.h"
#include "journal/journal.h"
#include "store/store.h"
#include "task/result.h"
#include "value/read.h"

static Hash *place_of(const struct gc_keep *k, Hash hash)
{
    uint64_t start;
    memcpy(&start, hash.bytes, sizeof start);           // a digest is as random as a hash need be
    for (size_t i = start & (k->places - 1);; i = (i + 1) & (k->places - 1))
        if (hash_is_zero(k->at[i]) || hash_eq(k->at[i], hash))
            return &k->at[i];
}

static void grow(struct gc_keep *k)
{
    enum { FIRST = 256 };
    struct gc_keep old = *k;
    k->places = old.places ? old.places * 2 : FIRST;
    k->at = NEW_ARRAY(k->arena, Hash, k->places);
    for (size_t i = 0; i < old.places; i++)
        if (!hash_is_zero(old.at[i]))
            *place_of(k, old.at[i]) = old.at[i];
}

void gc_keep_add(struct gc_keep *k, Hash hash)
{
    if (hash_is_zero(hash))
        return;
    if (k->count * 2 >= k->places)
        grow(k);
    Hash *place = place_of(k, hash);
    k->count += hash_is_zero(*place);
    *place = hash;
}

bool gc_keep_has(const struct gc_keep *k, Hash hash) { return k->places && !hash_is_zero(hash) && hash_eq(*place_of(k, hash), hash); }

static void keep_text(struct gc_keep *k, Str text)
{
    Hash hash;
    if (hash_parse(text, &hash))
        gc_keep_add(k, hash);
}

void gc_keep_outputs(struct gc_keep *k, Value v)
{
    if (v.kind == VALUE_ARRAY)
        for (size_t i = 0; i < v.array->len; i++)
            gc_keep_outputs(k, v.array->at[i]);
    if (v.kind != VALUE_MAP)
        return;
    keep_text(k, value_get_str(v, STR("petri:digest")));
    for (size_t i = 0; i < v.map->len; i++)
        gc_keep_outputs(k, v.map->at[i].value);
}

struct collecting {                     // of one run
    struct gc_keep *keep;
    struct store *store;
    bool is_live;
    struct err *err;
    bool failed;
};

static void keep_result(struct collecting *c, struct arena *scratch, Str key_text)
{
    struct task_result *r = NEW(scratch, struct task_result);
    struct err ignored;                                 // a lost result has nothing left to keep
    Hash key;
    if (!hash_parse(key_text, &key) || !store_find_result(c->store, key, scratch, r, &ignored))
        return;
    for (size_t i = 0; i < r->output_count; i++)
        gc_keep_add(c->keep, r->outputs[i].hash);
    gc_keep_add(c->keep, r->log_out.hash);
    gc_keep_add(c->keep, r->log_err.hash);
}

static bool is_of_interest(const struct collecting *c, uint8_t type)
{
    return type == RECORD_END || type == RECORD_FAILED || (c->is_live && (type == RECORD_DONE || type == RECORD_CACHED));
}

static bool collect_record(void *arg, uint8_t type, Str payload)
{
    struct collecting *c = arg;
    struct arena scratch = { 0 };
    Value r;
    if (!is_of_interest(c, type))
        return true;
    if (!json_parse(&scratch, payload, &r, c->err)) {
        c->failed = true;
    } else if (type == RECORD_END) {
        gc_keep_outputs(c->keep, value_get(r, STR("outputs")));
    } else if (type == RECORD_FAILED) {
        keep_text(c->keep, value_get_str(value_get(r, STR("log_out")), STR("hash")));
        keep_text(c->keep, value_get_str(value_get(r, STR("log_err")), STR("hash")));
    } else {
        keep_result(c, &scratch, value_get_str(r, STR("key")));
    }
    arena_release(&scratch);
    return !c->failed;
}

bool gc_collect(struct gc_keep *k, Str home, struct store *store, struct err *err)
{
    Str *names = NULL;
    size_t count;
    if (!runs_list(k->arena, home, &names, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        Str dir = run_folder(k->arena, home, names[i]);
        char owner[128], end[128] = "";
        struct journal_cursor cursor = { 0 };
        struct collecting c = { .keep = k, .store = store, .is_live = journal_is_live(dir, owner), .err = err };
        if (!journal_read(dir, &cursor, collect_record, &c, end, err) || c.failed)
            return err_wrap(err, "run " STR_FMT " (nothing was deleted)", STR_ARG(names[i]));
    }
    return true;
}

struct sweeping {
    const struct gc_keep *keep;
    struct store *store;
    int64_t before_s;
    bool dry_run;
    struct gc_counts *counts;
    struct err *err;
    bool failed;
};

static bool sweep_entry(void *arg, const struct store_entry *e)
{
    struct sweeping *s = arg;
    if (e->is_result)
        return true;
    bool is_kept = gc_keep_has(s->keep, e->hash), is_young = e->modified_s > s->before_s;
    s->counts->objects++;
    s->counts->bytes += e->size;
    s->counts->kept_outputs += is_kept;
    s->counts->kept_young += !is_kept && is_young;
    if (is_kept || is_young)
        return true;
    s->failed = !s->dry_run && !store_remove_object(s->store, e->hash, s->err);
    s->counts->freed += !s->failed;
    s->counts->freed_bytes += s->failed ? 0 : e->size;
    return !s->failed;
}

bool gc_sweep(const struct gc_keep *k, struct store *store, Time age, Time now, bool dry_run, struct gc_counts *counts, struct err *err)
{
    struct sweeping s = { .keep = k, .store = store, .before_s = (now - age) / SECOND, .dry_run = dry_run, .counts = counts, .err = err };
    *counts = (struct gc_counts){ 0 };
    return store_each(store, false, sweep_entry, &s, err) && !s.failed;
}
