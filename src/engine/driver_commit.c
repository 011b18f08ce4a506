// SPDX-License-Identifier: Apache-2.0
// Group commit on a worker thread: results into the store, one batch of syncs, then the journal. Whoever waits for a record
// hears of it only afterwards.
#include "engine/driver_private.h"

#include "journal/journal.h"
#include "store/store.h"
#include "sys/loop.h"

#define COMMIT_PAUSE (10 * MILLISECOND)  // between commits while there is enough to run meanwhile

static bool put_result(struct driver_task *t, struct err *err)
{
    struct driver *d = t->driver;
    bool existed = false;
    bool is_forced = d->config.no_cache || t->spec->policy.no_cache;
    if (!store_put_result(d->store, t->result, is_forced, &existed, err))
        return false;
    if (!existed)
        return true;
    // Somebody was first: theirs is the result. One made again must agree with it, else it takes its place.
    struct task_result *first = NEW(&t->arena, struct task_result);
    if (!store_find_result(d->store, t->key, &t->arena, first, err))
        return false;
    bool same = first->output_count == t->result->output_count;
    for (size_t i = 0; same && i < first->output_count; i++)
        same = hash_eq(first->outputs[i].hash, t->result->outputs[i].hash) && str_eq(first->outputs[i].path, t->result->outputs[i].path);
    if (same || !t->makes_again) {
        t->result = first;
        return true;
    }
    t->result_changed = true;
    return store_put_result(d->store, t->result, true, NULL, err);
}

static bool put_results(struct driver *d, struct err *err)
{
    LINK_EACH(&d->batch_results, l)
        if (!put_result(CONTAINER_OF(l, struct driver_task, pending), err))
            return false;
    return store_sync_results(d->store, err);
}

// Another head may put a result between our look and our name for it: then theirs is what everybody is told.
static bool commit_results(struct driver *d, struct err *err)
{
    if (link_is_empty(&d->batch_results))
        return true;
    size_t lost = store_results_lost(d->store);
    return put_results(d, err) && (lost == store_results_lost(d->store) || put_results(d, err));
}

static bool commit_batch(struct driver *d, struct err *err) { return commit_results(d, err) && journal_write(d->journal, d->batch, err); }

static void commit_work(void *arg)      // on a worker thread; the tasks of this batch are left alone meanwhile
{
    struct driver *d = arg;
    d->commit_ok = commit_batch(d, &d->commit_err);
}

static void commit_done(void *arg)
{
    struct driver *d = arg;
    uint64_t last = journal_batch_last(d->batch);
    d->committing = false;
    journal_done(d->journal, d->batch);
    LINK_EACH(&d->batch_results, l)
        link_remove(l);
    if (!d->commit_ok) {
        driver_break(d, &d->commit_err);
        return;
    }
    LINK_EACH(&d->durable, l) {
        struct driver_task *t = CONTAINER_OF(l, struct driver_task, durable);
        if (t->durable_at > last)
            break;
        link_remove(l);
        driver_event(d, (struct core_event){ .kind = CORE_DURABLE, .task = t->core });
    }
}

// When slots are full and more is waiting, nobody is the poorer if several tasks share a commit.
Time driver_commit_pause(const struct driver *d, Time now)
{
    struct core_counts counts = core_counts(d->core);
    bool is_busy = counts.running > 0 && counts.waiting > 0 && !d->finished;
    return is_busy && now < d->committed_at + COMMIT_PAUSE ? d->committed_at + COMMIT_PAUSE - now : 0;
}

void driver_commit(struct driver *d, Time now)
{
    if (d->committing || d->broken || driver_commit_pause(d, now) > 0 || (d->batch = journal_take(d->journal)) == NULL)
        return;
    d->committing = true;
    d->committed_at = now;
    LINK_EACH(&d->pending, l) {
        link_remove(l);
        link_append(&d->batch_results, l);
    }
    loop_work(d->loop, commit_work, commit_done, d);
}
