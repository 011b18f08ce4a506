// SPDX-License-Identifier: Apache-2.0
// What must be on disk before a tool starts: its inputs under TASK_IN, each primary file with its secondary files in a folder
// of its own, and what InitialWorkDirRequirement puts into TASK_OUT. Nothing is touched here: stages are only listed.
#include "engine/export.h"
#include "lang/cwl/run.h"

static bool name_is_safe(Str name) { return name.len && !str_has(name, '/') && !str_is(name, ".") && !str_is(name, ".."); }

struct staging {
    struct call *c;
    struct err *err;
    bool is_writable;
};

// One thing for one path. The same file may be asked for twice, as when an index is an input and a secondary file too.
static bool add_stage(struct staging *s, struct stage stage)
{
    struct call *c = s->c;
    struct stages *stages = &c->tool->stages;
    size_t known = (size_t)map_find(&stages->by_path, stage.path);
    if (known == 0) {
        vec_push(&c->arena, &stages->at, stage);
        map_set(&stages->by_path, stage.path, (void *)stages->at.len);
        return true;
    }
    const struct stage *there = &stages->at.at[known - 1];
    if (there->kind == stage.kind && hash_eq(there->hash, stage.hash) && str_eq(there->text, stage.text) && there->is_writable == stage.is_writable)
        return true;
    return err_set(s->err, ERR_INVALID, "two different things would both be '" STR_FMT "' where the tool runs; give one another name",
                   STR_ARG(str_basename(stage.path)));
}

static bool stage_file(struct staging *s, Value file, Str path)
{
    struct call *c = s->c;
    struct stage stage = { .path = path, .is_writable = s->is_writable, .is_executable = value_has(file, STR("petri:executable")) };
    Str location = value_get_str(file, STR("location"));
    if (location.len == 0 && value_get(file, STR("contents")).kind == VALUE_STRING) {
        stage.kind = STAGE_TEXT;
        stage.text = value_get_str(file, STR("contents"));
    } else {
        stage.kind = STAGE_FILE;
        int64_t size;
        if (!file_bytes(c->e, &c->arena, location, &stage.hash, &size, &stage.source, s->err))
            return false;
    }
    if (!add_stage(s, stage))
        return false;
    vec_push(&c->arena, &c->tool->inputs_at, (struct input_at){ path, file });
    return true;
}

static bool stage_entry(struct staging *s, Value v, Str path);

// The secondary files of an entry of a folder lie in the folder too.
static bool stage_beside(struct staging *s, Value entry, Str folder)
{
    Value secondary = value_get(entry, STR("secondaryFiles"));
    for (size_t i = 0; i < value_len(secondary); i++) {
        Value v = value_at(secondary, i);
        Str name = value_get_str(v, STR("basename"));
        if (!name_is_safe(name))
            return err_set(s->err, ERR_INVALID, "'" STR_FMT "' cannot be the name of a file", STR_ARG(name));
        if (!stage_entry(s, v, str_join_path(&s->c->arena, folder, name)))
            return false;
    }
    return true;
}

static bool stage_folder(struct staging *s, Value directory, Str path)
{
    Value listing;
    if (!folder_listing(s->c->e, &s->c->arena, directory, &listing, s->err))
        return false;
    if (!add_stage(s, (struct stage){ .kind = STAGE_DIR, .path = path, .is_writable = s->is_writable }))
        return false;
    vec_push(&s->c->arena, &s->c->tool->inputs_at, (struct input_at){ path, directory });
    for (size_t i = 0; i < value_len(listing); i++) {
        Value entry;
        if (!flow_value(s->c->e, &s->c->arena, value_at(listing, i), &entry, s->err))
            return false;
        Str name = value_get_str(entry, STR("basename"));
        if (!name_is_safe(name))
            return err_set(s->err, ERR_INVALID, "'" STR_FMT "' cannot be the name of a file", STR_ARG(name));
        if (!stage_entry(s, entry, str_join_path(&s->c->arena, path, name)) || !stage_beside(s, entry, path))
            return false;
    }
    return true;
}

static bool stage_entry(struct staging *s, Value v, Str path)
{
    return value_is_directory(v) ? stage_folder(s, v, path) : stage_file(s, v, path);
}

static Value with_path(struct arena *a, Value v, Str path)
{
    v = value_with(a, v, STR("path"), value_string(a, path));
    if (value_is_file(v))
        return value_with(a, v, STR("dirname"), value_string(a, str_dirname(path)));
    Value listing = value_get(v, STR("listing"));
    if (listing.kind != VALUE_ARRAY)
        return v;
    Value *items = NEW_ARRAY(a, Value, value_len(listing));
    for (size_t i = 0; i < value_len(listing); i++) {
        Value entry = value_at(listing, i);
        items[i] = with_path(a, entry, str_join_path(a, path, value_get_str(entry, STR("basename"))));
    }
    return value_with(a, v, STR("listing"), value_array_of(a, items, value_len(listing)));
}

// A File or Directory and what belongs to it, into `dir`. *out: the same with paths.
static bool stage_into(struct staging *s, Value v, Str dir, Value *out)
{
    struct arena *a = &s->c->arena;
    Str name = value_get_str(v, STR("basename"));
    if (!name_is_safe(name))
        return err_set(s->err, ERR_INVALID, "'" STR_FMT "' cannot be the name of a file", STR_ARG(name));
    Str path = str_join_path(a, dir, name);
    if (!stage_entry(s, v, path))
        return false;
    *out = with_path(a, v, path);
    Value secondary = value_get(v, STR("secondaryFiles"));
    if (value_len(secondary) == 0)
        return true;
    Value *items = NEW_ARRAY(a, Value, value_len(secondary));
    for (size_t i = 0; i < value_len(secondary); i++)
        if (!stage_into(s, value_at(secondary, i), dir, &items[i]))
            return false;
    *out = value_with(a, *out, STR("secondaryFiles"), value_array_of(a, items, value_len(secondary)));
    return true;
}

static bool view_of(struct staging *s, Value v, Value *out)
{
    struct arena *a = &s->c->arena;
    *out = v;
    if (value_is_file(v) || value_is_directory(v)) {
        Str dir = str_printf(a, TASK_IN "/%d", s->c->tool->stages.next_input++);
        return stage_into(s, v, dir, out);
    }
    if (v.kind == VALUE_ARRAY) {
        Value *items = NEW_ARRAY(a, Value, v.array->len);
        for (size_t i = 0; i < v.array->len; i++)
            if (!view_of(s, v.array->at[i], &items[i]))
                return false;
        *out = value_array_of(a, items, v.array->len);
    } else if (v.kind == VALUE_MAP) {
        struct value_builder b = value_map_begin(a);
        for (size_t i = 0; i < v.map->len; i++) {
            Value field;
            if (!view_of(s, v.map->at[i].value, &field))
                return false;
            value_map_set(&b, (Str){ v.map->at[i].key->data, v.map->at[i].key->len }, field);
        }
        *out = value_map_end(&b);
    }
    return true;
}

// --- contents, listings, formats and secondary files, as the parameters (and fields of records) ask for

static bool has_secondary(struct call *c, Value file, Str name)
{
    Value secondary = value_get(file, STR("secondaryFiles"));
    for (size_t i = 0; i < value_len(secondary); i++) {
        Value flow;
        struct err ignored;
        if (flow_value(c->e, &c->arena, value_at(secondary, i), &flow, &ignored) && str_eq(value_get_str(flow, STR("basename")), name))
            return true;
    }
    return false;
}

static bool is_required(struct call *c, const struct expr_context *x, const struct cwl_secondary *s, Value file, bool *required, struct err *err)
{
    Value v = s->required;
    bool was_expression = v.kind == VALUE_STRING;
    if (was_expression && !expr_any(x, v, file, &v, err))
        return false;
    *required = v.kind == VALUE_BOOL ? v.boolean : !was_expression;     // an expression that gives null asks for nothing
    return c != NULL;
}

static bool check_secondary(struct call *c, const struct expr_context *x, const struct cwl_param *p, Value v, struct err *err)
{
    if (v.kind == VALUE_ARRAY) {
        for (size_t i = 0; i < v.array->len; i++)
            if (!check_secondary(c, x, p, v.array->at[i], err))
                return false;
        return true;
    }
    for (size_t i = 0; value_is_file(v) && i < p->secondary_count; i++) {
        bool required;
        if (expr_is(p->secondary[i].pattern))
            continue;                   // whoever made the file has evaluated it
        if (!is_required(c, x, &p->secondary[i], v, &required, err))
            return false;
        Str wanted = secondary_name(&c->arena, value_get_str(v, STR("basename")), p->secondary[i].pattern);
        if (required && !has_secondary(c, v, wanted))
            return err_set(err, ERR_INVALID, "the file '" STR_FMT "' comes without its secondary file '" STR_FMT "'",
                           STR_ARG(value_get_str(v, STR("basename"))), STR_ARG(wanted));
    }
    return true;
}

// Where a parameter has secondary files at all, expressions find a list of them, if need be an empty one: as other runners.
static Value with_secondary_list(struct arena *a, Value v)
{
    if (value_is_file(v))
        return value_has(v, STR("secondaryFiles")) ? v : value_with(a, v, STR("secondaryFiles"), value_array(a, NULL, 0));
    if (v.kind != VALUE_ARRAY)
        return v;
    Value *items = NEW_ARRAY(a, Value, v.array->len);
    for (size_t i = 0; i < v.array->len; i++)
        items[i] = with_secondary_list(a, v.array->at[i]);
    return value_array_of(a, items, v.array->len);
}

static bool load_param(struct call *c, const struct expr_context *x, const struct cwl_param *p, Value v, Value *out, struct err *err)
{
    struct evaluation *e = c->e;
    enum cwl_version version = c->process->version;
    bool contents = p->load_contents || (p->binding && p->binding->load_contents);
    if (!load_value(e, &c->arena, v, contents, listing_of(p->load_listing, e, &c->scope, version), version, out, err))
        return false;
    if (!format_check(e, &c->arena, x, p, *out, err) || !check_secondary(c, x, p, *out, err))
        return false;
    if (p->secondary_count)
        *out = with_secondary_list(&c->arena, *out);
    const struct cwl_type *type = p->type;
    if (type->kind == CWL_UNION && !cwl_type_accepts(type, *out, &type))
        return true;
    for (size_t i = 0; type->kind == CWL_RECORD && i < type->field_count; i++) {
        Value field = value_get(*out, type->fields[i].id);
        if (value_is_null(field))
            continue;
        if (!load_param(c, x, &type->fields[i], field, &field, err))
            return false;
        *out = value_with(&c->arena, *out, type->fields[i].id, field);
    }
    return true;
}

bool stage_inputs(struct call *c, struct err *err)
{
    struct staging s = { c, err, false };
    struct value_builder b = value_map_begin(&c->arena);
    for (size_t i = 0; i < c->process->input_count; i++) {
        const struct cwl_param *p = &c->process->inputs[i];
        Value v = value_get(c->inputs, p->id);
        struct expr_context x = scope_expr(c->e, &c->scope, c->process->version, &c->arena, c->inputs, value_null, value_null);
        if (!load_param(c, &x, p, v, &v, err) || !view_of(&s, v, &v)) {
            call_blame(c, p->span);
            return err_wrap(err, "input '" STR_FMT "'", STR_ARG(p->id));
        }
        value_map_set(&b, p->id, v);
    }
    c->tool->view = value_map_end(&b);
    return true;
}

// --- InitialWorkDirRequirement

// What `moves` says of the path of a File or Directory in the view is done, deep.
static Value moved(struct arena *a, Value v, const struct map *moves)
{
    if (v.kind == VALUE_ARRAY) {
        Value *items = NEW_ARRAY(a, Value, v.array->len);
        for (size_t i = 0; i < v.array->len; i++)
            items[i] = moved(a, v.array->at[i], moves);
        return value_array_of(a, items, v.array->len);
    }
    if (v.kind != VALUE_MAP)
        return v;
    const Str *to = value_is_file(v) || value_is_directory(v) ? map_find(moves, value_get_str(v, STR("path"))) : NULL;
    if (to)
        v = with_path(a, file_names(a, v, str_basename(*to)), *to);
    struct value_builder b = value_map_begin(a);
    for (size_t i = 0; i < v.map->len; i++)
        value_map_set(&b, (Str){ v.map->at[i].key->data, v.map->at[i].key->len }, moved(a, v.map->at[i].value, moves));
    return value_map_end(&b);
}

struct workdir {
    struct staging staging;
    bool is_inplace;
    struct map moves;                   // path of an input in the view -> Str: where it will lie
};

static bool workdir_path(struct workdir *w, Str name, Str *path)
{
    struct call *c = w->staging.c;
    name = tool_path(c, name);
    if (name.len && name.data[0] == '/') {
        *path = str_normal_path(&c->arena, name);
        if (tool_is_boxed(c) && !str_eq(*path, STR(TASK_ROOT)) && !str_starts(*path, STR(TASK_ROOT "/")) && path->len > 1)
            return true;                // mounted there
        if (!str_starts(*path, STR(TASK_OUT "/")))
            return err_set(w->staging.err, ERR_UNSUPPORTED,
                           "InitialWorkDirRequirement: the absolute entryname '" STR_FMT "' needs a container, "
                           "by DockerRequirement in 'requirements'", STR_ARG(name));
        return true;
    }
    *path = str_normal_path(&c->arena, str_join_path(&c->arena, STR(TASK_OUT), name));
    if (!str_starts(*path, STR(TASK_OUT "/")))
        return err_set(w->staging.err, ERR_INVALID,
                       "InitialWorkDirRequirement: the entryname '" STR_FMT "' leaves the working folder", STR_ARG(name));
    return true;
}

static bool workdir_object(struct workdir *w, Value v, Str name)
{
    struct call *c = w->staging.c;
    Str path;
    Value flow;
    if (!flow_value(c->e, &c->arena, v, &flow, w->staging.err))
        return false;
    if (!workdir_path(w, name.len ? name : value_get_str(flow, STR("basename")), &path) || !stage_entry(&w->staging, flow, path))
        return false;
    Str location = value_get_str(flow, STR("location")), was = value_get_str(v, STR("path"));
    if (was.len)
        map_set(&w->moves, was, arena_copy(&c->arena, &path, sizeof path));
    if (location.len && w->is_inplace && w->staging.is_writable)
        vec_push(&c->arena, &c->tool->inplace, (struct inplace){ location, path, value_is_directory(flow) });
    Value secondary = value_get(v, STR("secondaryFiles"));
    for (size_t i = 0; i < value_len(secondary); i++) {
        Str sibling = str_join_path(&c->arena, str_dirname(path), value_get_str(value_at(secondary, i), STR("basename")));
        if (!workdir_object(w, value_at(secondary, i), sibling))
            return false;
    }
    return true;
}

static bool workdir_text(struct workdir *w, Str name, Str text)
{
    Str path;
    if (name.len == 0)
        return err_set(w->staging.err, ERR_INVALID, "InitialWorkDirRequirement: a text entry needs an entryname");
    if (!workdir_path(w, name, &path))
        return false;
    return add_stage(&w->staging, (struct stage){ .kind = STAGE_TEXT, .path = path, .text = text, .is_writable = w->staging.is_writable });
}

static bool is_object(Value v) { return value_is_file(v) || value_is_directory(v); }

static bool all_objects(Value v)
{
    for (size_t i = 0; i < value_len(v); i++)
        if (!is_object(value_at(v, i)))
            return false;
    return v.kind == VALUE_ARRAY && value_len(v) > 0;
}

static bool workdir_entry(struct workdir *w, Value entry, Str name, bool was_expression)
{
    struct call *c = w->staging.c;
    if (is_object(entry))
        return workdir_object(w, entry, name);
    if (all_objects(entry) || (entry.kind == VALUE_ARRAY && value_len(entry) == 0 && name.len == 0)) {
        for (size_t i = 0; i < value_len(entry); i++)
            if (!workdir_object(w, value_at(entry, i), (Str){ 0 }))
                return false;
        return true;
    }
    if (value_is_null(entry) && was_expression)
        return true;
    if (entry.kind == VALUE_STRING)
        return workdir_text(w, name, value_str(entry));
    return workdir_text(w, name, expr_text(&c->arena, entry));
}

static bool workdir_dirent(struct workdir *w, const struct expr_context *x, Value dirent)
{
    Value entry = value_get(dirent, STR("entry"));
    Str name = value_get_str(dirent, STR("entryname"));
    struct expr_context text = *x;
    text.keep_space = true;
    bool was_expression = entry.kind == VALUE_STRING && expr_is(value_str(entry));
    if (was_expression && !expr_eval(&text, value_str(entry), &entry, w->staging.err))
        return err_wrap(w->staging.err, "InitialWorkDirRequirement, entry");
    if (!was_expression && is_object(entry) && !expr_any(x, entry, value_null, &entry, w->staging.err))
        return false;
    if (!expr_string(x, name, "InitialWorkDirRequirement, entryname", &name, w->staging.err))
        return false;
    Value writable = value_get(dirent, STR("writable"));
    if (writable.kind == VALUE_STRING && !expr_eval(x, value_str(writable), &writable, w->staging.err))
        return false;
    w->staging.is_writable = writable.kind == VALUE_BOOL && writable.boolean;
    bool ok = workdir_entry(w, entry, name, was_expression);
    w->staging.is_writable = false;
    return ok;
}

static bool workdir_item(struct workdir *w, const struct expr_context *x, Value item)
{
    if (item.kind == VALUE_STRING && !expr_eval(x, value_str(item), &item, w->staging.err))
        return err_wrap(w->staging.err, "InitialWorkDirRequirement");
    if (value_is_null(item))
        return true;
    if (item.kind == VALUE_ARRAY) {
        for (size_t i = 0; i < value_len(item); i++)
            if (!workdir_item(w, x, value_at(item, i)))
                return false;
        return true;
    }
    if (is_object(item)) {              // a File or Directory written in the document may hold expressions
        if (!expr_any(x, item, value_null, &item, w->staging.err))
            return false;
        return workdir_object(w, item, (Str){ 0 });
    }
    if (item.kind == VALUE_MAP && value_has(item, STR("entry")))
        return workdir_dirent(w, x, item);
    return err_set(w->staging.err, ERR_INVALID, "InitialWorkDirRequirement: an entry is %s, expected a File, a Directory or a Dirent",
                   value_kind_name(item.kind));
}

bool stage_workdir(struct call *c, struct err *err)
{
    const struct cwl_requirement *r = scope_find(c->e, &c->scope, CWL_REQ_INITIAL_WORKDIR, NULL);
    if (r == NULL)
        return true;
    const struct cwl_requirement *inplace = scope_find(c->e, &c->scope, CWL_REQ_INPLACE_UPDATE, NULL);
    struct workdir w = { .staging = { c, err, false } };
    Value flag = inplace ? value_get(inplace->fields, STR("inplaceUpdate")) : value_null;
    w.is_inplace = flag.kind == VALUE_BOOL && flag.boolean;
    struct expr_context x = tool_expr(c, value_null);
    bool ok = workdir_item(&w, &x, value_get(r->fields, STR("listing")));
    if (ok)
        c->tool->view = moved(&c->arena, c->tool->view, &w.moves);
    map_release(&w.moves);
    return ok;
}
