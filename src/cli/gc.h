// SPDX-License-Identifier: Apache-2.0
#pragma once
// What may be deleted from the store. Deleted are objects alone, never results: a later resume still hits every finished task,
// and bytes that are needed again are made again.
#include "base/clock.h"
#include "base/err.h"
#include "base/hash.h"
#include "value/value.h"

struct arena;
struct store;

struct gc_keep {                        // digests that stay
    struct arena *arena;
    Hash *at;                           // an open-addressing table; the zero digest is an empty place
    size_t count, places;
};
struct gc_counts {
    int64_t objects, bytes;             // in the store
    int64_t freed, freed_bytes;         // deleted, or with dry_run: would be
    int64_t kept_outputs, kept_young;   // why the others stay: referenced; not old enough
};

// The set { .arena = a } is empty; the zero digest is never in it.
void gc_keep_add(struct gc_keep *k, Hash hash);
bool gc_keep_has(const struct gc_keep *k, Hash hash);
// Every "petri:digest" in `v`, at any depth: the final outputs of a run.
void gc_keep_outputs(struct gc_keep *k, Value v);
// All that the runs in `home` need: final outputs of every start, logs of failed tasks, and of live runs whatever
// their finished tasks left. A journal that can't be read is an error: what it needs is not known.
bool gc_collect(struct gc_keep *k, Str home, struct store *store, struct err *err) MUST_CHECK;
// Deletes objects older than `age` at `now` that `k` does not hold.
bool gc_sweep(const struct gc_keep *k, struct store *store, Time age, Time now, bool dry_run, struct gc_counts *counts, struct err *err) MUST_CHECK;
