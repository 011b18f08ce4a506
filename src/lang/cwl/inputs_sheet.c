// SPDX-License-Identifier: Apache-2.0
// An input that is a list of records may be given as a sheet: rows become records, columns fields. What is wrong is said with the
// row and the column. No line of a sheet is ever shown: it may name people.
#include "base/vec.h"
#include "lang/cwl/inputs.h"
#include "lang/cwl/iri.h"
#include "sys/file.h"
#include "value/read.h"

enum { SHEET_BYTES_MAX = 64 << 20 };

struct sheet {
    struct job_check *j;
    const struct cwl_type *record;
    struct source *source;
    Str folder;                         // that relative paths start from
    struct node *header;
};

bool job_is_sheet(const struct step_in *at, const struct cwl_type *type, Value v)
{
    const struct cwl_type *item = type->kind == CWL_ARRAY ? cwl_type_only(type->items) : NULL;
    return item && item->kind == CWL_RECORD && at->outer == NULL && value_is_file(v);
}

static const struct cwl_param *field_of(const struct sheet *s, Str name)
{
    for (size_t i = 0; i < s->record->field_count; i++)
        if (str_eq(s->record->fields[i].id, name))
            return &s->record->fields[i];
    return NULL;
}

static bool has_column(const struct sheet *s, Str name)
{
    for (size_t i = 0; i < s->header->items.len; i++)
        if (str_eq(node_str(s->header->items.at[i]), name))
            return true;
    return false;
}

// The names that columns may have and that none has yet.
static size_t missing_names(const struct sheet *s, Str *names)
{
    size_t count = 0;
    for (size_t i = 0; i < s->record->field_count; i++)
        if (!has_column(s, s->record->fields[i].id))
            names[count++] = s->record->fields[i].id;
    return count;
}

// True: this explains all that is missing.
static bool hint_missing(const struct sheet *s, Str name)
{
    struct diags *d = s->j->diags;
    Str *names = NEW_ARRAY(s->j->a, Str, s->header->items.len), near;
    for (size_t i = 0; i < s->header->items.len; i++)
        names[i] = node_str(s->header->items.at[i]);
    near = str_nearest(name, names, s->header->items.len);
    if (s->header->items.len == 1 && str_has(names[0], ';')) {
        diag_hint(d, "the header has semicolons: save the sheet with commas, or with tabs as .tsv");
        return true;
    }
    if (near.len && field_of(s, near) == NULL)
        diag_hint(d, "there is '" STR_FMT "': is it this?", STR_ARG(near));
    else
        diag_hint(d, "row 1 names the columns; capitals count");
    return false;
}

static bool check_columns(const struct sheet *s)
{
    struct job_check *j = s->j;
    size_t before = j->diags->errors;
    Str *missing = NEW_ARRAY(j->a, Str, s->record->field_count + 1);
    for (size_t i = 0; i < s->record->field_count; i++) {
        const struct cwl_param *field = &s->record->fields[i];
        if (has_column(s, field->id) || cwl_type_accepts_null(field->type))
            continue;
        diag_add(j->diags, s->header->span, "row 1: the column '" STR_FMT "' is missing", STR_ARG(field->id));
        if (hint_missing(s, field->id))
            return false;
    }
    size_t count = missing_names(s, missing);
    for (size_t i = 0; i < s->header->items.len && j->diags->errors == before; i++) {
        const struct node *n = s->header->items.at[i];
        const struct cwl_param *field = field_of(s, node_str(n));
        const struct cwl_type *type = field ? cwl_type_only(field->type) : NULL;
        if (field == NULL) {
            diag_warn(j->diags, n->span, "row 1, column '" STR_FMT "': nothing is known by this name, it is not used", STR_ARG(node_str(n)));
            diag_suggest(j->diags, node_str(n), missing, count);
        } else if (type && (type->kind == CWL_ARRAY || type->kind == CWL_RECORD)) {
            diag_add(j->diags, n->span, "row 1, column '" STR_FMT "': it would be " STR_FMT ", which no cell can hold", STR_ARG(node_str(n)),
                     STR_ARG(cwl_type_text(j->a, type)));
            diag_hint(j->diags, "give the inputs in a YAML file");
        }
    }
    return j->diags->errors == before;
}

static void cell_fault(const struct sheet *s, const struct node *n, Str column, const char *text, const char *hint)
{
    diag_add(s->j->diags, n->span, "row %u, column '" STR_FMT "': %s", n->span.line, STR_ARG(column), text);
    diag_hint(s->j->diags, "%s", hint);
}

static bool has_space(Str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] == ' ' || text.data[i] == '\t')
            return true;
    return false;
}

static Value file_cell(const struct sheet *s, const struct node *n, Str column, bool is_directory)
{
    struct arena *a = s->j->a;
    Str text = node_str(n);
    if (has_space(text)) {
        cell_fault(s, n, column, "the path has a space in it", "many programs take it for two paths: rename the file, or the folder it is in");
        return value_null;
    }
    struct value_builder b = value_map_begin(a);
    value_map_set(&b, STR("class"), value_string(a, is_directory ? STR("Directory") : STR("File")));
    bool has_scheme = str_find(text, STR("://")) > 0;
    value_map_set(&b, STR("location"), value_string(a, has_scheme ? text : iri_of_path(a, str_normal_path(a, str_join_path(a, s->folder, text)))));
    return value_map_end(&b);
}

// The cell as its field wants it; what cannot be is reported here or, as a text, by the check of the types.
static Value cell_value(const struct sheet *s, const struct node *n, const struct cwl_param *field)
{
    const struct cwl_type *type = cwl_type_only(field->type);
    Str text = node_str(n);
    int64_t integer;
    double real;
    if (text.len == 0 && cwl_type_accepts_null(field->type))
        return value_null;
    if (text.len == 0) {
        cell_fault(s, n, field->id, "the cell is empty", "every row needs it");
        return value_null;
    }
    switch (type ? type->kind : CWL_STRING) {
    case CWL_FILE: return file_cell(s, n, field->id, false);
    case CWL_DIRECTORY: return file_cell(s, n, field->id, true);
    case CWL_INT: case CWL_LONG:
        if (str_to_int(text, &integer))
            return value_int(integer);
        cell_fault(s, n, field->id, "a whole number is expected", "digits alone, without a point");
        return value_null;
    case CWL_FLOAT: case CWL_DOUBLE:
        if (str_to_double(text, &real))
            return value_float(real);
        cell_fault(s, n, field->id, "a number is expected", "with a point, not a comma, before its decimals");
        return value_null;
    case CWL_BOOLEAN:
        if (str_is(text, "true") || str_is(text, "false"))
            return value_bool(str_is(text, "true"));
        cell_fault(s, n, field->id, "true or false is expected", "in small letters");
        return value_null;
    case CWL_NULL: case CWL_STRING: case CWL_ANY: case CWL_ENUM: case CWL_ARRAY: case CWL_RECORD: case CWL_UNION: break;
    }
    return value_string(s->j->a, text);
}

static Value record_of(const struct sheet *s, const struct node *row)
{
    struct value_builder b = value_map_begin(s->j->a);
    for (size_t i = 0; i < row->fields.len; i++) {
        const struct cwl_param *field = field_of(s, node_str(row->fields.at[i].key));
        if (field)
            value_map_set(&b, field->id, cell_value(s, row->fields.at[i].value, field));
    }
    return value_map_end(&b);
}

static bool open_sheet(struct job_check *j, const struct step_in *at, Value v, struct source *source, Str *path)
{
    struct err err;
    size_t before = j->diags->errors;
    Value file = job_file(j, at, v);
    if (j->diags->errors != before)
        return false;
    *path = iri_to_path(j->a, value_get_str(file, STR("location")));
    Str shown = value_get_str(v, STR("path"));
    Str cwd = str_join_path(j->a, path_cwd(j->a), STR(""));
    source->name = shown.len ? shown : str_starts(*path, cwd) ? str_from(*path, cwd.len) : *path;
    if (path->len == 0) {
        source->name = STR("sheet");
        source->text = value_get_str(file, STR("contents"));
        return true;
    }
    if (file_read(j->a, *path, SHEET_BYTES_MAX, &source->text, &err))
        return true;
    diag_add(j->diags, (struct span){ .source = source }, "%s", err.text);
    return false;
}

// By the name, unless the first line has only the other one.
static char separator(Str path, Str text)
{
    Str rest = text, header = str_cut(&rest, '\n');
    bool by_name = str_ends(path, STR(".tsv")) || str_ends(path, STR(".tab")) || str_ends(path, STR(".txt"));
    bool commas = str_has(header, ','), tabs = str_has(header, '\t');
    return (commas != tabs ? tabs : by_name) ? '\t' : ',';
}

bool job_sheet(struct job_check *j, const struct step_in *at, const struct cwl_type *type, Value v, Value *records)
{
    size_t before = j->diags->errors;
    struct sheet s = { .j = j, .record = cwl_type_only(type->items), .source = NEW(j->a, struct source) };
    Str path = { 0 };
    if (!open_sheet(j, at, v, s.source, &path))
        return false;
    s.folder = path.len ? str_dirname(path) : path_cwd(j->a);
    struct node *rows = sheet_read(j->a, s.source, separator(path, s.source->text), &s.header, j->diags);
    s.source->text = (Str){ 0 };                        // so that no report shows a line of it
    if (rows == NULL || !check_columns(&s))
        return false;
    if (rows->items.len == 0) {
        diag_add(j->diags, s.header->span, "the sheet has no row below its header");
        return false;
    }
    Value *items = NEW_ARRAY(j->a, Value, rows->items.len);
    for (size_t i = 0; i < rows->items.len; i++)
        items[i] = record_of(&s, rows->items.at[i]);
    *records = value_array(j->a, items, rows->items.len);
    map_set(&j->sheets, at->key, rows);
    return j->diags->errors == before;
}
