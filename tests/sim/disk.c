// SPDX-License-Identifier: Apache-2.0
// The disk of a simulated machine: the journal of the run, with the part of it that a power cut leaves, and the store's results.
// Bytes of outputs are durable before anybody hears of a job's end, as in exec/; so here they are only there or lost.
#include "sim.h"

static struct result *slot_of(struct world *w, uint64_t key)
{
    for (size_t i = key & (w->result_cap - 1);; i = (i + 1) & (w->result_cap - 1))
        if (w->results[i].key == key || w->results[i].key == 0)
            return &w->results[i];
}

struct result *result_find(struct world *w, uint64_t key)
{
    struct result *r = w->result_cap ? slot_of(w, key) : NULL;
    return r && r->key ? r : NULL;
}

static void grow(struct world *w)
{
    struct result *old = w->results;
    size_t cap = w->result_cap;
    w->result_cap = cap ? cap * 2 : 256;
    w->results = xcalloc(w->result_cap, sizeof *w->results);
    for (size_t i = 0; i < cap; i++)
        if (old[i].key)
            *slot_of(w, old[i].key) = old[i];
    free(old);
}

struct result *result_make(struct world *w, uint64_t key, int node)
{
    if ((w->result_count + 1) * 2 > w->result_cap)
        grow(w);
    struct result *r = slot_of(w, key);
    if (r->key == 0) {
        *r = (struct result){ .key = key, .node = node };
        w->result_count++;
        vec_add(&w->keys, key);
    }
    return r;
}

// What was written and not synced may be there afterwards, or not: of the journal a part from its front. A result whose head died
// between its name and the sync of its folder is a hit meanwhile: that is no acknowledgement, and it may be gone.
void disk_power_lost(struct world *w)
{
    size_t unsynced = w->journal.len - w->journal_durable;
    w->journal.len = w->journal_durable += draw(w, unsynced + 1);
    for (size_t i = 0; i < w->keys.len; i++) {
        struct result *r = result_find(w, w->keys.at[i]);
        if (!r->exists || r->is_durable)
            continue;
        r->exists = r->is_durable = draw(w, 2);
        r->told = r->exists ? r->told : 0;
    }
}

static bool is_forced(const struct sub *s) { return s->head->world->nodes[s->node].no_cache; }

// Results into temporary files, synced. Somebody who was first has the result; bytes that were made again must agree with it.
static void put_results(struct head *h)
{
    for (size_t i = 0; i < h->batch_results.len; i++) {
        struct sub *s = h->batch_results.at[i];
        struct result *r = result_make(h->world, s->key, s->node);
        if (is_forced(s) || !r->exists || r->digest == s->digest)
            continue;
        if (s->makes_again)
            s->has_changed = true;
        else
            s->digest = r->digest;
    }
}

static void name_results(struct head *h)
{
    struct world *w = h->world;
    for (size_t i = 0; i < h->batch_results.len; i++) {
        struct sub *s = h->batch_results.at[i];
        struct result *r = result_make(w, s->key, s->node);
        bool replaces = is_forced(s) || s->has_changed;
        if (r->exists && !replaces) {   // a name is never taken from another
            if (w->mutant != MUTANT_OWN_RESULT)
                s->digest = r->digest;
            r->has_bytes = r->has_bytes || s->makes_again;
            continue;
        }
        r->is_excused = r->is_excused || replaces;
        r->exists = r->has_bytes = true;
        r->is_durable = false;
        r->digest = s->digest;
    }
}

static void sync_results(struct head *h)
{
    if (h->world->mutant == MUTANT_NO_FOLDER_SYNC)
        return;
    for (size_t i = 0; i < h->batch_results.len; i++)
        result_make(h->world, h->batch_results.at[i]->key, h->batch_results.at[i]->node)->is_durable = true;
}

static void write_records(struct head *h, size_t count)
{
    struct world *w = h->world;
    for (size_t i = 0; i < count; i++) {
        struct rec r = h->batch.at[i];
        uint64_t *place = r.sub == NULL ? NULL : r.kind == REC_INTENT ? &r.sub->intent_at : &r.sub->end_at;
        r.sub = NULL;
        vec_add(&w->journal, r);
        if (place)
            *place = w->journal.len;
    }
}

bool disk_commit_stage(struct head *h, int stage)
{
    struct world *w = h->world;
    bool writes = stage == 0 || stage == 3;
    if (stage == 3 && h->epoch != w->epoch && w->mutant != MUTANT_NO_FENCE)
        return false;                   // another head has the run: the late commit is refused
    if ((writes && chance(w, FAULT_DISK_FULL)) || (!writes && stage != 1 && chance(w, FAULT_SYNC_FAILED))) {
        if (stage == 3)                 // a part of it may have been written
            write_records(h, draw(w, h->batch.len + 1));
        return false;
    }
    switch (stage) {
    case 0: put_results(h); break;
    case 1: name_results(h); break;
    case 2: sync_results(h); break;
    case 3: write_records(h, h->batch.len); break;
    default: w->journal_durable = w->journal.len; break;
    }
    return true;
}
