// SPDX-License-Identifier: Apache-2.0
// Folds the journal's records into a summary. It reads and never writes; unknown fields and records are ignored.
#include "view/run_summary.h"

#include "engine/record.h"
#include "journal/journal.h"
#include "value/read.h"

static void release(void *arg)
{
    struct run_summary *s = arg;
    map_release(&s->steps);
    map_release(&s->tasks);
    arena_release(&s->start);
}

struct run_summary *run_summary_new(struct arena *a, enum run_detail detail)
{
    struct run_summary *s = NEW(a, struct run_summary);
    *s = (struct run_summary){ .detail = detail };
    arena_defer(a, release, s);
    return s;
}

static Str kept(struct run_summary *s, Value map, Str key) { return str_copy(&s->start, value_get_str(map, key)); }

// A new start: what the one before it counted is history.
static void begin_start(struct run_summary *s, Value r)
{
    Time first = s->starts ? s->first_started : value_get_int(r, STR("time"), 0);
    int64_t starts = s->starts + 1;
    enum run_detail detail = s->detail;
    release(s);
    *s = (struct run_summary){ .detail = detail, .starts = starts, .first_started = first, .started = value_get_int(r, STR("time"), 0) };
    s->workflow = kept(s, r, STR("workflow"));
    s->language = kept(s, r, STR("language"));
    s->petri = kept(s, r, STR("petri"));
    s->host = kept(s, r, STR("host"));
    s->user = kept(s, r, STR("user"));
    s->outdir = kept(s, r, STR("outdir"));
    s->options = value_copy(&s->start, value_get(r, STR("options")));
    if (detail > RUN_BRIEF)
        s->inputs = value_copy(&s->start, value_get(r, STR("inputs")));
}

static struct run_step *step_of(struct run_summary *s, Value r)
{
    Str name = value_get_str(r, STR("step"));
    struct run_step *step = map_find(&s->steps, name);
    if (step)
        return step;
    step = NEW(&s->start, struct run_step);
    *step = (struct run_step){ .name = str_copy(&s->start, name), .expected = -1, .peak_memory = -1 };
    map_set(&s->steps, step->name, step);
    return step;
}

static struct run_task *task_of(struct run_summary *s, Value r)
{
    Str name = value_get_str(r, STR("name"));
    struct run_task *task = map_find(&s->tasks, name);
    if (task)
        return task;
    task = NEW(&s->start, struct run_task);
    *task = (struct run_task){ .name = str_copy(&s->start, name), .step = step_of(s, r)->name, .key = kept(s, r, STR("key")), .peak_memory = -1 };
    map_set(&s->tasks, task->name, task);
    return task;
}

static void count_measured(struct run_step *step, struct run_task *task, Value r)
{
    Value measured = value_get(r, STR("measured"));
    Time took = value_get_int(measured, STR("wall"), 0);
    int64_t peak = value_get_int(measured, STR("peak_memory"), -1);
    step->took += took;
    step->peak_memory = MAX(step->peak_memory, peak);
    if (task)
        task->took = took, task->peak_memory = peak;
}

static bool is_true(Value v) { return v.kind == VALUE_BOOL && v.boolean; }

static void add_failed(struct run_summary *s, Value r)
{
    bool retry = is_true(value_get(r, STR("retry")));
    if (is_true(value_get(r, STR("cancelled"))))        // it did not fail: the run was ended
        return;
    s->retried += retry;
    s->failed += !retry;
    if (s->detail == RUN_BRIEF)
        return;
    struct run_step *step = step_of(s, r);
    struct run_task *task = s->detail == RUN_TASKS ? task_of(s, r) : NULL;
    Value log_out = value_copy(&s->start, value_get(r, STR("log_out"))), log_err = value_copy(&s->start, value_get(r, STR("log_err")));
    step->retried += retry;
    step->failed += !retry;
    count_measured(step, task, r);
    if (task) {
        task->state = retry ? STR("retrying") : STR("failed");
        task->log_out = log_out, task->log_err = log_err;
    }
    if (!retry)
        vec_push(&s->start, &s->failures, (struct run_failure){ kept(s, r, STR("name")), kept(s, r, STR("why")), log_out, log_err });
}

static void add_task_record(struct run_summary *s, uint8_t type, Value r)
{
    struct run_step *step = step_of(s, r);
    struct run_task *task = s->detail == RUN_TASKS ? task_of(s, r) : NULL;
    step->started += type == RECORD_INTENT;
    step->done += type == RECORD_DONE;
    step->cached += type == RECORD_CACHED;
    if (type == RECORD_DONE)
        count_measured(step, task, r);
    if (task) {
        task->state = type == RECORD_INTENT ? STR("running") : type == RECORD_DONE ? STR("done") : STR("cached");
        task->attempts += type == RECORD_INTENT;
    }
}

static void add_evaluated(struct run_summary *s, Value r)
{
    Value skipped = value_get(r, STR("skipped"));
    step_of(s, r)->evaluated++;
    step_of(s, r)->skipped += skipped.kind == VALUE_BOOL && skipped.boolean;
}

static void add_end(struct run_summary *s, Value r)
{
    Str status = value_get_str(r, STR("status"));
    s->has_ended = true;
    s->status = str_is(status, "done") ? RUN_DONE : str_is(status, "cancelled") ? RUN_CANCELLED : RUN_FAILED;
    s->ended = value_get_int(r, STR("time"), 0);
    s->error = kept(s, r, STR("error"));
    s->place = kept(s, r, STR("place"));
    if (value_has(r, STR("outdir")))
        s->outdir = kept(s, r, STR("outdir"));
    if (s->detail > RUN_BRIEF)
        s->outputs = value_copy(&s->start, value_get(r, STR("outputs")));
}

static void count(struct run_summary *s, uint8_t type)
{
    s->done += type == RECORD_DONE;
    s->cached += type == RECORD_CACHED;
    s->evaluated += type == RECORD_EVALUATED;
}

static void add_record(struct run_summary *s, uint8_t type, Value r)
{
    switch ((enum record_type)type) {
    case RECORD_RUN: begin_start(s, r); break;
    case RECORD_STEP: step_of(s, r)->expected = value_get_int(r, STR("expected"), -1); break;
    case RECORD_INTENT: case RECORD_DONE: case RECORD_CACHED: add_task_record(s, type, r); break;
    case RECORD_FAILED: add_failed(s, r); break;
    case RECORD_EVALUATED: add_evaluated(s, r); break;
    case RECORD_END: add_end(s, r); break;
    case RECORD_WARNING: vec_push(&s->start, &s->warnings, kept(s, r, STR("text"))); break;
    case RECORD_CANCEL: case RECORD_FILES: case RECORD_TOOL: break;
    }
}

bool run_summary_add(struct run_summary *s, uint8_t type, Str payload)
{
    Value r;
    count(s, type);
    bool is_needed = s->detail > RUN_BRIEF || type == RECORD_RUN || type == RECORD_END || type == RECORD_FAILED;
    if (!is_needed)
        return true;
    struct arena scratch = { 0 };
    bool ok = json_parse(&scratch, payload, &r, &s->err);
    if (ok)
        add_record(s, type, r);
    else
        err_wrap(&s->err, "a journal record of type %d", type);
    arena_release(&scratch);
    return ok;
}

void run_summary_finish(struct run_summary *s, bool is_live)
{
    if (!s->has_ended)
        s->status = is_live ? RUN_RUNNING : RUN_INTERRUPTED;
}

static bool visit(void *arg, uint8_t type, Str payload) { return run_summary_add(arg, type, payload); }

bool run_summary_read(struct arena *a, Str dir, enum run_detail detail, struct run_summary **out, struct err *err)
{
    struct run_summary *s = *out = run_summary_new(a, detail);
    struct journal_cursor cursor = { 0 };
    char owner[128] = "", damage[128] = "";
    bool is_live = journal_is_live(dir, owner);         // before reading: an end that comes meanwhile is then seen
    if (!journal_read(dir, &cursor, visit, s, damage, err))
        return false;
    if (s->err.code != ERR_NONE) {
        *err = s->err;
        return err_wrap(err, STR_FMT "/journal", STR_ARG(dir));
    }
    if (s->starts == 0)
        return err_set(err, damage[0] ? ERR_DAMAGED : ERR_NOT_FOUND, STR_FMT ": the journal holds no start of a run%s%s", STR_ARG(dir),
                       damage[0] ? ": " : "", damage);
    run_summary_finish(s, is_live);
    memcpy(s->owner, owner, sizeof s->owner);
    memcpy(s->damage, damage, sizeof s->damage);
    return true;
}

Time run_summary_duration(const struct run_summary *s, Time now)
{
    if (s->status == RUN_RUNNING)
        return MAX(now - s->started, 0);
    return s->ended ? MAX(s->ended - s->started, 0) : 0;
}
