// SPDX-License-Identifier: Apache-2.0
// Adds up a run's record (run_record.c, which alone reads journals) for the last start.
#include "view/run_summary.h"

static void release(void *arg)
{
    struct run_summary *s = arg;
    map_release(&s->steps);
    map_release(&s->tasks);
}

struct run_summary *run_summary_new(struct arena *a, enum run_detail detail)
{
    struct run_summary *s = NEW(a, struct run_summary);
    *s = (struct run_summary){ .detail = detail, .record = run_record_new(a, (Str){ 0 }) };
    s->record->is_brief = detail == RUN_BRIEF;
    arena_defer(a, release, s);
    return s;
}

bool run_summary_add(struct run_summary *s, uint8_t type, Str payload)
{
    if (run_record_add(s->record, type, payload))
        return true;
    s->err = s->record->err;
    return false;
}

// --- steps and tasks

static struct run_step *add_step(struct run_summary *s, const struct recorded_step *from)
{
    struct run_step *step = NEW(s->record->arena, struct run_step);
    *step = (struct run_step){ .name = from->name, .expected = from->expected, .peak_memory = -1, .evaluated = from->evaluated,
                               .skipped = from->skipped };
    map_set(&s->steps, step->name, step);
    return step;
}

static Str state_name(const struct recorded_attempt *at)
{
    return at->state == RECORDED_FAILED && at->is_retried ? STR("retrying") : str_of(recorded_state_name(at->state));
}

static void count_attempt(struct run_summary *s, struct run_step *step, const struct recorded_task *t, const struct recorded_attempt *at)
{
    bool is_failed = at->state == RECORDED_FAILED;
    step->started += at->was_started;
    step->done += at->state == RECORDED_DONE;
    step->cached += at->state == RECORDED_CACHED;
    step->retried += is_failed && at->is_retried;
    step->failed += is_failed && !at->is_retried;
    if (at->state == RECORDED_DONE || is_failed) {
        step->took += MAX(at->measured.wall, 0);
        step->peak_memory = MAX(step->peak_memory, at->measured.peak_memory_bytes);
    }
    if (is_failed && !at->is_retried)
        vec_push(s->record->arena, &s->failures, (struct run_failure){ t->name, at->why, at->log_out, at->log_err });
}

static void add_task(struct run_summary *s, struct run_step *step, const struct recorded_task *t)
{
    const struct recorded_attempt *last = recorded_task_last(t);
    struct run_task *task = NEW(s->record->arena, struct run_task);
    *task = (struct run_task){ .name = t->name, .step = step->name, .key = t->key, .state = state_name(last), .peak_memory = -1,
                               .log_out = last->log_out, .log_err = last->log_err };
    if (last->state == RECORDED_DONE || last->state == RECORDED_FAILED)
        task->took = MAX(last->measured.wall, 0), task->peak_memory = last->measured.peak_memory_bytes, task->measured = last;
    for (size_t i = 0; i < t->attempts.len; i++)
        task->attempts += t->attempts.at[i].start == last->start && t->attempts.at[i].was_started;
    map_set(&s->tasks, task->name, task);
}

static void add_steps(struct run_summary *s)
{
    const struct run_record *r = s->record;
    for (size_t i = 0; i < r->steps.len; i++) {
        const struct recorded_step *from = r->steps.entries[i].value;
        if (from->start == r->starts.len - 1)           // else the workflow has lost it since
            add_step(s, from);
    }
    for (size_t i = 0; i < r->tasks.len; i++) {
        const struct recorded_task *t = r->tasks.entries[i].value;
        struct run_step *step = map_find(&s->steps, t->step->name);
        if (!recorded_task_is_current(r, t))
            continue;
        for (size_t k = 0; k < t->attempts.len; k++)
            if (t->attempts.at[k].start == r->starts.len - 1)
                count_attempt(s, step, t, &t->attempts.at[k]);
        if (s->detail == RUN_TASKS)
            add_task(s, step, t);
    }
}

// --- the run

void run_summary_finish(struct run_summary *s, bool is_live)
{
    struct run_record *r = s->record;
    run_record_finish(r, is_live);
    if (r->starts.len == 0)
        return;
    const struct recorded_start *last = run_record_last(r);
    s->status = r->status;
    s->workflow = last->workflow, s->language = last->language, s->petri = last->petri, s->host = last->host, s->user = last->user;
    s->outdir = last->outdir, s->error = last->error, s->place = last->place;
    s->first_started = r->starts.at[0].started, s->started = last->started, s->ended = last->ended;
    s->starts = (int64_t)r->starts.len;
    s->done = last->done, s->cached = last->cached, s->failed = last->failed, s->retried = last->retried, s->evaluated = last->evaluated;
    s->inputs = last->inputs, s->options = last->options, s->outputs = last->outputs;
    s->warnings.at = r->warnings.at, s->warnings.len = r->warnings.len;
    memcpy(s->owner, r->owner, sizeof s->owner);
    memcpy(s->damage, r->damage, sizeof s->damage);
    if (s->detail > RUN_BRIEF)
        add_steps(s);
}

bool run_summary_read(struct arena *a, Str dir, enum run_detail detail, struct run_summary **out, struct err *err)
{
    struct run_summary *s = *out = run_summary_new(a, detail);
    bool ok = detail == RUN_BRIEF ? run_record_read_brief(a, dir, &s->record, err) : run_record_read(a, dir, &s->record, err);
    if (ok)
        run_summary_finish(s, s->record->status == RUN_RUNNING);
    return ok;
}

Time run_summary_duration(const struct run_summary *s, Time now)
{
    if (s->status == RUN_RUNNING)
        return MAX(now - s->started, 0);
    return s->ended ? MAX(s->ended - s->started, 0) : 0;
}
