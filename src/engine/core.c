// SPDX-License-Identifier: Apache-2.0
// The pure scheduler (see core.h). No fd, no clock, no global: everything it knows came in by an event.
#include "engine/core.h"

#include "base/heap.h"
#include "base/link.h"
#include "base/map.h"

enum {
    INTEND_AHEAD = 64,                  // intents written before a slot is free, so that a start waits for no disk
    PASSED_OVER_MAX = 64,               // smaller tasks that may overtake one that does not fit
    LEFT_MAX = 4,                       // more attempts whose outputs are still being taken: that must catch up first
};

enum core_state {
    STATE_LOOKUP, STATE_FOLLOWING, STATE_QUEUED, STATE_INTENDING, STATE_READY, STATE_HELD, STATE_RUNNING, STATE_RETRY_WAIT,
    STATE_RECORDING_CACHED, STATE_RECORDING_DONE, STATE_RECORDING_FAILED, STATE_TOLD,
};

struct step_queue {
    Str name;
    struct link waiting;                // of QUEUED tasks
    struct link link;                   // in core.queues while it has any
    int active;                         // tasks of this step that are intended or run
};
struct core_task {
    struct core_request request;
    enum core_state state;
    int attempt, passed_over;
    bool was_cached, cancelled, timed_out, killing, has_left;
    struct step_queue *queue;
    struct link link;                   // in its queue, in `ready`, in `running`, in `held`, or in its leader's followers
    struct link followers;              // tasks with the same key that wait for this one
    struct link all;
    struct heap_item timer;             // RETRY_WAIT: next try; RUNNING: time limit
};

struct core {
    struct core_config config;
    struct map steps;                   // name -> step_queue
    struct map leaders;                 // key bytes -> the task that works on it
    struct link queues, ready, running, all;
    struct heap timers;
    double cores_used;
    int64_t memory_used, disk_used;
    int64_t waiting_count, running_count, left_count, ahead_count, told;    // left: dead, but not ended; not running
    bool stopped;                       // nothing new starts
    uint64_t random;
};

struct core *core_new(const struct core_config *config)
{
    struct core *c = xcalloc(1, sizeof *c);
    c->config = *config;
    c->random = config->seed | 1;
    link_init(&c->queues);
    link_init(&c->ready);
    link_init(&c->running);
    link_init(&c->all);
    return c;
}

static Str key_str(const struct core_task *t) { return (Str){ (const char *)t->request.key.bytes, sizeof t->request.key.bytes }; }

void core_forget(struct core *c UNUSED, struct core_task *t)
{
    CHECK(t->state == STATE_TOLD);
    link_remove(&t->all);
    free(t);
}

void core_free(struct core *c)
{
    if (c == NULL)
        return;
    LINK_EACH(&c->all, l)
        free(CONTAINER_OF(l, struct core_task, all));
    for (size_t i = 0; i < c->steps.len; i++)
        free(c->steps.entries[i].value);
    map_release(&c->steps);
    map_release(&c->leaders);
    heap_release(&c->timers);
    free(c);
}

static void emit(struct core_effects *out, struct core_effect effect)
{
    if (out->len == out->cap) {
        out->cap = out->cap ? out->cap * 2 : 32;
        out->at = xrealloc(out->at, out->cap * sizeof *out->at);
    }
    out->at[out->len++] = effect;
}

static void effect_of(struct core_effects *out, enum core_effect_kind kind, struct core_task *t)
{
    emit(out, (struct core_effect){ .kind = kind, .task = t, .attempt = t->attempt, .timed_out = t->timed_out });
}

static struct step_queue *queue_of(struct core *c, Str step)
{
    struct step_queue *q = map_find(&c->steps, step);
    if (q == NULL) {
        q = xcalloc(1, sizeof *q);
        q->name = step;
        link_init(&q->waiting);
        map_set(&c->steps, step, q);
    }
    return q;
}

// --- reservations

static bool fits(const struct core *c, const struct core_task *t)
{
    if (c->running_count == 0 && c->left_count == 0)
        return true;                    // alone, a task may take more than there is: the driver has warned
    return c->running_count < c->config.max_running && c->left_count < LEFT_MAX
        && c->cores_used + t->request.cores <= c->config.cores + 1e-9
        && c->memory_used + t->request.memory_bytes <= c->config.memory_bytes
        && (c->config.disk_bytes < 0 || c->disk_used + t->request.disk_bytes <= c->config.disk_bytes);
}

static void reserve_run(struct core *c, struct core_task *t, int sign)
{
    c->running_count += sign;
    c->cores_used += sign * t->request.cores;
    c->memory_used += sign * t->request.memory_bytes;
    if (c->running_count == 0)
        c->cores_used = 0;              // no drift from adding and taking away fractions
}

static void reserve(struct core *c, struct core_task *t)
{
    reserve_run(c, t, +1);
    c->disk_used += t->request.disk_bytes;
}

// The disk is free only now: what the attempt left lay there until it was taken.
static void unreserve(struct core *c, struct core_task *t)
{
    if (t->has_left)
        c->left_count--;
    else
        reserve_run(c, t, -1);
    t->has_left = false;
    c->disk_used -= t->request.disk_bytes;
}

// --- ways between the states

static void enqueue(struct core *c, struct core_task *t, bool first)
{
    t->state = STATE_QUEUED;
    c->waiting_count++;
    if (!link_is_linked(&t->queue->link))
        link_append(&c->queues, &t->queue->link);
    link_append(first ? t->queue->waiting.next : &t->queue->waiting, &t->link);
}

static void dequeue(struct core *c, struct core_task *t)
{
    link_remove(&t->link);
    c->waiting_count--;
    if (link_is_empty(&t->queue->waiting))
        link_remove(&t->queue->link);
}

static void leave_ahead(struct core *c, struct core_task *t)
{
    link_remove(&t->link);
    c->ahead_count--;
    t->queue->active--;
}

static void record(struct core_task *t, enum core_state state, enum core_effect_kind kind, struct core_effects *out)
{
    t->state = state;
    effect_of(out, kind, t);
}

static void tell(struct core *c, struct core_task *t, enum core_end end, struct core_effects *out)
{
    emit(out, (struct core_effect){ .kind = CORE_TELL, .task = t, .attempt = t->attempt, .end = end, .cached = t->was_cached,
                                    .timed_out = t->timed_out });
    c->told++;
    if (map_find(&c->leaders, key_str(t)) == t)
        map_remove(&c->leaders, key_str(t));
    // Who waited for the same key looks again: a hit if it went well, else it becomes the next to try.
    struct core_task *leader = NULL;
    LINK_EACH(&t->followers, l) {
        struct core_task *follower = CONTAINER_OF(l, struct core_task, link);
        link_remove(l);
        if (c->stopped) {
            c->waiting_count--;
            tell(c, follower, CORE_END_CANCELLED, out);
            continue;
        }
        if (leader) {
            link_append(&leader->followers, l);
            continue;
        }
        leader = follower;
        c->waiting_count--;
        map_set(&c->leaders, key_str(leader), leader);
        record(leader, STATE_LOOKUP, CORE_LOOKUP, out);
    }
    t->state = STATE_TOLD;
}

static void cancel_waiting(struct core *c, struct core_task *t, struct core_effects *out)
{
    switch (t->state) {
    case STATE_QUEUED: dequeue(c, t); break;
    case STATE_READY: leave_ahead(c, t); break;
    case STATE_HELD: c->waiting_count--; t->queue->active--; break;
    case STATE_RETRY_WAIT: heap_remove(&c->timers, &t->timer); c->waiting_count--; break;
    default: CHECK(!"cancelled in a state that is not waiting");
    }
    tell(c, t, CORE_END_CANCELLED, out);
}

static uint64_t next_random(struct core *c)
{
    c->random ^= c->random << 13, c->random ^= c->random >> 7, c->random ^= c->random << 17;
    return c->random;
}

// Exponential with "equal jitter": half of the delay is fixed, half is drawn.
static Time retry_delay(struct core *c, int attempt)
{
    Time delay = c->config.retry_delay;
    for (int i = 1; i < attempt && delay < c->config.retry_delay_max; i++)
        delay *= 2;
    delay = MIN(delay, c->config.retry_delay_max);
    return delay <= 1 ? delay : delay / 2 + (Time)(next_random(c) % (uint64_t)(delay / 2 + 1));
}

static bool may_retry(struct core *c, struct core_task *t, enum core_ended ended)
{
    int ordinary = MAX(c->config.retries, t->request.retries);
    switch (ended) {
    case ENDED_FAILURE: return t->attempt <= ordinary;
    case ENDED_TEMPORARY: return t->attempt <= MAX(ordinary, TEMPORARY_RETRIES);
    case ENDED_MEMORY: return t->attempt <= (c->config.memory_factor > 1 ? MAX(ordinary, TEMPORARY_RETRIES) : ordinary);
    case ENDED_SUCCESS: case ENDED_PERMANENT: case ENDED_KILLED: return false;
    }
    return false;
}

static void raise_memory(struct core *c, struct core_task *t)
{
    double raised = (double)t->request.memory_bytes * c->config.memory_factor;
    t->request.memory_bytes = MAX(t->request.memory_bytes, MIN((int64_t)raised, c->config.memory_bytes));
}

static bool is_current(const struct core_task *t, const struct core_event *event)
{
    return t->state == STATE_RUNNING && (event->attempt == 0 || event->attempt == t->attempt);
}

static void left(struct core *c, struct core_task *t, const struct core_event *event)
{
    if (!is_current(t, event) || t->has_left)
        return;
    t->has_left = true;
    heap_remove(&c->timers, &t->timer);
    reserve_run(c, t, -1);
    c->left_count++;
}

static void attempt_ended(struct core *c, struct core_task *t, const struct core_event *event, Time now, struct core_effects *out)
{
    enum core_ended ended = event->ended;
    if (!is_current(t, event))
        return;                         // a reply that came again, or late
    heap_remove(&c->timers, &t->timer);
    link_remove(&t->link);
    unreserve(c, t);
    t->queue->active--;
    if (ended == ENDED_SUCCESS) {
        record(t, STATE_RECORDING_DONE, CORE_RECORD_DONE, out);
    } else if (ended == ENDED_KILLED && !t->timed_out) {
        t->cancelled = true;
        record(t, STATE_RECORDING_FAILED, CORE_RECORD_FAILED, out);
    } else if (!c->stopped && !t->timed_out && may_retry(c, t, ended)) {
        effect_of(out, CORE_RECORD_RETRY, t);
        if (ended == ENDED_MEMORY && c->config.memory_factor > 1)
            raise_memory(c, t);
        t->state = STATE_RETRY_WAIT;
        t->killing = false;
        c->waiting_count++;
        heap_push(&c->timers, &t->timer, now + retry_delay(c, t->attempt));
    } else {
        record(t, STATE_RECORDING_FAILED, CORE_RECORD_FAILED, out);
    }
}

static void durable(struct core *c, struct core_task *t, struct core_effects *out)
{
    switch (t->state) {
    case STATE_INTENDING:
        t->state = STATE_READY;
        link_append(&c->ready, &t->link);
        if (c->stopped)
            cancel_waiting(c, t, out);
        break;
    case STATE_RECORDING_CACHED: t->was_cached = true; tell(c, t, CORE_END_DONE, out); break;
    case STATE_RECORDING_DONE: tell(c, t, CORE_END_DONE, out); break;
    case STATE_RECORDING_FAILED: tell(c, t, t->cancelled ? CORE_END_CANCELLED : CORE_END_FAILED, out); break;
    default: CHECK(!"durable in a state that waits for no disk");
    }
}

static void known(struct core *c, struct core_task *t, struct core_effects *out)
{
    if (t->state == STATE_RUNNING) {    // a late hit: START found that somebody else has finished it
        heap_remove(&c->timers, &t->timer);
        link_remove(&t->link);
        unreserve(c, t);
        t->queue->active--;
    }
    record(t, STATE_RECORDING_CACHED, CORE_RECORD_CACHED, out);
}

static void not_ready(struct core *c, struct core_task *t, struct core_effects *out)
{
    CHECK(t->state == STATE_RUNNING);
    heap_remove(&c->timers, &t->timer);
    link_remove(&t->link);
    unreserve(c, t);
    t->state = STATE_HELD;
    c->waiting_count++;                 // not ahead: whoever makes its inputs must find room there
    if (c->stopped)
        cancel_waiting(c, t, out);
}

static struct core_task *submit(struct core *c, const struct core_request *request, struct core_effects *out)
{
    struct core_task *t = xcalloc(1, sizeof *t);
    t->request = *request;
    t->queue = queue_of(c, request->step);
    link_init(&t->followers);
    link_append(&c->all, &t->all);
    if (c->stopped) {
        tell(c, t, CORE_END_CANCELLED, out);
        return t;
    }
    bool is_shared = !request->no_cache && !request->make_again;
    struct core_task *leader = is_shared ? map_find(&c->leaders, key_str(t)) : NULL;
    if (leader) {
        t->state = STATE_FOLLOWING;
        c->waiting_count++;
        link_append(&leader->followers, &t->link);
        return t;
    }
    if (is_shared)
        map_set(&c->leaders, key_str(t), t);
    if (is_shared)
        record(t, STATE_LOOKUP, CORE_LOOKUP, out);
    else
        enqueue(c, t, request->make_again);
    return t;
}

// --- admission

// The step with the fewest tasks under way goes first; among equals the one that waited longest.
static struct core_task *next_queued(struct core *c)
{
    struct step_queue *best = NULL;
    LINK_EACH(&c->queues, l) {
        struct step_queue *q = CONTAINER_OF(l, struct step_queue, link);
        if (best == NULL || q->active < best->active)
            best = q;
    }
    if (best == NULL)
        return NULL;
    link_remove(&best->link);           // to the end: its turn is over
    link_append(&c->queues, &best->link);
    return CONTAINER_OF(best->waiting.next, struct core_task, link);
}

static void intend_ahead(struct core *c, struct core_effects *out)
{
    struct core_task *t;
    while (c->ahead_count < INTEND_AHEAD && (t = next_queued(c)) != NULL) {
        dequeue(c, t);
        c->ahead_count++;
        t->queue->active++;
        t->attempt++;
        record(t, STATE_INTENDING, CORE_INTEND, out);
    }
}

static void start(struct core *c, struct core_task *t, Time now, struct core_effects *out)
{
    link_remove(&t->link);
    c->ahead_count--;
    link_append(&c->running, &t->link);
    reserve(c, t);
    t->killing = t->timed_out = false;
    record(t, STATE_RUNNING, CORE_START, out);
    if (t->request.time_limit > 0)
        heap_push(&c->timers, &t->timer, now + t->request.time_limit);
}

static void start_ready(struct core *c, Time now, struct core_effects *out)
{
    struct core_task *skipped = NULL;
    LINK_EACH(&c->ready, l) {
        struct core_task *t = CONTAINER_OF(l, struct core_task, link);
        if (fits(c, t)) {
            start(c, t, now, out);
            if (skipped)
                skipped->passed_over++;
        } else if (c->running_count >= c->config.max_running || t->passed_over > PASSED_OVER_MAX) {
            break;                      // no slot, or it has been overtaken often enough: wait for room
        } else if (skipped == NULL) {
            skipped = t;
        }
    }
}

// --- everything at once

static void kill_running(struct core *c, bool at_once, struct core_effects *out)
{
    LINK_EACH(&c->running, l) {
        struct core_task *t = CONTAINER_OF(l, struct core_task, link);
        if (t->has_left || (t->killing && !at_once))
            continue;
        t->killing = true;
        emit(out, (struct core_effect){ .kind = CORE_KILL, .task = t, .attempt = t->attempt, .at_once = at_once });
    }
}

static bool is_waiting(const struct core_task *t)
{
    return t->state == STATE_QUEUED || t->state == STATE_READY || t->state == STATE_HELD || t->state == STATE_RETRY_WAIT;
}

static void stop(struct core *c, struct core_effects *out)
{
    if (c->stopped)
        return;
    c->stopped = true;
    LINK_EACH(&c->all, l) {
        struct core_task *t = CONTAINER_OF(l, struct core_task, all);
        if (is_waiting(t))
            cancel_waiting(c, t, out);
    }
}

static void fire_timers(struct core *c, Time now, struct core_effects *out)
{
    struct heap_item *item;
    while ((item = heap_peek(&c->timers)) != NULL && item->order <= now) {
        struct core_task *t = CONTAINER_OF(item, struct core_task, timer);
        heap_remove(&c->timers, item);
        if (t->state == STATE_RETRY_WAIT) {
            c->waiting_count--;
            enqueue(c, t, false);
        } else if (t->state == STATE_RUNNING && !t->killing) {
            t->timed_out = t->killing = true;
            emit(out, (struct core_effect){ .kind = CORE_KILL, .task = t, .attempt = t->attempt, .timed_out = true });
        }
    }
}

void core_step(struct core *c, struct core_event *event, Time now, struct core_effects *out)
{
    struct core_task *t = event->task;
    switch (event->kind) {
    case CORE_SUBMIT: event->task = submit(c, event->request, out); break;
    case CORE_KNOWN: known(c, t, out); break;
    case CORE_UNKNOWN:
        CHECK(t->state == STATE_LOOKUP);
        if (c->stopped)
            tell(c, t, CORE_END_CANCELLED, out);
        else
            enqueue(c, t, false);
        break;
    case CORE_DURABLE: durable(c, t, out); break;
    case CORE_NOT_READY: not_ready(c, t, out); break;
    case CORE_READY:
        if (t->state == STATE_HELD) {
            t->state = STATE_READY;
            c->waiting_count--;
            c->ahead_count++;
            link_append(&c->ready, &t->link);
        }
        break;
    case CORE_LEFT: left(c, t, event); break;
    case CORE_ENDED: attempt_ended(c, t, event, now, out); break;
    case CORE_CANCEL:
        stop(c, out);
        kill_running(c, event->at_once, out);
        break;
    case CORE_STOP: stop(c, out); break;
    case CORE_TICK: break;
    }
    fire_timers(c, now, out);
    if (!c->stopped) {
        start_ready(c, now, out);
        intend_ahead(c, out);
    }
}

Time core_wake_at(const struct core *c)
{
    const struct heap_item *item = heap_peek(&c->timers);
    return item ? item->order : 0;
}

void *core_owner(const struct core_task *t) { return t->request.owner; }
int core_attempt(const struct core_task *t) { return t->attempt; }
int64_t core_memory(const struct core_task *t) { return t->request.memory_bytes; }

struct core_counts core_counts(const struct core *c)
{
    return (struct core_counts){ c->waiting_count + c->ahead_count, c->running_count + c->left_count, c->told };
}
