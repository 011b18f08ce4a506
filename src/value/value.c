// SPDX-License-Identifier: Apache-2.0
// Values: making, asking, comparing and copying them. Maps and their builder are in value_map.c. Nothing here
// changes a Value once it was given out, and nothing here knows files, places or text formats.
#include "value/value.h"

#include <math.h>

#include "base/arena.h"
#include "value/value_map.h"

const Value value_null = { .kind = VALUE_NULL };

// The words that a File is made of, as keys and as values, exist once: a run of a million files would hold millions of each.
#define KNOWN_WORDS(X) \
    X("class") X("File") X("Directory") X("location") X("path") X("basename") X("nameroot") X("nameext") X("size") X("format") \
    X("checksum") X("dirname") X("contents") X("listing") X("secondaryFiles") X("petri:digest")
enum { KNOWN_MAX = 16 };                // the longest of them

static const struct value_string *known_word(Str s)
{
#define X(word) { static const struct value_string known = { sizeof word - 1, word }; \
        if (str_is(s, word)) \
            return &known; }
    KNOWN_WORDS(X)
#undef X
    return NULL;
}

static const struct value_string *string_new(struct arena *a, Str s)
{
    const struct value_string *known = s.len >= 4 && s.len <= KNOWN_MAX ? known_word(s) : NULL;
    if (known)
        return known;
    struct value_string *string = arena_alloc(a, sizeof *string + s.len + 1);
    string->len = s.len;
    if (s.len)
        memcpy(string->data, s.data, s.len);
    return string;
}

Value value_string(struct arena *a, Str s) { return (Value){ .kind = VALUE_STRING, .string = string_new(a, s) }; }

Value value_array_of(struct arena *a, const Value *items, size_t len)
{
    struct value_array *array = NEW(a, struct value_array);
    *array = (struct value_array){ len, len ? items : NULL };
    return (Value){ .kind = VALUE_ARRAY, .array = array };
}

Value value_array(struct arena *a, const Value *items, size_t len)
{
    return value_array_of(a, len ? arena_copy(a, items, len * sizeof *items) : NULL, len);
}

static Value copy_array(struct arena *a, const struct value_array *from)
{
    Value *items = NEW_ARRAY(a, Value, from->len);
    for (size_t i = 0; i < from->len; i++)
        items[i] = value_copy(a, from->at[i]);
    return value_array_of(a, items, from->len);
}

static Value copy_map(struct arena *a, const struct value_map *from)
{
    struct value_field *fields = NEW_ARRAY(a, struct value_field, from->len);
    for (size_t i = 0; i < from->len; i++) {
        const struct value_string *key = from->at[i].key;
        fields[i].key = string_new(a, (Str){ key->data, key->len });
        fields[i].value = value_copy(a, from->at[i].value);
    }
    return value_map_of_fields(a, fields, from->len, from->index);
}

Value value_copy(struct arena *a, Value v)
{
    switch (v.kind) {
    case VALUE_NULL: case VALUE_BOOL: case VALUE_INT: case VALUE_FLOAT: return v;
    case VALUE_STRING: return value_string(a, value_str(v));
    case VALUE_ARRAY: return copy_array(a, v.array);
    case VALUE_MAP: return copy_map(a, v.map);
    }
    return value_null;
}

Str value_str(Value v)
{
    return v.kind == VALUE_STRING ? (Str){ v.string->data, v.string->len } : (Str){ 0 };
}

Value value_at(Value array, size_t i)
{
    return array.kind == VALUE_ARRAY && i < array.array->len ? array.array->at[i] : value_null;
}

Str value_get_str(Value map, Str key) { return value_str(value_get(map, key)); }

// Exactly, without the undefined conversion of what int64 cannot hold.
static bool double_to_int(double d, int64_t *out)
{
    if (!(d >= -0x1p63 && d < 0x1p63) || d != trunc(d))
        return false;
    *out = (int64_t)d;
    return true;
}

int64_t value_get_int(Value map, Str key, int64_t otherwise)
{
    Value v = value_get(map, key);
    if (v.kind == VALUE_INT)
        return v.integer;
    int64_t i;
    return v.kind == VALUE_FLOAT && double_to_int(v.real, &i) ? i : otherwise;
}

bool value_as_double(Value v, double *out)
{
    if (v.kind != VALUE_INT && v.kind != VALUE_FLOAT)
        return false;
    *out = v.kind == VALUE_INT ? (double)v.integer : v.real;
    return true;
}

bool value_is_same(Value a, Value b)
{
    if (a.kind != b.kind)
        return false;
    switch (a.kind) {
    case VALUE_NULL: return true;
    case VALUE_BOOL: return a.boolean == b.boolean;
    case VALUE_INT: case VALUE_FLOAT: return a.integer == b.integer;    // by its bits: NaN is the same as itself
    case VALUE_STRING: case VALUE_ARRAY: case VALUE_MAP: return a.map == b.map;
    }
    return false;
}

static bool is_number(Value v) { return v.kind == VALUE_INT || v.kind == VALUE_FLOAT; }

static bool numbers_eq(Value a, Value b)
{
    if (a.kind == VALUE_INT && b.kind == VALUE_INT)
        return a.integer == b.integer;
    if (a.kind == VALUE_FLOAT && b.kind == VALUE_FLOAT)
        return a.real == b.real || (isnan(a.real) && isnan(b.real));
    int64_t whole = a.kind == VALUE_INT ? a.integer : b.integer, i;
    return double_to_int(a.kind == VALUE_INT ? b.real : a.real, &i) && i == whole;      // 2^53 + 1 is not 2^53
}

static bool arrays_eq(const struct value_array *a, const struct value_array *b)
{
    if (a->len != b->len)
        return false;
    for (size_t i = 0; i < a->len; i++)
        if (!value_eq(a->at[i], b->at[i]))
            return false;
    return true;
}

static bool maps_eq(Value a, Value b)
{
    if (a.map->len != b.map->len)
        return false;
    for (size_t i = 0; i < a.map->len; i++) {
        const struct value_field *field = &a.map->at[i];
        Str key = { field->key->data, field->key->len };
        if (!value_has(b, key) || !value_eq(field->value, value_get(b, key)))
            return false;
    }
    return true;
}

bool value_eq(Value a, Value b)
{
    if (is_number(a) && is_number(b))
        return numbers_eq(a, b);
    if (a.kind != b.kind)
        return false;
    switch (a.kind) {
    case VALUE_NULL: case VALUE_INT: case VALUE_FLOAT: return true;
    case VALUE_BOOL: return a.boolean == b.boolean;
    case VALUE_STRING: return str_eq(value_str(a), value_str(b));
    case VALUE_ARRAY: return arrays_eq(a.array, b.array);
    case VALUE_MAP: return maps_eq(a, b);
    }
    return false;
}

const char *value_kind_name(enum value_kind kind)
{
    switch (kind) {
#define X(name, text) case VALUE_##name: return text;
    VALUE_KINDS(X)
#undef X
    }
    return "unknown";
}

bool value_is_file(Value v) { return str_is(value_get_str(v, STR("class")), "File"); }
bool value_is_directory(Value v) { return str_is(value_get_str(v, STR("class")), "Directory"); }
