// SPDX-License-Identifier: Apache-2.0
#pragma once
// Value: what flows between steps. Immutable, 16 bytes, passed by value; what it points to lives in an
// arena. A File or Directory is a MAP with a "class" field: so it arrives from documents and from JavaScript,
// and so it leaves; value_is_file() and value_is_directory() tell.
#include "base/str.h"

struct arena;

#define VALUE_KINDS(X) \
    X(NULL, "null") X(BOOL, "boolean") X(INT, "int") X(FLOAT, "float") X(STRING, "string") X(ARRAY, "array") X(MAP, "map")
enum value_kind {
#define X(name, text) VALUE_##name,
    VALUE_KINDS(X)
#undef X
};

struct value_string;
struct value_array;
struct value_map;
typedef struct {
    enum value_kind kind;
    union {
        bool boolean;
        int64_t integer;
        double real;
        const struct value_string *string;
        const struct value_array *array;
        const struct value_map *map;
    };
} Value;
_Static_assert(sizeof(Value) == 16, "Value is passed in two registers");

struct value_string {
    size_t len;
    char data[];                        // NUL-terminated behind len
};
struct value_array {
    size_t len;
    const Value *at;
};
struct value_field {
    const struct value_string *key;
    Value value;
};
struct value_map {                      // in order of insertion; keys are unique
    size_t len;
    const struct value_field *at;
    const uint32_t *index;              // NULL for small maps; made by the builder for larger ones
};

extern const Value value_null;
// Scalars need no arena; a string is copied into one.
static inline Value value_bool(bool b) { return (Value){ .kind = VALUE_BOOL, .boolean = b }; }
static inline Value value_int(int64_t i) { return (Value){ .kind = VALUE_INT, .integer = i }; }
static inline Value value_float(double d) { return (Value){ .kind = VALUE_FLOAT, .real = d }; }
Value value_string(struct arena *a, Str s);
Value value_array(struct arena *a, const Value *items, size_t len);     // copies the items' Values, not what they point to
Value value_array_of(struct arena *a, const Value *items, size_t len);  // takes over `items`, which live as long as `a`
Value value_copy(struct arena *a, Value v);                             // deep: nothing shared with v's arena

// For a value of any kind, also one that a caller did not expect: then false, empty, 0 or null.
static inline bool value_is_null(Value v) { return v.kind == VALUE_NULL; }
Str value_str(Value v);                                 // of a STRING; an empty Str for every other kind
static inline size_t value_len(Value v) { return v.kind == VALUE_ARRAY ? v.array->len : v.kind == VALUE_MAP ? v.map->len : 0; }
Value value_at(Value array, size_t i);                  // null out of range or not an array
Value value_get(Value map, Str key);                    // null if absent or not a map
bool value_has(Value map, Str key);                     // also true where the field is null
Str value_key(Value map, size_t i);                     // of its field i, which is map.map->at[i]
Str value_get_str(Value map, Str key);                  // value_str(value_get()): empty if absent or not a string
int64_t value_get_int(Value map, Str key, int64_t otherwise);           // INT, or FLOAT with an integral value
bool value_as_double(Value v, double *out);             // INT or FLOAT
bool value_is_same(Value a, Value b);                   // the very same: equal without looking at what they point to
bool value_eq(Value a, Value b);                        // deep; maps regardless of order; 1 equals 1.0, NaN equals NaN
const char *value_kind_name(enum value_kind kind);      // for messages: "boolean", "int", as in VALUE_KINDS
bool value_is_file(Value v);                            // MAP whose "class" is "File"
bool value_is_directory(Value v);                       // likewise, "Directory"

// Builds a map. value_map_end() gives the finished, immutable map; setting a key again replaces its value. Until it is
// finished nothing but its keys lies in the arena, and a small map not even in pieces: what is kept has no slack.
enum { BUILDER_INLINE = 12 };
struct value_builder {
    struct arena *arena;
    struct value_field *fields;         // NULL: in `few`
    size_t len, cap;
    uint32_t *index;
    size_t index_size;
    struct value_field few[BUILDER_INLINE];
};
struct value_builder value_map_begin(struct arena *a);
void value_map_set(struct value_builder *b, Str key, Value v);          // key is copied
void value_map_copy(struct value_builder *b, Value map);                // all fields of `map`
Value value_map_end(struct value_builder *b);
// A copy of `map` (shallow) in which `key` is `v`.
Value value_with(struct arena *a, Value map, Str key, Value v);
Value value_without(struct arena *a, Value map, Str key);
