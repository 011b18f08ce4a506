// SPDX-License-Identifier: Apache-2.0
// YAML into a document tree, from libyaml's events. Bounded before memory is: depth, and what aliases expand to.
// Trees are never shared, so an alias is a copy. Not a full YAML: one document, core tags, scalar keys.
#include <yaml.h>

#include "base/map.h"
#include "base/vec.h"
#include "value/node_keys.h"
#include "value/read.h"
#include "value/utf8.h"
#include "value/yaml_explain.h"
#include "value/yaml_scalar.h"

struct anchor {
    struct node *node;                  // NULL while what it names is still being read
    Str written;                        // of a scalar, for an alias as a key
    size_t weight;                      // nodes, and one for each ALIAS_TEXT_NODE bytes of text
    int height;                         // of containers within it
};
struct reader {
    struct arena *arena;
    struct diags *diags;
    struct place place;
    yaml_parser_t parser;
    struct map anchors;
    VEC(struct node *) items;           // of the lists that are open, outer ones first
    VEC(struct node_field) fields;      // of the maps that are open
    size_t weight, alias_weight;        // of all nodes so far; of those made by aliases
    int deepest;                        // since the anchor that is open innermost began
};
enum { ALIAS_TEXT_NODE = 64 };          // so that no alias of a long text makes gigabytes when it is copied

static struct node *read_event(struct reader *r, yaml_event_t *event, int depth);

static struct span span_at(struct reader *r, yaml_mark_t mark) { return place_of_char(&r->place, mark.index); }
static Str text_of(const yaml_char_t *z) { return str_of((const char *)z); }

static bool next_event(struct reader *r, yaml_event_t *event)
{
    if (yaml_parser_parse(&r->parser, event))
        return true;
    yaml_explain(&r->parser, &r->place, r->diags);
    return false;
}

// The kind that a tag demands; "!" leaves *kind as it is. False, with a diagnostic, for tags outside the core schema.
static bool kind_of_tag(struct reader *r, Str tag, struct span span, enum value_kind *kind)
{
    static const struct { const char *name; enum value_kind kind; } tags[] = {
        { "str", VALUE_STRING }, { "int", VALUE_INT }, { "float", VALUE_FLOAT }, { "bool", VALUE_BOOL },
        { "null", VALUE_NULL }, { "seq", VALUE_ARRAY }, { "map", VALUE_MAP },
    };
    Str prefix = STR("tag:yaml.org,2002:");
    if (str_is(tag, "!"))
        return true;
    for (size_t i = 0; i < LEN(tags) && str_starts(tag, prefix); i++) {
        if (str_is(str_from(tag, prefix.len), tags[i].name)) {
            *kind = tags[i].kind;
            return true;
        }
    }
    diag_add(r->diags, span, "the tag '" STR_FMT "' is not one of the core schema", STR_ARG(str_first(tag, 60)));
    diag_hint(r->diags, "take it out; known are !!str, !!int, !!float, !!bool, !!null, !!seq and !!map");
    return false;
}

// A tag of a list or map may only say what it is anyway.
static bool check_container_tag(struct reader *r, const yaml_char_t *tag, struct span span, enum value_kind kind)
{
    enum value_kind wanted = kind;
    if (tag && !kind_of_tag(r, text_of(tag), span, &wanted))
        return false;
    if (wanted != kind)
        diag_add(r->diags, span, "this is %s %s, its tag says %s",
                 kind == VALUE_ARRAY ? "an" : "a", value_kind_name(kind), value_kind_name(wanted));
    return wanted == kind;
}

static bool resolve_scalar(struct reader *r, const yaml_event_t *event, struct span span, Value *out)
{
    Str text = { (const char *)event->data.scalar.value, event->data.scalar.length };
    enum scalar_result result;
    enum value_kind kind = VALUE_STRING;
    if (event->data.scalar.tag) {
        if (!kind_of_tag(r, text_of(event->data.scalar.tag), span, &kind))
            return false;
        result = scalar_as(r->arena, kind, text, out);
    } else if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
        result = scalar_resolve(r->arena, text, out);
    } else {
        result = scalar_as(r->arena, VALUE_STRING, text, out);
    }
    if (result == SCALAR_NOT_OF_KIND)
        diag_add(r->diags, span, "this is no %s, as its tag says", value_kind_name(kind));
    if (result == SCALAR_TOO_LARGE) {
        diag_add(r->diags, span, "this number is larger than a float can hold (1.8e308)");
        diag_hint(r->diags, "put it in quotes if it is a name");
    }
    return result == SCALAR_OK;
}

static struct anchor *anchor_new(struct reader *r, const yaml_char_t *name)
{
    struct anchor *anchor = NEW(r->arena, struct anchor);
    map_set(&r->anchors, str_copy(r->arena, text_of(name)), anchor);
    return anchor;
}

static size_t weight_of_text(size_t len) { return 1 + len / ALIAS_TEXT_NODE; }

static struct node *read_scalar(struct reader *r, const yaml_event_t *event, struct span span)
{
    Value v;
    if (!resolve_scalar(r, event, span, &v))
        return NULL;
    struct node *n = node_new(r->arena, v.kind, span);
    n->scalar = v;
    n->is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    size_t weight = weight_of_text(event->data.scalar.length);
    r->weight += weight;
    if (event->data.scalar.anchor) {
        Str written = { (const char *)event->data.scalar.value, event->data.scalar.length };
        *anchor_new(r, event->data.scalar.anchor) = (struct anchor){ n, str_copy(r->arena, written), weight, 0 };
    }
    return n;
}

static struct node *node_copy(struct arena *a, const struct node *from)
{
    struct node *n = arena_copy(a, from, sizeof *from);         // texts are shared: they never change
    if (n->kind == VALUE_ARRAY) {
        n->items.at = NEW_ARRAY(a, struct node *, n->items.len);
        for (size_t i = 0; i < n->items.len; i++)
            n->items.at[i] = node_copy(a, from->items.at[i]);
    } else if (n->kind == VALUE_MAP) {
        n->fields.at = NEW_ARRAY(a, struct node_field, n->fields.len);
        for (size_t i = 0; i < n->fields.len; i++) {
            n->fields.at[i].key = node_copy(a, from->fields.at[i].key);
            n->fields.at[i].value = node_copy(a, from->fields.at[i].value);
        }
    }
    return n;
}

// The anchor an alias names, if what it stands for may be put in at this depth.
static const struct anchor *find_anchor(struct reader *r, const yaml_event_t *event, struct span span, int depth)
{
    Str name = text_of(event->data.alias.anchor), shown = str_first(name, 60);
    const struct anchor *anchor = map_find(&r->anchors, name);
    if (anchor == NULL) {
        diag_add(r->diags, span, "the alias '*" STR_FMT "' has no anchor '&" STR_FMT "' before it",
                 STR_ARG(shown), STR_ARG(shown));
        diag_hint(r->diags, "put it in quotes if it is meant as text");
    } else if (anchor->node == NULL) {
        diag_add(r->diags, span, "the alias '*" STR_FMT "' stands inside the value that it names", STR_ARG(shown));
    } else if (depth + anchor->height > READ_DEPTH_MAX) {
        diag_add(r->diags, span, "with this alias the document is nested more than %d deep", READ_DEPTH_MAX);
    } else if (anchor->weight > READ_ALIAS_NODES_MAX - r->alias_weight) {
        diag_add(r->diags, span, "the aliases of this document expand to more than %d nodes", READ_ALIAS_NODES_MAX);
    } else {
        return anchor;
    }
    return NULL;
}

static struct node *read_alias(struct reader *r, const yaml_event_t *event, struct span span, int depth)
{
    const struct anchor *anchor = find_anchor(r, event, span, depth);
    if (anchor == NULL)
        return NULL;
    r->alias_weight += anchor->weight;
    r->weight += anchor->weight;
    r->deepest = MAX(r->deepest, depth + anchor->height);
    return node_copy(r->arena, anchor->node);
}

// A key is a string, as it is written: 1 and "1" are the same key.
static struct node *read_key(struct reader *r, yaml_event_t *event, int depth)
{
    struct span span = span_at(r, event->start_mark);
    struct node *key = NULL;
    if (event->type == YAML_SCALAR_EVENT) {
        bool is_named = event->data.scalar.anchor || event->data.scalar.tag;
        if (is_named && read_scalar(r, event, span) == NULL)    // for its anchor, and to refuse its tag
            goto done;
        r->weight += is_named ? 0 : weight_of_text(event->data.scalar.length);
        key = node_string(r->arena, (Str){ (const char *)event->data.scalar.value, event->data.scalar.length }, span);
        key->is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    } else if (event->type == YAML_ALIAS_EVENT) {
        const struct anchor *anchor = find_anchor(r, event, span, depth);
        if (anchor && anchor->node->kind != VALUE_ARRAY && anchor->node->kind != VALUE_MAP)
            key = node_string(r->arena, anchor->written, span);
        else if (anchor)
            diag_add(r->diags, span, "a key must be a string or a number, this alias stands for %s",
                     value_kind_name(anchor->node->kind));
    } else {
        diag_add(r->diags, span, "a key must be a string or a number, found %s",
                 event->type == YAML_SEQUENCE_START_EVENT ? "an array" : "a map");
        diag_hint(r->diags, "put it in quotes if it is meant as text");
    }
done:
    yaml_event_delete(event);
    return key;
}

static struct node *read_sequence(struct reader *r, struct span span, int depth)
{
    struct node *array = node_new(r->arena, VALUE_ARRAY, span);
    size_t first = r->items.len;
    yaml_event_t event;
    for (;;) {
        if (!next_event(r, &event))
            return NULL;
        if (event.type == YAML_SEQUENCE_END_EVENT)
            break;
        struct node *item = read_event(r, &event, depth);
        if (item == NULL)
            return NULL;
        vec_push_heap(&r->items, item);
    }
    yaml_event_delete(&event);
    array->items.len = r->items.len - first;
    array->items.at = arena_copy(r->arena, r->items.at + first, array->items.len * sizeof(struct node *));
    r->items.len = first;
    return array;
}

static struct node *finish_mapping(struct reader *r, struct node *map, size_t first)
{
    const struct node_field *fields = r->fields.at + first;
    size_t len = r->fields.len - first;
    struct key_pair twice;
    if (node_fields_duplicate(fields, len, &twice)) {
        node_report_duplicate(r->diags, &fields[twice.first], &fields[twice.second]);
        return NULL;
    }
    map->fields.len = len;
    map->fields.at = arena_copy(r->arena, fields, len * sizeof *fields);
    r->fields.len = first;
    return map;
}

static struct node *read_mapping(struct reader *r, struct span span, int depth)
{
    struct node *map = node_new(r->arena, VALUE_MAP, span);
    size_t first = r->fields.len;
    yaml_event_t event;
    for (;;) {
        if (!next_event(r, &event))
            return NULL;
        if (event.type == YAML_MAPPING_END_EVENT)
            break;
        struct node_field field = { .key = read_key(r, &event, depth) };
        if (field.key == NULL || !next_event(r, &event))
            return NULL;
        field.value = read_event(r, &event, depth);
        if (field.value == NULL)
            return NULL;
        vec_push_heap(&r->fields, field);
    }
    yaml_event_delete(&event);
    return finish_mapping(r, map, first);
}

// A list or map whose start event is given, `depth` containers deep with itself.
static struct node *read_container(struct reader *r, const yaml_event_t *start, struct span span, int depth)
{
    bool is_map = start->type == YAML_MAPPING_START_EVENT;
    const yaml_char_t *name = is_map ? start->data.mapping_start.anchor : start->data.sequence_start.anchor;
    const yaml_char_t *tag = is_map ? start->data.mapping_start.tag : start->data.sequence_start.tag;
    if (depth > READ_DEPTH_MAX) {
        diag_add(r->diags, span, "nested more than %d deep", READ_DEPTH_MAX);
        return NULL;
    }
    if (!check_container_tag(r, tag, span, is_map ? VALUE_MAP : VALUE_ARRAY))
        return NULL;
    struct anchor *anchor = name ? anchor_new(r, name) : NULL;
    size_t weight = r->weight++;
    int deepest = r->deepest;
    r->deepest = depth;
    struct node *n = is_map ? read_mapping(r, span, depth) : read_sequence(r, span, depth);
    if (anchor)
        *anchor = (struct anchor){ n, { 0 }, r->weight - weight, r->deepest - depth + 1 };
    r->deepest = MAX(r->deepest, deepest);
    return n;
}

// Reads the node that begins with `event`, which it deletes. `depth` containers are open around it.
static struct node *read_event(struct reader *r, yaml_event_t *event, int depth)
{
    struct span span = span_at(r, event->start_mark);
    struct node *n = NULL;
    if (event->type == YAML_SCALAR_EVENT)
        n = read_scalar(r, event, span);
    else if (event->type == YAML_ALIAS_EVENT)
        n = read_alias(r, event, span, depth);
    else
        n = read_container(r, event, span, depth + 1);
    yaml_event_delete(event);
    return n;
}

// Up to the first node of the document. An empty stream has none: *empty.
static bool read_start(struct reader *r, yaml_event_t *event, bool *empty)
{
    for (*empty = false;; yaml_event_delete(event)) {
        if (!next_event(r, event))
            return false;
        *empty = event->type == YAML_STREAM_END_EVENT;
        if (*empty || (event->type != YAML_STREAM_START_EVENT && event->type != YAML_DOCUMENT_START_EVENT))
            return true;
    }
}

static bool read_end(struct reader *r)
{
    yaml_event_t event;
    yaml_event_type_t type;
    do {
        if (!next_event(r, &event))
            return false;
        type = event.type;
        if (type == YAML_DOCUMENT_START_EVENT) {
            struct span span = span_at(r, event.start_mark);
            diag_add(r->diags, span, "a second document begins here: expected only one in a file");
            diag_hint(r->diags, "put it in a file of its own");
        }
        yaml_event_delete(&event);
    } while (type == YAML_DOCUMENT_END_EVENT);
    return type == YAML_STREAM_END_EVENT;
}

static struct node *read_document(struct reader *r)
{
    yaml_event_t event;
    bool empty;
    if (!read_start(r, &event, &empty))
        return NULL;
    if (empty) {
        yaml_event_delete(&event);
        return node_new(r->arena, VALUE_NULL, (struct span){ r->place.source, 1, 1 });
    }
    struct node *root = read_event(r, &event, 0);
    return root && read_end(r) ? root : NULL;
}

static bool check_encoding(struct reader *r, Str text)
{
    size_t valid = utf8_valid_prefix(text);
    if (valid == text.len)
        return true;
    unsigned char byte = (unsigned char)text.data[valid];
    diag_add(r->diags, place_of_byte(&r->place, valid), "the byte 0x%02x here is not UTF-8", byte);
    diag_hint(r->diags, "save the document as UTF-8");
    return false;
}

struct node *yaml_read(struct arena *a, const struct source *source, struct diags *diags)
{
    Str text = utf8_skip_bom(source->text);
    struct reader r = { .arena = a, .diags = diags, .place = place_begin(source, text) };
    if (!check_encoding(&r, text))
        return NULL;
    vec_grow(NULL, (void **)&r.items.at, &r.items.cap, sizeof *r.items.at);             // never NULL from here on
    vec_grow(NULL, (void **)&r.fields.at, &r.fields.cap, sizeof *r.fields.at);
    CHECK(yaml_parser_initialize(&r.parser));
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)r.place.start, text.len);
    struct node *root = read_document(&r);
    yaml_parser_delete(&r.parser);
    map_release(&r.anchors);
    free(r.items.at);
    free(r.fields.at);
    return root;
}
