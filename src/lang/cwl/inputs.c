// SPDX-License-Identifier: Apache-2.0
// Job objects: read, checked against the inputs of a process, and completed. Every fault is reported, none of them with
// the text of a value: inputs may hold what nobody else may see.
#include "lang/cwl/inputs.h"

#include "base/vec.h"
#include "lang/cwl/load.h"
#include "sys/file.h"
#include "value/read.h"

// --- places

Str job_where(struct job_check *j, const struct step_in *at)
{
    VEC(const struct step_in *) steps = { 0 };
    for (; at; at = at->outer)
        vec_push(j->a, &steps, at);
    struct strbuf text = { .limit = 1000 };
    if (steps.len > 1 && map_has(&j->sheets, steps.at[steps.len - 1]->key)) {
        strbuf_addf(&text, "row %zu", steps.at[steps.len - 2]->index + 2);             // row 1 is the header
        if (steps.len > 2)
            strbuf_addf(&text, ", column '" STR_FMT "'", STR_ARG(steps.at[steps.len - 3]->key));
        return strbuf_take(&text, j->a);
    }
    strbuf_addz(&text, "input '");
    for (size_t i = steps.len; i-- > 0;)
        if (steps.at[i]->key.len)
            strbuf_addf(&text, "%s" STR_FMT, i + 1 == steps.len ? "" : ".", STR_ARG(steps.at[i]->key));
        else
            strbuf_addf(&text, "[%zu]", steps.at[i]->index);
    strbuf_addc(&text, '\'');
    return strbuf_take(&text, j->a);
}

// The job's document is read a second time for its places: only once something is wrong, and in silence.
static void find_places(struct job_check *j)
{
    j->looked_for_places = true;
    struct diags silent = { .arena = j->a };
    if (file_exists(j->job_name))
        j->places = cwl_read_job_tree(j->a, j->job_name, &silent);
}

// A value given in another way than by the document has no place in it.
static bool is_from_document(struct job_check *j, Str input, const struct node *n)
{
    if (!str_eq(j->compared, input)) {
        j->compared = input;
        j->is_from_document = value_eq(node_value(j->a, n), value_get(j->job, input));
    }
    return j->is_from_document;
}

static const struct node *find_node(struct job_check *j, const struct step_in *at)
{
    if (!at)
        return j->places;
    const struct node *sheet = at->outer ? NULL : map_find(&j->sheets, at->key);
    if (sheet)
        return sheet;
    const struct node *outer = find_node(j, at->outer), *found = NULL;
    if (!outer)
        return NULL;
    if (at->key.len)
        found = node_get(outer, at->key);
    else if (node_is(outer, VALUE_ARRAY) && at->index < outer->items.len)
        found = outer->items.at[at->index];
    if (found && !at->outer && !is_from_document(j, at->key, found))
        return NULL;
    return found ? found : outer;
}

struct span job_span(struct job_check *j, const struct step_in *at)
{
    if (j->from_default)
        return j->from_default->span;
    if (!j->looked_for_places)
        find_places(j);
    const struct node *n = find_node(j, at);            // NULL where there are no places
    return n && n != j->places ? n->span : (struct span){ .source = j->job_source };
}

// --- values

Str job_describe(struct job_check *j, Value v)
{
    if (value_is_file(v))
        return STR("a File");
    if (value_is_directory(v))
        return STR("a Directory");
    return cwl_describe(j->a, node_of_value(j->a, v, (struct span){ 0 }));
}

static void hint_record(struct job_check *j, const struct step_in *at, Str text)
{
    struct err err;
    Value v;
    if ((str_starts(text, STR("{")) || str_starts(text, STR("["))) && !json_parse(j->a, text, &v, &err))
        diag_hint(j->diags, "it looks like JSON, but: %s", err.text);
    else
        diag_hint(j->diags, at->key.len ? "write it as JSON, {…}, or into a file of inputs"
                                        : "all records go into one sheet, or each is written as JSON: {…}");
}

static void hint_mismatch(struct job_check *j, const struct step_in *at, const struct cwl_type *type, Value v)
{
    struct diags *d = j->diags;
    enum cwl_kind kind = type->kind;
    bool is_in_file = d->len > 0 && d->at[d->len - 1].span.line > 0;   // else it was given on the command line
    if (kind == CWL_ARRAY && cwl_type_accepts(type->items, v, NULL))
        diag_hint(d, "for a list of one, write it in brackets: [ … ]");
    else if (kind == CWL_ARRAY && (type->items->kind == CWL_FILE || type->items->kind == CWL_DIRECTORY))
        diag_hint(d, "write a list of {class: %s, path: name}", type->items->kind == CWL_FILE ? "File" : "Directory");
    else if ((kind == CWL_FILE || kind == CWL_DIRECTORY) && v.kind == VALUE_STRING)
        diag_hint(d, "write {class: %s, path: name-of-the-%s}", kind == CWL_FILE ? "File" : "Directory",
                  kind == CWL_FILE ? "file" : "folder");
    else if ((kind == CWL_FILE || kind == CWL_DIRECTORY) && v.kind == VALUE_MAP && !value_has(v, STR("class")))
        diag_hint(d, "add class: %s", kind == CWL_FILE ? "File" : "Directory");
    else if (kind == CWL_INT && v.kind == VALUE_INT)
        diag_hint(d, "an int ends at 2147483647; the document would have to say 'long'");
    else if ((kind == CWL_INT || kind == CWL_LONG) && v.kind == VALUE_FLOAT)
        diag_hint(d, "a whole number is written without a decimal point");
    else if (kind == CWL_BOOLEAN && v.kind == VALUE_STRING && is_in_file)
        diag_hint(d, "write true or false, without quotes");
    else if (kind >= CWL_INT && kind <= CWL_DOUBLE && v.kind == VALUE_STRING && is_in_file)
        diag_hint(d, "write the number without quotes");
    else if (kind >= CWL_INT && kind <= CWL_DOUBLE && v.kind == VALUE_STRING)
        diag_hint(d, kind <= CWL_LONG ? "a whole number, as 3" : "a number, as 3 or 0.5");
    else if (kind == CWL_STRING && (v.kind == VALUE_INT || v.kind == VALUE_FLOAT || v.kind == VALUE_BOOL))
        diag_hint(d, "put it in quotes");
    else if (kind == CWL_RECORD && v.kind == VALUE_STRING)
        hint_record(j, at, str_trim(value_str(v)));
    else if (kind == CWL_ENUM && v.kind == VALUE_STRING)
        diag_suggest(d, value_str(v), type->symbols, type->symbol_count);
}

static Value mismatch(struct job_check *j, const struct step_in *at, const struct cwl_type *type, Value v)
{
    diag_add(j->diags, job_span(j, at), STR_FMT ": expected " STR_FMT ", found " STR_FMT, STR_ARG(job_where(j, at)),
             STR_ARG(cwl_type_text(j->a, type)), STR_ARG(job_describe(j, v)));
    hint_mismatch(j, at, type, v);
    return value_null;
}

static Value complete(struct job_check *j, const struct step_in *at, const struct cwl_type *type, const struct cwl_param *p, Value v);

static Value complete_array(struct job_check *j, const struct step_in *at, const struct cwl_type *type, const struct cwl_param *p, Value v)
{
    Value *items = NEW_ARRAY(j->a, Value, v.array->len + 1);
    for (size_t i = 0; i < v.array->len; i++) {
        struct step_in item = { .outer = at, .index = i };
        items[i] = complete(j, &item, type->items, p, v.array->at[i]);
    }
    return value_array(j->a, items, v.array->len);
}

static Value complete_record(struct job_check *j, const struct step_in *at, const struct cwl_type *type, Value v)
{
    struct value_builder b = value_map_begin(j->a);
    value_map_copy(&b, v);
    for (size_t i = 0; i < type->field_count; i++) {
        const struct cwl_param *field = &type->fields[i];
        struct step_in inner = { .outer = at, .key = field->id };
        value_map_set(&b, field->id, complete(j, &inner, field->type, field, value_get(v, field->id)));
    }
    return value_map_end(&b);
}

// Files and Directories wherever they are in a value of type Any.
static Value complete_any(struct job_check *j, const struct step_in *at, const struct cwl_param *p, Value v)
{
    if (value_is_file(v) || value_is_directory(v)) {
        Value file = job_file(j, at, v);
        return p && value_is_file(v) ? job_add_secondary(j, at, p, file) : file;
    }
    if (v.kind == VALUE_ARRAY) {
        Value *items = NEW_ARRAY(j->a, Value, v.array->len + 1);
        for (size_t i = 0; i < v.array->len; i++) {
            struct step_in item = { .outer = at, .index = i };
            items[i] = complete_any(j, &item, p, v.array->at[i]);
        }
        return value_array(j->a, items, v.array->len);
    }
    if (v.kind != VALUE_MAP)
        return v;
    struct value_builder b = value_map_begin(j->a);
    for (size_t i = 0; i < v.map->len; i++) {
        const struct value_string *key = v.map->at[i].key;
        struct step_in inner = { .outer = at, .key = { key->data, key->len } };
        value_map_set(&b, inner.key, complete_any(j, &inner, NULL, v.map->at[i].value));
    }
    return value_map_end(&b);
}

static Value complete(struct job_check *j, const struct step_in *at, const struct cwl_type *type, const struct cwl_param *p, Value v)
{
    if (type->kind == CWL_UNION) {
        const struct cwl_type *member;
        if (!cwl_type_accepts(type, v, &member))
            member = cwl_type_only(type);                 // the only one that was meant: its report says more
        return member ? complete(j, at, member, p, v) : mismatch(j, at, type, v);
    }
    if (type->kind == CWL_ARRAY && v.kind == VALUE_ARRAY)
        return complete_array(j, at, type, p, v);
    if (type->kind == CWL_RECORD && v.kind == VALUE_MAP && !value_is_file(v) && !value_is_directory(v))
        return complete_record(j, at, type, v);
    if (job_is_sheet(at, type, v)) {
        Value records;
        return job_sheet(j, at, type, v, &records) ? complete_array(j, at, type, p, records) : value_null;
    }
    if (!cwl_type_accepts(type, v, NULL))
        return mismatch(j, at, type, v);
    return complete_any(j, at, p, v);
}

// --- the job

static Value complete_input(struct job_check *j, const struct cwl_param *p)
{
    Value v = value_get(j->job, p->id);
    struct step_in at = { .key = p->id };
    if (v.kind == VALUE_NULL && p->has_default) {
        j->from_default = p;
        v = complete(j, &at, p->type, p, p->default_value);
        j->from_default = NULL;
        return v;
    }
    if (v.kind != VALUE_NULL || cwl_type_accepts_null(p->type))
        return complete(j, &at, p->type, p, v);
    diag_add(j->diags, job_span(j, NULL), STR_FMT " is missing: it needs a value of type " STR_FMT, STR_ARG(job_where(j, &at)),
             STR_ARG(cwl_type_text(j->a, p->type)));
    Str *given = NEW_ARRAY(j->a, Str, value_len(j->job) + 1);
    size_t count = 0;
    for (size_t i = 0; j->job.kind == VALUE_MAP && i < j->job.map->len; i++)
        given[count++] = (Str){ j->job.map->at[i].key->data, j->job.map->at[i].key->len };
    Str nearest = str_nearest(p->id, given, count);
    if (nearest.len && !str_eq(nearest, p->id))
        diag_hint(j->diags, "the job has '" STR_FMT "': is it this?", STR_ARG(nearest));
    return value_null;
}

static struct span key_span(struct job_check *j, const struct step_in *at)
{
    struct span span = job_span(j, at);
    for (size_t i = 0; j->places && i < j->places->fields.len; i++)
        if (str_eq(node_str(j->places->fields.at[i].key), at->key))
            return j->places->fields.at[i].key->span;
    return span;
}

static void warn_unknown(struct job_check *j)
{
    struct map known = { 0 };
    Str *names = NEW_ARRAY(j->a, Str, j->process->input_count + 1);
    for (size_t i = 0; i < j->process->input_count; i++) {
        names[i] = j->process->inputs[i].id;
        map_set(&known, names[i], (void *)&j->process->inputs[i]);
    }
    for (size_t i = 0; j->job.kind == VALUE_MAP && i < j->job.map->len; i++) {
        Str key = { j->job.map->at[i].key->data, j->job.map->at[i].key->len };
        if (map_has(&known, key) || cwl_is_extension(key) || str_starts(key, STR("$")) || str_is(key, "id"))
            continue;
        struct step_in at = { .key = key };
        diag_warn(j->diags, key_span(j, &at), "the job gives '" STR_FMT "', which is no input of the workflow", STR_ARG(key));
        diag_suggest(j->diags, key, names, j->process->input_count);
    }
    map_release(&known);
}

bool cwl_check_job(struct arena *a, const struct cwl_process *process, Value job, Str job_name, Value *complete_job, struct diags *diags)
{
    struct source *source = NEW(a, struct source);
    source->name = str_copy(a, job_name);
    struct job_check j = { .a = a, .diags = diags, .process = process, .job = job, .job_name = job_name, .job_source = source };
    size_t before = diags->errors;
    struct value_builder b = value_map_begin(a);
    for (size_t i = 0; i < process->input_count; i++)
        value_map_set(&b, process->inputs[i].id, complete_input(&j, &process->inputs[i]));
    warn_unknown(&j);
    map_release(&j.sheets);
    *complete_job = value_map_end(&b);
    return diags->errors == before;
}

// Formats by the prefixes that the job itself explains.
static void expand_formats(struct loader *l, struct node *n, Value namespaces)
{
    if (n->kind == VALUE_ARRAY)
        for (size_t i = 0; i < n->items.len; i++)
            expand_formats(l, n->items.at[i], namespaces);
    if (n->kind != VALUE_MAP)
        return;
    struct node *format = node_get(n, STR("format"));
    if (str_is(node_str(node_get(n, STR("class"))), "File") && node_is(format, VALUE_STRING))
        format->scalar = value_string(l->a, cwl_expand_prefix(l->a, namespaces, node_str(format)));
    for (size_t i = 0; i < n->fields.len; i++)
        expand_formats(l, n->fields.at[i].value, namespaces);
}

struct node *cwl_read_job_tree(struct arena *a, Str path, struct diags *diags)
{
    struct loader l = { .a = a, .diags = diags, .cwd = path_cwd(a) };
    size_t before = diags->errors;
    struct source *asked = NEW(a, struct source);
    asked->name = str_copy(a, path);
    struct cwl_file *file = cwl_file_open(&l, path_absolute(a, path), (struct span){ .source = asked });
    struct node *tree = file ? cwl_file_tree(&l, file) : NULL;
    if (tree && tree->kind == VALUE_NULL)               // an empty document gives no inputs
        tree = node_new(a, VALUE_MAP, tree->span);
    if (tree && tree->kind != VALUE_MAP)
        diag_add(diags, tree->span, "a job must be a map from inputs to values, found " STR_FMT, STR_ARG(cwl_describe(a, tree)));
    if (tree && diags->errors == before) {
        cwl_locate(&l, tree);
        expand_formats(&l, tree, file->namespaces);
    }
    map_release(&l.files);
    return diags->errors == before ? tree : NULL;
}

bool cwl_read_job(struct arena *a, Str path, Value *job, struct diags *diags)
{
    const struct node *tree = cwl_read_job_tree(a, path, diags);
    *job = node_value(a, tree);
    return tree != NULL;
}
