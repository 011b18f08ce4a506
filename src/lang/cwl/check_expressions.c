// SPDX-License-Identifier: Apache-2.0
// The syntax of every expression of a process, and that InlineJavascriptRequirement is there where one needs it. Nothing is
// evaluated.
#include "base/err.h"
#include "lang/cwl/expr.h"
#include "lang/cwl/load.h"

struct place {                          // of an expression, for the report
    const char *field;
    Str of;                             // "input 'reads'"; may be empty
    struct span span;
};

static void check_text(struct check *c, struct place place, Str text, bool has_js)
{
    struct err err;
    if (!expr_is(text) || expr_check(text, has_js, &err))
        return;
    struct err ignored;
    bool needs_js = !has_js && expr_check(text, true, &ignored);
    diag_add(c->diags, place.span, "'%s'%s" STR_FMT " cannot be evaluated: %s", place.field, place.of.len ? " of " : "", STR_ARG(place.of),
             err.text);
    if (needs_js)
        diag_hint(c->diags, "add below 'requirements':  InlineJavascriptRequirement: {}   (or write \\$( where the shell shall see $( )");
}

static void check_value(struct check *c, struct place place, Value v, bool has_js)
{
    if (v.kind == VALUE_STRING)
        check_text(c, place, value_str(v), has_js);
    for (size_t i = 0; v.kind == VALUE_ARRAY && i < v.array->len; i++)
        check_value(c, place, v.array->at[i], has_js);
    for (size_t i = 0; v.kind == VALUE_MAP && i < v.map->len; i++)
        check_value(c, place, v.map->at[i].value, has_js);
}

static void check_binding(struct check *c, const struct cwl_binding *b, Str of, bool has_js)
{
    if (!b)
        return;
    check_text(c, (struct place){ "valueFrom", of, b->span }, b->value_from, has_js);
    check_value(c, (struct place){ "position", of, b->span }, b->position, has_js);
}

static void check_param(struct check *c, const struct cwl_param *p, const char *kind, bool has_js);

static void check_type(struct check *c, const struct cwl_type *type, Str of, bool has_js)
{
    if (type->kind < CWL_ARRAY)
        return;
    Str key = str_printf(c->a, "%p %d", (const void *)type, has_js);    // named types are shared: each once
    if (!map_set(&c->seen, key, (void *)type))
        return;
    check_binding(c, type->binding, of, has_js);
    if (type->kind == CWL_ARRAY)
        check_type(c, type->items, of, has_js);
    for (size_t i = 0; type->kind == CWL_UNION && i < type->member_count; i++)
        check_type(c, type->members[i], of, has_js);
    for (size_t i = 0; type->kind == CWL_RECORD && i < type->field_count; i++)
        check_param(c, &type->fields[i], "field", has_js);
}

static void check_param(struct check *c, const struct cwl_param *p, const char *kind, bool has_js)
{
    Str of = str_printf(c->a, "%s '" STR_FMT "'", kind, STR_ARG(p->id));
    check_binding(c, p->binding, of, has_js);
    check_type(c, p->type, of, has_js);
    check_value(c, (struct place){ "format", of, p->span }, p->format, has_js);
    for (size_t i = 0; i < p->secondary_count; i++) {
        check_text(c, (struct place){ "secondaryFiles", of, p->span }, p->secondary[i].pattern, has_js);
        check_value(c, (struct place){ "required", of, p->span }, p->secondary[i].required, has_js);
    }
    if (!p->output)
        return;
    check_value(c, (struct place){ "glob", of, p->span }, p->output->glob, has_js);
    check_text(c, (struct place){ "outputEval", of, p->span }, p->output->output_eval, has_js);
}

// Requirements whose fields are evaluated.
static void check_requirements(struct check *c, const struct cwl_requirements *list, bool has_js)
{
    for (size_t i = 0; i < list->len; i++) {
        const struct cwl_requirement *r = &list->at[i];
        struct place place = { cwl_requirement_name(r->kind), { 0 }, r->span };
        if (r->kind == CWL_REQ_INITIAL_WORKDIR || r->kind == CWL_REQ_ENV_VAR || r->kind == CWL_REQ_RESOURCE ||
            r->kind == CWL_REQ_WORK_REUSE || r->kind == CWL_REQ_NETWORK || r->kind == CWL_REQ_TIME_LIMIT)
            check_value(c, place, value_without(c->a, r->fields, STR("class")), has_js);
    }
}

void cwl_check_step_expressions(struct check *c, const struct cwl_step *step, bool has_js)
{
    Str of = str_printf(c->a, "step '" STR_FMT "'", STR_ARG(step->id));
    if (step->has_when && !expr_is(step->when)) {
        diag_add(c->diags, step->span, "'when' of " STR_FMT " must be an expression that gives true or false", STR_ARG(of));
        diag_hint(c->diags, "for example when: $(inputs.run_it)");
    }
    check_text(c, (struct place){ "when", of, step->span }, step->when, has_js);
    for (size_t i = 0; i < step->in_count; i++)
        check_text(c, (struct place){ "valueFrom", of, step->in[i].span }, step->in[i].value_from, has_js);
    check_requirements(c, &step->requirements, has_js);
    check_requirements(c, &step->hints, has_js);
}

void cwl_check_expressions(struct check *c, const struct cwl_process *p, bool has_js)
{
    for (size_t i = 0; i < p->input_count; i++)
        check_param(c, &p->inputs[i], "input", has_js);
    for (size_t i = 0; i < p->output_count; i++)
        check_param(c, &p->outputs[i], "output", has_js);
    for (size_t i = 0; i < p->argument_count; i++)
        check_binding(c, &p->arguments[i].binding, STR("an argument"), has_js);
    check_text(c, (struct place){ .field = "stdin", .span = p->span }, p->stdin_expr, has_js);
    check_text(c, (struct place){ .field = "stdout", .span = p->span }, p->stdout_expr, has_js);
    check_text(c, (struct place){ .field = "stderr", .span = p->span }, p->stderr_expr, has_js);
    check_text(c, (struct place){ .field = "expression", .span = p->span }, p->expression, has_js);
    if (p->class_ == CWL_EXPRESSION_TOOL && p->expression.len && !expr_is(p->expression)) {
        diag_add(c->diags, p->span, "'expression' holds no expression");
        diag_hint(c->diags, "write it in $( ) or as a function body in ${ }");
    }
    check_requirements(c, &p->requirements, has_js);
    check_requirements(c, &p->hints, has_js);
}
