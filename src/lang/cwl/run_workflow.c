// SPDX-License-Identifier: Apache-2.0
// A Workflow: steps start when all their sources are there; scatter opens a window of calls at a time, so that a million
// elements need a million results in memory but not a million calls. An output of a sub-workflow goes on as soon as its
// own sources are there: what needs the alignments of all samples does not wait for their reports.
#include "lang/cwl/run.h"

enum { WINDOW = 512, COMBINATIONS_MAX = 50000000 };
#define SLICE (50 * MILLISECOND)

struct step_run;
struct port {                           // an output of a step
    size_t arrived;                     // values, of `total`
    bool is_set;
    VEC(struct step_run *) next;        // steps that wait for it, once for each source
};
enum step_state { STEP_WAITING, STEP_RUNNING, STEP_DONE, STEP_FAILED, STEP_BLOCKED };
struct step_run {
    const struct cwl_step *step;
    struct workflow_run *w;
    struct scope scope;                 // of the step, for what it runs
    Str name;                           // of the step, as tasks show it
    enum step_state state;
    size_t missing;                     // ports that it waits for
    struct port *ports;                 // out_count
    Value inputs;                       // gathered, before scatter and valueFrom
    // scatter (a step without is one of a single element)
    bool is_later;                      // step_again() will come
    bool is_over;
    size_t dims[8], dim_count, total, started, running;
    Value *results;                     // total × out_count, in order
};
struct workflow_run {
    struct call *c;
    struct step_run *steps;
    size_t running;                     // steps under way
    struct map values;                  // "input" or "step/output" -> Value *
    bool *given;                        // which outputs the caller has had already
    bool failed, blocked;
};

static void step_begin(struct step_run *s);
static void step_continue(struct step_run *s);
static void give_early(struct workflow_run *w);
static void step_call_gave(struct call *call, void *owner, size_t output, Value v);

static void set_value(struct workflow_run *w, Str name, Value v)
{
    struct arena *a = &w->c->arena;
    Value *slot = map_find(&w->values, name);
    if (slot) {
        *slot = v;
        return;
    }
    slot = arena_copy(a, &v, sizeof v);
    map_set(&w->values, str_copy(a, name), slot);
}

static Value get_value(const struct workflow_run *w, Str name)
{
    const Value *v = map_find(&w->values, name);
    return v ? *v : value_null;
}

// --- links: several sources into one value

static Value merged(struct arena *a, const struct workflow_run *w, const Str *sources, size_t count, enum cwl_link_merge merge)
{
    if (count == 1 && merge == CWL_MERGE_UNSET)
        return get_value(w, sources[0]);
    VEC(Value) list = { 0 };
    for (size_t i = 0; i < count; i++) {
        Value v = get_value(w, sources[i]);
        bool is_flat = merge == CWL_MERGE_FLATTENED && v.kind == VALUE_ARRAY;
        for (size_t j = 0; is_flat && j < value_len(v); j++)
            vec_push(a, &list, value_at(v, j));
        if (!is_flat)
            vec_push(a, &list, v);
    }
    return value_array(a, list.at, list.len);
}

static bool picked(struct arena *a, enum cwl_pick pick, Value v, Value *out, struct err *err)
{
    *out = v;
    if (pick == CWL_PICK_NONE || v.kind != VALUE_ARRAY)
        return true;
    VEC(Value) some = { 0 };
    for (size_t i = 0; i < value_len(v); i++)
        if (!value_is_null(value_at(v, i)))
            vec_push(a, &some, value_at(v, i));
    if (pick == CWL_PICK_ALL_NON_NULL) {
        *out = value_array(a, some.at, some.len);
        return true;
    }
    if (some.len == 0)
        return err_set(err, ERR_INVALID, "pickValue %s: all %zu sources are null",
                       pick == CWL_PICK_FIRST_NON_NULL ? "first_non_null" : "the_only_non_null", value_len(v));
    if (pick == CWL_PICK_THE_ONLY_NON_NULL && some.len > 1)
        return err_set(err, ERR_INVALID, "pickValue the_only_non_null: %zu of the sources are not null", some.len);
    *out = some.at[0];
    return true;
}

static bool gather(struct step_run *s, struct err *err)
{
    struct call *c = s->w->c;
    struct value_builder b = value_map_begin(&c->arena);
    for (size_t i = 0; i < s->step->in_count; i++) {
        const struct cwl_step_input *in = &s->step->in[i];
        Value v = in->source_count ? merged(&c->arena, s->w, in->sources, in->source_count,
                                            in->link_merge == CWL_MERGE_UNSET && in->source_count > 1 ? CWL_MERGE_NESTED : in->link_merge)
                                   : value_null;
        if (!picked(&c->arena, in->pick_value, v, &v, err))
            return err_wrap(err, "input '" STR_FMT "'", STR_ARG(in->id));
        if (value_is_null(v) && in->has_default && !flow_value(c->e, &c->arena, in->default_value, &v, err))
            return false;
        value_map_set(&b, in->id, v);
    }
    s->inputs = value_map_end(&b);
    return true;
}

// --- scatter

static bool measure(struct step_run *s, struct err *err)
{
    const struct cwl_step *step = s->step;
    s->total = 1;
    s->dim_count = 0;
    if (step->scatter_count > LEN(s->dims))
        return err_set(err, ERR_LIMIT, "scatter over more than %zu inputs", LEN(s->dims));
    for (size_t i = 0; i < step->scatter_count; i++) {
        Value v = value_get(s->inputs, step->scatter[i]);
        if (v.kind != VALUE_ARRAY)
            return err_set(err, ERR_INVALID, "scatter over '" STR_FMT "': it is %s, expected an array",
                           STR_ARG(step->scatter[i]), value_kind_name(v.kind));
        size_t len = value_len(v);
        if (step->scatter_method == CWL_DOTPRODUCT && i > 0 && len != s->dims[0])
            return err_set(err, ERR_INVALID, "scatter (dotproduct): '" STR_FMT "' has %zu elements and '" STR_FMT "' has %zu; they must be the same",
                           STR_ARG(step->scatter[0]), s->dims[0], STR_ARG(step->scatter[i]), len);
        s->dims[s->dim_count++] = len;
        if (step->scatter_method != CWL_DOTPRODUCT && __builtin_mul_overflow(s->total, len, &s->total))
            return err_set(err, ERR_LIMIT, "scatter: too many combinations");
    }
    if (step->scatter_count && step->scatter_method == CWL_DOTPRODUCT)
        s->total = s->dims[0];
    if (s->total > COMBINATIONS_MAX)
        return err_set(err, ERR_LIMIT, "scatter: %zu combinations; at most %d can be run", s->total, COMBINATIONS_MAX);
    return true;
}

// Which element of scattered input `which` the `index`th call gets.
static size_t element_index(const struct step_run *s, size_t which, size_t index)
{
    if (s->step->scatter_method == CWL_DOTPRODUCT)
        return index;
    for (size_t i = s->dim_count - 1; i > which; i--)
        index /= s->dims[i];
    return index % s->dims[which];
}

static Value with_elements(struct step_run *s, struct arena *a, size_t index)
{
    if (s->step->scatter_count == 0)
        return s->inputs;
    struct value_builder b = value_map_begin(a);
    value_map_copy(&b, s->inputs);
    for (size_t i = 0; i < s->step->scatter_count; i++) {
        Value list = value_get(s->inputs, s->step->scatter[i]);
        value_map_set(&b, s->step->scatter[i], value_at(list, element_index(s, i, index)));
    }
    return value_map_end(&b);
}

static Value nested(struct step_run *s, struct arena *a, size_t out, size_t dim, size_t *index)
{
    if (dim == s->dim_count)
        return s->results[(*index)++ * s->step->out_count + out];
    Value *items = NEW_ARRAY(a, Value, s->dims[dim] + 1);
    for (size_t i = 0; i < s->dims[dim]; i++)
        items[i] = nested(s, a, out, dim + 1, index);
    return value_array_of(a, items, s->dims[dim]);
}

static Value combined(struct step_run *s, size_t out)
{
    struct arena *a = &s->w->c->arena;
    if (s->step->scatter_count == 0)
        return s->results[out];
    size_t index = 0;
    if (s->step->scatter_method == CWL_NESTED_CROSSPRODUCT)
        return nested(s, a, out, 0, &index);
    Value *items = NEW_ARRAY(a, Value, s->total + 1);
    for (size_t i = 0; i < s->total; i++)
        items[i] = s->results[i * s->step->out_count + out];
    return value_array_of(a, items, s->total);
}

// --- one call of a step

static bool step_values(struct step_run *s, struct call *call, Value before, struct err *err)
{
    struct evaluation *e = call->e;
    struct arena *a = &call->arena;
    enum cwl_version version = s->w->c->process->version;
    struct value_builder loaded = value_map_begin(a), after = value_map_begin(a);
    bool any = false;
    for (size_t i = 0; i < s->step->in_count; i++) {
        const struct cwl_step_input *in = &s->step->in[i];
        Value v = value_get(before, in->id);
        if ((in->load_contents || in->load_listing != CWL_LISTING_UNSET)
            && !load_value(e, a, v, in->load_contents, listing_of(in->load_listing, e, &s->scope, version), version, &v, err))
            return err_wrap(err, "input '" STR_FMT "'", STR_ARG(in->id));
        any |= in->has_value_from;
        value_map_set(&loaded, in->id, v);
    }
    call->inputs = value_map_end(&loaded);
    if (!any)
        return true;
    struct expr_context x = scope_expr(e, &s->scope, version, a, call->inputs, value_null, value_null);
    for (size_t i = 0; i < s->step->in_count; i++) {
        const struct cwl_step_input *in = &s->step->in[i];
        Value v = value_get(call->inputs, in->id);
        if (in->has_value_from) {
            if (!expr_any(&x, value_string(a, in->value_from), v, &v, err) || !flow_value(e, a, v, &v, err))
                return err_wrap(err, "input '" STR_FMT "', valueFrom", STR_ARG(in->id));
        }
        value_map_set(&after, in->id, v);
    }
    call->inputs = value_map_end(&after);
    return true;
}

static bool is_wanted(struct step_run *s, struct call *call, bool *wanted, struct err *err)
{
    Value v;
    *wanted = true;
    if (!s->step->has_when)
        return true;
    struct expr_context x = scope_expr(call->e, &s->scope, s->w->c->process->version, &call->arena, call->inputs, value_null, value_null);
    if (!expr_any(&x, value_string(&call->arena, s->step->when), value_null, &v, err))
        return err_wrap(err, "when");
    if (v.kind != VALUE_BOOL)
        return err_set(err, ERR_INVALID, "when: the expression gives %s, expected true or false", value_kind_name(v.kind));
    *wanted = v.boolean;
    return true;
}

static void step_call_done(struct call *call, void *owner, enum call_end end);

static void step_retry(struct call *call);

static void step_call(struct step_run *s, struct call *call)
{
    struct err err;
    bool wanted;
    Value before = with_elements(s, &call->arena, (size_t)call->scatter_index);
    if (!step_values(s, call, before, &err) || !is_wanted(s, call, &wanted, &err)) {
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
    step_call(s, call);
}

// --- steps

static void workflow_check_end(struct workflow_run *w);

static void port_set(struct step_run *s, size_t out)
{
    struct workflow_run *w = s->w;
    struct port *port = &s->ports[out];
    struct arena scratch = { 0 };
    port->is_set = true;
    set_value(w, str_printf(&scratch, STR_FMT "/" STR_FMT, STR_ARG(s->step->id), STR_ARG(s->step->out[out])), combined(s, out));
    arena_release(&scratch);
    give_early(w);
    for (size_t i = 0; i < port->next.len; i++) {
        struct step_run *next = port->next.at[i];
        if (--next->missing == 0 && (!w->failed || w->c->e->options.keep_going))
            step_begin(next);
    }
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

static void step_fail(struct step_run *s, Str name, Str error)
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
    if (!gather(s, &err) || !measure(s, &err)) {
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

static void step_continue(struct step_run *s)
{
    bool go_on = !s->w->failed || s->w->c->e->options.keep_going;
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

static bool workflow_output(struct workflow_run *w, const struct cwl_param *p, Value *out, struct err *err)
{
    struct call *c = w->c;
    enum cwl_link_merge merge = p->link_merge == CWL_MERGE_UNSET && p->source_count > 1 ? CWL_MERGE_NESTED : p->link_merge;
    Value v = p->source_count ? merged(&c->arena, w, p->sources, p->source_count, merge) : value_null;
    return picked(&c->arena, p->pick_value, v, out, err) || err_wrap(err, "output '" STR_FMT "'", STR_ARG(p->id));
}

static bool workflow_outputs(struct workflow_run *w, Value *outputs, struct err *err)
{
    struct call *c = w->c;
    struct value_builder b = value_map_begin(&c->arena);
    for (size_t i = 0; i < c->process->output_count; i++) {
        Value v;
        if (!workflow_output(w, &c->process->outputs[i], &v, err))
            return false;
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
static void give_early(struct workflow_run *w)
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

static void workflow_check_end(struct workflow_run *w)
{
    struct call *c = w->c;
    struct err err;
    bool stop_now = w->failed && !c->e->options.keep_going;
    if (c->ended || (w->running > 0 && !stop_now))
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

static void connect(struct workflow_run *w, struct step_run *s)
{
    struct arena *a = &w->c->arena;
    for (size_t i = 0; i < s->step->in_count; i++)
        for (size_t j = 0; j < s->step->in[i].source_count; j++) {
            Str rest = s->step->in[i].sources[j];
            if (!str_has(rest, '/'))
                continue;
            struct step_run *from = step_named(w, str_cut(&rest, '/'));
            struct port *port = from ? port_named(from, rest) : NULL;
            CHECK(port);                // check.c has seen to it
            vec_push(a, &port->next, s);
            s->missing++;
        }
}

static void release_values(void *arg) { map_release(arg); }

void workflow_start(struct call *c)
{
    struct workflow_run *w = NEW(&c->arena, struct workflow_run);
    const struct cwl_process *p = c->process;
    c->workflow = w;
    w->c = c;
    arena_defer(&c->arena, release_values, &w->values);
    w->steps = NEW_ARRAY(&c->arena, struct step_run, p->step_count + 1);
    w->given = NEW_ARRAY(&c->arena, bool, p->output_count + 1);
    struct err err;
    for (size_t i = 0; i < p->input_count; i++) {
        const struct cwl_param *in = &p->inputs[i];
        Value v = value_get(c->inputs, in->id);
        bool contents = in->load_contents || (in->binding && in->binding->load_contents);
        if (contents && !load_value(c->e, &c->arena, v, true, CWL_NO_LISTING, p->version, &v, &err)) {
            if (!call_retry_lost(c, &err, workflow_start))
                call_fail(c, "%s", err.text);
            return;
        }
        set_value(w, in->id, v);
    }
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
