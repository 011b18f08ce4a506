// SPDX-License-Identifier: Apache-2.0
// A Workflow: steps start when all their sources are there; scatter opens a window of calls at a time, so that a million
// elements need a million results in memory but not a million calls. An output of a sub-workflow goes on as soon as its
// own sources are there: what needs the alignments of all samples does not wait for their reports. Values are run_links.c's,
// inputs that come late run_late.c's.
#include "lang/cwl/run_workflow.h"

#define SLICE (50 * MILLISECOND)

static void step_begin(struct step_run *s);
static void step_continue(struct step_run *s);
static void step_call_gave(struct call *call, void *owner, size_t output, Value v);

// --- one call of a step

static void step_call_done(struct call *call, void *owner, enum call_end end);
static void step_retry(struct call *call);

static void step_call(struct step_run *s, struct call *call)
{
    struct err err;
    bool wanted;
    Value before = step_elements(s, &call->arena, (size_t)call->scatter_index);
    if (!step_values(s, call, before, &err) || !step_is_wanted(s, call, &wanted, &err)) {
        if (!call_retry_lost(call, &err, step_retry))
            call_fail(call, "%s", err.text);
        return;
    }
    if (wanted) {
        call_start(call);
        return;
    }
    driver_evaluated(call->e->driver, s->name, call->name, true);
    call->outputs = value_null;
    call_end(call, CALL_DONE);
}

static void step_retry(struct call *call) { step_call(call->owner, call); }

static void step_start_one(struct step_run *s)
{
    struct call *outer = s->w->c;
    size_t index = s->started++;
    struct arena scratch = { 0 };
    Str base = outer->name.len ? str_printf(&scratch, STR_FMT "/" STR_FMT, STR_ARG(outer->name), STR_ARG(s->step->id)) : s->step->id;
    Str name = s->step->scatter_count ? str_printf(&scratch, STR_FMT "[%zu]", STR_ARG(base), index) : base;
    struct call *call = call_new(outer->e, s->step->run, &s->scope, name, s->name, step_call_done, s);
    call->gave = step_call_gave;
    arena_release(&scratch);
    call->scatter_index = (int)index;
    s->running++;
    if (s->late) {
        vec_push(&outer->arena, &s->live, call);
        step_say_pending(s, call);
    }
    step_call(s, call);
}

// --- steps

void workflow_arrive(struct workflow_run *w, struct port *port)
{
    w->running++;                       // nobody takes the workflow for stuck while others can still begin
    for (size_t i = 0; i < port->next.len; i++) {
        struct need *need = &port->next.at[i];
        if (need->late != NOT_LATE)
            step_take_late(need->step, (size_t)need->late);
        else if (--need->step->missing == 0 && (!w->failed || w->c->e->options.keep_going))
            step_begin(need->step);
    }
    w->running--;
}

static void port_set(struct step_run *s, size_t out)
{
    struct workflow_run *w = s->w;
    struct port *port = &s->ports[out];
    struct arena scratch = { 0 };
    port->is_set = true;
    workflow_set(w, str_printf(&scratch, STR_FMT "/" STR_FMT, STR_ARG(s->step->id), STR_ARG(s->step->out[out])), step_combined(s, out));
    arena_release(&scratch);
    workflow_give_early(w);
    workflow_arrive(w, port);
}

// One more of the `total` values of an output.
static void port_take(struct step_run *s, size_t index, size_t out, Value v)
{
    s->results[index * s->step->out_count + out] = value_copy(&s->w->c->arena, v);
    if (++s->ports[out].arrived == s->total)
        port_set(s, out);
}

static void step_end(struct step_run *s, enum step_state state)
{
    CHECK(!s->is_over);
    s->is_over = true;
    s->state = state;
    for (size_t i = 0; state == STEP_DONE && i < s->step->out_count; i++)
        if (!s->ports[i].is_set)        // scattered over nothing
            port_set(s, i);
    s->w->running--;
    s->w->blocked |= state == STEP_BLOCKED;
    workflow_check_end(s->w);
}

void step_fail(struct step_run *s, Str name, Str error)
{
    struct call *c = s->w->c;
    if (c->error.len == 0) {
        c->error = str_printf(&c->arena, STR_FMT ": " STR_FMT, STR_ARG(name), STR_ARG(error));
        if (c->e->place.len == 0)
            c->e->place = span_text(&c->e->arena, s->step->span);
    }
    s->w->failed = true;
    if (s->state == STEP_RUNNING)
        s->state = STEP_FAILED;
}

static void step_begin(struct step_run *s)
{
    struct err err;
    struct evaluation *e = s->w->c->e;
    s->state = STEP_RUNNING;
    s->w->running++;
    if (!step_gather(s, &err) || !step_measure(s, &err)) {
        step_fail(s, s->step->id, str_of(err.text));
        step_end(s, STEP_FAILED);
        return;
    }
    s->results = NEW_ARRAY(&s->w->c->arena, Value, s->total * s->step->out_count + 1);
    if (s->step->run->class_ == CWL_TOOL)
        step_expect(e, s->name, (int64_t)s->total);
    step_continue(s);
}

static void step_again(void *arg)
{
    struct step_run *s = arg;
    s->is_later = false;
    if (!s->is_over && !s->w->c->ended)
        step_continue(s);
}

bool step_can_start(const struct step_run *s) { return !s->is_lost && (!s->w->failed || s->w->c->e->options.keep_going); }

static void step_continue(struct step_run *s)
{
    bool go_on = step_can_start(s);
    Time until = time_steady() + SLICE;
    while (go_on && !s->is_later && s->started < s->total && s->running < WINDOW && !driver_is_over(s->w->c->e->driver)) {
        step_start_one(s);
        s->is_later = s->started < s->total && time_steady() > until;
        if (s->is_later)                // expressions take their time: let the loop look around
            driver_later(s->w->c->e->driver, step_again, s);
    }
    if (s->running > 0 || (go_on && s->started < s->total))
        return;
    step_end(s, s->state == STEP_RUNNING ? STEP_DONE : s->state);
}

// A sub-workflow has this output before its end.
static void step_call_gave(struct call *call, void *owner, size_t output, Value v)
{
    struct step_run *s = owner;
    for (size_t i = 0; i < s->step->out_count && !s->w->c->ended; i++)
        if (str_eq(s->step->out[i], call->process->outputs[output].id))
            port_take(s, (size_t)call->scatter_index, i, v);
}

static bool was_given(const struct call *call, Str id)
{
    const struct cwl_process *p = call->process;
    for (size_t i = 0; call->workflow && i < p->output_count; i++)
        if (call->workflow->given[i] && str_eq(p->outputs[i].id, id))
            return true;
    return false;
}

static void step_call_done(struct call *call, void *owner, enum call_end end)
{
    struct step_run *s = owner;
    struct call *outer = s->w->c;
    s->running--;
    for (size_t i = 0; i < s->live.len; i++)
        if (s->live.at[i] == call)
            s->live.at[i] = s->live.at[--s->live.len];
    switch (end) {
    case CALL_DONE:
        for (size_t i = 0; i < s->step->out_count; i++)
            if (!was_given(call, s->step->out[i]))
                port_take(s, (size_t)call->scatter_index, i, value_get(call->outputs, s->step->out[i]));
        break;
    case CALL_BLOCKED:
        if (s->state == STEP_RUNNING)
            s->state = STEP_BLOCKED;
        break;
    case CALL_FAILED:
        step_fail(s, s->step->scatter_count ? call->name : s->step->id, call->error);
        workflow_check_end(s->w);       // at once, unless we are to keep going
        break;
    case CALL_CANCELLED:
        if (s->state == STEP_RUNNING)
            s->state = STEP_FAILED;
        break;
    }
    // A workflow that failed may have tasks under way that will still be told: its memory stays until the end.
    if (call->workflow == NULL || end == CALL_DONE)
        call_free(call);
    if (!outer->ended)
        step_continue(s);
}

void step_expect(struct evaluation *e, Str step, int64_t more)
{
    struct expected_count *count = map_find(&e->expected, step);
    if (count == NULL) {
        count = NEW(&e->arena, struct expected_count);
        map_set(&e->expected, str_copy(&e->arena, step), count);
    }
    count->tasks += more;
    driver_step(e->driver, step, count->tasks);
}

// --- the workflow

static bool workflow_outputs(struct workflow_run *w, Value *outputs, struct err *err)
{
    struct call *c = w->c;
    struct value_builder b = value_map_begin(&c->arena);
    for (size_t i = 0; i < c->process->output_count; i++) {
        Value v;
        if (!workflow_output(w, &c->process->outputs[i], &v, err)) {
            call_blame(c, c->process->outputs[i].span);
            return false;
        }
        value_map_set(&b, c->process->outputs[i].id, v);
    }
    *outputs = value_map_end(&b);
    return true;
}

static bool is_there(const struct workflow_run *w, const struct cwl_param *p)
{
    for (size_t i = 0; i < p->source_count; i++)
        if (!map_has(&w->values, p->sources[i]))
            return false;
    return p->source_count > 0;
}

// Gives the caller what has become complete. Not where files are updated in place: there order counts, and what a later step
// of this workflow is about to change must not be on its way already. An error is found again, and told, at the end.
void workflow_give_early(struct workflow_run *w)
{
    struct call *c = w->c;
    struct err err;
    Value v;
    if (c->gave == NULL || c->e->has_inplace || w->failed)
        return;
    for (size_t i = 0; i < c->process->output_count; i++) {
        const struct cwl_param *p = &c->process->outputs[i];
        if (w->given[i] || !is_there(w, p) || !workflow_output(w, p, &v, &err))
            continue;
        w->given[i] = true;
        c->gave(c, c->owner, i, v);
    }
}

void workflow_check_end(struct workflow_run *w)
{
    struct call *c = w->c;
    struct err err;
    bool stop_now = w->failed && !c->e->options.keep_going, waits = w->running > 0 || (w->pending > 0 && !w->is_lost);
    if (!c->ended && waits && !stop_now)
        workflow_check_stuck(w);
    if (c->ended || (waits && !stop_now))
        return;
    if (w->failed)
        call_end(c, CALL_FAILED);
    else if (w->blocked)
        call_end(c, CALL_BLOCKED);
    else if (!workflow_outputs(w, &c->outputs, &err))
        call_fail(c, "%s", err.text);
    else
        call_end(c, CALL_DONE);
}

static struct step_run *step_named(struct workflow_run *w, Str id)
{
    for (size_t i = 0; i < w->c->process->step_count; i++)
        if (str_eq(w->steps[i].step->id, id))
            return &w->steps[i];
    return NULL;
}

static struct port *port_named(struct step_run *s, Str out)
{
    for (size_t i = 0; i < s->step->out_count; i++)
        if (str_eq(s->step->out[i], out))
            return &s->ports[i];
    return NULL;
}

// The port that a source is, or NULL: an input of the workflow that is there.
static struct port *source_port(struct workflow_run *w, Str source)
{
    if (!str_has(source, '/')) {
        size_t input = process_input_index(w->c->process, source);
        return w->c->pending && w->c->pending[input] ? &w->inputs[input] : NULL;
    }
    struct step_run *from = step_named(w, str_cut(&source, '/'));
    struct port *port = from ? port_named(from, source) : NULL;
    CHECK(port);                        // check.c has seen to it
    return port;
}

static void connect(struct workflow_run *w, struct step_run *s)
{
    struct arena *a = &w->c->arena;
    for (size_t i = 0; i < s->step->in_count; i++) {
        bool is_late = step_may_be_late(w, s->step, &s->step->in[i]);
        for (size_t j = 0; j < s->step->in[i].source_count; j++) {
            struct port *port = source_port(w, s->step->in[i].sources[j]);
            if (port == NULL)
                continue;
            vec_push(a, &port->next, ((struct need){ s, is_late ? (int)i : NOT_LATE }));
            if (is_late && s->late == NULL)
                s->late = NEW_ARRAY(a, size_t, s->step->in_count + 1);
            *(is_late ? &s->late[i] : &s->missing) += 1;
        }
    }
}

static void release_values(void *arg) { map_release(arg); }

void workflow_start(struct call *c)
{
    struct workflow_run *w = NEW(&c->arena, struct workflow_run);
    const struct cwl_process *p = c->process;
    w->c = c;
    arena_defer(&c->arena, release_values, &w->values);
    w->steps = NEW_ARRAY(&c->arena, struct step_run, p->step_count + 1);
    w->given = NEW_ARRAY(&c->arena, bool, p->output_count + 1);
    w->inputs = NEW_ARRAY(&c->arena, struct port, p->input_count + 1);
    struct err err;
    for (size_t i = 0; i < p->input_count; i++) {
        const struct cwl_param *in = &p->inputs[i];
        if (c->pending && c->pending[i]) {
            w->pending++;
            continue;
        }
        Value v = value_get(c->inputs, in->id);
        bool contents = in->load_contents || (in->binding && in->binding->load_contents);
        if (contents && !load_value(c->e, &c->arena, v, true, CWL_NO_LISTING, p->version, &v, &err)) {
            if (!call_retry_lost(c, &err, workflow_start))
                call_fail(c, "%s", err.text);
            return;
        }
        workflow_set(w, in->id, v);
    }
    c->workflow = w;
    for (size_t i = 0; i < p->step_count; i++) {
        struct step_run *s = &w->steps[i];
        s->step = &p->steps[i];
        s->w = w;
        s->ports = NEW_ARRAY(&c->arena, struct port, s->step->out_count + 1);
        s->scope = (struct scope){ &s->step->requirements, &s->step->hints, &c->scope };
        s->name = c->step.len ? str_printf(&c->arena, STR_FMT "/" STR_FMT, STR_ARG(c->step), STR_ARG(s->step->id)) : s->step->id;
        if (s->step->run->class_ == CWL_TOOL && c == c->e->main)
            driver_step(c->e->driver, s->name, -1);
    }
    for (size_t i = 0; i < p->step_count; i++)
        connect(w, &w->steps[i]);
    w->running = 1;                     // until all that can begin has begun
    for (size_t i = 0; i < p->step_count; i++)
        if (w->steps[i].missing == 0 && w->steps[i].state == STEP_WAITING && (!w->failed || c->e->options.keep_going))
            step_begin(&w->steps[i]);
    w->running--;
    workflow_check_end(w);
}
