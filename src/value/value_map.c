// SPDX-License-Identifier: Apache-2.0
// Maps: lookup, the builder, and changed copies. In order of insertion; a small map is walked, a larger one has an
// index. Not a mutable dictionary: a builder is used once, and what it gave out never changes.
#include "value/value_map.h"

#include "base/arena.h"
#include "base/vec.h"

static Str string_str(const struct value_string *s) { return (Str){ s->data, s->len }; }

static Str field_key(const void *fields, size_t i)
{
    return string_str(((const struct value_field *)fields)[i].key);
}

static size_t walk(const struct value_field *fields, size_t len, Str key)
{
    for (size_t i = 0; i < len; i++)
        if (fields[i].key->len == key.len && memcmp(fields[i].key->data, key.data ? key.data : "", key.len) == 0)
            return i;
    return SIZE_MAX;
}

static size_t find(const struct value_map *map, Str key)
{
    if (map->index == NULL)
        return walk(map->at, map->len, key);
    return key_index_find(map->index, key_index_size(map->len), (struct key_list){ field_key, map->at }, key);
}

Value value_get(Value map, Str key)
{
    size_t place = map.kind == VALUE_MAP ? find(map.map, key) : SIZE_MAX;
    return place == SIZE_MAX ? value_null : map.map->at[place].value;
}

Str value_key(Value map, size_t i) { return string_str(map.map->at[i].key); }

bool value_has(Value map, Str key) { return map.kind == VALUE_MAP && find(map.map, key) != SIZE_MAX; }

static uint32_t *index_new(struct arena *a, const struct value_field *fields, size_t len)
{
    size_t size = key_index_size(len);
    uint32_t *index = NEW_ARRAY(a, uint32_t, size);
    struct key_pair twice;
    CHECK(key_index_fill(index, size, (struct key_list){ field_key, fields }, len, &twice));
    return index;
}

static Value map_new(struct arena *a, const struct value_field *fields, size_t len, const uint32_t *index)
{
    struct value_map *map = NEW(a, struct value_map);
    *map = (struct value_map){ .len = len, .at = fields, .index = index };
    return (Value){ .kind = VALUE_MAP, .map = map };
}

Value value_map_of_fields(struct arena *a, const struct value_field *fields, size_t len, const uint32_t *index)
{
    if (index)
        index = arena_copy(a, index, key_index_size(len) * sizeof *index);
    else if (len > KEYS_WALK_MAX)
        index = index_new(a, fields, len);
    return map_new(a, fields, len, index);
}

bool value_map_check_fields(struct arena *a, const struct value_field *fields, size_t len,
                            struct key_pair *twice, Value *out)
{
    struct key_list keys = { field_key, fields };
    size_t size = key_index_size(len);
    uint32_t *index = len > KEYS_WALK_MAX ? NEW_ARRAY(a, uint32_t, size) : NULL;
    if (index ? !key_index_fill(index, size, keys, len, twice) : key_list_duplicate(keys, len, twice))
        return false;
    *out = map_new(a, fields, len, index);
    return true;
}

struct value_builder value_map_begin(struct arena *a)
{
    struct value_builder b;             // `few` is not cleared: it is read up to len alone
    b.arena = a;
    b.fields = NULL, b.index = NULL;
    b.len = b.index_size = 0;
    b.cap = BUILDER_INLINE;
    return b;
}

static struct value_field *builder_fields(struct value_builder *b) { return b->fields ? b->fields : b->few; }

static void builder_grow(struct value_builder *b)
{
    if (b->fields) {
        vec_grow(b->arena, (void **)&b->fields, &b->cap, sizeof *b->fields);
        return;
    }
    b->cap = 2 * BUILDER_INLINE;
    b->fields = NEW_ARRAY(b->arena, struct value_field, b->cap);
    memcpy(b->fields, b->few, sizeof b->few);
}

static size_t builder_find(struct value_builder *b, Str key)
{
    if (b->index == NULL)
        return walk(builder_fields(b), b->len, key);
    return key_index_find(b->index, b->index_size, (struct key_list){ field_key, b->fields }, key);
}

// The index always has the size that a finished map of this many fields has, so that value_map_end() hands it over.
static void builder_index_last(struct value_builder *b)
{
    if (b->len <= KEYS_WALK_MAX)
        return;
    size_t size = key_index_size(b->len);
    if (size != b->index_size) {
        b->index = index_new(b->arena, b->fields, b->len);
        b->index_size = size;
    } else {
        CHECK(key_index_put(b->index, size, (struct key_list){ field_key, b->fields }, b->len - 1) == SIZE_MAX);
    }
}

void value_map_set(struct value_builder *b, Str key, Value v)
{
    size_t place = builder_find(b, key);
    if (place != SIZE_MAX) {
        builder_fields(b)[place].value = v;
        return;
    }
    if (b->len == b->cap)
        builder_grow(b);
    builder_fields(b)[b->len++] = (struct value_field){ value_string(b->arena, key).string, v };
    builder_index_last(b);
}

void value_map_copy(struct value_builder *b, Value map)
{
    for (size_t i = 0; i < (map.kind == VALUE_MAP ? map.map->len : 0); i++)
        value_map_set(b, string_str(map.map->at[i].key), map.map->at[i].value);
}

Value value_map_end(struct value_builder *b)
{
    const struct value_field *fields = b->fields;
    if (fields == NULL && b->len)
        fields = arena_copy(b->arena, b->few, b->len * sizeof *fields);
    Value map = map_new(b->arena, fields, b->len, b->index);
    *b = value_map_begin(b->arena);
    return map;
}

Value value_with(struct arena *a, Value map, Str key, Value v)
{
    struct value_builder b = value_map_begin(a);
    value_map_copy(&b, map);
    value_map_set(&b, key, v);
    return value_map_end(&b);
}

Value value_without(struct arena *a, Value map, Str key)
{
    struct value_builder b = value_map_begin(a);
    for (size_t i = 0; i < (map.kind == VALUE_MAP ? map.map->len : 0); i++) {
        Str name = string_str(map.map->at[i].key);
        if (!str_eq(name, key))
            value_map_set(&b, name, map.map->at[i].value);
    }
    return value_map_end(&b);
}
