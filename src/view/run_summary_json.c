// SPDX-License-Identifier: Apache-2.0
// The JSON form of a run's summary. Times are text (UTC), durations seconds.
#include "view/run_summary.h"

#include "view/json_fields.h"

static Value seconds(Time t) { return value_float((double)t / (double)SECOND); }

static Value step_value(struct arena *a, const struct run_step *s)
{
    struct value_builder b = value_map_begin(a);
    json_set_text(&b, STR("step"), s->name);
    value_map_set(&b, STR("expected"), s->expected < 0 ? value_null : value_int(s->expected));
    value_map_set(&b, STR("done"), value_int(s->done));
    value_map_set(&b, STR("cached"), value_int(s->cached));
    value_map_set(&b, STR("failed"), value_int(s->failed));
    value_map_set(&b, STR("retried"), value_int(s->retried));
    value_map_set(&b, STR("evaluated"), value_int(s->evaluated));
    value_map_set(&b, STR("skipped"), value_int(s->skipped));
    value_map_set(&b, STR("seconds"), seconds(s->took));
    value_map_set(&b, STR("peak_memory"), s->peak_memory < 0 ? value_null : value_int(s->peak_memory));
    return value_map_end(&b);
}

static Value known(int64_t n) { return n < 0 ? value_null : value_int(n); }
static Value known_seconds(Time t) { return t < 0 ? value_null : seconds(t); }

// Of the last attempt; nothing where none came to an end.
static void set_measured(struct arena *a, struct value_builder *b, const struct recorded_attempt *at)
{
    if (at == NULL)
        return;
    value_map_set(b, STR("user_seconds"), known_seconds(at->measured.user));
    value_map_set(b, STR("system_seconds"), known_seconds(at->measured.system));
    value_map_set(b, STR("read_bytes"), known(at->measured.read_bytes));
    value_map_set(b, STR("written_bytes"), known(at->measured.written_bytes));
    value_map_set(b, STR("read_chars"), known(at->measured.chars_read));
    value_map_set(b, STR("written_chars"), known(at->measured.chars_written));
    value_map_set(b, STR("peak_virtual"), known(at->measured.peak_virtual_bytes));
    value_map_set(b, STR("io_wait_seconds"), known_seconds(at->measured.io_wait));
    value_map_set(b, STR("sandbox"), at->sandbox.len ? value_string(a, at->sandbox) : value_null);
    if (!value_is_null(at->limit))
        value_map_set(b, STR("limit"), at->limit);
}

static Value task_value(struct arena *a, const struct run_task *t)
{
    struct value_builder b = value_map_begin(a);
    json_set_text(&b, STR("task"), t->name);
    json_set_text(&b, STR("step"), t->step);
    json_set_text(&b, STR("state"), t->state);
    json_set_text(&b, STR("key"), t->key);
    value_map_set(&b, STR("attempts"), value_int(t->attempts));
    value_map_set(&b, STR("seconds"), seconds(t->took));
    value_map_set(&b, STR("peak_memory"), t->peak_memory < 0 ? value_null : value_int(t->peak_memory));
    set_measured(a, &b, t->measured);
    return value_map_end(&b);
}

static Value failure_value(struct arena *a, const struct run_failure *f)
{
    struct value_builder b = value_map_begin(a);
    json_set_text(&b, STR("task"), f->task);
    json_set_text(&b, STR("why"), f->why);
    return value_map_end(&b);
}

static void set_lists(struct value_builder *b, const struct run_summary *s)
{
    Value *steps = NEW_ARRAY(b->arena, Value, s->steps.len), *tasks = NEW_ARRAY(b->arena, Value, s->tasks.len);
    Value *failures = NEW_ARRAY(b->arena, Value, s->failures.len), *warnings = NEW_ARRAY(b->arena, Value, s->warnings.len);
    for (size_t i = 0; i < s->steps.len; i++)
        steps[i] = step_value(b->arena, s->steps.entries[i].value);
    for (size_t i = 0; i < s->tasks.len; i++)
        tasks[i] = task_value(b->arena, s->tasks.entries[i].value);
    for (size_t i = 0; i < s->failures.len; i++)
        failures[i] = failure_value(b->arena, &s->failures.at[i]);
    for (size_t i = 0; i < s->warnings.len; i++)
        warnings[i] = value_string(b->arena, s->warnings.at[i]);
    value_map_set(b, STR("steps"), value_array(b->arena, steps, s->steps.len));
    value_map_set(b, STR("failures"), value_array(b->arena, failures, s->failures.len));
    value_map_set(b, STR("warnings"), value_array(b->arena, warnings, s->warnings.len));
    if (s->detail == RUN_TASKS)
        value_map_set(b, STR("tasks"), value_array(b->arena, tasks, s->tasks.len));
}

Value run_summary_value(struct arena *a, Str run, const struct run_summary *s)
{
    struct value_builder b = value_map_begin(a);
    json_set_text(&b, STR("run"), run);
    json_set_text(&b, STR("status"), str_of(run_status_name(s->status)));
    json_set_text(&b, STR("workflow"), s->workflow);
    json_set_text(&b, STR("outdir"), s->outdir);
    json_set_text(&b, STR("petri"), s->petri);
    json_set_text(&b, STR("host"), s->host);
    json_set_text(&b, STR("user"), s->user);
    json_set_text(&b, STR("owner"), str_of(s->owner));
    value_map_set(&b, STR("starts"), value_int(s->starts));
    json_set_time(&b, STR("first_started"), s->first_started);
    json_set_time(&b, STR("started"), s->started);
    json_set_time(&b, STR("ended"), s->ended);
    value_map_set(&b, STR("seconds"), seconds(run_summary_duration(s, time_now())));
    value_map_set(&b, STR("done"), value_int(s->done));
    value_map_set(&b, STR("cached"), value_int(s->cached));
    value_map_set(&b, STR("failed"), value_int(s->failed));
    value_map_set(&b, STR("retried"), value_int(s->retried));
    value_map_set(&b, STR("evaluated"), value_int(s->evaluated));
    json_set_text(&b, STR("error"), s->error);
    json_set_text(&b, STR("place"), s->place);
    json_set_text(&b, STR("damage"), str_of(s->damage));
    if (s->detail > RUN_BRIEF) {
        set_lists(&b, s);
        value_map_set(&b, STR("inputs"), s->inputs);
        value_map_set(&b, STR("outputs"), s->outputs);
        if (!value_is_null(run_record_last(s->record)->containers))
            value_map_set(&b, STR("containers"), run_record_last(s->record)->containers);
    }
    return value_map_end(&b);
}
