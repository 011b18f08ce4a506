// SPDX-License-Identifier: Apache-2.0
// A Workflow: steps start when all their sources are there; scatter opens a window of calls at a time, so that a million
// elements need a million results in memory but not a million calls. An output of a sub-workflow goes on as soon as its
// own sources are there: what needs the alignments of all samples does not wait for their reports. And a sub-workflow begins
// before all its inputs are there, where nothing but its own steps looks at them: trimming does not wait for the aligner's index. Such an
// input is late. If it never comes, since what makes it failed or is only tried (--dry-run), all that runs is stuck at last, waiting for late inputs:
// then they are lost, and who waits for them is blocked.
#include "lang/cwl/run.h"

enum { WINDOW = 512, COMBINATIONS_MAX = 50000000 };
#define SLICE (50 * MILLISECOND)

enum { NOT_LATE = -1 };
struct step_run;
struct need {
    struct step_run *step;
    int late;                           // the step's input that may come late; NOT_LATE: the step waits for it
};
struct port {                           // an output of a step, or an input of the workflow that is late
    size_t arrived;                     // values, of `total`
    bool is_set;
    VEC(struct need) next;              // once for each source
};
enum step_state { STEP_WAITING, STEP_RUNNING, STEP_DONE, STEP_FAILED, STEP_BLOCKED };
struct step_run {
    const struct cwl_step *step;
    struct workflow_run *w;
    struct scope scope;                 // of the step, for what it runs
    Str name;                           // of the step, as tasks show it
    enum step_state state;
    size_t missing;                     // ports that it waits for
    size_t *late;                       // in_count: ports missing of an input that may come late; NULL: none may
    bool is_lost;                       // they will not come
    VEC(struct call *) live;            // its calls that have not ended, if an input may come late
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
    struct port *inputs;                // input_count
    size_t pending;                     // inputs that are not there yet
    bool is_lost;                       // and will not come
    bool *given;                        // which outputs the caller has had already
    bool failed, blocked;
};

static void step_begin(struct step_run *s);
static void step_continue(struct step_run *s);
static void give_early(struct workflow_run *w);
static void arrive(struct workflow_run *w, struct port *port);
static void step_fail(struct step_run *s, Str name, Str error);
static void workflow_check_end(struct workflow_run *w);
static void workflow_take(struct call *c, size_t input, Value v);
static void lose_calls(struct step_run *s);
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

// A single source in brackets stands for itself, or for a list of one where only that fits.
static Value list_of_one(struct arena *a, const struct cwl_type *type, Value v)
{
    Value list = value_array(a, &v, 1);
    return value_is_null(v) || cwl_type_accepts(type, v, NULL) || !cwl_type_accepts(type, list, NULL) ? v : list;
}

static bool is_scattered(const struct cwl_step *step, Str id)
{
    for (size_t i = 0; i < step->scatter_count; i++)
        if (str_eq(step->scatter[i], id))
            return true;
    return false;
}

// Of the input of this name; input_count if there is none.
static size_t input_index(const struct cwl_process *p, Str id)
{
    size_t i = 0;
    while (i < p->input_count && !str_eq(p->inputs[i].id, id))
        i++;
    return i;
}

static Value single_source(struct step_run *s, const struct cwl_step_input *in, Value v)
{
    struct arena *a = &s->w->c->arena;
    size_t sink = input_index(s->step->run, in->id);
    if (is_scattered(s->step, in->id))
        return v.kind == VALUE_ARRAY || value_is_null(v) ? v : value_array(a, &v, 1);
    return in->has_value_from || sink == s->step->run->input_count ? v : list_of_one(a, s->step->run->inputs[sink].type, v);
}

static bool is_pending(const struct step_run *s, size_t input) { return s->late && s->late[input] > 0; }

static bool gather_input(struct step_run *s, const struct cwl_step_input *in, Value *v, struct err *err)
{
    struct call *c = s->w->c;
    *v = in->source_count ? merged(&c->arena, s->w, in->sources, in->source_count,
                                   in->link_merge == CWL_MERGE_UNSET && in->source_count > 1 ? CWL_MERGE_NESTED : in->link_merge)
                          : value_null;
    if (!picked(&c->arena, in->pick_value, *v, v, err))
        return err_wrap(err, "input '" STR_FMT "'", STR_ARG(in->id));
    if (in->sources_is_list && in->source_count == 1 && in->link_merge == CWL_MERGE_UNSET && in->pick_value == CWL_PICK_NONE)
        *v = single_source(s, in, *v);
    return !value_is_null(*v) || !in->has_default || flow_value(c->e, &c->arena, in->default_value, v, err);
}

static bool gather(struct step_run *s, struct err *err)
{
    struct value_builder b = value_map_begin(&s->w->c->arena);
    for (size_t i = 0; i < s->step->in_count; i++) {
        Value v = value_null;
        if (!is_pending(s, i) && !gather_input(s, &s->step->in[i], &v, err))
            return false;
        value_map_set(&b, s->step->in[i].id, v);
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

// Tells a call which of its inputs are still to come.
static void say_pending(const struct step_run *s, struct call *call)
{
    call->pending = NEW_ARRAY(&call->arena, bool, call->process->input_count + 1);
    for (size_t i = 0; i < s->step->in_count; i++)
        if (is_pending(s, i))
            call->pending[input_index(call->process, s->step->in[i].id)] = true;
}

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
            if (!expr_any(&x, value_string(a, in->value_from), v, &v, err) || !flow_value(e, a, v, &v, err)) {
                call_blame(call, in->span);
                return err_wrap(err, "input '" STR_FMT "', valueFrom", STR_ARG(in->id));
            }
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
    if (s->late) {
        vec_push(&outer->arena, &s->live, call);
        say_pending(s, call);
    }
    step_call(s, call);
}

// --- steps

// The value of an input that came while its step was under way, for the calls that are and those to come.
static void late_arrived(struct step_run *s, size_t input)
{
    struct err err;
    Value v;
    const struct cwl_step_input *in = &s->step->in[input];
    if (--s->late[input] > 0 || s->state == STEP_WAITING || s->is_over)
        return;
    if (!gather_input(s, in, &v, &err)) {
        step_fail(s, s->step->id, str_of(err.text));
        lose_calls(s);
        return;
    }
    struct value_builder b = value_map_begin(&s->w->c->arena);
    value_map_copy(&b, s->inputs);
    value_map_set(&b, in->id, v);
    s->inputs = value_map_end(&b);
    for (size_t i = 0; i < s->live.len; i++)
        workflow_take(s->live.at[i], input_index(s->step->run, in->id), v);
}

static void arrive(struct workflow_run *w, struct port *port)
{
    w->running++;                       // nobody takes the workflow for stuck while others can still begin
    for (size_t i = 0; i < port->next.len; i++) {
        struct need *need = &port->next.at[i];
        if (need->late != NOT_LATE)
            late_arrived(need->step, (size_t)need->late);
        else if (--need->step->missing == 0 && (!w->failed || w->c->e->options.keep_going))
            step_begin(need->step);
    }
    w->running--;
}

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
        set_value(w, p->id, v);
        give_early(w);
        arrive(w, &w->inputs[input]);
    } else {
        c->error = str_copy(&c->arena, str_of(err.text));
        w->failed = true;
    }
    workflow_check_end(w);
}

static void port_set(struct step_run *s, size_t out)
{
    struct workflow_run *w = s->w;
    struct port *port = &s->ports[out];
    struct arena scratch = { 0 };
    port->is_set = true;
    set_value(w, str_printf(&scratch, STR_FMT "/" STR_FMT, STR_ARG(s->step->id), STR_ARG(s->step->out[out])), combined(s, out));
    arena_release(&scratch);
    give_early(w);
    arrive(w, port);
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

static bool can_start(const struct step_run *s) { return !s->is_lost && (!s->w->failed || s->w->c->e->options.keep_going); }

static void step_continue(struct step_run *s)
{
    bool go_on = can_start(s);
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

static bool workflow_output(struct workflow_run *w, const struct cwl_param *p, Value *out, struct err *err)
{
    struct call *c = w->c;
    enum cwl_link_merge merge = p->link_merge == CWL_MERGE_UNSET && p->source_count > 1 ? CWL_MERGE_NESTED : p->link_merge;
    Value v = p->source_count ? merged(&c->arena, w, p->sources, p->source_count, merge) : value_null;
    if (!picked(&c->arena, p->pick_value, v, out, err))
        return err_wrap(err, "output '" STR_FMT "'", STR_ARG(p->id));
    if (p->sources_is_list && p->source_count == 1 && merge == CWL_MERGE_UNSET && p->pick_value == CWL_PICK_NONE)
        *out = list_of_one(&c->arena, p->type, *out);
    return true;
}

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

// --- inputs that never come

static bool workflow_is_stuck(const struct workflow_run *w);

// Does it do nothing but wait for late inputs?
static bool step_is_stuck(const struct step_run *s)
{
    bool waits = false;
    for (size_t i = 0; i < s->step->in_count; i++)
        waits |= is_pending(s, i);
    if (!waits || s->is_later || s->running != s->live.len || (can_start(s) && s->started < s->total && s->running < WINDOW))
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
static void workflow_check_stuck(struct workflow_run *w)
{
    while (workflow_is_stuck(w) && w->pending > 0 && !w->is_lost)
        w = ((struct step_run *)w->c->owner)->w;
    if (!workflow_is_stuck(w))
        return;
    for (size_t i = 0; i < w->c->process->step_count; i++)
        if (is_under_way(&w->steps[i]) && !w->steps[i].is_lost)
            lose_calls(&w->steps[i]);
}

static void workflow_check_end(struct workflow_run *w)
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

static bool uses_input(const struct cwl_step *step, Str id)
{
    for (size_t i = 0; i < step->in_count; i++)
        for (size_t j = 0; j < step->in[i].source_count; j++)
            if (str_eq(step->in[i].sources[j], id))
                return true;
    return false;
}

// Steps of the sub-workflow that do not look at an input can go on without it; nothing else may look at it.
static bool may_be_late(const struct workflow_run *w, const struct cwl_step *step, const struct cwl_step_input *in)
{
    const struct cwl_process *p = step->run;
    size_t index = input_index(p, in->id), users = 0;
    if (p->class_ != CWL_WORKFLOW || index == p->input_count || step->has_when || w->c->e->has_inplace)
        return false;
    const struct cwl_param *to = &p->inputs[index];
    if (in->load_contents || in->load_listing != CWL_LISTING_UNSET || to->load_contents || (to->binding && to->binding->load_contents))
        return false;
    if (is_scattered(step, in->id))
        return false;
    for (size_t i = 0; i < step->in_count; i++)
        if (step->in[i].has_value_from)
            return false;
    for (size_t i = 0; i < p->step_count; i++)          // in a workflow in the workflow it may be late too
        users += p->steps[i].run->class_ != CWL_WORKFLOW && uses_input(&p->steps[i], in->id);
    return users < p->step_count;
}

// The port that a source is, or NULL: an input of the workflow that is there.
static struct port *source_port(struct workflow_run *w, Str source)
{
    if (!str_has(source, '/')) {
        size_t input = input_index(w->c->process, source);
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
        bool is_late = may_be_late(w, s->step, &s->step->in[i]);
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
        set_value(w, in->id, v);
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
