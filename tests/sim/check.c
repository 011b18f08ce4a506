// SPDX-License-Identifier: Apache-2.0
// What must hold in every step of every world. A claim that does not names the seed, and the world ends there.
#include "sim.h"

#include <stdarg.h>

void violated(struct world *w, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fflush(stdout);
    fprintf(stderr, "petri-sim: seed %llu, step %llu: ", (unsigned long long)w->seed, (unsigned long long)w->steps);
    vfprintf(stderr, fmt, args);
    fprintf(stderr, "\n  again, with every step: petri-sim --seed %llu --trace\n", (unsigned long long)w->seed);
    va_end(args);
    exit(1);
}

static bool is_shared(const struct sub *s) { return !s->makes_again && !s->head->world->nodes[s->node].no_cache; }

static bool is_on_disk(const struct world *w, const struct sub *s, uint64_t place, enum record_kind kind, int attempt)
{
    if (place == 0 || place > w->journal_durable)
        return false;
    const struct rec *r = &w->journal.at[place - 1];
    return r->kind == kind && r->number == s->number && r->key == s->key && r->epoch == s->head->epoch && r->attempt == attempt;
}

// A core that was told to stop starts nothing.
void check_effect(struct head *h, const struct core_effect *e)
{
    bool starts = e->kind == CORE_START || e->kind == CORE_INTEND || e->kind == CORE_LOOKUP;
    MUST(h->world, !h->core_is_stopped || !starts, "node %d: effect %d after the stop", ((struct sub *)core_owner(e->task))->node, e->kind);
}

void check_start(struct sub *s, int attempt)
{
    struct world *w = s->head->world;
    const struct node *n = &w->nodes[s->node];
    const struct result *r = result_find(w, s->key);
    MUST(w, s->job < 0, "node %d: it starts while its job goes on", s->node);
    MUST(w, is_on_disk(w, s, s->intent_at, REC_INTENT, attempt) || w->epoch != s->head->epoch,
         "node %d: attempt %d starts before its intent is on disk", s->node, attempt);
    MUST(w, attempt <= 1 + MAX(MAX(w->config.retries, n->retries), TEMPORARY_RETRIES), "node %d: attempt %d is one too many", s->node, attempt);
    MUST(w, !is_shared(s) || r == NULL || r->told_by != s->head->serial || r->is_excused || !r->exists,
         "node %d: it was finished in this head, and starts again", s->node);
}

void check_runs(struct sub *s, bool is_adopted)
{
    struct head *h = s->head;
    struct world *w = h->world;
    const struct result *r = result_find(w, s->key);
    const struct job *j = &w->jobs.at[s->job];
    int others = r ? r->live - j->is_live : 0, heads = 0;
    for (int i = 0; i < HEADS; i++)
        heads += w->heads[i].is_alive;
    MUST(w, !is_shared(s) || r == NULL || !r->exists, "node %d: a finished task runs again", s->node);
    MUST(w, !is_shared(s) || others == 0 || heads > 1 || is_adopted, "node %d: two jobs at once for one key", s->node);
    bool fits = h->cores <= w->config.cores + 1e-9 && h->memory <= w->config.memory_bytes && h->running <= w->config.max_running
             && (w->config.disk_bytes < 0 || h->disk <= w->config.disk_bytes);
    MUST(w, (h->running == 1 && h->left == 0) || fits, "node %d: %d run, with %g cores, memory %lld, disk %lld", s->node, h->running, h->cores,
         (long long)h->memory, (long long)h->disk);
}

static void check_done(struct sub *s, bool is_cached)
{
    struct world *w = s->head->world;
    struct result *r = result_find(w, s->key);
    MUST(w, s->digest != 0, "node %d: told as done, and has no result", s->node);
    if (!is_cached) {
        MUST(w, is_on_disk(w, s, s->end_at, REC_DONE, core_attempt(s->task)), "node %d: told before its record is on disk", s->node);
        w->acked[s->node] = s->makes_again ? w->acked[s->node] : s->key;
    }
    if (!is_shared(s)) {
        r->is_excused = true;
        return;
    }
    MUST(w, r && (r->is_excused || (r->exists && (is_cached || r->is_durable))), "node %d: told before its result is on disk", s->node);
    MUST(w, r->is_excused || r->digest == s->digest, "node %d: told another result than the store has", s->node);
    MUST(w, r->is_excused || r->told == 0 || r->told == s->digest, "node %d: two results of one key were told", s->node);
    r->told = s->digest;
    r->told_by = s->head->serial;
}

void check_told(struct sub *s, const struct core_effect *e)
{
    struct world *w = s->head->world;
    MUST(w, s->serial != 0 && link_is_linked(&s->all), "a submission was told twice");
    MUST(w, s->job < 0 || e->end != CORE_END_DONE, "node %d: told while its job runs", s->node);
    if (e->end == CORE_END_DONE)
        check_done(s, e->cached);
    if (e->end == CORE_END_FAILED)
        MUST(w, is_on_disk(w, s, s->end_at, REC_FAILED, core_attempt(s->task)), "node %d: failure told before it is on disk", s->node);
    if (e->end == CORE_END_CANCELLED)
        MUST(w, s->head->core_is_stopped, "node %d: cancelled, and nobody asked for it", s->node);
}

static int by_key(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

// A head reads what earlier ones left: all that was told as done is recorded, with a result, and once.
void check_head_start(struct head *h)
{
    struct world *w = h->world;
    uint64_t *done = xcalloc(w->journal.len + 1, sizeof *done);
    size_t count = 0;
    for (size_t i = 0; i < w->journal.len; i++)
        if (w->journal.at[i].kind == REC_DONE && !w->journal.at[i].is_again)
            done[count++] = w->journal.at[i].key;
    qsort(done, count, sizeof *done, by_key);
    for (size_t i = 1; i < count; i++) {
        const struct result *r = result_find(w, done[i]);
        MUST(w, done[i] != done[i - 1] || (r && r->is_excused), "node %d: two records say that it is done", r ? r->node : -1);
    }
    for (int i = 0; i < w->node_count; i++) {
        if (w->acked[i] == 0 || w->nodes[i].no_cache)
            continue;
        const struct result *r = result_find(w, w->acked[i]);
        MUST(w, bsearch(&w->acked[i], done, count, sizeof *done, by_key), "node %d: it was told as done, and its record is lost", i);
        MUST(w, r && (r->exists || r->is_excused), "node %d: it was told as done, and its result is lost", i);
    }
    free(done);
}

void check_end(struct world *w)
{
    const struct head *h = w->current;
    struct core_counts counts = core_counts(h->core);
    MUST(w, counts.running == 0 && counts.waiting == 0, "at the end %lld run and %lld wait", (long long)counts.running, (long long)counts.waiting);
    MUST(w, h->running == 0 && h->left == 0, "at the end %d jobs are waited for", h->running);
    MUST(w, link_is_empty(&h->subs), "at the end not all submissions were told");
    for (int i = 0; i < w->node_count; i++) {
        const struct node *n = &w->nodes[i];
        bool could = !n->always_fails;
        for (int k = 0; k < n->input_count; k++)
            could = could && h->is_done[w->inputs[n->first_input + k]];
        MUST(w, h->is_done[i] || !could || (!w->keeps_going && h->failed_for_good), "node %d: nothing was against it, and it is not done", i);
    }
    if (w->is_cluster)
        cluster_reap(w);
    bool is_alone = true;
    for (int i = 0; i < HEADS; i++)
        is_alone = is_alone && (!w->heads[i].is_alive || &w->heads[i] == h);
    MUST(w, !is_alone || cluster_live(w) == 0, "at the end %d jobs are left", cluster_live(w));
}
