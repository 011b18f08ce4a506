// SPDX-License-Identifier: Apache-2.0
// Values as JSON. What it writes is always valid: bad UTF-8 becomes U+FFFD, NaN and the infinities null. The
// canonical form is what digests are made of: a change of one byte of it makes every cached result unknown.
#include <math.h>

#include "base/arena.h"
#include "value/number.h"
#include "value/read.h"
#include "value/utf8.h"

enum { SORT_ON_STACK_MAX = 32 };

struct style {
    bool sorted;                        // keys by bytes: the canonical form
    int indent;                         // spaces a level; 0: one line, without spaces
};

static void write_value(struct strbuf *out, Value v, struct style style, int level);

static void write_escape(struct strbuf *out, unsigned char c)
{
    static const char short_forms[0x20] = { ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't' };
    static const char hex[] = "0123456789abcdef";
    char text[6] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };
    size_t len = 6;
    if (c >= ' ' || short_forms[c]) {
        text[1] = c >= ' ' ? (char)c : short_forms[c];
        len = 2;
    }
    strbuf_add(out, (Str){ text, len });
}

static bool must_escape(char c) { return c == '"' || c == '\\' || (unsigned char)c < ' '; }

static void write_escaped(struct strbuf *out, Str s)
{
    size_t run = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (!must_escape(s.data[i]))
            continue;
        strbuf_add(out, str_slice(s, run, i));
        write_escape(out, (unsigned char)s.data[i]);
        run = i + 1;
    }
    strbuf_add(out, str_from(s, run));
}

void json_write_string(struct strbuf *out, Str s)
{
    strbuf_addc(out, '"');
    while (s.len) {
        size_t valid = utf8_valid_prefix(s);
        write_escaped(out, str_first(s, valid));
        if (valid < s.len)
            strbuf_addz(out, "\xef\xbf\xbd");
        s = str_from(s, valid + 1);
    }
    strbuf_addc(out, '"');
}

static void write_float(struct strbuf *out, double real)
{
    char text[NUMBER_TEXT];
    if (isfinite(real))
        strbuf_add(out, (Str){ text, number_write(text, real) });
    else
        strbuf_addz(out, "null");
}

static void new_line(struct strbuf *out, struct style style, int level)
{
    static const char spaces[] = "                                ";
    if (style.indent == 0)
        return;
    strbuf_addc(out, '\n');
    for (size_t left = (size_t)style.indent * (size_t)level, step; left > 0; left -= step) {
        step = MIN(left, sizeof spaces - 1);
        strbuf_add(out, (Str){ spaces, step });
    }
}

static void write_array(struct strbuf *out, const struct value_array *array, struct style style, int level)
{
    strbuf_addc(out, '[');
    for (size_t i = 0; i < array->len; i++) {
        if (i > 0)
            strbuf_addc(out, ',');
        new_line(out, style, level + 1);
        write_value(out, array->at[i], style, level + 1);
    }
    if (array->len)
        new_line(out, style, level);
    strbuf_addc(out, ']');
}

static void write_field(struct strbuf *out, const struct value_field *field, bool first, struct style style, int level)
{
    if (!first)
        strbuf_addc(out, ',');
    new_line(out, style, level);
    json_write_string(out, (Str){ field->key->data, field->key->len });
    strbuf_add(out, style.indent ? STR(": ") : STR(":"));
    write_value(out, field->value, style, level);
}

static int compare_keys(const void *left, const void *right)
{
    const struct value_string *x = (*(const struct value_field *const *)left)->key;
    const struct value_string *y = (*(const struct value_field *const *)right)->key;
    return str_compare((Str){ x->data, x->len }, (Str){ y->data, y->len });
}

static void write_sorted(struct strbuf *out, const struct value_map *map, struct style style, int level)
{
    const struct value_field *few[SORT_ON_STACK_MAX];
    const struct value_field **order = map->len <= LEN(few) ? few : xmalloc(map->len * sizeof *order);
    for (size_t i = 0; i < map->len; i++)
        order[i] = &map->at[i];
    qsort(order, map->len, sizeof *order, compare_keys);
    for (size_t i = 0; i < map->len; i++)
        write_field(out, order[i], i == 0, style, level);
    if (order != few)
        free(order);
}

static void write_map(struct strbuf *out, const struct value_map *map, struct style style, int level)
{
    strbuf_addc(out, '{');
    if (style.sorted)
        write_sorted(out, map, style, level + 1);
    for (size_t i = 0; i < map->len && !style.sorted; i++)
        write_field(out, &map->at[i], i == 0, style, level + 1);
    if (map->len)
        new_line(out, style, level);
    strbuf_addc(out, '}');
}

static void write_value(struct strbuf *out, Value v, struct style style, int level)
{
    char text[NUMBER_TEXT];
    switch (v.kind) {
    case VALUE_NULL: strbuf_addz(out, "null"); break;
    case VALUE_BOOL: strbuf_addz(out, v.boolean ? "true" : "false"); break;
    case VALUE_INT: strbuf_add(out, (Str){ text, number_write_int(text, v.integer) }); break;
    case VALUE_FLOAT: write_float(out, v.real); break;
    case VALUE_STRING: json_write_string(out, value_str(v)); break;
    case VALUE_ARRAY: write_array(out, v.array, style, level); break;
    case VALUE_MAP: write_map(out, v.map, style, level); break;
    }
}

void json_write(struct strbuf *out, Value v, int indent) { write_value(out, v, (struct style){ .indent = indent }, 0); }
void json_write_canonical(struct strbuf *out, Value v) { write_value(out, v, (struct style){ .sorted = true }, 0); }
