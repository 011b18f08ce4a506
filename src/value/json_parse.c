// SPDX-License-Identifier: Apache-2.0
// JSON straight into Values: for records that Petri wrote itself, thousands a second. No places in the result; a
// user's document is read by json_read(). Items are gathered on a stack of their own and copied out in one piece.
#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"
#include "value/json_scan.h"
#include "value/read.h"
#include "value/value_map.h"

struct parse {
    struct json_scan scan;
    struct arena *arena;
    VEC(Value) items;                   // of the arrays that are open, outer ones first
    VEC(struct value_field) fields;     // of the maps that are open
};

static bool parse_value(struct parse *p, int depth, Value *out);

// At '['.
static bool parse_array(struct parse *p, int depth, Value *out)
{
    struct json_scan *s = &p->scan;
    size_t first = p->items.len;
    s->at++;
    json_skip_space(s);
    bool more = s->at == s->end || *s->at != ']';
    s->at += !more;
    while (more) {
        Value item;
        if (!parse_value(p, depth, &item) || !json_scan_next(s, ']', &more))
            return false;
        vec_push_heap(&p->items, item);
    }
    *out = value_array(p->arena, p->items.at + first, p->items.len - first);
    p->items.len = first;
    return true;
}

static bool finish_map(struct parse *p, size_t first, Value *out)
{
    size_t len = p->fields.len - first;
    const struct value_field *fields = arena_copy(p->arena, p->fields.at + first, len * sizeof *fields);
    struct key_pair twice;
    if (!value_map_check_fields(p->arena, fields, len, &twice, out))
        return json_fail(&p->scan, p->scan.at - 1, NULL, "the map that ends here has the key '%.60s' twice",
                         fields[twice.second].key->data);
    p->fields.len = first;
    return true;
}

// At '{'.
static bool parse_map(struct parse *p, int depth, Value *out)
{
    struct json_scan *s = &p->scan;
    size_t first = p->fields.len;
    s->at++;
    json_skip_space(s);
    bool more = s->at == s->end || *s->at != '}';
    s->at += !more;
    while (more) {
        struct value_field field;
        if (!json_scan_key(s, p->arena, &field.key) || !json_scan_colon(s) || !parse_value(p, depth, &field.value)
            || !json_scan_next(s, '}', &more))
            return false;
        vec_push_heap(&p->fields, field);
    }
    return finish_map(p, first, out);
}

static bool parse_value(struct parse *p, int depth, Value *out)
{
    struct json_scan *s = &p->scan;
    char c = s->at < s->end ? *s->at : '\0';
    if (c == '"') {
        Str text;
        if (!json_scan_string(s, &text))
            return false;
        *out = value_string(p->arena, text);
        return true;
    }
    if (c != '{' && c != '[')
        return json_scan_scalar(s, out);
    if (depth == READ_DEPTH_MAX)
        return json_fail(s, s->at, NULL, "nested more than %d deep", READ_DEPTH_MAX);
    return c == '{' ? parse_map(p, depth + 1, out) : parse_array(p, depth + 1, out);
}

bool json_parse(struct arena *a, Str text, Value *out, struct err *err)
{
    struct parse p = { .arena = a };
    vec_grow(NULL, (void **)&p.items.at, &p.items.cap, sizeof *p.items.at);             // never NULL from here on
    vec_grow(NULL, (void **)&p.fields.at, &p.fields.cap, sizeof *p.fields.at);
    json_scan_init(&p.scan, text);
    json_skip_space(&p.scan);
    bool parsed = parse_value(&p, 0, out) && json_scan_end(&p.scan);
    if (!parsed) {
        *out = value_null;
        err_set(err, ERR_INVALID, "byte %zu: %s", text.len - (size_t)(p.scan.end - p.scan.fail_at), p.scan.fail);
    }
    free(p.items.at);
    free(p.fields.at);
    json_scan_release(&p.scan);
    return parsed;
}
