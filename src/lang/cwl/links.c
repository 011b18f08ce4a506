// SPDX-License-Identifier: Apache-2.0
// Which steps of a workflow wait for which, because they take something of them, through the borders of the workflows inside of it.
// What values are is not looked at.
#include "lang/cwl/links.h"

#include "base/map.h"
#include "base/vec.h"
#include "lang/cwl/model.h"

enum { LINKS_MAX = 100000, DEPTH_MAX = 200 };

struct scope {                          // a workflow, and where it stands
    const struct cwl_process *process;
    const struct scope *outer;          // NULL: the whole
    const struct cwl_step *step;        // of `outer` that runs it
    Str prefix;                         // of the names of its steps
};
struct collecting {
    struct arena *arena;
    VEC(struct workflow_link) links;
    struct map seen;
};

static Str step_name(struct arena *a, const struct scope *s, const struct cwl_step *step)
{
    return s->prefix.len ? str_printf(a, STR_FMT "/" STR_FMT, STR_ARG(s->prefix), STR_ARG(step->id)) : step->id;
}

static struct scope inside(struct arena *a, const struct scope *s, const struct cwl_step *step)
{
    return (struct scope){ .process = step->run, .outer = s, .step = step, .prefix = step_name(a, s, step) };
}

static void add(struct collecting *c, Str from, Str to)
{
    if (c->links.len < LINKS_MAX && map_set(&c->seen, str_printf(c->arena, STR_FMT "\n" STR_FMT, STR_ARG(from), STR_ARG(to)), c))
        vec_push(c->arena, &c->links, (struct workflow_link){ from, to });
}

static void follow(struct collecting *c, const struct scope *s, Str source, Str to, size_t depth);

static void follow_all(struct collecting *c, const struct scope *s, const Str *sources, size_t count, Str to, size_t depth)
{
    for (size_t i = 0; i < count; i++)
        follow(c, s, sources[i], to, depth);
}

// A step's output: of a tool's step a link, of a workflow's what this output comes from.
static void follow_output(struct collecting *c, const struct scope *s, Str step, Str output, Str to, size_t depth)
{
    for (size_t i = 0; i < s->process->step_count; i++) {
        const struct cwl_step *from = &s->process->steps[i];
        if (!str_eq(from->id, step))
            continue;
        if (from->run->class_ != CWL_WORKFLOW) {
            add(c, step_name(c->arena, s, from), to);
            continue;
        }
        struct scope inner = inside(c->arena, s, from);
        for (size_t k = 0; k < from->run->output_count; k++)
            if (str_eq(from->run->outputs[k].id, output))
                follow_all(c, &inner, from->run->outputs[k].sources, from->run->outputs[k].source_count, to, depth + 1);
    }
}

// `source`: "step/output", or an input of the workflow: then what it is given by the step outside.
static void follow(struct collecting *c, const struct scope *s, Str source, Str to, size_t depth)
{
    Str rest = source, first = str_cut(&rest, '/');
    if (depth > DEPTH_MAX)
        return;
    if (first.len < source.len) {
        follow_output(c, s, first, rest, to, depth);
        return;
    }
    for (size_t i = 0; s->outer && i < s->step->in_count; i++)
        if (str_eq(s->step->in[i].id, source))
            follow_all(c, s->outer, s->step->in[i].sources, s->step->in[i].source_count, to, depth + 1);
}

// Does the step take nothing from a step beside it?
static bool is_first(const struct cwl_step *step)
{
    for (size_t i = 0; i < step->in_count; i++)
        for (size_t k = 0; k < step->in[i].source_count; k++)
            if (str_has(step->in[i].sources[k], '/'))
                return false;
    return true;
}

// Does a workflow inside wait for this input before it begins, whichever of its steps take it? Others may come late: only who takes
// them waits (run_workflow.c).
static bool holds_up(const struct cwl_step *step, const struct cwl_step_input *in)
{
    bool looks_at_all = step->has_when;
    for (size_t i = 0; i < step->in_count; i++)
        looks_at_all |= step->in[i].has_value_from;
    for (size_t i = 0; i < step->scatter_count; i++)
        looks_at_all |= str_eq(step->scatter[i], in->id);
    return looks_at_all || in->load_contents;
}

// So its first steps wait for what they do not take, too.
static void follow_gates(struct collecting *c, const struct scope *s, const struct cwl_step *step, Str to)
{
    for (; s->outer && is_first(step); s = s->outer) {
        step = s->step;
        for (size_t i = 0; i < step->in_count; i++)
            if (holds_up(step, &step->in[i]))
                follow_all(c, s->outer, step->in[i].sources, step->in[i].source_count, to, 0);
    }
}

static void collect(struct collecting *c, const struct scope *s)
{
    for (size_t i = 0; i < s->process->step_count; i++) {
        const struct cwl_step *step = &s->process->steps[i];
        struct scope inner = inside(c->arena, s, step);
        if (step->run->class_ == CWL_WORKFLOW) {
            collect(c, &inner);
            continue;
        }
        for (size_t k = 0; k < step->in_count; k++)
            follow_all(c, s, step->in[k].sources, step->in[k].source_count, inner.prefix, 0);
        follow_gates(c, s, step, inner.prefix);
    }
}

void cwl_workflow_links(struct arena *a, const struct workflow *w, const struct workflow_link **links, size_t *count)
{
    const struct cwl_document *d = w->document;
    struct collecting c = { .arena = a };
    struct scope whole = { .process = d->process };
    if (d->process->class_ == CWL_WORKFLOW)
        collect(&c, &whole);
    map_release(&c.seen);
    *links = c.links.at;
    *count = c.links.len;
}
