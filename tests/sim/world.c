// SPDX-License-Identifier: Apache-2.0
// The world of one seed: events in order of their time; mischief now and then; and the end, which must come once the faults have
// been used up.
#include "sim.h"

#include <stdarg.h>

#define FOREVER (10 * (Time)365 * 24 * 3600 * SECOND)

const char *const fault_names[FAULT_COUNT] = {
#define X(name, text) text,
    FAULTS(X)
#undef X
};
const char *const mutant_names[MUTANT_COUNT] = {
#define X(name, text) text,
    MUTANTS(X)
#undef X
};

uint64_t draw(struct world *w, uint64_t below)
{
    uint64_t x = w->random += 0x9e3779b97f4a7c15u;      // splitmix64
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return (x ^ (x >> 31)) % below;
}

bool chance(struct world *w, enum fault fault)
{
    if (w->rates[fault] == 0 || w->faults_left <= 0 || draw(w, 65536) >= w->rates[fault])
        return false;
    w->faults_left--;
    w->faults[fault]++;
    TRACE(w, "fault: %s", fault_names[fault]);
    return true;
}

void trace_write(struct world *w, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    printf("%8llu %14.6f  ", (unsigned long long)w->steps, (double)w->now / (double)SECOND);
    vprintf(fmt, args);
    putchar('\n');
    va_end(args);
}

// --- events

static bool is_before(const struct event *a, const struct event *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

void event_add(struct world *w, Time after, enum event_kind kind, int which, uint64_t serial)
{
    struct event e = { w->now + after, ++w->event_orders, serial, kind, which };
    vec_add(&w->events, e);
    size_t i = w->events.len - 1;
    for (; i > 0 && is_before(&e, &w->events.at[(i - 1) / 2]); i = (i - 1) / 2)
        w->events.at[i] = w->events.at[(i - 1) / 2];
    w->events.at[i] = e;
}

static struct event event_take(struct world *w)
{
    struct event first = w->events.at[0], last = w->events.at[--w->events.len];
    size_t i = 0, n = w->events.len;
    for (size_t child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && is_before(&w->events.at[child + 1], &w->events.at[child]))
            child++;
        if (!is_before(&w->events.at[child], &last))
            break;
        w->events.at[i] = w->events.at[child];
    }
    if (n)
        w->events.at[i] = last;
    return first;
}

// --- mischief

static struct result *any_result(struct world *w)
{
    return w->keys.len ? result_find(w, w->keys.at[draw(w, w->keys.len)]) : NULL;
}

// Another run in the same home finishes something that is also wanted here.
static void other_head_first(struct world *w)
{
    struct result *r = any_result(w);
    if (r == NULL || r->exists || w->nodes[r->node].no_cache || w->nodes[r->node].always_fails)
        return;
    r->exists = r->is_durable = r->has_bytes = true;
    r->digest = mix(r->key, w->nodes[r->node].is_random ? w->random : 7);
}

// Stopped for longer than its lease; meanwhile another takes the run over. Some time it wakes up and goes on as if nothing was.
static void stop_head(struct world *w)
{
    struct head *h = w->current;
    int free_slots = 0;
    for (int i = 0; i < HEADS; i++)
        free_slots += !w->heads[i].is_alive;
    if (h == NULL || free_slots == 0)
        return;
    Time sleeps = (Time)draw(w, 60 * SECOND);
    h->is_stopped = true;
    h->wakes_at = w->now + sleeps;
    event_add(w, sleeps, EVENT_HEAD_WAKES, h->slot, h->serial);
    w->current = NULL;
    event_add(w, (Time)draw(w, SECOND), EVENT_HEAD_STARTS, 0, 0);
}

// One object, or all of them, as by gc.
static void lose_bytes(struct world *w)
{
    struct result *r = any_result(w);
    if (r)
        r->has_bytes = false;
    for (size_t i = draw(w, 4) ? w->keys.len : 0; i < w->keys.len; i++)
        result_find(w, w->keys.at[i])->has_bytes = false;
}

static void make_mischief(struct world *w)
{
    struct result *r;
    if (chance(w, FAULT_BYTES_LOST))
        lose_bytes(w);
    if (chance(w, FAULT_RESULT_DAMAGED) && (r = any_result(w)) != NULL && r->exists) {
        r->exists = r->has_bytes = false;               // whoever meets it sets it aside
        r->is_excused = true;
    }
    if (chance(w, FAULT_OTHER_HEAD))
        other_head_first(w);
    if (chance(w, FAULT_CLOCK_JUMPS))                   // the machine slept; the steady clock never goes back
        w->now += (Time)draw(w, draw(w, 4) ? 3 * 3600 * (uint64_t)SECOND : (uint64_t)FOREVER / 1000);
    if (chance(w, FAULT_HEAD_STOPPED))
        stop_head(w);
    if (w->current && chance(w, FAULT_CANCELLED))
        head_cancel(w->current);
    if (w->faults_left > 0)
        event_add(w, (Time)draw(w, 200 * MILLISECOND), EVENT_MISCHIEF, 0, 0);
}

// --- one step

static struct head *head_of(struct world *w, const struct event *e)
{
    struct head *h = &w->heads[e->which];
    return h->is_alive && h->serial == e->serial ? h : NULL;
}

static void happen(struct world *w, const struct event *e)
{
    struct head *h;
    switch (e->kind) {
    case EVENT_JOB_ENDS:
        if (w->jobs.at[e->which].serial == e->serial)
            cluster_job_ends(w, e->which);
        break;
    case EVENT_REPLY:
        if (w->jobs.at[e->which].serial == e->serial)
            cluster_reply(w, e->which);
        break;
    case EVENT_REPLY_AGAIN: cluster_reply_again(w, e->which); break;
    case EVENT_COMMIT:
        if ((h = head_of(w, e)) != NULL)
            head_commit_step(h);
        break;
    case EVENT_TICK:
        if ((h = head_of(w, e)) == NULL)
            break;
        if (h->is_stopped) {
            event_add(w, h->wakes_at - w->now, EVENT_TICK, h->slot, h->serial);
            break;
        }
        h->tick_at = 0;
        head_event(h, (struct core_event){ .kind = CORE_TICK });
        head_turn(h);
        break;
    case EVENT_HEAD_STARTS:
        if (w->current == NULL)
            head_start(w);
        break;
    case EVENT_HEAD_WAKES:
        if ((h = head_of(w, e)) == NULL)
            break;
        h->is_stopped = false;
        head_turn(h);
        break;
    case EVENT_MISCHIEF: make_mischief(w); break;
    }
}

void world_run(struct world *w)
{
    uint64_t quiet = 0, enough = 10000 + 1000 * (uint64_t)w->node_count;
    event_add(w, 0, EVENT_HEAD_STARTS, 0, 0);
    event_add(w, (Time)draw(w, SECOND), EVENT_MISCHIEF, 0, 0);
    while (!w->is_over) {
        w->steps++;
        quiet = w->faults_left > 0 ? 0 : quiet + 1;
        MUST(w, quiet < enough && w->steps < 200 * enough, "the faults have stopped and the run does not end");
        MUST(w, w->events.len > 0, "nothing can happen any more and the run has not ended");
        struct event e = event_take(w);
        w->now = MAX(w->now, e.at);
        happen(w, &e);
        if (w->steps > 100 * enough)
            w->faults_left = 0;         // a run that never got on: let it end
    }
}

struct world *world_new(uint64_t seed, int nodes)
{
    struct world *w = xcalloc(1, sizeof *w);
    w->seed = seed;
    w->random = mix(seed, 3);
    w->now = SECOND;
    w->free_job = -1;
    shape_draw(w, nodes);
    w->acked = xcalloc((size_t)w->node_count, sizeof *w->acked);
    return w;
}

void world_free(struct world *w)
{
    for (int i = 0; i < HEADS; i++)
        if (w->heads[i].is_alive)
            head_release(&w->heads[i]);
    while (w->free_subs) {
        struct sub *s = w->free_subs;
        w->free_subs = s->next_free;
        free(s->held.at);
        free(s);
    }
    free(w->nodes);
    free(w->inputs);
    free(w->users);
    free(w->journal.at);
    free(w->results);
    free(w->keys.at);
    free(w->jobs.at);
    free(w->late.at);
    free(w->events.at);
    free(w->acked);
    free(w);
}
