// SPDX-License-Identifier: Apache-2.0
// The links of one workflow: that sources exist, that types fit through merging, scattering and picking, that required
// inputs are connected, and that no step waits for itself.
#include "lang/cwl/load.h"

struct wiring {
    struct check *c;
    const struct cwl_process *p;
    struct map inputs;                  // id -> cwl_param
    struct map steps;                   // id -> cwl_step
};
struct link {                           // from sources into one place
    const Str *sources;
    size_t count;
    bool is_list, has_default;
    enum cwl_link_merge merge;
    enum cwl_pick pick;
    struct span span;
};

static const struct cwl_param *find_param(const struct cwl_param *params, size_t count, Str id)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(params[i].id, id))
            return &params[i];
    return NULL;
}

static bool is_scattered(const struct cwl_step *step, Str id)
{
    for (size_t i = 0; i < step->scatter_count; i++)
        if (str_eq(step->scatter[i], id))
            return true;
    return false;
}

// What the workflow sees of a step's output.
static const struct cwl_type *output_type(struct check *c, const struct cwl_step *step, const struct cwl_param *output)
{
    const struct cwl_type *type = output->type;
    if (step->has_when)
        type = cwl_type_with_null(c->a, type);
    size_t levels = step->scatter_count == 0 ? 0 : step->scatter_method == CWL_NESTED_CROSSPRODUCT ? step->scatter_count : 1;
    while (levels--)
        type = cwl_type_array(c->a, type);
    return type;
}

static void report_missing_source(struct wiring *w, Str source, struct span span)
{
    struct arena *a = w->c->a;
    VEC(Str) names = { 0 };
    for (size_t i = 0; i < w->p->input_count; i++)
        vec_push(a, &names, w->p->inputs[i].id);
    for (size_t i = 0; i < w->p->step_count && names.len < 1000; i++)
        for (size_t k = 0; k < w->p->steps[i].out_count; k++)
            vec_push(a, &names, str_printf(a, STR_FMT "/" STR_FMT, STR_ARG(w->p->steps[i].id), STR_ARG(w->p->steps[i].out[k])));
    bool is_step = map_has(&w->steps, source);
    if (is_step)
        diag_add(w->c->diags, span, "the source '" STR_FMT "' is a step: say which of its outputs", STR_ARG(source));
    else
        diag_add(w->c->diags, span, "there is no source '" STR_FMT "': no input of the workflow and no output of a step has this name",
                 STR_ARG(source));
    if (is_step)
        diag_hint(w->c->diags, "write " STR_FMT "/output", STR_ARG(source));
    else if (str_nearest(source, names.at, names.len).len)
        diag_suggest(w->c->diags, source, names.at, names.len);
    else
        diag_hint(w->c->diags, "sources are written 'input' or 'step/output', and the step must list the output in its 'out'");
}

// NULL: unknown, and reported unless the fault lies in the step itself.
static const struct cwl_type *source_type(struct wiring *w, Str source, struct span span)
{
    ptrdiff_t slash = str_rfind_char(source, '/');
    const struct cwl_param *input = slash < 0 ? map_find(&w->inputs, source) : NULL;
    if (input)
        return input->has_default ? cwl_type_without_null(w->c->a, input->type) : input->type;
    const struct cwl_step *step = slash < 0 ? NULL : map_find(&w->steps, str_first(source, (size_t)slash));
    Str out = slash < 0 ? (Str){ 0 } : str_from(source, (size_t)slash + 1);
    for (size_t i = 0; step && i < step->out_count; i++)
        if (str_eq(step->out[i], out)) {
            const struct cwl_param *output = step->run ? find_param(step->run->outputs, step->run->output_count, out) : NULL;
            return output ? output_type(w->c, step, output) : NULL;
        }
    report_missing_source(w, source, span);
    return NULL;
}

static const struct cwl_type *picked(struct arena *a, const struct cwl_type *type, enum cwl_pick pick)
{
    const struct cwl_type *items = cwl_type_items(type);
    if (pick == CWL_PICK_NONE || !items)
        return type;
    items = cwl_type_without_null(a, items);
    return pick == CWL_PICK_ALL_NON_NULL ? cwl_type_array(a, items) : items;
}

// The type of all sources together; NULL when one of them is unknown or there is none.
static const struct cwl_type *linked_type(struct wiring *w, const struct link *link)
{
    struct arena *a = w->c->a;
    const struct cwl_type **types = NEW_ARRAY(a, const struct cwl_type *, link->count + 1), *merged;
    bool is_known = link->count > 0;
    for (size_t i = 0; i < link->count; i++) {
        types[i] = source_type(w, link->sources[i], link->span);
        is_known &= types[i] != NULL;
    }
    if (!is_known)
        return NULL;
    if (link->count == 1 && !(link->is_list && link->merge)) {
        merged = types[0];
    } else {
        for (size_t i = 0; i < link->count && link->merge == CWL_MERGE_FLATTENED; i++)
            types[i] = cwl_type_flattened(a, types[i]);
        merged = cwl_type_array(a, cwl_type_union(a, types, link->count));
    }
    merged = picked(a, merged, link->pick);
    return link->has_default ? cwl_type_without_null(a, merged) : merged;
}

// Of sources that are all to become elements of one list each must fit for itself: that one of them does is no help.
static bool each_fits(struct wiring *w, const struct link *link, const struct cwl_type *sink)
{
    bool all_stay = link->count > 1 && (link->pick == CWL_PICK_NONE || link->pick == CWL_PICK_ALL_NON_NULL);
    for (size_t i = 0; all_stay && i < link->count; i++) {
        const struct cwl_type *type = source_type(w, link->sources[i], link->span);
        if (link->merge == CWL_MERGE_FLATTENED)
            type = cwl_type_flattened(w->c->a, type);
        if (type->kind != CWL_NULL && !cwl_type_flows(w->c, cwl_type_array(w->c->a, type), sink))
            return false;
    }
    return true;
}

// A single source in a list without linkMerge may stand for itself or for a list of one.
static bool link_fits(struct wiring *w, const struct link *link, const struct cwl_type *type, const struct cwl_type *sink)
{
    struct check *c = w->c;
    if (cwl_type_flows(c, type, sink))
        return each_fits(w, link, sink);
    return link->is_list && link->count == 1 && !link->merge && cwl_type_flows(c, cwl_type_array(c->a, type), sink);
}

static void hint_fit(struct check *c, const struct link *link, const struct cwl_type *type, const struct cwl_type *sink, bool may_scatter)
{
    const struct cwl_type *items = cwl_type_items(type), *wanted = cwl_type_items(sink);
    if (items && may_scatter && cwl_type_flows(c, items, sink))
        diag_hint(c->diags, "to run the step once for each element, add 'scatter'");
    else if (wanted && cwl_type_flows(c, type, wanted))
        diag_hint(c->diags, "to make a list of one, write the source in brackets and add linkMerge: merge_nested");
    else if (link->count > 1 && items && cwl_type_items(items) && wanted && cwl_type_flows(c, items, sink))
        diag_hint(c->diags, "to join lists of lists into one list, add linkMerge: merge_flattened");
    else if (type->kind == CWL_FILE && sink->kind == CWL_STRING)
        diag_hint(c->diags,
                  "a file is not its text: use loadContents and valueFrom: $(self.contents), or its name, valueFrom: $(self.path)");
}

static void check_step_input(struct wiring *w, const struct cwl_step *step, const struct cwl_step_input *in)
{
    struct check *c = w->c;
    const struct link link = { .sources = in->sources, .count = in->source_count, .is_list = in->sources_is_list, .merge = in->link_merge,
                               .pick = in->pick_value, .has_default = in->has_default, .span = in->span };
    const struct cwl_type *type = linked_type(w, &link);
    const struct cwl_param *param = step->run ? find_param(step->run->inputs, step->run->input_count, in->id) : NULL;
    bool scattered = is_scattered(step, in->id);
    if (type && scattered && type->kind != CWL_ANY && !cwl_type_items(type) && !link.is_list && !in->has_value_from) {
        diag_add(c->diags, in->span, "step '" STR_FMT "' scatters over '" STR_FMT "', which needs a list, but " STR_FMT " is %s" STR_FMT,
                 STR_ARG(step->id), STR_ARG(in->id), STR_ARG(in->sources[0]), "of type ", STR_ARG(cwl_type_text(c->a, type)));
        return;
    }
    if (!type || !param || in->has_value_from)
        return;
    const struct cwl_type *sink = scattered ? cwl_type_array(c->a, param->type) : param->type;
    if (param->has_default && !scattered)
        sink = cwl_type_with_null(c->a, sink);
    if (link_fits(w, &link, type, sink))
        return;
    diag_add(c->diags, in->span, "input '" STR_FMT "' of step '" STR_FMT "' takes " STR_FMT ", but '" STR_FMT "'%s gives " STR_FMT,
             STR_ARG(in->id), STR_ARG(step->id), STR_ARG(cwl_type_text(c->a, sink)), STR_ARG(in->sources[0]),
             in->source_count > 1 ? " and others" : "", STR_ARG(cwl_type_text(c->a, type)));
    hint_fit(c, &link, type, sink, !scattered);
}

static const struct cwl_step_input *find_step_input(const struct cwl_step *step, Str id)
{
    for (size_t i = 0; i < step->in_count; i++)
        if (str_eq(step->in[i].id, id))
            return &step->in[i];
    return NULL;
}

static void check_required(struct check *c, const struct cwl_step *step)
{
    for (size_t i = 0; i < step->run->input_count; i++) {
        const struct cwl_param *param = &step->run->inputs[i];
        const struct cwl_step_input *in = find_step_input(step, param->id);
        bool is_given = in && (in->source_count || in->has_default || in->has_value_from);
        if (is_given || param->has_default || cwl_type_accepts_null(param->type))
            continue;
        VEC(Str) names = { 0 };
        for (size_t k = 0; k < step->in_count; k++)
            if (!find_param(step->run->inputs, step->run->input_count, step->in[k].id))
                vec_push(c->a, &names, step->in[k].id);
        diag_add(c->diags, in ? in->span : step->span,
                 "step '" STR_FMT "' does not connect the input '" STR_FMT "', which must have a value (" STR_FMT ")", STR_ARG(step->id),
                 STR_ARG(param->id), STR_ARG(cwl_type_text(c->a, param->type)));
        Str nearest = str_nearest(param->id, names.at, names.len);
        if (nearest.len)
            diag_hint(c->diags, "the step gives '" STR_FMT "', which the tool does not have: is it this?", STR_ARG(nearest));
        else
            diag_hint(c->diags, "add below 'in':  " STR_FMT ": name-of-a-source", STR_ARG(param->id));
    }
}

static void check_out(struct check *c, const struct cwl_step *step)
{
    Str *names = NEW_ARRAY(c->a, Str, step->run->output_count + 1);
    for (size_t i = 0; i < step->run->output_count; i++)
        names[i] = step->run->outputs[i].id;
    for (size_t i = 0; i < step->out_count; i++)
        if (!find_param(step->run->outputs, step->run->output_count, step->out[i])) {
            diag_add(c->diags, step->span,
                     "step '" STR_FMT "' wants the output '" STR_FMT "', but what it runs (in " STR_FMT ") has none of that name",
                     STR_ARG(step->id), STR_ARG(step->out[i]), STR_ARG(step->run->source->name));
            diag_suggest(c->diags, step->out[i], names, step->run->output_count);
        }
}

static void check_scatter(struct check *c, const struct cwl_step *step)
{
    Str *names = NEW_ARRAY(c->a, Str, step->in_count + 1);
    for (size_t i = 0; i < step->in_count; i++)
        names[i] = step->in[i].id;
    for (size_t i = 0; i < step->scatter_count; i++)
        if (!find_step_input(step, step->scatter[i])) {
            diag_add(c->diags, step->span, "step '" STR_FMT "' scatters over '" STR_FMT "', which is not among its 'in'", STR_ARG(step->id),
                     STR_ARG(step->scatter[i]));
            diag_suggest(c->diags, step->scatter[i], names, step->in_count);
        }
}

static void check_output(struct wiring *w, const struct cwl_param *output)
{
    struct check *c = w->c;
    const struct link link = { .sources = output->sources, .count = output->source_count, .is_list = output->sources_is_list,
                               .merge = output->link_merge, .pick = output->pick_value, .span = output->span };
    if (link.count == 0 && !cwl_type_accepts_null(output->type)) {
        diag_add(c->diags, output->span, "the workflow output '" STR_FMT "' has no 'outputSource'", STR_ARG(output->id));
        diag_hint(c->diags, "add one, for example outputSource: step/output");
    }
    const struct cwl_type *type = linked_type(w, &link);
    if (!type || link_fits(w, &link, type, output->type))
        return;
    diag_add(c->diags, output->span, "the workflow output '" STR_FMT "' is of type " STR_FMT ", but '" STR_FMT "'%s gives " STR_FMT,
             STR_ARG(output->id), STR_ARG(cwl_type_text(c->a, output->type)), STR_ARG(output->sources[0]),
             output->source_count > 1 ? " and others" : "", STR_ARG(cwl_type_text(c->a, type)));
    const struct cwl_type *items = cwl_type_items(type);
    if (items && cwl_type_flows(c, items, output->type) && link.count == 1)
        diag_hint(c->diags, "what it gives is a list: write type: " STR_FMT, STR_ARG(cwl_type_text(c->a, type)));
    else
        hint_fit(c, &link, type, output->type, false);
}

// The steps that each step waits for are walked in depth, with a stack of our own: a chain of steps may be long.
struct walk {
    enum { UNSEEN, OPEN, DONE } *state;
    size_t *stack, len;                 // open steps, from the first to the last reached
    size_t *next;                       // of each step: the next of its sources to follow, counted over all inputs
};

// The step that source number `at` of `step` comes from, or NULL; *more: there is such a source.
static const struct cwl_step *waits_for(struct wiring *w, const struct cwl_step *step, size_t at, bool *more)
{
    for (size_t k = 0; k < step->in_count; k++) {
        if (at < step->in[k].source_count) {
            Str source = step->in[k].sources[at];
            ptrdiff_t slash = str_rfind_char(source, '/');
            *more = true;
            return slash < 0 ? NULL : map_find(&w->steps, str_first(source, (size_t)slash));
        }
        at -= step->in[k].source_count;
    }
    *more = false;
    return NULL;
}

static void report_circle(struct wiring *w, const struct walk *walk, size_t first)
{
    struct strbuf text = { .limit = 500 };
    size_t from = walk->len;
    while (walk->stack[from - 1] != first)
        from--;
    for (size_t i = from - 1; i < walk->len; i++)
        strbuf_addf(&text, "'" STR_FMT "' waits for ", STR_ARG(w->p->steps[walk->stack[i]].id));
    diag_add(w->c->diags, w->p->steps[first].span, "these steps wait for each other in a circle: " STR_FMT "'" STR_FMT "'",
             STR_ARG(strbuf_str(&text)), STR_ARG(w->p->steps[first].id));
    strbuf_release(&text);
}

static void walk_from(struct wiring *w, struct walk *walk, size_t start)
{
    walk->stack[walk->len++] = start;
    walk->state[start] = OPEN;
    while (walk->len) {
        size_t at = walk->stack[walk->len - 1];
        bool more;
        const struct cwl_step *source = waits_for(w, &w->p->steps[at], walk->next[at]++, &more);
        size_t next = source ? (size_t)(source - w->p->steps) : 0;
        if (!more) {
            walk->state[at] = DONE;
            walk->len--;
        } else if (source && walk->state[next] == OPEN) {
            report_circle(w, walk, next);
        } else if (source && walk->state[next] == UNSEEN) {
            walk->state[next] = OPEN;
            walk->stack[walk->len++] = next;
        }
    }
}

static void find_circles(struct wiring *w)
{
    size_t count = w->p->step_count + 1;
    struct walk walk = { .state = arena_alloc(w->c->a, count * sizeof *walk.state), .stack = NEW_ARRAY(w->c->a, size_t, count),
                         .next = NEW_ARRAY(w->c->a, size_t, count) };
    for (size_t i = 0; i < w->p->step_count; i++)
        if (walk.state[i] == UNSEEN)
            walk_from(w, &walk, i);
}

void cwl_check_links(struct check *c, const struct cwl_process *p)
{
    struct wiring w = { .c = c, .p = p };
    for (size_t i = 0; i < p->input_count; i++)
        map_set(&w.inputs, p->inputs[i].id, (void *)&p->inputs[i]);
    for (size_t i = 0; i < p->step_count; i++)
        map_set(&w.steps, p->steps[i].id, (void *)&p->steps[i]);
    for (size_t i = 0; i < p->step_count; i++) {
        const struct cwl_step *step = &p->steps[i];
        for (size_t k = 0; k < step->in_count; k++)
            check_step_input(&w, step, &step->in[k]);
        check_scatter(c, step);
        if (step->run) {
            check_required(c, step);
            check_out(c, step);
        }
    }
    for (size_t i = 0; i < p->output_count; i++)
        check_output(&w, &p->outputs[i]);
    find_circles(&w);
    map_release(&w.inputs);
    map_release(&w.steps);
}
