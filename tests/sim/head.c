// SPDX-License-Identifier: Apache-2.0
// One head of the simulated run. It carries out what the core says in the manner of engine/driver.c: records are queued, a commit
// takes all that is queued, and what waits for a record goes on when it is on disk. It may die at any effect and in any commit.
#include "sim.h"

static const Str steps[] = { STR_CONST("a"), STR_CONST("b"), STR_CONST("c"), STR_CONST("d"), STR_CONST("e"), STR_CONST("f") };

static Time a_while(struct world *w) { return (Time)draw(w, 3 * MILLISECOND); }

// --- submissions

static struct sub *sub_new(struct head *h, int node)
{
    struct world *w = h->world;
    struct sub *s = w->free_subs;
    if (s)
        w->free_subs = s->next_free;
    else
        s = xcalloc(1, sizeof *s);
    void *held = s->held.at;
    size_t cap = s->held.cap;
    *s = (struct sub){ .serial = ++w->sub_serials, .head = h, .node = node, .job = -1, .number = ++h->numbers, .key = h->keys[node] };
    s->held.at = held, s->held.cap = cap;
    link_append(&h->subs, &s->all);
    return s;
}

static void sub_free(struct sub *s)
{
    struct world *w = s->head->world;
    for (int i = 0; s->missing && i < w->node_count; i++) {     // it was cancelled while it was held
        struct sub *m = s->head->making[i];
        for (size_t k = 0; m && k < m->held.len; k++)
            if (m->held.at[k] == s)
                m->held.at[k] = NULL;
    }
    cluster_forget(s);
    link_remove(&s->all);
    s->serial = 0;
    s->next_free = w->free_subs;
    w->free_subs = s;
}

static uint64_t key_of(const struct head *h, int node)
{
    const struct node *n = &h->world->nodes[node];
    uint64_t key = mix((uint64_t)n->original, 1);
    for (int i = 0; i < n->input_count; i++)
        key = mix(key, h->digests[h->world->inputs[n->first_input + i]]);
    return key;
}

static struct sub *submit(struct head *h, int node, bool makes_again)
{
    const struct node *n = &h->world->nodes[node];
    if (!makes_again)
        h->keys[node] = key_of(h, node);
    struct sub *s = sub_new(h, node);
    s->makes_again = makes_again;
    struct core_request r = { .step = steps[n->step], .cores = n->cores, .memory_bytes = n->memory, .disk_bytes = n->disk, .time_limit = n->limit,
                              .retries = n->retries, .no_cache = n->no_cache, .make_again = makes_again, .owner = s };
    memcpy(r.key.bytes, &s->key, sizeof s->key);
    struct core_event e = { .kind = CORE_SUBMIT, .request = &r };
    h->untold += !makes_again;
    head_event(h, e);
    return s;
}

// --- records

static void append(struct sub *s, enum record_kind kind, bool wait)
{
    struct head *h = s->head;
    vec_add(&h->queue, (struct rec){ kind, s->node, s->task ? core_attempt(s->task) : 0, s->number, s->key, h->epoch,
                                    s->makes_again || h->world->nodes[s->node].no_cache, wait ? s : NULL });
    h->appended++;
    s->wait_for = h->appended;
    if (wait)
        vec_add(&h->waiting, s);
}

static void begin_commit(struct head *h)
{
    if (h->is_committing || h->is_broken || h->queue.len == 0)
        return;
    void *records = h->batch.at, *results = h->batch_results.at;
    size_t records_cap = h->batch.cap, results_cap = h->batch_results.cap;
    memcpy(&h->batch, &h->queue, sizeof h->batch);
    memcpy(&h->batch_results, &h->pending, sizeof h->pending);
    h->queue.at = records, h->queue.cap = records_cap, h->queue.len = 0;
    h->pending.at = results, h->pending.cap = results_cap, h->pending.len = 0;
    h->batch_last = h->appended;
    h->is_committing = true;
    h->stage = 0;
    event_add(h->world, a_while(h->world), EVENT_COMMIT, h->slot, h->serial);
}

static void break_head(struct head *h)
{
    if (h->is_broken)
        return;
    TRACE(h->world, "head %llu breaks", (unsigned long long)h->serial);
    h->is_broken = h->is_finished = true;
    head_event(h, (struct core_event){ .kind = CORE_CANCEL, .at_once = true });
}

static void committed(struct head *h)
{
    size_t n = 0;
    while (n < h->waiting.len && h->waiting.at[n]->wait_for <= h->batch_last)
        n++;
    for (size_t i = 0; i < n; i++)
        head_event(h, (struct core_event){ .kind = CORE_DURABLE, .task = h->waiting.at[i]->task });
    if (n)
        memmove(h->waiting.at, h->waiting.at + n, (h->waiting.len - n) * sizeof *h->waiting.at);
    h->waiting.len -= n;
}

void head_commit_step(struct head *h)
{
    struct world *w = h->world;
    if (h->is_stopped) {
        event_add(w, h->wakes_at - w->now, EVENT_COMMIT, h->slot, h->serial);
        return;
    }
    if (chance(w, FAULT_POWER_LOST)) {
        head_die(h, "power lost");
        return;
    }
    if (chance(w, FAULT_HEAD_KILLED)) {
        head_die(h, "killed while it committed");
        return;
    }
    bool ok = disk_commit_stage(h, h->stage);
    if (ok && ++h->stage < COMMIT_STAGES) {
        if (w->mutant == MUTANT_TELLS_EARLY && h->stage == COMMIT_STAGES - 1)
            committed(h), head_turn(h);
        if (h->is_alive)
            event_add(w, a_while(w), EVENT_COMMIT, h->slot, h->serial);
        return;
    }
    h->is_committing = false;
    if (ok)
        committed(h);
    else
        break_head(h);
    head_turn(h);
}

// --- effects

// The bytes of all inputs: there, or being made again (the task is held), or lost for good.
static bool find_inputs(struct sub *s)
{
    struct head *h = s->head;
    struct world *w = h->world;
    const struct node *n = &w->nodes[s->node];
    for (int i = 0; i < n->input_count; i++) {
        int input = w->inputs[n->first_input + i];
        const struct result *r = result_find(w, h->keys[input]);
        if (r && (r->has_bytes || r->digest != h->digests[input]))
            continue;
        if (r == NULL || !r->exists)
            return false;               // what made them is not known any more
        if (h->making[input] == NULL)
            h->making[input] = submit(h, input, true);
        vec_add(&h->making[input]->held, s);
        s->missing++;
    }
    return true;
}

static void do_start(struct sub *s, int attempt)
{
    struct head *h = s->head;
    struct world *w = h->world;
    check_start(s, attempt);
    const struct result *r = result_find(w, s->key);
    if (!s->makes_again && !w->nodes[s->node].no_cache && r && r->exists && w->mutant != MUTANT_NO_LATE_HIT) {
        s->digest = r->digest;
        head_event(h, (struct core_event){ .kind = CORE_KNOWN, .task = s->task });
    } else if (s->input_failed || !find_inputs(s)) {
        head_event(h, (struct core_event){ .kind = CORE_ENDED, .task = s->task, .ended = ENDED_PERMANENT });
    } else if (s->missing) {
        TRACE(w, "node %d: %d inputs are made again first", s->node, s->missing);
        head_event(h, (struct core_event){ .kind = CORE_NOT_READY, .task = s->task });
    } else {
        TRACE(w, "node %d: attempt %d starts", s->node, attempt);
        cluster_start(s);
    }
}

static void made_again(struct sub *m, bool ok)
{
    struct head *h = m->head;
    h->making[m->node] = NULL;
    for (size_t i = 0; i < m->held.len; i++) {
        struct sub *s = m->held.at[i];
        if (s == NULL)
            continue;
        s->input_failed = s->input_failed || !ok;
        if (--s->missing == 0 && h->world->mutant != MUTANT_FORGETS_HELD)
            head_event(h, (struct core_event){ .kind = CORE_READY, .task = s->task });
    }
}

static void finish(struct head *h)
{
    h->is_finished = true;
    head_event(h, (struct core_event){ .kind = CORE_STOP });
}

// The evaluator hears of it.
static void evaluate(struct sub *s, enum core_end end)
{
    struct head *h = s->head;
    struct world *w = h->world;
    const struct node *n = &w->nodes[s->node];
    h->untold--;
    if (end == CORE_END_DONE) {
        h->is_done[s->node] = true;
        h->digests[s->node] = s->digest;
        h->done++;
        for (int i = 0; i < n->user_count; i++) {
            int user = w->users[n->first_user + i];
            if (--h->inputs_left[user] == 0)
                submit(h, user, false);
        }
    } else if (end == CORE_END_FAILED) {
        h->failed++;
        h->failed_for_good += n->always_fails;
    }
    if (h->untold == 0 || (h->failed && !w->keeps_going))
        finish(h);
}

static void do_tell(struct sub *s, const struct core_effect *e)
{
    struct head *h = s->head;
    check_told(s, e);
    h->world->told++;
    TRACE(h->world, "node %d: told %s%s", s->node, e->end == CORE_END_DONE ? "done" : e->end == CORE_END_FAILED ? "failed" : "cancelled",
          e->cached ? ", cached" : "");
    if (s->has_changed && !h->is_broken) {
        h->again = true;
        finish(h);
    }
    if (s->makes_again)
        made_again(s, e->end == CORE_END_DONE);
    else if (!h->is_finished)
        evaluate(s, e->end);
    core_forget(h->core, s->task);
    sub_free(s);
}

static void carry_out(struct head *h, const struct core_effect *e)
{
    struct sub *s = core_owner(e->task);
    struct result *r = result_find(h->world, s->key);
    s->task = e->task;
    switch (e->kind) {
    case CORE_LOOKUP:
        if (r && r->exists)
            s->digest = r->digest;
        head_event(h, (struct core_event){ .kind = r && r->exists ? CORE_KNOWN : CORE_UNKNOWN, .task = s->task });
        break;
    case CORE_INTEND: append(s, REC_INTENT, true); break;
    case CORE_START: do_start(s, e->attempt); break;
    case CORE_KILL: cluster_kill(s); break;
    case CORE_RECORD_CACHED:
        append(s, REC_CACHED, false);
        head_event(h, (struct core_event){ .kind = CORE_DURABLE, .task = s->task });
        break;
    case CORE_RECORD_DONE:
        vec_add(&h->pending, s);
        append(s, REC_DONE, true);
        break;
    case CORE_RECORD_RETRY: append(s, REC_RETRY, false); break;
    case CORE_RECORD_FAILED: append(s, REC_FAILED, true); break;
    case CORE_TELL: do_tell(s, e); break;
    }
}

// --- life

static bool is_idle(const struct head *h)
{
    return core_counts(h->core).running == 0 && !h->is_committing && h->effects_done == h->effects.len && (h->is_broken || h->waiting.len == 0);
}

static void end(struct head *h)
{
    struct world *w = h->world;
    bool is_current = h == w->current;
    bool is_complete = is_current && !h->is_broken && !h->is_cancelled && !h->again && h->failed == h->failed_for_good;
    TRACE(w, "head %llu ends: %d of %d done, %d failed%s", (unsigned long long)h->serial, h->done, w->node_count, h->failed, h->again ? ", again" : "");
    if (is_complete)
        check_end(w);
    head_release(h);
    if (!is_current)
        return;
    w->current = NULL;
    w->is_over = is_complete;
    if (!is_complete)
        event_add(w, (Time)draw(w, SECOND), EVENT_HEAD_STARTS, 0, 0);
}

void head_event(struct head *h, struct core_event event)
{
    size_t before = h->effects.len;
    core_step(h->core, &event, h->world->now, &h->effects);
    if (event.kind == CORE_SUBMIT)
        ((struct sub *)event.request->owner)->task = event.task;
    for (size_t i = before; i < h->effects.len; i++)
        check_effect(h, &h->effects.at[i]);
    h->core_is_stopped = h->core_is_stopped || event.kind == CORE_CANCEL || event.kind == CORE_STOP;
}

void head_turn(struct head *h)
{
    struct world *w = h->world;
    while (h->effects_done < h->effects.len) {
        if (chance(w, FAULT_HEAD_KILLED)) {
            head_die(h, "killed at an effect");
            return;
        }
        struct core_effect e = h->effects.at[h->effects_done++];
        carry_out(h, &e);
    }
    h->effects_done = h->effects.len = 0;
    begin_commit(h);
    Time wake = core_wake_at(h->core);
    if (wake && wake != h->tick_at) {
        h->tick_at = wake;
        event_add(w, MAX(wake - w->now, 0), EVENT_TICK, h->slot, h->serial);
    }
    if ((h->is_finished || h->is_broken) && is_idle(h))
        end(h);
}

void head_start(struct world *w)
{
    struct head *h = w->heads;
    while (h->is_alive)
        h++;
    size_t n = (size_t)w->node_count;
    *h = (struct head){ .world = w, .slot = (int)(h - w->heads), .serial = ++w->head_serials, .epoch = ++w->epoch, .is_alive = true };
    w->current = h;
    w->starts++;
    TRACE(w, "head %llu starts", (unsigned long long)h->serial);
    h->core = core_new(&w->config);
    link_init(&h->subs);
    h->making = xcalloc(n, sizeof *h->making);
    h->inputs_left = xcalloc(n, sizeof *h->inputs_left);
    h->is_done = xcalloc(n, sizeof *h->is_done);
    h->digests = xcalloc(n, sizeof *h->digests);
    h->keys = xcalloc(n, sizeof *h->keys);
    check_head_start(h);
    for (int i = 0; i < w->node_count; i++)
        h->inputs_left[i] = w->nodes[i].input_count;
    for (int i = 0; i < w->node_count; i++)
        if (w->nodes[i].input_count == 0)
            submit(h, i, false);
    head_turn(h);
}

void head_release(struct head *h)
{
    cluster_head_died(h);
    LINK_EACH(&h->subs, l) {
        struct sub *s = CONTAINER_OF(l, struct sub, all);
        s->missing = 0, s->job = -1;
        sub_free(s);
    }
    core_free(h->core);
    free(h->effects.at);
    free(h->queue.at);
    free(h->batch.at);
    free(h->pending.at);
    free(h->batch_results.at);
    free(h->waiting.at);
    free(h->making);
    free(h->inputs_left);
    free(h->is_done);
    free(h->digests);
    free(h->keys);
    *h = (struct head){ 0 };
}

// Killed, or with the whole machine: then every head on it dies, and what was not synced may be gone.
void head_die(struct head *h, const char *how)
{
    struct world *w = h->world;
    bool is_power = how[0] == 'p', had_current = w->current != NULL;
    TRACE(w, "head %llu: %s", (unsigned long long)h->serial, how);
    for (struct head *x = w->heads; x < w->heads + HEADS; x++) {
        if (!x->is_alive || (x != h && !is_power))
            continue;
        if (x == w->current)
            w->current = NULL;
        head_release(x);
    }
    if (is_power)
        disk_power_lost(w);
    if (had_current && w->current == NULL)
        event_add(w, (Time)draw(w, SECOND), EVENT_HEAD_STARTS, 0, 0);
}

void head_cancel(struct head *h)
{
    h->is_cancelled = h->is_finished = true;
    head_event(h, (struct core_event){ .kind = CORE_CANCEL, .at_once = draw(h->world, 2) });
    head_turn(h);
}
