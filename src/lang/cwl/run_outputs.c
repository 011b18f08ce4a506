// SPDX-License-Identifier: Apache-2.0
// From what a task left behind to the output object of a tool: globs over the kept files, loadContents, outputEval, secondary
// files, formats, or cwl.output.json. The files themselves stay where they are, in the store.
#include <fnmatch.h>

#include "engine/export.h"
#include "lang/cwl/run.h"
#include "sys/file.h"
#include "value/read.h"

#define OUTPUT_OBJECT "cwl.output.json"

// --- what to keep

static bool add_glob(struct call *c, Str glob, struct err *err)
{
    glob = tool_path(c, glob);
    if (str_eq(glob, STR(TASK_OUT)))
        glob = STR(".");
    if (str_starts(glob, STR(TASK_OUT "/")))
        glob = str_from(glob, sizeof TASK_OUT);
    Str normal = str_normal_path(&c->arena, glob);
    if (glob.len == 0)
        return err_set(err, ERR_INVALID, "outputBinding.glob is an empty string");
    if (str_starts(normal, STR("/")) || str_is(normal, "..") || str_starts(normal, STR("../")))
        return err_set(err, ERR_INVALID, "outputBinding.glob '" STR_FMT "' leaves the working folder", STR_ARG(glob));
    if (str_is(normal, "."))
        c->tool->keep_all = true;
    vec_push(&c->arena, &c->tool->globs, normal);
    return true;
}

static bool evaluated_globs(struct call *c, const struct cwl_output_binding *b, Value *globs, struct err *err)
{
    struct expr_context x = tool_expr(c, value_null);
    if (!expr_any(&x, b->glob, value_null, globs, err))
        return err_wrap(err, "outputBinding.glob");
    if (globs->kind == VALUE_STRING)
        *globs = value_array(&c->arena, globs, 1);
    if (globs->kind == VALUE_ARRAY) {   // an expression in a list may give a list
        VEC(Value) flat = { 0 };
        for (size_t i = 0; i < value_len(*globs); i++) {
            Value v = value_at(*globs, i);
            for (size_t j = 0; j < value_len(v); j++)
                vec_push(&c->arena, &flat, value_at(v, j));
            if (v.kind != VALUE_ARRAY)
                vec_push(&c->arena, &flat, v);
        }
        *globs = value_array(&c->arena, flat.at, flat.len);
    }
    for (size_t i = 0; i < value_len(*globs); i++)
        if (value_at(*globs, i).kind != VALUE_STRING)
            return err_set(err, ERR_INVALID, "outputBinding.glob: the expression gives %s, expected a string or a list of strings",
                           value_kind_name(value_at(*globs, i).kind));
    return true;
}

static void add_secondary_globs(struct call *c, const struct cwl_param *p, size_t first)
{
    size_t last = c->tool->globs.len;
    for (size_t i = 0; i < p->secondary_count; i++) {
        Str pattern = p->secondary[i].pattern;
        if (expr_is(pattern) || str_starts(pattern, STR("^"))) {
            c->tool->keep_all = true;   // what it will be called is known only when the primary file is
            continue;
        }
        for (size_t g = first; g < last; g++)
            vec_push(&c->arena, &c->tool->globs, str_concat(&c->arena, c->tool->globs.at[g], pattern));
    }
}

static bool globs_of_param(struct call *c, const struct cwl_param *p, struct err *err)
{
    const struct cwl_type *type = p->type;
    size_t first = c->tool->globs.len;
    if (p->output && !value_is_null(p->output->glob)) {
        Value globs;
        if (!evaluated_globs(c, p->output, &globs, err))
            return false;
        for (size_t i = 0; i < value_len(globs); i++)
            if (!add_glob(c, value_str(value_at(globs, i)), err))
                return false;
    } else if (p->output && p->output->has_output_eval && expr_is(p->output->output_eval)) {
        // May name any file of the working folder as an object: keep what there is when it does.
        if (str_find(p->output->output_eval, STR("class")) >= 0)
            c->tool->keep_all = true;
    }
    add_secondary_globs(c, p, first);
    for (size_t m = 0; m < (type->kind == CWL_UNION ? type->member_count : 1); m++) {
        const struct cwl_type *t = type->kind == CWL_UNION ? type->members[m] : type;
        for (size_t i = 0; t->kind == CWL_RECORD && i < t->field_count; i++)
            if (!globs_of_param(c, &t->fields[i], err))
                return false;
    }
    return true;
}

bool outputs_globs(struct call *c, struct err *err)
{
    struct tool_run *t = c->tool;
    for (size_t i = 0; i < c->process->output_count; i++)
        if (!globs_of_param(c, &c->process->outputs[i], err))
            return err_wrap(err, "output '" STR_FMT "'", STR_ARG(c->process->outputs[i].id));
    for (size_t i = 0; i < t->inplace.len; i++)
        if (!add_glob(c, t->inplace.at[i].path, err))
            return false;
    vec_push(&c->arena, &t->globs, STR(OUTPUT_OBJECT));
    return true;
}

// --- the kept files as values

struct collector {
    struct call *c;
    const struct task_result *result;
    struct err *err;
};

// The first output whose path is not before `path`: they are sorted, so what is in a folder lies together.
static size_t first_from(const struct task_result *r, Str path)
{
    size_t low = 0, high = r->output_count;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (str_compare(r->outputs[mid].path, path) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static const struct output *find_output(const struct task_result *r, Str path)
{
    size_t i = first_from(r, path);
    return i < r->output_count && str_eq(r->outputs[i].path, path) ? &r->outputs[i] : NULL;
}

static Value value_of_output(struct collector *k, const struct output *o);

static Str parent_of(Str path) { return str_has(path, '/') ? str_dirname(path) : (Str){ 0 }; }

static Value listing_below(struct collector *k, Str folder)
{
    VEC(Value) items = { 0 };
    Str below = folder.len ? str_concat(&k->c->arena, folder, STR("/")) : folder;
    for (size_t i = first_from(k->result, below); i < k->result->output_count && str_starts(k->result->outputs[i].path, below); i++)
        if (str_eq(parent_of(k->result->outputs[i].path), folder))
            vec_push(&k->c->arena, &items, value_of_output(k, &k->result->outputs[i]));
    return value_array_of(&k->c->arena, items.at, items.len);
}

// A location ends with '/' and the name: expressions take the name from there ("location.split('/')"). Where files may be updated in
// place, two files are two things even while their bytes are the same: the location then says which task left it, and where.
static Str own_location(struct collector *k, Str location, Str path)
{
    if (!k->c->e->has_inplace)
        return str_printf(&k->c->arena, STR_FMT "#/" STR_FMT, STR_ARG(location), STR_ARG(str_basename(path)));
    return str_printf(&k->c->arena, STR_FMT "#" STR_FMT "/" STR_FMT, STR_ARG(location), STR_ARG(k->c->name), STR_ARG(path));
}

static Value folder_value(struct collector *k, Str path, Str basename)
{
    struct arena *a = &k->c->arena;
    struct value_builder b = value_map_begin(a);
    Value listing = listing_below(k, path);
    value_map_set(&b, STR("class"), value_string(a, STR("Directory")));
    Str location = folder_add(k->c->e, listing);
    value_map_set(&b, STR("location"), value_string(a, k->c->e->has_inplace ? own_location(k, location, path) : location));
    value_map_set(&b, STR("listing"), listing);         // taken off again where a view does not want it
    return file_names(a, value_map_end(&b), basename);
}

static Value value_of_output(struct collector *k, const struct output *o)
{
    struct arena *a = &k->c->arena;
    if (o->kind == OUTPUT_DIR)
        return folder_value(k, o->path, str_basename(o->path));
    struct value_builder b = value_map_begin(a);
    value_map_set(&b, STR("class"), value_string(a, STR("File")));
    value_map_set(&b, STR("location"), value_string(a, own_location(k, location_of_hash(a, o->hash), o->path)));
    value_map_set(&b, STR("size"), value_int(o->size));
    if (o->is_executable)
        value_map_set(&b, STR("petri:executable"), value_bool(true));
    return file_names(a, value_map_end(&b), str_basename(o->path));
}

// As expressions after the run see it: with path and dirname; folders without listing unless asked for.
static Value seen(struct collector *k, Value v, Str path)
{
    struct arena *a = &k->c->arena;
    Str full = str_join_path(a, STR(TASK_OUT), path);
    v = value_with(a, v, STR("path"), value_string(a, full));
    if (value_is_file(v))
        v = value_with(a, v, STR("dirname"), value_string(a, str_dirname(full)));
    return value_is_directory(v) ? value_without(a, v, STR("listing")) : v;
}

// glob(7) against a relative path, part by part; a leading dot is matched only by a dot.
static bool glob_matches(struct arena *a, Str pattern, Str path)
{
    while (pattern.len && path.len) {
        Str part = str_cut(&pattern, '/'), name = str_cut(&path, '/');
        if (str_eq(part, name))
            continue;
        if (fnmatch(str_z(a, part), str_z(a, name), FNM_PERIOD) != 0)
            return false;
    }
    return pattern.len == 0 && path.len == 0;
}

static void match(struct collector *k, Str pattern, Value *self, size_t *count, size_t cap)
{
    struct arena scratch = { 0 };
    const struct output *literal = find_output(k->result, pattern);
    if (str_is(pattern, ".")) {
        if (*count < cap)
            self[(*count)++] = seen(k, folder_value(k, (Str){ 0 }, STR("out")), STR(""));
    } else if (literal) {
        if (*count < cap)
            self[(*count)++] = seen(k, value_of_output(k, literal), literal->path);
    } else {
        for (size_t i = 0; i < k->result->output_count; i++)
            if (glob_matches(&scratch, pattern, k->result->outputs[i].path) && *count < cap)
                self[(*count)++] = seen(k, value_of_output(k, &k->result->outputs[i]), k->result->outputs[i].path);
    }
    arena_release(&scratch);
}

static Str relative_glob(struct call *c, Str glob)
{
    glob = tool_path(c, glob);
    if (str_eq(glob, STR(TASK_OUT)))
        return STR(".");
    return str_normal_path(&c->arena, str_starts(glob, STR(TASK_OUT "/")) ? str_from(glob, sizeof TASK_OUT) : glob);
}

static bool match_globs(struct collector *k, const struct cwl_output_binding *b, Value *self)
{
    struct arena *a = &k->c->arena;
    Value globs;
    if (!evaluated_globs(k->c, b, &globs, k->err))
        return false;
    size_t cap = (k->result->output_count + 1) * MAX(value_len(globs), (size_t)1), count = 0;
    Value *found = NEW_ARRAY(a, Value, cap);
    for (size_t i = 0; i < value_len(globs); i++)
        match(k, relative_glob(k->c, value_str(value_at(globs, i))), found, &count, cap);
    *self = value_array(a, found, count);
    return load_value(k->c->e, a, *self, b->load_contents, listing_of(b->load_listing, k->c->e, &k->c->scope, k->c->process->version),
                      k->c->process->version, self, k->err);
}

// --- objects that JavaScript or cwl.output.json made

static bool resolve_object(struct collector *k, Value v, Value *out);

static bool resolve_path(struct collector *k, Value v, Str path, Value *out)
{
    struct arena *a = &k->c->arena;
    const struct tool_run *t = k->c->tool;
    for (size_t i = 0; i < t->inputs_at.len; i++)       // an input handed on
        if (str_eq(t->inputs_at.at[i].path, path)) {
            *out = t->inputs_at.at[i].value;
            return true;
        }
    Str relative = str_normal_path(a, str_starts(path, STR(TASK_OUT "/")) ? str_from(path, sizeof TASK_OUT) : path);
    const struct output *o = find_output(k->result, relative);
    if (o == NULL)
        return err_set(k->err, ERR_NOT_FOUND, "'" STR_FMT "' is named as an output, but there is no such file in the working folder", STR_ARG(path));
    Value found = seen(k, value_of_output(k, o), relative);
    struct value_builder b = value_map_begin(a);
    value_map_copy(&b, found);
    for (size_t i = 0; i < v.map->len; i++) {           // its own fields (format, basename …) stay
        Str key = { v.map->at[i].key->data, v.map->at[i].key->len };
        if (!str_is(key, "location") && !str_is(key, "path") && !str_is(key, "class"))
            value_map_set(&b, key, v.map->at[i].value);
    }
    *out = value_map_end(&b);
    return true;
}

// Attempt folders have real paths; TASK_OUT is their name in values. A task may have printed its real one.
static Str task_path(struct collector *k, Str path)
{
    struct arena *a = &k->c->arena;
    path = tool_path(k->c, path);
    Str attempts = str_concat(a, path_absolute(a, driver_config(k->c->e->driver)->home), STR("/attempts/"));
    if (!str_starts(path, attempts))
        return path;
    Str rest = str_from(path, attempts.len);
    str_cut(&rest, '/');
    return str_printf(a, TASK_ROOT "/" STR_FMT, STR_ARG(rest));
}

static bool resolve_location(struct collector *k, Value v, Value *out)
{
    struct arena *a = &k->c->arena;
    Str location = value_get_str(v, STR("location")), path = value_get_str(v, STR("path"));
    if (str_starts(location, STR("petri:")) || (location.len == 0 && path.len == 0)) {
        *out = v;
        return true;
    }
    if (location_path(a, location, &path)) {
        path = task_path(k, path);
        if (!str_starts(path, STR(TASK_ROOT "/"))) {
            *out = v;                   // a user's own file that was an input
            return true;
        }
    } else if (path.len == 0) {
        path = location;
    }
    return resolve_path(k, v, task_path(k, path), out);
}

static bool resolve_object(struct collector *k, Value v, Value *out)
{
    struct arena *a = &k->c->arena;
    *out = v;
    if (v.kind == VALUE_ARRAY) {
        Value *items = NEW_ARRAY(a, Value, v.array->len);
        for (size_t i = 0; i < v.array->len; i++)
            if (!resolve_object(k, v.array->at[i], &items[i]))
                return false;
        *out = value_array_of(a, items, v.array->len);
        return true;
    }
    if (v.kind != VALUE_MAP)
        return true;
    if ((value_is_file(v) || value_is_directory(v)) && !resolve_location(k, v, &v))
        return false;
    struct value_builder b = value_map_begin(a);
    for (size_t i = 0; i < v.map->len; i++) {
        Value field;
        if (!resolve_object(k, v.map->at[i].value, &field))
            return false;
        value_map_set(&b, (Str){ v.map->at[i].key->data, v.map->at[i].key->len }, field);
    }
    *out = value_map_end(&b);
    return true;
}

// --- secondary files and formats of outputs

struct values {
    Value *at;
    size_t len, cap;
};

static bool secondary_of_name(struct collector *k, Str primary_path, Str name, bool required, struct values *list)
{
    struct arena *a = &k->c->arena;
    Str dir = str_dirname(primary_path);
    Str path = str_is(dir, ".") ? name : str_join_path(a, dir, name);
    const struct output *o = find_output(k->result, str_normal_path(a, path));
    if (o == NULL && !required)
        return true;
    if (o == NULL)
        return err_set(k->err, ERR_NOT_FOUND, "the secondary file '" STR_FMT "' of '" STR_FMT "' was not made", STR_ARG(name),
                       STR_ARG(str_basename(primary_path)));
    vec_push(a, list, value_of_output(k, o));
    return true;
}

static bool secondary_of_value(struct collector *k, Str primary_path, Value v, bool required, struct values *list)
{
    if (value_is_null(v))
        return true;
    if (v.kind == VALUE_STRING)
        return secondary_of_name(k, primary_path, value_str(v), required, list);
    if (v.kind == VALUE_ARRAY) {
        for (size_t i = 0; i < value_len(v); i++)
            if (!secondary_of_value(k, primary_path, value_at(v, i), required, list))
                return false;
        return true;
    }
    Value found;
    if (!resolve_object(k, v, &found))
        return false;
    vec_push(&k->c->arena, list, found);
    return true;
}

// A file as an expression sees it that makes the location of another file from this one's, beside it in the working folder.
static Value located(struct arena *a, Value file)
{
    return value_with(a, file, STR("location"), value_string(a, location_of_path(a, value_get_str(file, STR("path")))));
}

static bool secondary_of_pattern(struct collector *k, const struct cwl_secondary *s, Value primary, Str path, struct values *list)
{
    struct expr_context x = tool_expr(k->c, located(&k->c->arena, primary));
    Value required = s->required, name;
    if (required.kind == VALUE_STRING && !expr_eval(&x, value_str(required), &required, k->err))
        return false;
    bool is_required = required.kind == VALUE_BOOL && required.boolean;
    if (!expr_is(s->pattern))
        return secondary_of_name(k, path, secondary_name(&k->c->arena, str_basename(path), s->pattern), is_required, list);
    if (!expr_eval(&x, s->pattern, &name, k->err))
        return err_wrap(k->err, "secondaryFiles");
    return secondary_of_value(k, path, name, is_required, list);
}

static bool finish_file(struct collector *k, const struct cwl_param *p, Value file, Value *out)
{
    struct arena *a = &k->c->arena;
    struct values list = { 0 };
    Str path = value_get_str(file, STR("path"));
    *out = file;
    if (str_starts(path, STR(TASK_OUT "/")) && value_len(value_get(file, STR("secondaryFiles"))) == 0) {
        for (size_t i = 0; i < p->secondary_count; i++)
            if (!secondary_of_pattern(k, &p->secondary[i], file, str_from(path, sizeof TASK_OUT), &list))
                return false;
        if (list.len)
            *out = value_with(a, *out, STR("secondaryFiles"), value_array(a, list.at, list.len));
    }
    if (!value_is_null(p->format)) {
        struct expr_context x = tool_expr(k->c, value_null);
        Value format;
        if (!expr_any(&x, p->format, value_null, &format, k->err))
            return err_wrap(k->err, "format");
        if (format.kind == VALUE_STRING)
            *out = value_with(a, *out, STR("format"), format);
    }
    return true;
}

static bool finish_files(struct collector *k, const struct cwl_param *p, Value v, Value *out)
{
    struct arena *a = &k->c->arena;
    *out = v;
    if (value_is_file(v))
        return finish_file(k, p, v, out);
    if (v.kind != VALUE_ARRAY)
        return true;
    Value *items = NEW_ARRAY(a, Value, v.array->len);
    for (size_t i = 0; i < v.array->len; i++)
        if (!finish_files(k, p, v.array->at[i], &items[i]))
            return false;
    *out = value_array_of(a, items, v.array->len);
    return true;
}

// --- one output

static bool wants(const struct cwl_type *type, enum cwl_kind kind)
{
    if (type->kind == kind || type->kind == CWL_ANY)
        return true;
    for (size_t i = 0; type->kind == CWL_UNION && i < type->member_count; i++)
        if (wants(type->members[i], kind))
            return true;
    return false;
}

// Without outputEval a glob gives the one match where a File or Directory is wanted, the list where a list is.
static bool value_of_matches(struct collector *k, const struct cwl_param *p, Value self, Value *out)
{
    size_t count = value_len(self);
    if (wants(p->type, CWL_ARRAY) && !(count == 1 && p->type->kind == CWL_UNION && wants(p->type, CWL_FILE))) {
        *out = count == 0 && cwl_type_accepts_null(p->type) ? value_null : self;        // of File[]?: null, as other runners
        return true;
    }
    if (count > 1)
        return err_set(k->err, ERR_INVALID, "the glob matches %zu files, expected one", count);
    *out = count == 1 ? value_at(self, 0) : value_null;
    if (count == 0 && !cwl_type_accepts_null(p->type)) {
        struct strbuf globs = { 0 };
        Value evaluated;
        if (!evaluated_globs(k->c, p->output, &evaluated, k->err))
            return false;
        json_write(&globs, value_len(evaluated) == 1 ? value_at(evaluated, 0) : evaluated, 0);
        err_set(k->err, ERR_NOT_FOUND, "the glob " STR_FMT " matches nothing that the tool left in its working folder", STR_ARG(strbuf_str(&globs)));
        strbuf_release(&globs);
        return false;
    }
    return true;
}

static bool collect_param(struct collector *k, const struct cwl_param *p, Value *out);

static bool collect_record(struct collector *k, const struct cwl_type *type, Value *out)
{
    struct value_builder b = value_map_begin(&k->c->arena);
    for (size_t i = 0; i < type->field_count; i++) {
        Value v;
        if (!collect_param(k, &type->fields[i], &v))
            return err_wrap(k->err, "field '" STR_FMT "'", STR_ARG(type->fields[i].id));
        value_map_set(&b, type->fields[i].id, v);
    }
    *out = value_map_end(&b);
    return true;
}

static Value runtime_after(struct call *c)
{
    return value_with(&c->arena, c->tool->runtime, STR("exitCode"), value_int(c->tool->exit_code));
}

static bool collect_param(struct collector *k, const struct cwl_param *p, Value *out)
{
    const struct cwl_output_binding *b = p->output;
    Value self = value_null;
    *out = value_null;
    if (b == NULL) {
        const struct cwl_type *record = NULL;
        for (size_t i = 0; i < (p->type->kind == CWL_UNION ? p->type->member_count : 1); i++) {
            const struct cwl_type *t = p->type->kind == CWL_UNION ? p->type->members[i] : p->type;
            record = t->kind == CWL_RECORD ? t : record;
        }
        return record == NULL || collect_record(k, record, out);
    }
    if (!value_is_null(b->glob) && !match_globs(k, b, &self))
        return false;
    if (b->has_output_eval) {
        struct expr_context x = tool_expr(k->c, self);
        x.runtime = k->c->process->version >= CWL_V1_1 ? runtime_after(k->c) : x.runtime;
        if (!expr_any(&x, value_string(&k->c->arena, b->output_eval), self, out, k->err))
            return err_wrap(k->err, "outputEval");
        if (!resolve_object(k, *out, out))
            return false;
    } else if (!value_is_null(b->glob) && !value_of_matches(k, p, self, out)) {
        return false;
    }
    return finish_files(k, p, *out, out);
}

// --- all

static bool read_output_object(struct collector *k, const struct output *o, Value *object)
{
    struct arena *a = &k->c->arena;
    Str path, bytes;
    if (!known_bytes(k->c->e, a, o->hash, (Str){ 0 }, &path, &bytes, k->err))
        return false;
    struct source source = { STR(OUTPUT_OBJECT), bytes };
    if (path.len && !file_text(a, path, &source.text, k->err))
        return false;
    if (!json_parse(a, source.text, object, k->err))
        return err_wrap(k->err, OUTPUT_OBJECT);
    if (object->kind != VALUE_MAP)
        return err_set(k->err, ERR_INVALID, OUTPUT_OBJECT " holds %s, expected an object", value_kind_name(object->kind));
    return resolve_object(k, *object, object);
}

static void note_inplace(struct collector *k)
{
    struct tool_run *t = k->c->tool;
    for (size_t i = 0; i < t->inplace.len; i++) {
        const struct output *o = find_output(k->result, str_from(t->inplace.at[i].path, sizeof TASK_OUT));
        for (size_t j = 0; o && j < t->inputs_at.len; j++)
            if (str_eq(t->inputs_at.at[j].path, t->inplace.at[i].path)) {
                Value now = value_get(value_of_output(k, o), STR("location"));
                t->inputs_at.at[j].value = value_with(&k->c->arena, t->inputs_at.at[j].value, STR("petri:now"), now);
            }
    }
}

bool outputs_collect(struct call *c, const struct task_result *r, Value *outputs, struct err *err)
{
    struct collector k = { c, r, err };
    const struct output *object = find_output(r, STR(OUTPUT_OBJECT));
    note_inplace(&k);
    if (object) {
        if (!read_output_object(&k, object, outputs))
            return false;
        struct value_builder b = value_map_begin(&c->arena);
        value_map_copy(&b, *outputs);
        for (size_t i = 0; i < c->process->output_count; i++) {
            Value v;
            if (!finish_files(&k, &c->process->outputs[i], value_get(*outputs, c->process->outputs[i].id), &v))
                return false;
            value_map_set(&b, c->process->outputs[i].id, v);
        }
        *outputs = value_map_end(&b);
        return true;
    }
    struct value_builder b = value_map_begin(&c->arena);
    for (size_t i = 0; i < c->process->output_count; i++) {
        Value v;
        if (!collect_param(&k, &c->process->outputs[i], &v)) {
            call_blame(c, c->process->outputs[i].span);
            return err_wrap(err, "output '" STR_FMT "'", STR_ARG(c->process->outputs[i].id));
        }
        value_map_set(&b, c->process->outputs[i].id, v);
    }
    *outputs = value_map_end(&b);
    return true;
}

bool outputs_check(struct call *c, Value outputs, Value *complete, struct err *err)
{
    struct value_builder b = value_map_begin(&c->arena);
    for (size_t i = 0; i < c->process->output_count; i++) {
        const struct cwl_param *p = &c->process->outputs[i];
        Value v = value_get(outputs, p->id);
        bool is_any = p->type->kind == CWL_ANY;         // as other runners: Any of an output may be null
        if (!is_any && !cwl_type_accepts(p->type, v, NULL)) {
            call_blame(c, p->span);
            return err_set(err, ERR_INVALID, "output '" STR_FMT "': expected " STR_FMT ", got %s", STR_ARG(p->id),
                           STR_ARG(cwl_type_text(&c->arena, p->type)),
                           value_is_file(v) ? "a File" : value_is_directory(v) ? "a Directory" : value_kind_name(v.kind));
        }
        if (!flow_value(c->e, &c->arena, v, &v, err))
            return err_wrap(err, "output '" STR_FMT "'", STR_ARG(p->id));
        value_map_set(&b, p->id, v);
    }
    *complete = value_map_end(&b);
    return true;
}
