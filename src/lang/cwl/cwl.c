// SPDX-License-Identifier: Apache-2.0
// CWL behind lang.h: a loaded document as a workflow with inputs that a command line can show and set.
#include "lang/cwl/cwl.h"

#include "base/arena.h"
#include "base/vec.h"
#include "engine/export.h"
#include "lang/cwl/schema.h"
#include "sys/file.h"
#include "value/read.h"

static enum input_base base_of(enum cwl_kind kind)
{
    switch (kind) {
    case CWL_BOOLEAN: return INPUT_BOOL;
    case CWL_INT: case CWL_LONG: return INPUT_INT;
    case CWL_FLOAT: case CWL_DOUBLE: return INPUT_FLOAT;
    case CWL_STRING: return INPUT_STRING;
    case CWL_FILE: return INPUT_FILE;
    case CWL_DIRECTORY: return INPUT_DIR;
    case CWL_ENUM: return INPUT_ENUM;
    case CWL_NULL: case CWL_ANY: case CWL_ARRAY: case CWL_UNION: return INPUT_OTHER;
    case CWL_RECORD: return INPUT_RECORD;
    }
    return INPUT_OTHER;
}

// A union of a type and lists of it (File or File[]) is described by that type; NULL: not of this kind.
static const struct cwl_type *single_or_list(const struct cwl_type *type)
{
    const struct cwl_type *common = NULL;
    for (size_t i = 0; i < type->member_count; i++) {
        const struct cwl_type *member = type->members[i]->kind == CWL_ARRAY ? type->members[i]->items : type->members[i];
        if (member->kind == CWL_NULL)
            continue;
        if (member->kind >= CWL_ARRAY || (common && base_of(common->kind) != base_of(member->kind)))
            return NULL;
        common = member;
    }
    return common;
}

static void describe(struct arena *a, const struct cwl_param *p, struct workflow_input *in);

static void describe_fields(struct arena *a, const struct cwl_type *record, struct workflow_input *in)
{
    struct workflow_input *fields = NEW_ARRAY(a, struct workflow_input, record->field_count + 1);
    for (size_t i = 0; i < record->field_count; i++) {
        const struct cwl_param *p = &record->fields[i];
        fields[i] = (struct workflow_input){ .name = p->id, .type_text = cwl_type_text(a, p->type), .doc = p->doc };
    }
    in->fields = fields, in->field_count = record->field_count;
}

static void describe(struct arena *a, const struct cwl_param *p, struct workflow_input *in)
{
    *in = (struct workflow_input){
        .name = p->id, .type_text = cwl_type_text(a, p->type), .doc = p->doc.len ? p->doc : p->label, .base = INPUT_OTHER,
        .is_required = !cwl_type_accepts_null(p->type) && !p->has_default, .has_default = p->has_default, .default_value = p->default_value,
    };
    const struct cwl_type *type = cwl_type_only(p->type);
    if (type == NULL) {
        type = single_or_list(p->type);
        in->may_be_array = type != NULL;
    } else if (type->kind == CWL_ARRAY) {
        in->is_array = true;
        type = cwl_type_only(type->items);
    }
    if (type == NULL)
        return;
    in->base = base_of(type->kind);
    in->symbols = type->symbols, in->symbol_count = type->symbol_count;
    if (type->kind == CWL_RECORD)
        describe_fields(a, type, in);
}

struct workflow *cwl_workflow_load(struct arena *a, Str path, struct diags *diags)
{
    struct cwl_document *d = cwl_load(a, path, diags);
    if (d == NULL)
        return NULL;
    struct workflow *w = NEW(a, struct workflow);
    const struct cwl_process *p = d->process;
    struct workflow_input *inputs = NEW_ARRAY(a, struct workflow_input, p->input_count + 1);
    for (size_t i = 0; i < p->input_count; i++)
        describe(a, &p->inputs[i], &inputs[i]);
    *w = (struct workflow){
        .language = "cwl", .path = path_absolute(a, path), .label = p->label, .doc = p->doc, .version = p->own_version,
        .inputs = inputs, .input_count = p->input_count,
        .files = d->files, .file_count = d->file_count, .document = d,
    };
    return w;
}

Str cwl_tool_name(struct arena *a, Str path, const struct cwl_process *p)
{
    if (p->id.len && !str_is(p->id, "main"))
        return p->id;
    Str root, extension;
    str_split_extension(str_basename(str_cut(&path, '#')), &root, &extension);
    return str_copy(a, root);
}

// --- values given as options

static Value object_at(struct arena *a, const char *class_, Str text)
{
    struct value_builder b = value_map_begin(a);
    bool has_scheme = str_find(text, STR("://")) > 0;
    value_map_set(&b, STR("class"), value_string(a, str_of(class_)));
    value_map_set(&b, STR("location"), value_string(a, has_scheme ? text : location_of_path(a, path_absolute(a, text))));
    return value_map_end(&b);
}

static bool converted(struct arena *a, const struct workflow_input *in, Str text, Value *out)
{
    int64_t i;
    double d;
    struct err ignored;
    *out = value_string(a, text);
    if (!in->is_required && str_is(text, "null") && in->base != INPUT_STRING && in->base != INPUT_ENUM) {
        *out = value_null;
        return true;
    }
    switch (in->base) {
    case INPUT_BOOL:
        *out = value_bool(str_is(text, "true"));
        return str_is(text, "true") || str_is(text, "false");
    case INPUT_INT:
        if (!str_to_int(text, &i) && !str_to_double(text, &d))
            return false;
        *out = str_to_int(text, &i) ? value_int(i) : value_float(d);   // what is no whole number is refused as one
        return true;
    case INPUT_FLOAT:
        if (!str_to_double(text, &d))
            return false;
        *out = str_to_int(text, &i) ? value_int(i) : value_float(d);
        return true;
    case INPUT_FILE: *out = object_at(a, "File", text); return true;
    case INPUT_DIR: *out = object_at(a, "Directory", text); return true;
    case INPUT_STRING: case INPUT_ENUM: return true;
    case INPUT_RECORD: case INPUT_OTHER:                // records, Any, several types: JSON where it is JSON, else the text
        if (!json_parse(a, text, out, &ignored))
            *out = value_string(a, text);
        return true;
    }
    return true;
}

// Records are given as JSON, or all of them as the name of a sheet.
static bool is_sheet_name(const struct workflow_input *in, Value given)
{
    Str text = str_trim(value_str(value_at(given, 0)));
    return in->base == INPUT_RECORD && in->is_array && value_len(given) == 1 && text.len && text.data[0] != '{' && text.data[0] != '[';
}

// A whole array as JSON: --numbers '[1, 2]'. Not for strings, of which any may begin with a bracket.
static Value array_given(struct arena *a, const struct workflow_input *in, Value given)
{
    struct err ignored;
    Value array;
    Str text = str_trim(value_str(value_at(given, 0)));
    bool may_be = in->is_array && in->base != INPUT_STRING && value_len(given) == 1 && str_starts(text, STR("["));
    return may_be && json_parse(a, text, &array, &ignored) && array.kind == VALUE_ARRAY ? array : given;
}

static bool convert(struct arena *a, const struct workflow_input *in, Value given, Value *out)
{
    given = array_given(a, in, given);
    *out = given;
    if (is_sheet_name(in, given)) {
        *out = object_at(a, "File", value_str(value_at(given, 0)));
        return true;
    }
    if (given.kind == VALUE_STRING) {
        if (!converted(a, in, value_str(given), out))
            return false;
        if (in->is_array)
            *out = value_array(a, out, 1);
    } else if (given.kind == VALUE_ARRAY) {
        Value *items = NEW_ARRAY(a, Value, given.array->len + 1);
        for (size_t i = 0; i < given.array->len; i++)
            if (given.array->at[i].kind != VALUE_STRING)
                items[i] = given.array->at[i];
            else if (!converted(a, in, value_str(given.array->at[i]), &items[i]))
                return false;
        *out = value_array(a, items, given.array->len);
    }
    return true;
}

// What cannot be converted stays a string, and cwl_check_job() reports it with all else that is wrong.
static Value overlay(struct arena *a, const struct workflow *w, Value overrides, Value job)
{
    struct value_builder b = value_map_begin(a);
    value_map_copy(&b, job);
    for (size_t i = 0; i < w->input_count; i++) {
        Value v, given = value_get(overrides, w->inputs[i].name);
        if (value_has(overrides, w->inputs[i].name))
            value_map_set(&b, w->inputs[i].name, convert(a, &w->inputs[i], given, &v) ? v : given);
    }
    return value_map_end(&b);
}

bool cwl_workflow_inputs(struct arena *a, const struct workflow *w, Str job_path, Value overrides, Value *inputs, struct diags *diags)
{
    const struct cwl_document *d = w->document;
    struct value_builder none = value_map_begin(a);
    Value job = value_map_end(&none), complete;
    if (job_path.len && !cwl_read_job(a, job_path, &job, diags))
        return false;
    job = overlay(a, w, overrides, job);
    if (!cwl_check_job(a, d->process, job, job_path.len ? job_path : STR("command line"), &complete, diags))
        return false;
    Value requirements = value_get(job, STR("cwl:requirements"));
    *inputs = value_is_null(requirements) ? complete : value_with(a, complete, STR("cwl:requirements"), requirements);
    return true;
}

bool cwl_job_requirements(struct arena *a, Value inputs, struct cwl_requirements *out, struct err *err)
{
    Value list = value_get(inputs, STR("cwl:requirements"));
    VEC(struct cwl_requirement) found = { 0 };
    for (size_t i = 0; i < value_len(list); i++) {
        struct cwl_requirement r = { .fields = value_at(list, i) };
        Str class_ = value_get_str(r.fields, STR("class"));
        int kind = cwl_requirement_kind(class_);
        r.kind = (enum cwl_req_kind)kind;
        if (kind < 0)
            return err_set(err, ERR_UNSUPPORTED, "cwl:requirements: '" STR_FMT "' is not a requirement that Petri knows", STR_ARG(class_));
        vec_push(a, &found, r);
    }
    *out = (struct cwl_requirements){ found.at, found.len };
    return true;
}
