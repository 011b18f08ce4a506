// SPDX-License-Identifier: Apache-2.0
// Evaluation of the strings in CWL documents that hold references or expressions. References are looked up here;
// JavaScript is only sent to the child. It never decides which fields of a document are expressions: the caller knows
// that.
#include "lang/cwl/expr.h"

#include "base/vec.h"
#include "lang/cwl/expr_scan.h"
#include "lang/js/js.h"
#include "value/read.h"

bool expr_is(Str text) { return str_find(text, STR("$(")) >= 0 || str_find(text, STR("${")) >= 0; }

// ---- values as text

// JSON's shortest digits, moved around so that no exponent is left: "1e-05" to "0.00001", "1.5e+3" to "1500".
static void add_decimal(struct strbuf *out, double real)
{
    struct strbuf json = { 0 };
    json_write(&json, value_float(real), 0);
    Str mantissa = strbuf_str(&json), digits[2];
    int64_t exponent = 0;
    ptrdiff_t e = str_find_char(mantissa, 'e');
    if (e >= 0 && str_to_int(str_from(mantissa, (size_t)e + 1), &exponent))
        mantissa = str_first(mantissa, (size_t)e);
    if (str_starts(mantissa, STR("-")))
        strbuf_addc(out, '-'), mantissa = str_from(mantissa, 1);
    digits[0] = str_cut(&mantissa, '.');
    digits[1] = str_is(mantissa, "0") ? (Str){ 0 } : mantissa;
    int64_t whole = (int64_t)digits[0].len, len = whole + (int64_t)digits[1].len, point = whole + exponent;
    if (point <= 0)
        strbuf_addz(out, "0.");
    for (int64_t i = MIN(point, (int64_t)0); i < MAX(len, point); i++) {
        if (i == point && i > 0)
            strbuf_addc(out, '.');
        if (i < 0 || i >= len)
            strbuf_addc(out, '0');
        else
            strbuf_addc(out, i < whole ? digits[0].data[i] : digits[1].data[i - whole]);
    }
    strbuf_release(&json);
}

static int compare_fields(const void *a, const void *b)
{
    const struct value_string *x = (*(const struct value_field *const *)a)->key,
                              *y = (*(const struct value_field *const *)b)->key;
    return str_compare((Str){ x->data, x->len }, (Str){ y->data, y->len });
}

static void add_json(struct arena *a, struct strbuf *out, Value v);

static void add_map(struct arena *a, struct strbuf *out, const struct value_map *map)
{
    const struct value_field **fields = NEW_ARRAY(a, const struct value_field *, map->len);
    for (size_t i = 0; i < map->len; i++)
        fields[i] = &map->at[i];
    if (map->len)
        qsort(fields, map->len, sizeof *fields, compare_fields);
    strbuf_addc(out, '{');
    for (size_t i = 0; i < map->len; i++) {
        strbuf_addz(out, i ? ", " : "");
        json_write_string(out, (Str){ fields[i]->key->data, fields[i]->key->len });
        strbuf_addz(out, ": ");
        add_json(a, out, fields[i]->value);
    }
    strbuf_addc(out, '}');
}

static void add_json(struct arena *a, struct strbuf *out, Value v)
{
    switch (v.kind) {
    case VALUE_NULL:
    case VALUE_BOOL:
    case VALUE_INT:
    case VALUE_STRING:
        json_write(out, v, 0);
        return;
    case VALUE_FLOAT:
        if (v.real - v.real != 0)
            strbuf_addz(out, "null");                   // infinite or not a number
        else
            add_decimal(out, v.real == 0 ? 0 : v.real);     // -0 is "0", as in JavaScript
        return;
    case VALUE_ARRAY:
        strbuf_addc(out, '[');
        for (size_t i = 0; i < v.array->len; i++) {
            strbuf_addz(out, i ? ", " : "");
            add_json(a, out, v.array->at[i]);
        }
        strbuf_addc(out, ']');
        return;
    case VALUE_MAP:
        add_map(a, out, v.map);
        return;
    }
}

static void add_text(struct arena *a, struct strbuf *out, Value v)
{
    if (v.kind == VALUE_STRING)
        strbuf_add(out, value_str(v));
    else
        add_json(a, out, v);
}

Str expr_text(struct arena *a, Value v)
{
    struct strbuf out = { 0 };
    add_text(a, &out, v);
    return strbuf_take(&out, a);
}

// ---- parameter references

static bool find_root(const struct expr_context *c, Str symbol, Value *out, struct err *err)
{
    static const Str roots[] = { STR_CONST("inputs"), STR_CONST("self"), STR_CONST("runtime"), STR_CONST("null") };
    const Value values[] = { c->inputs, c->self, c->runtime, value_null };
    for (size_t i = 0; i < LEN(roots); i++)
        if (str_eq(symbol, roots[i])) {
            *out = values[i];
            return true;
        }
    Str near = str_nearest(symbol, roots, LEN(roots));
    return err_set(err, ERR_INVALID, "'" STR_FMT "' is not known: expected inputs, self or runtime%s" STR_FMT "%s",
                   STR_ARG(symbol), near.len ? "; did you mean '" : "", STR_ARG(near), near.len ? "'?" : "");
}

static Str without_escapes(struct arena *a, Str key)
{
    char *out = arena_alloc(a, key.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < key.len; i++) {
        i += key.data[i] == '\\';                       // the grammar let only quotes follow
        out[len++] = key.data[i];
    }
    return (Str){ out, len };
}

static Str nearest_key(struct arena *a, Value map, Str key)
{
    Str *keys = NEW_ARRAY(a, Str, value_len(map));
    for (size_t i = 0; i < value_len(map); i++)
        keys[i] = (Str){ map.map->at[i].key->data, map.map->at[i].key->len };
    return str_nearest(key, keys, value_len(map));
}

// `path` is the reference up to here, for messages: names from the document, never values.
static bool take_field(const struct expr_context *c, Value v, Str key, Str path, Value *out, struct err *err)
{
    if (v.kind != VALUE_MAP)
        return err_set(err, ERR_INVALID, "'" STR_FMT "' is %s %s and has no field '" STR_FMT "'", STR_ARG(path),
                       v.kind == VALUE_INT || v.kind == VALUE_ARRAY ? "an" : "a", value_kind_name(v.kind),
                       STR_ARG(key));
    if (!value_has(v, key)) {
        Str near = nearest_key(c->arena, v, key);
        return err_set(err, ERR_INVALID, "'" STR_FMT "' has no field '" STR_FMT "'%s" STR_FMT "%s", STR_ARG(path),
                       STR_ARG(key), near.len ? "; did you mean '" : "", STR_ARG(near), near.len ? "'?" : "");
    }
    *out = value_get(v, key);
    return true;
}

// Character `index` of a string; NULL-data if it has fewer. Continuation bytes of UTF-8 belong to the character before.
static Str character_at(Str s, size_t index)
{
    size_t start = 0, count = 0;
    for (size_t i = 1; i <= s.len; i++) {
        if (i < s.len && ((unsigned char)s.data[i] & 0xc0) == 0x80)
            continue;
        if (count++ == index)
            return str_slice(s, start, i);
        start = i;
    }
    return (Str){ 0 };
}

static bool take_item(const struct expr_context *c, Value v, size_t index, Str path, Value *out, struct err *err)
{
    if (v.kind == VALUE_STRING) {
        Str character = character_at(value_str(v), index);
        if (character.len == 0)
            return err_set(err, ERR_INVALID, "'" STR_FMT "' is shorter than [%zu] asks for", STR_ARG(path), index);
        *out = value_string(c->arena, character);
        return true;
    }
    if (v.kind != VALUE_ARRAY)
        return err_set(err, ERR_INVALID, "'" STR_FMT "' is not an array: [%zu] has no meaning there", STR_ARG(path),
                       index);
    if (index >= value_len(v))
        return err_set(err, ERR_INVALID, "'" STR_FMT "' has %zu elements: there is no [%zu]", STR_ARG(path),
                       value_len(v), index);
    *out = value_at(v, index);
    return true;
}

static bool eval_reference(const struct expr_context *c, Str code, Value *out, struct err *err)
{
    Str rest = code, symbol;
    if (!expr_take_symbol(&rest, &symbol) || !find_root(c, symbol, out, err))
        return false;
    while (rest.len) {
        Str path = str_first(code, code.len - rest.len);
        struct expr_segment segment;
        CHECK(expr_take_segment(&rest, &segment));      // expr_is_reference() said so
        Str key = segment.has_escapes ? without_escapes(c->arena, segment.key) : segment.key;
        bool is_length = !segment.is_index && out->kind == VALUE_ARRAY && str_is(key, "length") && rest.len == 0;
        if (is_length)
            *out = value_int((int64_t)value_len(*out));
        else if (segment.is_index ? !take_item(c, *out, segment.index, path, out, err)
                                  : !take_field(c, *out, key, path, out, err))
            return false;
    }
    return true;
}

// ---- expressions

static bool eval_js(const struct expr_context *c, const struct expr_piece *p, Value *out, struct err *err)
{
    struct value_builder context = value_map_begin(c->arena);
    value_map_set(&context, STR("inputs"), c->inputs);
    value_map_set(&context, STR("self"), c->self);
    value_map_set(&context, STR("runtime"), c->runtime);
    return js_eval(c->js, c->arena, p->text, p->kind == PIECE_BRACE, c->lib, c->lib_count, value_map_end(&context),
                   out, err);
}

static bool need_js(struct err *err)
{
    return err_set(err, ERR_INVALID,
                   "this is not a parameter reference such as $(inputs.name.field[0]), and JavaScript needs "
                   "InlineJavascriptRequirement among the requirements");
}

// The expression in front of the message: its first line, shortened at a character's border.
static bool add_expression(const struct expr_piece *p, Str text, struct err *err)
{
    enum { SHOWN_MAX = 80 };
    Str whole = str_slice(text, p->start, p->end), shown = whole;
    shown = str_first(str_cut(&shown, '\n'), SHOWN_MAX);
    while (shown.len == SHOWN_MAX && ((unsigned char)whole.data[shown.len] & 0xc0) == 0x80 && shown.len < whole.len)
        shown.len--;
    return err_wrap(err, "in " STR_FMT "%s", STR_ARG(shown), shown.len < whole.len ? " ..." : "");
}

static bool eval_piece(const struct expr_context *c, const struct expr_piece *p, Value *out, struct err *err)
{
    bool is_reference = p->kind == PIECE_PAREN && expr_is_reference(p->text);
    if (is_reference && eval_reference(c, p->text, out, err))
        return true;
    if (c->js)
        return eval_js(c, p, out, err);
    return is_reference ? false : need_js(err);
}

static bool interpolate(const struct expr_context *c, Str text, struct strbuf *b, Value *out, struct err *err)
{
    struct expr_scan scan = { .text = text, .old_escapes = c->old_escapes };
    struct expr_piece p;
    for (;;) {
        if (!expr_scan_next(&scan, &p, err))
            return false;
        if (p.kind == PIECE_END)
            break;
        if (p.kind == PIECE_TEXT) {
            strbuf_add(b, p.text);
            continue;
        }
        Value v;
        if (!eval_piece(c, &p, &v, err))
            return add_expression(&p, text, err);
        if (p.start == 0 && p.end == text.len) {
            *out = v;
            return true;
        }
        add_text(c->arena, b, v);
    }
    if (b->overflow)
        return err_set(err, ERR_LIMIT, "the text that the expressions make is larger than 1 GiB");
    *out = value_string(c->arena, strbuf_str(b));
    return true;
}

bool expr_eval(const struct expr_context *c, Str text, Value *out, struct err *err)
{
    if (!expr_is(text)) {
        *out = value_string(c->arena, text);
        return true;
    }
    struct strbuf b = { 0 };
    bool done = interpolate(c, c->keep_space ? text : str_trim(text), &b, out, err);
    strbuf_release(&b);
    return done;
}

static bool eval_items(const struct expr_context *c, Value array, Value *out, struct err *err)
{
    Value *items = NEW_ARRAY(c->arena, Value, value_len(array));
    for (size_t i = 0; i < value_len(array); i++)
        if (!expr_eval_all(c, value_at(array, i), &items[i], err))
            return false;
    *out = value_array_of(c->arena, items, value_len(array));
    return true;
}

static bool eval_fields(const struct expr_context *c, Value map, Value *out, struct err *err)
{
    struct value_builder b = value_map_begin(c->arena);
    for (size_t i = 0; i < value_len(map); i++) {
        const struct value_field *field = &map.map->at[i];
        Value v;
        if (!expr_eval_all(c, field->value, &v, err))
            return false;
        value_map_set(&b, (Str){ field->key->data, field->key->len }, v);
    }
    *out = value_map_end(&b);
    return true;
}

bool expr_eval_all(const struct expr_context *c, Value v, Value *out, struct err *err)
{
    switch (v.kind) {
    case VALUE_STRING: return expr_eval(c, value_str(v), out, err);
    case VALUE_ARRAY: return eval_items(c, v, out, err);
    case VALUE_MAP: return eval_fields(c, v, out, err);
    case VALUE_NULL:
    case VALUE_BOOL:
    case VALUE_INT:
    case VALUE_FLOAT: break;
    }
    *out = v;
    return true;
}

static bool check_piece(const struct expr_piece *p, struct err *err)
{
    Str code = p->text, symbol;
    Value unused;
    const struct expr_context nothing = { 0 };
    if (p->kind == PIECE_BRACE || !expr_is_reference(code))
        return need_js(err);
    bool has_symbol = expr_take_symbol(&code, &symbol);
    if (has_symbol && str_is(symbol, "null") && code.len)
        return err_set(err, ERR_INVALID, "null has no fields");
    return has_symbol && find_root(&nothing, symbol, &unused, err);
}

bool expr_check(Str text, bool has_js, struct err *err)
{
    if (!expr_is(text))
        return true;
    struct expr_scan scan = { .text = text };
    struct expr_piece p;
    do {
        if (!expr_scan_next(&scan, &p, err))
            return false;
        bool is_code = p.kind == PIECE_PAREN || p.kind == PIECE_BRACE;
        if (is_code && !has_js && !check_piece(&p, err)) {
            bool unused UNUSED = add_expression(&p, text, err);
            return err_wrap(err, "at offset %zu", p.start);
        }
    } while (p.kind != PIECE_END);
    return true;
}
