// SPDX-License-Identifier: Apache-2.0
#pragma once
// The document tree: a Value with places. JSON and YAML both read into it; node_value() drops the places.
#include "value/diag.h"
#include "value/value.h"

struct node;
struct node_field {
    struct node *key;                   // kind STRING
    struct node *value;
};
struct node {
    enum value_kind kind;
    bool is_plain;                      // YAML: an unquoted scalar
    struct span span;
    Value scalar;                       // NULL, BOOL, INT, FLOAT, STRING: the value itself
    union {
        struct { struct node **at; size_t len, cap; } items;            // ARRAY
        struct { struct node_field *at; size_t len, cap; } fields;      // MAP; keys unique, in order
        // cap is node_array_push()'s and node_map_set()'s own: who puts another list at `at` sets it to 0
    };
};

// Walks the fields: for thousands of lookups in a large map make an index of your own.
struct node *node_get(const struct node *map, Str key);         // NULL if absent or `map` is no MAP (or NULL)
Str node_str(const struct node *n);                             // of a STRING node; else (and NULL) empty
static inline bool node_is(const struct node *n, enum value_kind kind) { return n && n->kind == kind; }
Value node_value(struct arena *a, const struct node *n);        // a copy in `a`; NULL gives null
struct node *node_of_value(struct arena *a, Value v, struct span span);         // every node at `span`
struct node *node_string(struct arena *a, Str s, struct span span);
// Trees are not shared and may be edited in place by the loader ($import, $mixin, shorthands):
// A key that is there keeps its place and its own node, and gets the new value.
void node_map_set(struct arena *a, struct node *map, struct node *key, struct node *value);
bool node_map_remove(struct node *map, Str key);                // false if it was not there
void node_array_push(struct arena *a, struct node *array, struct node *item);
struct node *node_new(struct arena *a, enum value_kind kind, struct span span);
