// SPDX-License-Identifier: Apache-2.0
// Which requirement is in force (CWL v1.2, Workflow, 4.2.1 "Requirements and hints": inner wins, requirements win over hints,
// those of the input object win over all), and the contexts that expressions are evaluated in.
#include "lang/cwl/run.h"

static const struct cwl_requirement *find_in(const struct cwl_requirements *list, enum cwl_req_kind kind)
{
    for (size_t i = 0; list && i < list->len; i++)
        if (list->at[i].kind == kind)
            return &list->at[i];
    return NULL;
}

const struct cwl_requirement *scope_find(const struct evaluation *e, const struct scope *s, enum cwl_req_kind kind, bool *is_hint)
{
    const struct cwl_requirement *found = find_in(&e->job_requirements, kind);
    if (is_hint)
        *is_hint = false;
    for (const struct scope *at = s; found == NULL && at; at = at->outer)
        found = find_in(at->requirements, kind);
    if (found)
        return found;
    if (is_hint)
        *is_hint = true;
    for (const struct scope *at = s; found == NULL && at; at = at->outer)
        found = find_in(at->hints, kind);
    return found;
}

struct expr_context scope_expr(struct evaluation *e, const struct scope *s, enum cwl_version version, struct arena *a, Value inputs, Value self,
                               Value runtime)
{
    const struct cwl_requirement *js = scope_find(e, s, CWL_REQ_INLINE_JAVASCRIPT, NULL);
    return (struct expr_context){
        .arena = a, .js = js ? e->js : NULL, .lib = js ? js->expression_lib : NULL, .lib_count = js ? js->expression_lib_count : 0,
        .inputs = inputs, .self = self, .runtime = runtime, .old_escapes = version < CWL_V1_2,
    };
}

bool expr_string(const struct expr_context *x, Str text, const char *what, Str *out, struct err *err)
{
    Value v;
    *out = text;
    if (!expr_is(text))
        return true;
    if (!expr_eval(x, text, &v, err))
        return err_wrap(err, "%s", what);
    if (v.kind != VALUE_STRING)
        return err_set(err, ERR_INVALID, "%s: the expression gives %s, expected a string", what, value_kind_name(v.kind));
    *out = value_str(v);
    return true;
}

bool expr_any(const struct expr_context *x, Value v, Value self, Value *out, struct err *err)
{
    struct expr_context own = *x;
    own.self = self;
    return expr_eval_all(&own, v, out, err);
}
