// SPDX-License-Identifier: Apache-2.0
// The document tree: looking in it, editing it, and turning it into Values and back. Trees are small or read in
// order: a map of nodes has no index, node_get() walks. Who looks up thousands of keys makes a struct map of them.
#include "value/node.h"

#include "base/arena.h"
#include "value/node_keys.h"
#include "value/utf8.h"
#include "value/value_map.h"

enum { KEY_SHOWN_MAX = 60 };

struct node *node_new(struct arena *a, enum value_kind kind, struct span span)
{
    struct node *n = NEW(a, struct node);
    n->kind = kind;
    n->span = span;
    n->scalar = value_null;
    return n;
}

struct node *node_string(struct arena *a, Str s, struct span span)
{
    struct node *n = node_new(a, VALUE_STRING, span);
    n->scalar = value_string(a, s);
    return n;
}

Str node_str(const struct node *n) { return node_is(n, VALUE_STRING) ? value_str(n->scalar) : (Str){ 0 }; }

static Str field_key(const void *fields, size_t i) { return node_str(((const struct node_field *)fields)[i].key); }

bool node_fields_duplicate(const struct node_field *fields, size_t len, struct key_pair *twice)
{
    return key_list_duplicate((struct key_list){ field_key, fields }, len, twice);
}

void node_report_duplicate(struct diags *diags, const struct node_field *first, const struct node_field *second)
{
    Str key = node_str(second->key);
    Str shown = str_first(key, utf8_cut(key, KEY_SHOWN_MAX));
    diag_add(diags, second->key->span,
             "the key '" STR_FMT "%s' is given a second time: the first is at line %u, column %u",
             STR_ARG(shown), shown.len < key.len ? "…" : "", first->key->span.line, first->key->span.column);
    diag_hint(diags, "take one of the two out, or rename it");
}

static struct node_field *find(const struct node *map, Str key)
{
    for (size_t i = 0; node_is(map, VALUE_MAP) && i < map->fields.len; i++)
        if (str_eq(node_str(map->fields.at[i].key), key))
            return &map->fields.at[i];
    return NULL;
}

struct node *node_get(const struct node *map, Str key)
{
    struct node_field *field = find(map, key);
    return field ? field->value : NULL;
}

static Value array_value(struct arena *a, const struct node *n)
{
    Value *items = NEW_ARRAY(a, Value, n->items.len);
    for (size_t i = 0; i < n->items.len; i++)
        items[i] = node_value(a, n->items.at[i]);
    struct value_array *array = NEW(a, struct value_array);
    *array = (struct value_array){ n->items.len, items };
    return (Value){ .kind = VALUE_ARRAY, .array = array };
}

static Value map_value(struct arena *a, const struct node *n)
{
    struct value_field *fields = NEW_ARRAY(a, struct value_field, n->fields.len);
    for (size_t i = 0; i < n->fields.len; i++) {
        fields[i].key = value_string(a, node_str(n->fields.at[i].key)).string;
        fields[i].value = node_value(a, n->fields.at[i].value);
    }
    return value_map_of_fields(a, fields, n->fields.len, NULL);
}

Value node_value(struct arena *a, const struct node *n)
{
    if (n == NULL)
        return value_null;
    switch (n->kind) {
    case VALUE_NULL: return value_null;
    case VALUE_BOOL: case VALUE_INT: case VALUE_FLOAT: return n->scalar;
    case VALUE_STRING: return value_string(a, node_str(n));
    case VALUE_ARRAY: return array_value(a, n);
    case VALUE_MAP: return map_value(a, n);
    }
    return value_null;
}

struct node *node_of_value(struct arena *a, Value v, struct span span)
{
    struct node *n = node_new(a, v.kind, span);
    if (v.kind == VALUE_ARRAY) {
        n->items.len = v.array->len;
        n->items.at = NEW_ARRAY(a, struct node *, v.array->len);
        for (size_t i = 0; i < v.array->len; i++)
            n->items.at[i] = node_of_value(a, v.array->at[i], span);
    } else if (v.kind == VALUE_MAP) {
        n->fields.len = v.map->len;
        n->fields.at = NEW_ARRAY(a, struct node_field, v.map->len);
        for (size_t i = 0; i < v.map->len; i++) {
            const struct value_string *key = v.map->at[i].key;
            n->fields.at[i].key = node_string(a, (Str){ key->data, key->len }, span);
            n->fields.at[i].value = node_of_value(a, v.map->at[i].value, span);
        }
    } else {
        n->scalar = value_copy(a, v);
    }
    return n;
}

// The list with room for one more. The readers make lists to measure (cap 0); these grow from the first append on.
static void *with_room(struct arena *a, void *at, size_t len, size_t *cap, size_t item_size)
{
    if (len < *cap)
        return at;
    *cap = MAX(len * 2, (size_t)4);
    void *more = arena_alloc(a, *cap * item_size);
    if (len)
        memcpy(more, at, len * item_size);
    return more;
}

void node_array_push(struct arena *a, struct node *array, struct node *item)
{
    CHECK(node_is(array, VALUE_ARRAY));
    array->items.at = with_room(a, array->items.at, array->items.len, &array->items.cap, sizeof(struct node *));
    array->items.at[array->items.len++] = item;
}

void node_map_set(struct arena *a, struct node *map, struct node *key, struct node *value)
{
    CHECK(node_is(map, VALUE_MAP) && node_is(key, VALUE_STRING));
    struct node_field *field = find(map, node_str(key));
    if (field) {
        field->value = value;
        return;
    }
    map->fields.at = with_room(a, map->fields.at, map->fields.len, &map->fields.cap, sizeof(struct node_field));
    map->fields.at[map->fields.len++] = (struct node_field){ key, value };
}

bool node_map_remove(struct node *map, Str key)
{
    struct node_field *field = find(map, key);
    if (field == NULL)
        return false;
    struct node_field *end = map->fields.at + map->fields.len--;
    memmove(field, field + 1, (size_t)(end - field - 1) * sizeof *field);
    return true;
}
