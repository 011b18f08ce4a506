// SPDX-License-Identifier: Apache-2.0
// Types as they stand: in words, and whether a value fits. Reading them from documents is in load_type.c, comparing two of
// them in check_types.c.
#include "lang/cwl/model.h"

static const char *const kind_names[] = {
    [CWL_NULL] = "null", [CWL_BOOLEAN] = "boolean", [CWL_INT] = "int", [CWL_LONG] = "long", [CWL_FLOAT] = "float",
    [CWL_DOUBLE] = "double", [CWL_STRING] = "string", [CWL_FILE] = "File", [CWL_DIRECTORY] = "Directory", [CWL_ANY] = "Any",
    [CWL_ARRAY] = "array", [CWL_RECORD] = "record", [CWL_ENUM] = "enum", [CWL_UNION] = "union",
};

static void type_write(struct strbuf *out, const struct cwl_type *type);

// "File?" for a union of null and one type; "string | int | null" for others.
static void union_write(struct strbuf *out, const struct cwl_type *type)
{
    bool has_null = cwl_type_accepts_null(type);
    if (has_null && type->member_count == 2) {
        type_write(out, type->members[type->members[0]->kind == CWL_NULL ? 1 : 0]);
        strbuf_addc(out, '?');
        return;
    }
    for (size_t i = 0; i < type->member_count; i++) {
        strbuf_addz(out, i ? " | " : "");
        type_write(out, type->members[i]);
    }
}

static void array_write(struct strbuf *out, const struct cwl_type *type)
{
    bool in_brackets = type->items->kind == CWL_UNION || type->items->kind == CWL_ENUM;
    strbuf_addz(out, in_brackets ? "(" : "");
    type_write(out, type->items);
    strbuf_addz(out, in_brackets ? ")[]" : "[]");
}

static void enum_write(struct strbuf *out, const struct cwl_type *type)
{
    enum { SHOWN = 12 };
    strbuf_addz(out, "one of ");
    for (size_t i = 0; i < type->symbol_count && i < SHOWN; i++)
        strbuf_addf(out, "%s\"" STR_FMT "\"", i ? ", " : "", STR_ARG(type->symbols[i]));
    if (type->symbol_count > SHOWN)
        strbuf_addf(out, " and %zu more", type->symbol_count - SHOWN);
}

static void type_write(struct strbuf *out, const struct cwl_type *type)
{
    if (out->overflow)                                  // named types within each other can be very long
        return;
    if (type->kind == CWL_ARRAY)
        array_write(out, type);
    else if (type->kind == CWL_UNION)
        union_write(out, type);
    else if (type->kind == CWL_ENUM)
        enum_write(out, type);
    else if (type->kind == CWL_RECORD && type->name.len)
        strbuf_addf(out, "record " STR_FMT, STR_ARG(type->name));
    else
        strbuf_addz(out, kind_names[type->kind]);
}

Str cwl_type_text(struct arena *a, const struct cwl_type *type)
{
    struct strbuf out = { .limit = 4096 };
    type_write(&out, type);
    return strbuf_take(&out, a);
}

bool cwl_type_accepts_null(const struct cwl_type *type)
{
    if (type->kind != CWL_UNION)
        return type->kind == CWL_NULL;
    for (size_t i = 0; i < type->member_count; i++)
        if (type->members[i]->kind == CWL_NULL)
            return true;
    return false;
}

static bool array_accepts(const struct cwl_type *type, Value v)
{
    if (v.kind != VALUE_ARRAY)
        return false;
    for (size_t i = 0; i < v.array->len; i++)
        if (!cwl_type_accepts(type->items, v.array->at[i], NULL))
            return false;
    return true;
}

// A field that is absent is null. Fields that the type lacks are let through, as the reference runner does.
static bool record_accepts(const struct cwl_type *type, Value v)
{
    if (v.kind != VALUE_MAP || value_is_file(v) || value_is_directory(v))
        return false;
    for (size_t i = 0; i < type->field_count; i++)
        if (!cwl_type_accepts(type->fields[i].type, value_get(v, type->fields[i].id), NULL))
            return false;
    return true;
}

static bool enum_accepts(const struct cwl_type *type, Value v)
{
    for (size_t i = 0; v.kind == VALUE_STRING && i < type->symbol_count; i++)
        if (str_eq(type->symbols[i], value_str(v)))
            return true;
    return false;
}

static const struct cwl_type *union_member(const struct cwl_type *type, Value v)
{
    for (size_t i = 0; i < type->member_count; i++)
        if (cwl_type_accepts(type->members[i], v, NULL))
            return type->members[i];
    return NULL;
}

static bool accepts(const struct cwl_type *type, Value v)
{
    switch (type->kind) {
    case CWL_NULL: return v.kind == VALUE_NULL;
    case CWL_BOOLEAN: return v.kind == VALUE_BOOL;
    case CWL_INT: return v.kind == VALUE_INT && v.integer >= INT32_MIN && v.integer <= INT32_MAX;
    case CWL_LONG: return v.kind == VALUE_INT;
    case CWL_FLOAT:
    case CWL_DOUBLE: return v.kind == VALUE_INT || v.kind == VALUE_FLOAT;
    case CWL_STRING: return v.kind == VALUE_STRING;
    case CWL_FILE: return value_is_file(v);
    case CWL_DIRECTORY: return value_is_directory(v);
    case CWL_ANY: return v.kind != VALUE_NULL;
    case CWL_ARRAY: return array_accepts(type, v);
    case CWL_RECORD: return record_accepts(type, v);
    case CWL_ENUM: return enum_accepts(type, v);
    case CWL_UNION: return union_member(type, v) != NULL;
    }
    return false;
}

bool cwl_type_accepts(const struct cwl_type *type, Value v, const struct cwl_type **member)
{
    if (type->kind != CWL_UNION) {
        if (member)
            *member = type;
        return accepts(type, v);
    }
    const struct cwl_type *fits = union_member(type, v);
    if (member)
        *member = fits;
    return fits != NULL;
}

const struct cwl_type *cwl_type_only(const struct cwl_type *type)
{
    const struct cwl_type *only = NULL;
    if (type->kind != CWL_UNION)
        return type;
    for (size_t i = 0; i < type->member_count; i++) {
        if (type->members[i]->kind == CWL_NULL)
            continue;
        if (only)
            return NULL;
        only = type->members[i];
    }
    return only;
}
