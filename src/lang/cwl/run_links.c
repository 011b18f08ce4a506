// SPDX-License-Identifier: Apache-2.0
// The values of a workflow: several sources into one (linkMerge, pickValue), what each call of a scattered step gets, how their results
// are put together, what a step does to its inputs (loadContents, valueFrom) and whether it is wanted at all (when).
#include "lang/cwl/run_workflow.h"

enum { COMBINATIONS_MAX = 50000000 };

void workflow_set(struct workflow_run *w, Str name, Value v)
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

bool step_is_scattered(const struct cwl_step *step, Str id)
{
    for (size_t i = 0; i < step->scatter_count; i++)
        if (str_eq(step->scatter[i], id))
            return true;
    return false;
}

// Of the input of this name; input_count if there is none.
size_t process_input_index(const struct cwl_process *p, Str id)
{
    size_t i = 0;
    while (i < p->input_count && !str_eq(p->inputs[i].id, id))
        i++;
    return i;
}

static Value single_source(struct step_run *s, const struct cwl_step_input *in, Value v)
{
    struct arena *a = &s->w->c->arena;
    size_t sink = process_input_index(s->step->run, in->id);
    if (step_is_scattered(s->step, in->id))
        return v.kind == VALUE_ARRAY || value_is_null(v) ? v : value_array(a, &v, 1);
    return in->has_value_from || sink == s->step->run->input_count ? v : list_of_one(a, s->step->run->inputs[sink].type, v);
}

bool step_gather_input(struct step_run *s, const struct cwl_step_input *in, Value *v, struct err *err)
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

bool step_gather(struct step_run *s, struct err *err)
{
    struct value_builder b = value_map_begin(&s->w->c->arena);
    for (size_t i = 0; i < s->step->in_count; i++) {
        Value v = value_null;
        if (!step_is_pending(s, i) && !step_gather_input(s, &s->step->in[i], &v, err))
            return false;
        value_map_set(&b, s->step->in[i].id, v);
    }
    s->inputs = value_map_end(&b);
    return true;
}

// --- scatter

bool step_measure(struct step_run *s, struct err *err)
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

Value step_elements(struct step_run *s, struct arena *a, size_t index)
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

Value step_combined(struct step_run *s, size_t out)
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

// --- one call, and the whole

bool step_values(struct step_run *s, struct call *call, Value before, struct err *err)
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

bool step_is_wanted(struct step_run *s, struct call *call, bool *wanted, struct err *err)
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

bool workflow_output(struct workflow_run *w, const struct cwl_param *p, Value *out, struct err *err)
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
