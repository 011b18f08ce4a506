// SPDX-License-Identifier: Apache-2.0
// Steps of a workflow. Whether what they name exists, and whether types fit, is check_*.c's.
#include "lang/cwl/load.h"

// What a source may name, by its short form.
struct names {
    struct map inputs;                  // id -> cwl_param
    struct map steps;                   // id -> cwl_step
};

static bool names_output(const struct names *names, Str text)
{
    ptrdiff_t slash = str_rfind_char(text, '/');
    if (slash < 0)
        return map_has(&names->inputs, text);
    const struct cwl_step *step = map_find(&names->steps, str_first(text, (size_t)slash));
    for (size_t i = 0; step && i < step->out_count; i++)
        if (str_eq(step->out[i], str_from(text, (size_t)slash + 1)))
            return true;
    return false;
}

// "step/out" or "input" of "#main/step/out": the longest ending that names something. Where none does, the ending that a
// reader would take for it, so that the report names that.
static Str short_source(const struct names *names, Str text)
{
    if (!str_has(text, '#'))
        return text;
    Str rest = cwl_after_hash(text);
    for (;;) {
        Str next = rest;
        Str first = str_cut(&next, '/');
        if (names_output(names, rest) || next.len == 0 || (!str_has(next, '/') && map_has(&names->steps, first)))
            return rest;
        rest = next;
    }
}

static const Str *short_sources(struct scope *s, const struct names *names, const Str *sources, size_t count)
{
    Str *out = NEW_ARRAY(s->l->a, Str, count + 1);
    for (size_t i = 0; i < count; i++)
        out[i] = short_source(names, sources[i]);
    return out;
}

static struct cwl_step_input read_step_input(struct scope *s, const struct names *names, const struct item *item)
{
    struct node *n = item->node;
    cwl_check_fields(s->l->diags, n, CWL_C_STEP_INPUT, s->version);
    const struct node *source = node_get(n, STR("source")), *value_from = node_get(n, STR("valueFrom"));
    struct cwl_step_input in = {
        .id = cwl_short_id(item->id),
        .sources_is_list = node_is(source, VALUE_ARRAY),
        .link_merge = cwl_link_merge_word(s->l, node_get(n, STR("linkMerge"))),
        .pick_value = cwl_pick_word(s->l, node_get(n, STR("pickValue"))),
        .load_contents = cwl_bool(node_get(n, STR("loadContents")), false),
        .load_listing = cwl_listing_word(s->l, node_get(n, STR("loadListing"))),
        .default_value = cwl_data(s->l, node_get(n, STR("default"))),
        .value_from = node_str(value_from),
        .has_value_from = node_is(value_from, VALUE_STRING),
        .span = item->span,
    };
    const Str *sources;
    in.source_count = cwl_strings(s->l, source, "each 'source'", &sources);
    in.sources = short_sources(s, names, sources, in.source_count);
    in.has_default = in.default_value.kind != VALUE_NULL;
    return in;
}

static void read_out(struct scope *s, struct cwl_step *step, struct node *n)
{
    size_t len = node_is(n, VALUE_ARRAY) ? n->items.len : 0;
    Str *out = NEW_ARRAY(s->l->a, Str, len + 1);
    for (size_t i = 0; i < len; i++) {
        struct node *item = n->items.at[i], *id = item;
        if (item->kind == VALUE_MAP) {
            cwl_check_fields(s->l->diags, item, CWL_C_STEP_OUTPUT, s->version);
            id = node_get(item, STR("id"));
        }
        if (node_is(id, VALUE_STRING))
            out[step->out_count++] = cwl_short_id(node_str(id));
        else
            diag_add(s->l->diags, item->span, "each 'out' must be the name of an output, found " STR_FMT,
                     STR_ARG(cwl_describe(s->l->a, item)));
    }
    step->out = out;
}

static void read_scatter(struct scope *s, struct cwl_step *step, const struct node *n)
{
    static const char *const methods[] = { "dotproduct", "nested_crossproduct", "flat_crossproduct", NULL };
    const struct node *method = node_get(n, STR("scatterMethod"));
    const Str *names;
    size_t count = cwl_strings(s->l, node_get(n, STR("scatter")), "each 'scatter'", &names);
    Str *ids = NEW_ARRAY(s->l->a, Str, count + 1);
    for (size_t i = 0; i < count; i++)
        ids[i] = cwl_short_id(names[i]);
    step->scatter = ids;
    step->scatter_count = count;
    enum cwl_scatter word = (enum cwl_scatter)cwl_word(s->l, method, "scatterMethod", methods);
    if (count == 0)
        return;
    step->scatter_method = word ? word : CWL_DOTPRODUCT;
    if (count > 1 && !node_is(method, VALUE_STRING)) {
        diag_add(s->l->diags, n->span, "step '" STR_FMT "' scatters over %zu inputs, so it needs 'scatterMethod'", STR_ARG(step->id),
                 count);
        diag_hint(s->l->diags, "dotproduct takes them in pairs; nested_crossproduct and flat_crossproduct combine each with each");
    }
}

// Everything but `in` and `run`, which need the names of all steps.
static void read_head(struct scope *s, struct cwl_step *step, const struct item *item)
{
    struct node *n = item->node;
    cwl_check_fields(s->l->diags, n, CWL_C_STEP, s->version);
    const struct node *when = node_get(n, STR("when"));
    step->id = cwl_short_id(item->id);
    step->span = item->span;
    read_out(s, step, node_get(n, STR("out")));
    read_scatter(s, step, n);
    step->has_when = node_is(when, VALUE_STRING);
    step->when = node_str(when);
    step->requirements = cwl_requirements_read(s, node_get(n, STR("requirements")), false);
    step->hints = cwl_requirements_read(s, node_get(n, STR("hints")), true);
    if (!node_get(n, STR("out"))) {
        diag_add(s->l->diags, item->span, "step '" STR_FMT "' has no 'out': the list of outputs that are wanted of it", STR_ARG(step->id));
        diag_hint(s->l->diags, "where none are wanted, write out: []");
    }
    if (!node_get(n, STR("in"))) {
        diag_add(s->l->diags, item->span, "step '" STR_FMT "' has no 'in'", STR_ARG(step->id));
        diag_hint(s->l->diags, "where it takes nothing, write in: []");
    }
}

static void read_links(struct scope *s, const struct names *names, struct cwl_step *step, const struct item *item)
{
    struct item *items;
    size_t count = cwl_items(s->l, node_get(item->node, STR("in")), "step input", "id", "source", &items);
    struct cwl_step_input *in = NEW_ARRAY(s->l->a, struct cwl_step_input, count + 1);
    for (size_t i = 0; i < count; i++)
        in[i] = read_step_input(s, names, &items[i]);
    step->in = in;
    step->in_count = count;
}

static void read_run(struct scope *s, struct cwl_step *step, const struct item *item)
{
    struct node *run = node_get(item->node, STR("run"));
    if (!run || run->kind == VALUE_NULL) {
        diag_add(s->l->diags, item->span, "step '" STR_FMT "' has no 'run': the tool or workflow that it runs", STR_ARG(step->id));
        diag_hint(s->l->diags, "add one, for example run: tool.cwl");
        return;
    }
    step->run = cwl_run_read(s->l, s, run, str_printf(s->l->a, STR_FMT "/" STR_FMT, STR_ARG(s->path), STR_ARG(step->id)));
}

void cwl_steps_read(struct scope *s, struct cwl_process *p, struct cwl_param *outputs, struct node *n)
{
    struct item *items;
    struct names names = { 0 };
    p->step_count = cwl_items(s->l, n, "step", "id", NULL, &items);
    struct cwl_step *steps = NEW_ARRAY(s->l->a, struct cwl_step, p->step_count + 1);
    p->steps = steps;
    for (size_t i = 0; i < p->input_count; i++)
        map_set(&names.inputs, p->inputs[i].id, (void *)&p->inputs[i]);
    for (size_t i = 0; i < p->step_count; i++) {
        read_head(s, &steps[i], &items[i]);
        map_set(&names.steps, steps[i].id, &steps[i]);
    }
    for (size_t i = 0; i < p->step_count; i++) {
        read_links(s, &names, &steps[i], &items[i]);
        read_run(s, &steps[i], &items[i]);
    }
    for (size_t i = 0; i < p->output_count; i++)
        outputs[i].sources = short_sources(s, &names, outputs[i].sources, outputs[i].source_count);
    map_release(&names.inputs);
    map_release(&names.steps);
}
