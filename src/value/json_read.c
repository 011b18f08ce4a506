// SPDX-License-Identifier: Apache-2.0
// JSON into a document tree: a user's document, where every node knows its place. One mistake ends the reading, for
// what follows a mistake in JSON is a guess.
#include "base/arena.h"
#include "base/vec.h"
#include "value/json_scan.h"
#include "value/node_keys.h"
#include "value/read.h"

struct reader {
    struct json_scan scan;
    struct arena *arena;
    const struct source *source;
    struct diags *diags;
    VEC(struct node *) items;           // of the arrays that are open, outer ones first
    VEC(struct node_field) fields;      // of the maps that are open
    bool reported;                      // the diagnostic is given already
};

static struct node *read_value(struct reader *r, int depth);

static struct span span_here(const struct reader *r)
{
    const struct json_scan *s = &r->scan;
    return (struct span){ r->source, s->line, (uint32_t)(s->at - s->line_start) + 1 };
}

static struct node *node_of_scalar(struct reader *r, struct span span, Value v)
{
    struct node *n = node_new(r->arena, v.kind, span);
    n->scalar = v;
    return n;
}

// At '['.
static struct node *read_array(struct reader *r, int depth)
{
    struct json_scan *s = &r->scan;
    struct node *array = node_new(r->arena, VALUE_ARRAY, span_here(r));
    size_t first = r->items.len;
    s->at++;
    json_skip_space(s);
    bool more = s->at == s->end || *s->at != ']';
    s->at += !more;
    while (more) {
        struct node *item = read_value(r, depth);
        if (item == NULL || !json_scan_next(s, ']', &more))
            return NULL;
        vec_push_heap(&r->items, item);
    }
    array->items.len = r->items.len - first;
    array->items.at = arena_copy(r->arena, r->items.at + first, array->items.len * sizeof(struct node *));
    r->items.len = first;
    return array;
}

static bool read_field(struct reader *r, int depth, struct node_field *field)
{
    struct span span = span_here(r);
    Value key = { .kind = VALUE_STRING };
    if (!json_scan_key(&r->scan, r->arena, &key.string) || !json_scan_colon(&r->scan))
        return false;
    field->key = node_of_scalar(r, span, key);
    field->value = read_value(r, depth);
    return field->value != NULL;
}

static struct node *finish_map(struct reader *r, struct node *map, size_t first)
{
    const struct node_field *fields = r->fields.at + first;
    size_t len = r->fields.len - first;
    struct key_pair twice;
    if (node_fields_duplicate(fields, len, &twice)) {
        node_report_duplicate(r->diags, &fields[twice.first], &fields[twice.second]);
        r->reported = true;
        return NULL;
    }
    map->fields.len = len;
    map->fields.at = arena_copy(r->arena, fields, len * sizeof *fields);
    r->fields.len = first;
    return map;
}

// At '{'.
static struct node *read_map(struct reader *r, int depth)
{
    struct json_scan *s = &r->scan;
    struct node *map = node_new(r->arena, VALUE_MAP, span_here(r));
    size_t first = r->fields.len;
    s->at++;
    json_skip_space(s);
    bool more = s->at == s->end || *s->at != '}';
    s->at += !more;
    while (more) {
        struct node_field field;
        if (!read_field(r, depth, &field) || !json_scan_next(s, '}', &more))
            return NULL;
        vec_push_heap(&r->fields, field);
    }
    return finish_map(r, map, first);
}

static struct node *read_value(struct reader *r, int depth)
{
    struct json_scan *s = &r->scan;
    char c = s->at < s->end ? *s->at : '\0';
    struct span span = span_here(r);
    if (c == '"') {
        Str text;
        return json_scan_string(s, &text) ? node_string(r->arena, text, span) : NULL;
    }
    if (c != '{' && c != '[') {
        Value v;
        return json_scan_scalar(s, &v) ? node_of_scalar(r, span, v) : NULL;
    }
    if (depth == READ_DEPTH_MAX) {
        json_fail(s, s->at, NULL, "nested more than %d deep", READ_DEPTH_MAX);
        return NULL;
    }
    return c == '{' ? read_map(r, depth + 1) : read_array(r, depth + 1);
}

static void report(struct reader *r)
{
    const struct json_scan *s = &r->scan;
    struct span span = { r->source, 1, 1 };
    const char *line = s->start;
    for (const char *p = s->start; p < s->fail_at; p++) {
        if (*p == '\n') {
            span.line++;
            line = p + 1;
        }
    }
    span.column = (uint32_t)(s->fail_at - line) + 1;
    diag_add(r->diags, span, "%s", s->fail);
    if (s->hint[0])
        diag_hint(r->diags, "%s", s->hint);
}

struct node *json_read(struct arena *a, const struct source *source, struct diags *diags)
{
    struct reader r = { .arena = a, .source = source, .diags = diags };
    vec_grow(NULL, (void **)&r.items.at, &r.items.cap, sizeof *r.items.at);             // never NULL from here on
    vec_grow(NULL, (void **)&r.fields.at, &r.fields.cap, sizeof *r.fields.at);
    json_scan_init(&r.scan, source->text);
    json_skip_space(&r.scan);
    struct node *root = read_value(&r, 0);
    if (root && !json_scan_end(&r.scan))
        root = NULL;
    if (root == NULL && !r.reported)
        report(&r);
    free(r.items.at);
    free(r.fields.at);
    json_scan_release(&r.scan);
    return root;
}
