// SPDX-License-Identifier: Apache-2.0
// Evaluation of a CWL document: its beginning (hash the user's files, complete the inputs), its calls, its end (bytes of the
// outputs present, then the output object to the driver).
#include "lang/cwl/run.h"

#include <stdarg.h>

#include "engine/export.h"
#include "lang/cwl/cwl.h"
#include "sys/file.h"

// --- calls

struct call *call_new(struct evaluation *e, const struct cwl_process *process, const struct scope *outer, Str name, Str step, call_done *done,
                      void *owner)
{
    struct call *c = xcalloc(1, sizeof *c);
    c->e = e, c->process = process, c->done = done, c->owner = owner;
    c->scope = (struct scope){ &process->requirements, &process->hints, outer };
    c->name = str_copy(&c->arena, name);
    c->step = step;
    link_append(&e->calls, &c->all);
    return c;
}

void call_free(struct call *c)
{
    if (c == NULL)
        return;
    link_remove(&c->all);
    arena_release(&c->arena);
    free(c);
}

static void deliver_end(void *arg)
{
    struct call *c = arg;
    if (!driver_is_over(c->e->driver))
        c->done(c, c->owner, c->end);
}

void call_end(struct call *c, enum call_end end)
{
    CHECK(!c->ended);
    c->ended = true;
    c->end = end;
    driver_later(c->e->driver, deliver_end, c);
}

bool call_fail(struct call *c, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    c->error = str_vprintf(&c->arena, fmt, args);
    va_end(args);
    if (c->e->place.len == 0 && c->blamed.source)
        c->e->place = span_text(&c->e->arena, c->blamed);
    call_end(c, CALL_FAILED);
    return false;
}

__attribute__((noinline)) void call_blame(struct call *c, struct span span)
{
    if (c->blamed.source == NULL)
        c->blamed = span;
}

static void lost_found(void *arg, bool ok, Str error)
{
    struct call *c = arg;
    if (ok)
        c->retry(c);
    else
        call_fail(c, STR_FMT, STR_ARG(error));
}

bool call_retry_lost(struct call *c, const struct err *err, void (*retry)(struct call *c))
{
    struct evaluation *e = c->e;
    if (!e->has_lost || (err->code != ERR_NOT_FOUND && err->code != ERR_DAMAGED))
        return false;
    e->has_lost = false;
    c->blamed = (struct span){ 0 };
    if (driver_config(e->driver)->dry_run) {            // it would be made again
        call_end(c, CALL_BLOCKED);
        return true;
    }
    c->retry = retry;
    driver_need(e->driver, &e->lost, 1, lost_found, c);
    return true;
}

// --- inputs

bool input_complete(struct call *c, const struct cwl_param *p, Value v, Value *out, struct err *err)
{
    *out = v;
    if (value_is_null(v) && p->has_default && !flow_value(c->e, &c->arena, p->default_value, out, err))
        return false;
    if (!cwl_type_accepts(p->type, *out, NULL))
        return err_set(err, ERR_INVALID, "input '" STR_FMT "': expected " STR_FMT ", got %s", STR_ARG(p->id),
                       STR_ARG(cwl_type_text(&c->arena, p->type)),
                       value_is_file(*out) ? "a File" : value_is_directory(*out) ? "a Directory" : value_kind_name(out->kind));
    return true;
}

static bool complete_inputs(struct call *c, struct err *err)
{
    struct value_builder b = value_map_begin(&c->arena);
    for (size_t i = 0; i < c->process->input_count; i++) {
        const struct cwl_param *p = &c->process->inputs[i];
        Value v = value_get(c->inputs, p->id);
        if (!(c->pending && c->pending[i]) && !input_complete(c, p, v, &v, err)) {
            call_blame(c, p->span);
            return false;
        }
        value_map_set(&b, p->id, v);
    }
    c->inputs = value_map_end(&b);
    return true;
}

// --- ExpressionTool

static bool evaluate_expression(struct call *c, struct err *err)
{
    const struct cwl_process *p = c->process;
    struct value_builder b = value_map_begin(&c->arena);
    Value result;
    for (size_t i = 0; i < p->input_count; i++) {
        Value v = value_get(c->inputs, p->inputs[i].id);
        bool contents = p->inputs[i].load_contents || (p->inputs[i].binding && p->inputs[i].binding->load_contents);
        if (!load_value(c->e, &c->arena, v, contents, listing_of(p->inputs[i].load_listing, c->e, &c->scope, p->version), p->version, &v, err))
            return err_wrap(err, "input '" STR_FMT "'", STR_ARG(p->inputs[i].id));
        struct expr_context f = scope_expr(c->e, &c->scope, p->version, &c->arena, c->inputs, value_null, value_null);
        if (!format_check(c->e, &c->arena, &f, &p->inputs[i], v, err)) {
            call_blame(c, p->inputs[i].span);
            return err_wrap(err, "input '" STR_FMT "'", STR_ARG(p->inputs[i].id));
        }
        value_map_set(&b, p->inputs[i].id, v);
    }
    struct expr_context x = scope_expr(c->e, &c->scope, p->version, &c->arena, value_map_end(&b), value_null, value_null);
    if (!expr_eval(&x, p->expression, &result, err))
        return err_wrap(err, "expression");
    if (result.kind != VALUE_MAP)
        return err_set(err, ERR_INVALID, "the expression gives %s, expected an object with the outputs", value_kind_name(result.kind));
    return outputs_check(c, result, &c->outputs, err);
}

static void expression_start(struct call *c)
{
    struct err err;
    if (evaluate_expression(c, &err)) {
        driver_evaluated(c->e->driver, c->step, c->name, false);
        call_end(c, CALL_DONE);
    } else if (!call_retry_lost(c, &err, expression_start)) {
        call_fail(c, "%s", err.text);
    }
}

void call_start(struct call *c)
{
    struct err err;
    if (!complete_inputs(c, &err)) {
        call_fail(c, "%s", err.text);
        return;
    }
    switch (c->process->class_) {
    case CWL_TOOL: tool_start(c); break;
    case CWL_EXPRESSION_TOOL: expression_start(c); break;
    case CWL_WORKFLOW: workflow_start(c); break;
    case CWL_OPERATION: call_fail(c, "an Operation says what is done but not how: it cannot be run"); break;
    }
}

// --- secondary files of the top-level inputs that only an expression can name

static bool is_folder(Str path)
{
    struct stat st;
    return file_stat(path, &st) && S_ISDIR(st.st_mode);
}

static bool sibling(struct evaluation *e, Value file, Str name, bool required, Value *out, struct err *err)
{
    struct arena *a = &e->arena;
    Str path;
    *out = value_null;
    if (!location_path(a, value_get_str(file, STR("location")), &path))
        return true;
    Str beside = str_join_path(a, str_dirname(path), name);
    if (!file_exists(beside))
        return !required || err_set(err, ERR_NOT_FOUND, "'" STR_FMT "' needs the file " STR_FMT " beside it",
                                    STR_ARG(str_basename(path)), STR_ARG(beside));
    struct value_builder b = value_map_begin(a);
    value_map_set(&b, STR("class"), value_string(a, is_folder(beside) ? STR("Directory") : STR("File")));
    value_map_set(&b, STR("location"), value_string(a, location_of_path(a, beside)));
    *out = file_names(a, value_map_end(&b), str_basename(beside));
    return true;
}

static bool add_named(struct evaluation *e, Value file, Value named, bool required, Value *list, size_t *count, size_t cap, struct err *err)
{
    if (named.kind == VALUE_ARRAY) {
        for (size_t i = 0; i < value_len(named); i++)
            if (!add_named(e, file, value_at(named, i), required, list, count, cap, err))
                return false;
        return true;
    }
    Value v = named;
    if (named.kind == VALUE_STRING && !sibling(e, file, value_str(named), required, &v, err))
        return false;
    if (named.kind == VALUE_MAP && !flow_value(e, &e->arena, named, &v, err))
        return false;
    for (size_t i = 0; i < *count; i++)                 // the job may have named it already
        if (str_eq(value_get_str(list[i], STR("basename")), value_get_str(v, STR("basename"))))
            return true;
    if (!value_is_null(v) && *count < cap)
        list[(*count)++] = v;
    return true;
}

static bool discover_file(struct evaluation *e, const struct expr_context *x, const struct cwl_param *p, Value file, Value *out, struct err *err)
{
    enum { SECONDARY_MAX = 256 };
    Value list[SECONDARY_MAX], have = value_get(file, STR("secondaryFiles"));
    size_t count = 0;
    *out = file;
    for (size_t i = 0; i < value_len(have) && count < SECONDARY_MAX; i++)
        list[count++] = value_at(have, i);
    size_t before = count;
    for (size_t i = 0; i < p->secondary_count; i++) {
        Value named, required = p->secondary[i].required;
        bool was_expression = required.kind == VALUE_STRING;
        if (!expr_is(p->secondary[i].pattern))
            continue;
        if (!expr_any(x, value_string(&e->arena, p->secondary[i].pattern), file, &named, err) || !expr_any(x, required, file, &required, err))
            return err_wrap(err, "input '" STR_FMT "', secondaryFiles", STR_ARG(p->id));
        bool is_required = required.kind == VALUE_BOOL ? required.boolean : !was_expression;
        if (!add_named(e, file, named, is_required, list, &count, SECONDARY_MAX, err))
            return err_wrap(err, "input '" STR_FMT "'", STR_ARG(p->id));
    }
    if (count > before)
        *out = value_with(&e->arena, file, STR("secondaryFiles"), value_array(&e->arena, list, count));
    return true;
}

static bool discover(struct evaluation *e, const struct expr_context *x, const struct cwl_param *p, Value v, Value *out, struct err *err)
{
    const struct cwl_type *type = p->type;
    *out = v;
    if (value_is_file(v) && p->secondary_count)
        return discover_file(e, x, p, v, out, err);
    if (v.kind == VALUE_ARRAY && p->secondary_count) {
        Value *items = NEW_ARRAY(&e->arena, Value, v.array->len);
        for (size_t i = 0; i < v.array->len; i++)
            if (!discover(e, x, p, v.array->at[i], &items[i], err))
                return false;
        *out = value_array_of(&e->arena, items, v.array->len);
        return true;
    }
    if (type->kind == CWL_UNION && !cwl_type_accepts(type, v, &type))
        return true;
    for (size_t i = 0; type->kind == CWL_RECORD && v.kind == VALUE_MAP && i < type->field_count; i++) {
        Value field = value_get(v, type->fields[i].id);
        if (!discover(e, x, &type->fields[i], field, &field, err))
            return false;
        if (value_has(v, type->fields[i].id))
            *out = value_with(&e->arena, *out, type->fields[i].id, field);
    }
    return true;
}

static bool discover_secondary(struct evaluation *e, struct err *err)
{
    const struct cwl_process *p = e->document->process;
    struct scope scope = { &p->requirements, &p->hints, NULL };
    struct expr_context x = scope_expr(e, &scope, p->version, &e->arena, e->inputs, value_null, value_null);
    struct value_builder b = value_map_begin(&e->arena);
    for (size_t i = 0; i < p->input_count; i++) {
        Value v;
        if (!discover(e, &x, &p->inputs[i], value_get(e->inputs, p->inputs[i].id), &v, err))
            return false;
        value_map_set(&b, p->inputs[i].id, v);
    }
    e->inputs = value_map_end(&b);
    return true;
}

// --- the end

static void collect_hashes(struct evaluation *e, Value v, struct hashes *list)
{
    Hash hash;
    if (v.kind == VALUE_ARRAY)
        for (size_t i = 0; i < v.array->len; i++)
            collect_hashes(e, v.array->at[i], list);
    if (v.kind != VALUE_MAP)
        return;
    if (location_is_hash(value_get_str(v, STR("location")), &hash))
        vec_push(&e->arena, list, hash);
    for (size_t i = 0; i < v.map->len; i++)
        collect_hashes(e, v.map->at[i].value, list);
}

// Output objects carry whole folders, and no file that an in-place update has replaced. What needs no change is shared, not
// copied: a million files are in the output object of a large scatter.
static bool final_value(struct evaluation *e, Value v, Value *out, struct err *err);

static bool final_array(struct evaluation *e, Value v, Value *out, struct err *err)
{
    Value *items = NULL, item;
    for (size_t i = 0; i < v.array->len; i++) {
        if (!final_value(e, v.array->at[i], &item, err))
            return false;
        if (items == NULL && !value_is_same(item, v.array->at[i])) {
            items = NEW_ARRAY(&e->arena, Value, v.array->len);
            memcpy(items, v.array->at, i * sizeof *items);
        }
        if (items)
            items[i] = item;
    }
    *out = items ? value_array_of(&e->arena, items, v.array->len) : v;
    return true;
}

static bool final_map(struct evaluation *e, Value v, Value *out, struct err *err)
{
    struct value_builder b = value_map_begin(&e->arena);
    bool has_changed = false;
    for (size_t i = 0; i < v.map->len; i++) {
        Value field = v.map->at[i].value, final;
        Str key = value_key(v, i);
        if (str_is(key, "location") && !str_eq(location_now(e, value_str(field)), value_str(field)))
            final = value_string(&e->arena, location_now(e, value_str(field)));
        else if (!final_value(e, field, &final, err))
            return false;
        has_changed |= !value_is_same(field, final);
        value_map_set(&b, key, final);
    }
    if (value_is_directory(v)) {
        Value listing;
        if (!folder_listing(e, &e->arena, v, &listing, err) || !flow_value(e, &e->arena, listing, &listing, err)
            || !final_value(e, listing, &listing, err))
            return false;
        value_map_set(&b, STR("listing"), listing);
        has_changed = true;
    }
    *out = has_changed ? value_map_end(&b) : v;
    return true;
}

static bool final_value(struct evaluation *e, Value v, Value *out, struct err *err)
{
    *out = v;
    return v.kind == VALUE_ARRAY ? final_array(e, v, out, err) : v.kind == VALUE_MAP ? final_map(e, v, out, err) : true;
}

static void finish_failed(struct evaluation *e, Str error)
{
    Str place = e->place.len ? e->place : span_text(&e->arena, e->document->process->span);
    driver_finish(e->driver, false, value_null, error, place);
}

static void outputs_ready(void *arg, bool ok, Str error)
{
    struct evaluation *e = arg;
    if (ok)
        driver_finish(e->driver, true, e->outputs, (Str){ 0 }, (Str){ 0 });
    else
        finish_failed(e, error);
}

static void main_done(struct call *call, void *owner, enum call_end end)
{
    struct evaluation *e = owner;
    struct hashes hashes = { 0 };
    struct err err;
    switch (end) {
    case CALL_DONE:
        if (!final_value(e, call->outputs, &e->outputs, &err)) {
            finish_failed(e, str_of(err.text));
            return;
        }
        if (driver_config(e->driver)->dry_run) {
            outputs_ready(e, true, (Str){ 0 });
            return;
        }
        collect_hashes(e, e->outputs, &hashes);
        driver_need(e->driver, hashes.at, hashes.len, outputs_ready, e);
        return;
    case CALL_BLOCKED: driver_finish(e->driver, true, value_null, (Str){ 0 }, (Str){ 0 }); return;
    case CALL_FAILED: case CALL_CANCELLED: finish_failed(e, call->error); return;
    }
}

// --- the beginning

// --subset: the first N elements of each input array that a step of the main workflow scatters over.
static void take_subset(struct evaluation *e)
{
    const struct cwl_process *p = e->document->process;
    for (size_t i = 0; e->options.subset > 0 && i < p->step_count; i++) {
        const struct cwl_step *step = &p->steps[i];
        for (size_t j = 0; j < step->in_count; j++)
            for (size_t k = 0; k < step->scatter_count; k++) {
                if (!str_eq(step->scatter[k], step->in[j].id) || step->in[j].source_count != 1)
                    continue;
                Str source = step->in[j].sources[0];
                Value v = value_get(e->inputs, source);
                if (v.kind == VALUE_ARRAY && (int64_t)value_len(v) > e->options.subset)
                    e->inputs = value_with(&e->arena, e->inputs, source, value_array(&e->arena, v.array->at, (size_t)e->options.subset));
            }
    }
}

static void files_hashed(void *arg)
{
    struct evaluation *e = arg;
    if (driver_is_over(e->driver))
        return;
    for (size_t i = 0; i < e->hashing.len; i++) {
        const struct driver_hash_item *item = &e->hashing.at[i];
        struct user_file *f = map_find(&e->files, item->path);
        f->hash = item->hash, f->size = item->size, f->err = item->err;
    }
    struct err err;
    if (!flow_value(e, &e->arena, e->inputs, &e->inputs, &err) || !discover_secondary(e, &err)) {
        finish_failed(e, str_of(err.text));
        return;
    }
    const struct cwl_process *p = e->document->process;
    bool is_workflow = p->class_ == CWL_WORKFLOW;
    Str name = is_workflow ? (Str){ 0 } : cwl_tool_name(&e->arena, e->workflow->path, p);
    e->main = call_new(e, p, NULL, name, name, main_done, e);
    e->main->inputs = e->inputs;
    if (p->class_ == CWL_TOOL)
        step_expect(e, name, 1);
    call_start(e->main);
}

struct evaluation *cwl_evaluation_start(const struct workflow *w, Value inputs, struct driver *d, const struct evaluation_options *o, struct err *err)
{
    struct evaluation *e = xcalloc(1, sizeof *e);
    e->workflow = w, e->document = w->document, e->driver = d, e->options = *o;
    link_init(&e->calls);
    e->js = js_new(o->js_timeout_ms > 0 ? o->js_timeout_ms : 20000, (int64_t)1 << 30);
    js_use_node(e->js, o->js_node);
    if (!cwl_job_requirements(&e->arena, inputs, &e->job_requirements, err) || !docker_check(e, e->document->process, NULL, 0, err)) {
        evaluation_free(e);
        return NULL;
    }
    for (Str rest = o->warning; rest.len;)
        driver_warn(d, str_cut(&rest, '\n'));
    e->inputs = inputs;
    take_subset(e);
    collect_user_files(e, e->inputs);
    if (e->hashing.len)
        driver_hash_files(d, e->hashing.at, e->hashing.len, files_hashed, e);
    else
        driver_later(d, files_hashed, e);
    return e;
}

void evaluation_free(struct evaluation *e)
{
    if (e == NULL)
        return;
    LINK_EACH(&e->calls, l)
        call_free(CONTAINER_OF(l, struct call, all));
    js_free(e->js);
    map_release(&e->files);
    map_release(&e->folders);
    map_release(&e->updated);
    map_release(&e->tools);
    map_release(&e->expected);
    arena_release(&e->arena);
    free(e);
}
