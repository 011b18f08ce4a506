// SPDX-License-Identifier: Apache-2.0
// Counting what happens in a run. Not the run's record: that is the journal, which `petri show` reads.
#include "view/progress_model.h"

struct progress_task {
    struct progress_step *step;
    Time started;
    char name[];                        // the map's key
};

void progress_model_init(struct progress_model *m, Time now)
{
    *m = (struct progress_model){ .started = now };
}

void progress_model_release(struct progress_model *m)
{
    for (size_t i = 0; i < m->running.len; i++)
        free(m->running.entries[i].value);
    map_release(&m->running);
    map_release(&m->failed);
    map_release(&m->steps);
    arena_release(&m->arena);
}

static struct progress_step *step_get(struct progress_model *m, Str name)
{
    struct progress_step *s = map_find(&m->steps, name);
    if (s)
        return s;
    s = NEW(&m->arena, struct progress_step);
    *s = (struct progress_step){ .name = str_copy(&m->arena, name), .expected = -1 };
    map_set(&m->steps, s->name, s);
    return s;
}

void progress_model_step(struct progress_model *m, Str step, int64_t expected) { step_get(m, step)->expected = expected; }

// The attempt is running no longer; returns how long it ran, 0 if its start was not seen.
static Time forget_running(struct progress_model *m, Str name, Time now)
{
    struct progress_task *task = map_find(&m->running, name);
    if (task == NULL)
        return 0;
    Time took = now - task->started;
    task->step->running--;
    map_remove(&m->running, name);
    free(task);
    return took;
}

// A task that had failed is tried again or answered after all: its failure was not the last word.
static bool forgive(struct progress_model *m, Str name)
{
    struct progress_step *step = map_find(&m->failed, name);
    if (step == NULL)
        return false;
    step->failed--;
    step->retried++;
    map_set(&m->failed, name, NULL);
    return true;
}

static bool start_task(struct progress_model *m, struct progress_step *step, Str name, Time now)
{
    forget_running(m, name, now);
    struct progress_task *task = xmalloc(sizeof *task + name.len);
    *task = (struct progress_task){ .step = step, .started = now };
    memcpy(task->name, name.data, name.len);
    map_set(&m->running, (Str){ task->name, name.len }, task);
    step->running++;
    return forgive(m, name);
}

static void fail_task(struct progress_model *m, struct progress_step *step, Str name)
{
    if (map_find(&m->failed, name))
        return;
    map_set(&m->failed, map_has(&m->failed, name) ? name : str_copy(&m->arena, name), step);
    step->failed++;
}

struct progress_event progress_model_task(struct progress_model *m, Str step, Str name, enum record_type what, bool skipped, Time now)
{
    struct progress_event e = { .step = step_get(m, step) };
    if (what == RECORD_INTENT) {
        e.is_retry = start_task(m, e.step, name, now);
        return e;
    }
    e.took = forget_running(m, name, now);
    if (what == RECORD_FAILED) {
        fail_task(m, e.step, name);
        return e;
    }
    forgive(m, name);
    e.step->cached += what == RECORD_CACHED;
    e.step->done += what == RECORD_DONE || what == RECORD_EVALUATED;
    e.step->skipped += what == RECORD_EVALUATED && skipped;
    if (what == RECORD_DONE && e.took > 0)
        e.step->timed++, e.step->took += e.took;
    return e;
}

int64_t progress_step_total(const struct progress_step *s)
{
    return MAX(s->expected, s->running + s->done + s->cached + s->failed);
}

int64_t progress_step_waiting(const struct progress_step *s)
{
    return progress_step_total(s) - s->running - s->done - s->cached - s->failed;
}

bool progress_time_left(const struct progress_model *m, Time now, Time *left, bool *is_whole)
{
    double work = 0;
    *is_whole = true;
    for (size_t i = 0; i < m->steps.len; i++) {
        const struct progress_step *s = m->steps.entries[i].value;
        int64_t waiting = progress_step_waiting(s);
        if (s->expected < 0 || (waiting + s->running > 0 && s->timed == 0))
            *is_whole = false;
        if (s->timed)
            work += (double)(s->took / s->timed) * (double)waiting;
    }
    for (size_t i = 0; i < m->running.len; i++) {
        const struct progress_task *task = m->running.entries[i].value;
        if (task->step->timed)
            work += (double)MAX(task->step->took / task->step->timed - (now - task->started), 0);
    }
    *left = (Time)(work / (double)MAX(m->running.len, 1u));
    return work > 0;
}

void progress_model_stop(struct progress_model *m)
{
    while (m->running.len)
        forget_running(m, m->running.entries[m->running.len - 1].key, 0);
}
