// SPDX-License-Identifier: Apache-2.0
// Late inputs. A sub-workflow begins before all its inputs are there, where nothing but its own steps looks at them: trimming does not wait for the
// aligner's index. If such an input never comes, since what makes it failed or is only tried (--dry-run), all that runs is stuck at last, waiting for
// late inputs: then they are lost, and who waits for them is blocked.
#include "lang/cwl/run_workflow.h"

bool step_is_pending(const struct step_run *s, size_t input) { return s->late && s->late[input] > 0; }

static bool uses_input(const struct cwl_step *step, Str id)
{
    for (size_t i = 0; i < step->in_count; i++)
        for (size_t j = 0; j < step->in[i].source_count; j++)
            if (str_eq(step->in[i].sources[j], id))
                return true;
    return false;
}

// Steps of the sub-workflow that do not look at an input can go on without it; nothing else may look at it.
bool step_may_be_late(const struct workflow_run *w, const struct cwl_step *step, const struct cwl_step_input *in)
{
    const struct cwl_process *p = step->run;
    size_t index = process_input_index(p, in->id), users = 0;
    if (p->class_ != CWL_WORKFLOW || index == p->input_count || step->has_when || w->c->e->has_inplace)
        return false;
    const struct cwl_param *to = &p->inputs[index];
    if (in->load_contents || in->load_listing != CWL_LISTING_UNSET || to->load_contents || (to->binding && to->binding->load_contents))
        return false;
    if (step_is_scattered(step, in->id))
        return false;
    for (size_t i = 0; i < step->in_count; i++)
        if (step->in[i].has_value_from)
            return false;
    for (size_t i = 0; i < p->step_count; i++)          // in a workflow in the workflow it may be late too
        users += p->steps[i].run->class_ != CWL_WORKFLOW && uses_input(&p->steps[i], in->id);
    return users < p->step_count;
}

// Tells a call which of its inputs are still to come.
void step_say_pending(const struct step_run *s, struct call *call)
{
    call->pending = NEW_ARRAY(&call->arena, bool, call->process->input_count + 1);
    for (size_t i = 0; i < s->step->in_count; i++)
        if (step_is_pending(s, i))
            call->pending[process_input_index(call->process, s->step->in[i].id)] = true;
}

// --- they come

static void lose_calls(struct step_run *s);

// An input that was late is there.
static void workflow_take(struct call *c, size_t input, Value v)
{
    struct err err;
    struct workflow_run *w = c->workflow;
    const struct cwl_param *p = &c->process->inputs[input];
    if (c->ended)
        return;
    bool ok = input_complete(c, p, v, &v, &err);
    c->pending[input] = false;
    struct value_builder b = value_map_begin(&c->arena);
    value_map_copy(&b, c->inputs);
    value_map_set(&b, p->id, ok ? v : value_null);
    c->inputs = value_map_end(&b);
    if (w == NULL)                      // it has not begun: bytes are being made again
        return;
    w->pending--;
    if (ok) {
        workflow_set(w, p->id, v);
        workflow_give_early(w);
        workflow_arrive(w, &w->inputs[input]);
    } else {
        c->error = str_copy(&c->arena, str_of(err.text));
        w->failed = true;
    }
    workflow_check_end(w);
}

// The value of an input that came while its step was under way, for the calls that are and those to come.
void step_take_late(struct step_run *s, size_t input)
{
    struct err err;
    Value v;
    const struct cwl_step_input *in = &s->step->in[input];
    if (--s->late[input] > 0 || s->state == STEP_WAITING || s->is_over)
        return;
    if (!step_gather_input(s, in, &v, &err)) {
        step_fail(s, s->step->id, str_of(err.text));
        lose_calls(s);
        return;
    }
    struct value_builder b = value_map_begin(&s->w->c->arena);
    value_map_copy(&b, s->inputs);
    value_map_set(&b, in->id, v);
    s->inputs = value_map_end(&b);
    for (size_t i = 0; i < s->live.len; i++)
        workflow_take(s->live.at[i], process_input_index(s->step->run, in->id), v);
}

// --- they never come

static bool workflow_is_stuck(const struct workflow_run *w);

// Does it do nothing but wait for late inputs?
static bool step_is_stuck(const struct step_run *s)
{
    bool waits = false;
    for (size_t i = 0; i < s->step->in_count; i++)
        waits |= step_is_pending(s, i);
    if (!waits || s->is_later || s->running != s->live.len || (step_can_start(s) && s->started < s->total && s->running < WINDOW))
        return false;
    for (size_t i = 0; i < s->live.len; i++)
        if (s->live.at[i]->ended || s->live.at[i]->workflow == NULL || !workflow_is_stuck(s->live.at[i]->workflow))
            return false;
    return true;
}

static bool is_under_way(const struct step_run *s) { return s->state != STEP_WAITING && !s->is_over; }

static bool workflow_is_stuck(const struct workflow_run *w)
{
    size_t stuck = 0;
    for (size_t i = 0; i < w->c->process->step_count; i++) {
        if (is_under_way(&w->steps[i]) && !step_is_stuck(&w->steps[i]))
            return false;
        stuck += is_under_way(&w->steps[i]);
    }
    return stuck == w->running && (stuck > 0 || w->pending > 0);
}

static void lose_calls(struct step_run *s)
{
    s->is_lost = true;
    if (s->state == STEP_RUNNING)
        s->state = STEP_BLOCKED;
    for (size_t i = 0; i < s->live.len; i++) {
        struct workflow_run *w = s->live.at[i]->workflow;
        if (w == NULL || w->is_lost || s->live.at[i]->ended)
            continue;
        w->is_lost = w->blocked = true;
        for (size_t j = 0; j < w->c->process->step_count; j++)
            if (is_under_way(&w->steps[j]) && step_is_stuck(&w->steps[j]))
                lose_calls(&w->steps[j]);
        workflow_check_end(w);
    }
}

// What a stuck workflow waits for may still come to the one around it.
void workflow_check_stuck(struct workflow_run *w)
{
    while (workflow_is_stuck(w) && w->pending > 0 && !w->is_lost)
        w = ((struct step_run *)w->c->owner)->w;
    if (!workflow_is_stuck(w))
        return;
    for (size_t i = 0; i < w->c->process->step_count; i++)
        if (is_under_way(&w->steps[i]) && !w->steps[i].is_lost)
            lose_calls(&w->steps[i]);
}
