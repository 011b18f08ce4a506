// SPDX-License-Identifier: Apache-2.0
// One file of a report section into structs, with the place of every mistake. What it draws like is not known here.
#include "view/report/sections.h"

#include <math.h>

#include "value/node.h"
#include "value/read.h"

struct reader {
    struct arena *arena;
    struct diags *diags;
};

// --- fields

static void mistake(struct reader *r, const struct node *at, Str field, const char *expected)
{
    diag_add(r->diags, at->span, "'" STR_FMT "': expected %s, found %s", STR_ARG(field), expected, value_kind_name(at->kind));
}

// The field, or NULL where it is absent or null.
static struct node *field_of(const struct node *map, Str name)
{
    struct node *n = node_get(map, name);
    return node_is(n, VALUE_NULL) ? NULL : n;
}

static Str read_text(struct reader *r, const struct node *map, Str name)
{
    const struct node *n = field_of(map, name);
    if (n == NULL)
        return (Str){ 0 };
    if (n->kind != VALUE_STRING) {
        mistake(r, n, name, "text");
        return (Str){ 0 };
    }
    if (node_str(n).len > SECTION_TEXT_MAX) {
        diag_add(r->diags, n->span, "'" STR_FMT "': a text of %zu bytes, at most %d are allowed", STR_ARG(name), node_str(n).len, SECTION_TEXT_MAX);
        return (Str){ 0 };
    }
    return str_copy(r->arena, node_str(n));
}

static bool is_id(Str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-'))
            return false;
    }
    return s.len > 0 && s.len <= 100;
}

// The id, or one made of the title; empty where there is neither.
static Str read_id(struct reader *r, const struct node *map, Str title)
{
    Str id = read_text(r, map, STR("id"));
    if (id.len && !is_id(id))
        diag_add(r->diags, field_of(map, STR("id"))->span, "'id': expected at most 100 letters, digits, '.', '_' or '-'");
    return id.len ? id : title;
}

// NaN: absent, or a mistake.
static double read_number(struct reader *r, const struct node *map, Str name)
{
    const struct node *n = field_of(map, name);
    double v = NAN;
    if (n && !value_as_double(n->scalar, &v))
        mistake(r, n, name, "a number");
    return v;
}

static bool read_bool(struct reader *r, const struct node *map, Str name)
{
    const struct node *n = field_of(map, name);
    if (n && n->kind != VALUE_BOOL)
        mistake(r, n, name, "true or false");
    return n && n->kind == VALUE_BOOL && n->scalar.boolean;
}

// The position of a field's text among `words`; `otherwise` where it is absent; a mistake gives 0.
static size_t read_word(struct reader *r, const struct node *map, Str name, const Str *words, size_t count, int otherwise)
{
    const struct node *n = field_of(map, name);
    if (n == NULL && otherwise >= 0)
        return (size_t)otherwise;
    for (size_t i = 0; n && i < count; i++)
        if (n->kind == VALUE_STRING && str_eq(node_str(n), words[i]))
            return i;
    struct strbuf list = { 0 };
    for (size_t i = 0; i < count; i++)
        strbuf_addf(&list, "%s\"" STR_FMT "\"", i ? i + 1 < count ? ", " : " or " : "", STR_ARG(words[i]));
    diag_add(r->diags, n ? n->span : map->span, "'" STR_FMT "': expected " STR_FMT, STR_ARG(name), STR_ARG(strbuf_str(&list)));
    if (n && n->kind == VALUE_STRING)
        diag_suggest(r->diags, node_str(n), words, count);
    strbuf_release(&list);
    return 0;
}

// The list, or NULL where there is none (which is a mistake when `required`) or it is too long.
static const struct node *read_list(struct reader *r, const struct node *map, Str name, size_t max, bool required)
{
    const struct node *n = field_of(map, name);
    if (n == NULL) {
        if (required)
            diag_add(r->diags, map->span, "'" STR_FMT "' is missing: expected a list", STR_ARG(name));
        return NULL;
    }
    if (n->kind != VALUE_ARRAY) {
        mistake(r, n, name, "a list");
        return NULL;
    }
    if (n->items.len > max) {
        diag_add(r->diags, n->span, "'" STR_FMT "': %zu items, at most %zu are allowed", STR_ARG(name), n->items.len, max);
        return NULL;
    }
    return n;
}

static bool is_map(struct reader *r, const struct node *n, const char *what)
{
    if (n->kind == VALUE_MAP)
        return true;
    diag_add(r->diags, n->span, "expected %s as an object, found %s", what, value_kind_name(n->kind));
    return false;
}

// --- tables

static struct column read_column(struct reader *r, const struct node *n)
{
    static const Str formats[] = {
#define X(name, text) STR_CONST(text),
        COLUMN_FORMATS(X)
#undef X
    };
    struct column c = { .decimals = -1, .warn_below = NAN, .warn_above = NAN, .fail_below = NAN, .fail_above = NAN };
    if (!is_map(r, n, "a column"))
        return c;
    c.id = read_text(r, n, STR("id"));
    if (c.id.len == 0)
        diag_add(r->diags, n->span, "a column has no 'id'");
    c.title = read_text(r, n, STR("title"));
    if (c.title.len == 0)
        c.title = c.id;
    c.unit = read_text(r, n, STR("unit"));
    c.help = read_text(r, n, STR("help"));
    c.format = (enum column_format)read_word(r, n, STR("format"), formats, LEN(formats), FORMAT_NUMBER);
    c.is_hidden = read_bool(r, n, STR("hidden"));
    c.is_headline = read_bool(r, n, STR("headline"));
    c.warn_below = read_number(r, n, STR("warn_below"));
    c.warn_above = read_number(r, n, STR("warn_above"));
    c.fail_below = read_number(r, n, STR("fail_below"));
    c.fail_above = read_number(r, n, STR("fail_above"));
    double decimals = read_number(r, n, STR("decimals"));
    if (decimals >= 0 && decimals <= 9 && decimals == floor(decimals))
        c.decimals = (int)decimals;
    else if (!isnan(decimals))
        diag_add(r->diags, field_of(n, STR("decimals"))->span, "'decimals': expected an integer from 0 to 9");
    return c;
}

static void read_columns(struct reader *r, const struct node *n, struct section_block *b)
{
    struct map seen = { 0 };
    const struct node *list = read_list(r, n, STR("columns"), SECTION_COLUMNS_MAX, true);
    for (size_t i = 0; list && i < list->items.len; i++) {
        struct column c = read_column(r, list->items.at[i]);
        if (c.id.len && !map_set(&seen, c.id, NULL))
            diag_add(r->diags, list->items.at[i]->span, "two columns have the id '" STR_FMT "'", STR_ARG(c.id));
        vec_push(r->arena, &b->columns, c);
    }
    map_release(&seen);
}

static struct cell read_cell(struct reader *r, const struct node *n)
{
    double number;
    if (n == NULL || n->kind == VALUE_NULL)
        return (struct cell){ 0 };
    if (n->kind == VALUE_STRING && node_str(n).len <= SECTION_TEXT_MAX)
        return (struct cell){ .kind = CELL_TEXT, .text = str_copy(r->arena, node_str(n)) };
    if (n->kind == VALUE_BOOL)
        return (struct cell){ .kind = CELL_TEXT, .text = n->scalar.boolean ? STR("yes") : STR("no") };
    if (value_as_double(n->scalar, &number))
        return (struct cell){ .kind = CELL_NUMBER, .number = number };
    diag_add(r->diags, n->span, "a value: expected a number, a text of at most %d bytes or null", SECTION_TEXT_MAX);
    return (struct cell){ 0 };
}

static struct section_row read_metrics_row(struct reader *r, const struct node *n, const struct section_block *b)
{
    struct section_row row = { 0 };
    if (!is_map(r, n, "a row"))
        return row;
    row.name = read_text(r, n, STR("sample"));
    if (row.name.len == 0)
        row.name = read_text(r, n, STR("name"));
    if (row.name.len == 0)
        diag_add(r->diags, n->span, "a row has neither 'sample' nor 'name'");
    const struct node *values = field_of(n, STR("values"));
    if (!node_is(values, VALUE_MAP)) {
        diag_add(r->diags, n->span, "a row has no 'values': expected an object, column id to value");
        return row;
    }
    for (size_t i = 0; i < b->columns.len; i++)
        vec_push(r->arena, &row.cells, read_cell(r, node_get(values, b->columns.at[i].id)));
    return row;
}

static struct section_row read_table_row(struct reader *r, const struct node *n, const struct section_block *b)
{
    struct section_row row = { 0 };
    if (n->kind != VALUE_ARRAY || n->items.len != b->columns.len) {
        diag_add(r->diags, n->span, "a row: expected a list of %zu values, one for each column", b->columns.len);
        return row;
    }
    for (size_t i = 0; i < n->items.len; i++)
        vec_push(r->arena, &row.cells, read_cell(r, n->items.at[i]));
    return row;
}

static void read_rows(struct reader *r, const struct node *n, struct section_block *b)
{
    read_columns(r, n, b);
    const struct node *list = read_list(r, n, STR("rows"), SECTION_ROWS_MAX, true);
    for (size_t i = 0; list && i < list->items.len; i++) {
        const struct node *item = list->items.at[i];
        vec_push(r->arena, &b->rows, b->kind == BLOCK_METRICS ? read_metrics_row(r, item, b) : read_table_row(r, item, b));
    }
}

static void read_checks(struct reader *r, const struct node *n, struct section_block *b)
{
    static const Str words[] = { STR_CONST("pass"), STR_CONST("warn"), STR_CONST("fail") };
    const struct node *list = read_list(r, n, STR("checks"), SECTION_ROWS_MAX, true);
    for (size_t i = 0; list && i < list->items.len; i++) {
        const struct node *item = list->items.at[i];
        if (!is_map(r, item, "a check"))
            continue;
        struct section_check c = { .name = read_text(r, item, STR("name")), .sample = read_text(r, item, STR("sample")),
                                   .text = read_text(r, item, STR("text")) };
        c.status = VERDICT_PASSED + (enum verdict)read_word(r, item, STR("status"), words, LEN(words), -1);
        if (c.name.len == 0)
            diag_add(r->diags, item->span, "a check has no 'name'");
        vec_push(r->arena, &b->checks, c);
    }
}

// --- charts

static struct axis read_axis(struct reader *r, const struct node *block, Str name)
{
    static const Str scales[] = { STR_CONST("linear"), STR_CONST("log") };
    const struct node *n = field_of(block, name);
    struct axis axis = { .min = NAN, .max = NAN };
    if (n == NULL || !is_map(r, n, "an axis"))
        return axis;
    axis.title = read_text(r, n, STR("title"));
    axis.unit = read_text(r, n, STR("unit"));
    axis.is_log = read_word(r, n, STR("scale"), scales, LEN(scales), 0) == 1;
    axis.min = read_number(r, n, STR("min"));
    axis.max = read_number(r, n, STR("max"));
    if (axis.min >= axis.max || (axis.is_log && (axis.min <= 0 || axis.max <= 0)))
        diag_add(r->diags, n->span, "'" STR_FMT "': 'min' must be less than 'max'%s", STR_ARG(name), axis.is_log ? ", both above 0" : "");
    return axis;
}

static void read_limits(struct reader *r, const struct node *block, struct section_block *b)
{
    static const Str axes[] = { STR_CONST("x"), STR_CONST("y") };
    const struct node *list = read_list(r, block, STR("limits"), SECTION_COLUMNS_MAX, false);
    for (size_t i = 0; list && i < list->items.len; i++) {
        const struct node *n = list->items.at[i];
        if (!is_map(r, n, "a limit"))
            continue;
        struct axis_limit limit = { .is_x = read_word(r, n, STR("axis"), axes, LEN(axes), -1) == 0, .value = read_number(r, n, STR("value")),
                                    .title = read_text(r, n, STR("title")) };
        if (isnan(limit.value))
            diag_add(r->diags, n->span, "a limit has no 'value'");
        vec_push(r->arena, &b->limits, limit);
    }
}

// A list of numbers, null as NaN where gaps are allowed. NULL: a mistake.
static double *read_numbers(struct reader *r, const struct node *series, Str name, bool gaps, size_t *count)
{
    const struct node *list = read_list(r, series, name, SECTION_POINTS_MAX, true);
    double *numbers = list ? NEW_ARRAY(r->arena, double, list->items.len + 1) : NULL;
    *count = list ? list->items.len : 0;
    for (size_t i = 0; i < *count; i++) {
        const struct node *n = list->items.at[i];
        numbers[i] = NAN;
        if (!value_as_double(n->scalar, &numbers[i]) && !(gaps && n->kind == VALUE_NULL)) {
            diag_add(r->diags, n->span, "'" STR_FMT "': expected a number%s, found %s", STR_ARG(name), gaps ? " or null" : "",
                     value_kind_name(n->kind));
            return NULL;
        }
    }
    return numbers;
}

static bool is_rising(const double *v, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (!(v[i] > v[i - 1]))
            return false;
    return true;
}

static void read_bins(struct reader *r, const struct node *n, struct series *s)
{
    s->y = read_numbers(r, n, STR("counts"), false, &s->len);
    if (s->y == NULL)
        return;
    if (field_of(n, STR("edges"))) {
        size_t edges;
        s->x = read_numbers(r, n, STR("edges"), false, &edges);
        if (s->x && (edges != s->len + 1 || !is_rising(s->x, edges)))
            diag_add(r->diags, n->span, "'edges': expected %zu rising numbers, one more than 'counts'", s->len + 1);
        return;
    }
    double start = read_number(r, n, STR("start")), width = read_number(r, n, STR("width"));
    if (isnan(start) || !(width > 0))
        diag_add(r->diags, n->span, "a series of a histogram needs 'start' and 'width' (more than 0), or 'edges'");
    s->x = NEW_ARRAY(r->arena, double, s->len + 1);
    for (size_t i = 0; i <= s->len; i++)
        s->x[i] = start + width * (double)i;
}

static bool read_point(struct reader *r, const struct node *n, struct series *s, size_t i)
{
    bool is_pair = n->kind == VALUE_ARRAY && n->items.len >= 2 && n->items.len <= 3;
    s->y[i] = NAN;
    if (!is_pair || !value_as_double(n->items.at[0]->scalar, &s->x[i])
        || (!value_as_double(n->items.at[1]->scalar, &s->y[i]) && n->items.at[1]->kind != VALUE_NULL)) {
        diag_add(r->diags, n->span, "a point: expected [x, y] or [x, y, \"label\"]");
        return false;
    }
    if (n->items.len < 3)
        return true;
    if (s->labels == NULL)
        s->labels = NEW_ARRAY(r->arena, Str, s->len);
    s->labels[i] = str_copy(r->arena, str_first(node_str(n->items.at[2]), SECTION_TEXT_MAX));
    return true;
}

static void read_points(struct reader *r, const struct node *n, struct series *s)
{
    const struct node *list = read_list(r, n, STR("points"), SECTION_POINTS_MAX, true);
    if (list == NULL)
        return;
    s->len = list->items.len;
    s->x = NEW_ARRAY(r->arena, double, s->len + 1);
    s->y = NEW_ARRAY(r->arena, double, s->len + 1);
    for (size_t i = 0; i < s->len; i++)
        if (!read_point(r, list->items.at[i], s, i))
            return;
}

static void read_values(struct reader *r, const struct node *n, const struct section_block *b, struct series *s)
{
    s->y = read_numbers(r, n, STR("values"), true, &s->len);
    if (s->y && s->len != b->categories.len)
        diag_add(r->diags, n->span, "'values': expected %zu numbers, one for each category", b->categories.len);
}

static void read_categories(struct reader *r, const struct node *n, struct section_block *b)
{
    enum { CATEGORIES_MAX = 1000 };
    const struct node *list = read_list(r, n, STR("categories"), CATEGORIES_MAX, true);
    for (size_t i = 0; list && i < list->items.len; i++) {
        if (list->items.at[i]->kind != VALUE_STRING)
            diag_add(r->diags, list->items.at[i]->span, "'categories': expected texts");
        vec_push(r->arena, &b->categories, str_copy(r->arena, str_first(node_str(list->items.at[i]), SECTION_TEXT_MAX)));
    }
}

static void read_one_series(struct reader *r, const struct node *n, struct section_block *b)
{
    struct series s = { 0 };
    if (!is_map(r, n, "a series"))
        return;
    s.name = read_text(r, n, STR("name"));
    s.group = read_text(r, n, STR("group"));
    if (s.name.len == 0)
        diag_add(r->diags, n->span, "a series has no 'name'");
    if (b->kind == BLOCK_HISTOGRAM)
        read_bins(r, n, &s);
    else if (b->kind == BLOCK_BARS)
        read_values(r, n, b, &s);
    else
        read_points(r, n, &s);
    b->points += s.len;
    vec_push(r->arena, &b->series, s);
}

static void read_chart(struct reader *r, const struct node *n, struct section_block *b)
{
    b->x = read_axis(r, n, STR("x"));
    b->y = read_axis(r, n, STR("y"));
    b->is_stacked = read_bool(r, n, STR("stacked"));
    read_limits(r, n, b);
    if (b->kind == BLOCK_BARS)
        read_categories(r, n, b);
    const struct node *list = read_list(r, n, STR("series"), SECTION_ROWS_MAX, true);
    for (size_t i = 0; list && i < list->items.len; i++)
        read_one_series(r, list->items.at[i], b);
    if (b->points > SECTION_POINTS_MAX)
        diag_add(r->diags, n->span, "the block holds %zu points, at most %d are allowed", b->points, SECTION_POINTS_MAX);
}

// --- blocks and the whole

static void read_note(struct reader *r, const struct node *n, struct section_block *b)
{
    static const Str levels[] = { STR_CONST("info"), STR_CONST("warning"), STR_CONST("error") };
    b->level = (int)read_word(r, n, STR("level"), levels, LEN(levels), 0);
    b->text = read_text(r, n, STR("text"));
    if (b->text.len == 0)
        diag_add(r->diags, n->span, "a note has no 'text'");
}

static void read_rate(struct reader *r, const struct node *n, struct section_block *b)
{
    enum { AMOUNTS_MAX = 20 };
    const struct node *list = read_list(r, n, STR("amounts"), AMOUNTS_MAX, true);
    b->step = read_text(r, n, STR("step"));
    if (b->step.len == 0)
        diag_add(r->diags, n->span, "a rate has no 'step': expected the name of a step of the workflow");
    for (size_t i = 0; list && i < list->items.len; i++) {
        const struct node *item = list->items.at[i];
        if (!is_map(r, item, "an amount"))
            continue;
        struct section_amount amount = { read_text(r, item, STR("unit")), read_number(r, item, STR("value")) };
        if (amount.unit.len == 0 || isnan(amount.value))
            diag_add(r->diags, item->span, "an amount needs 'unit', a text, and 'value', a number");
        vec_push(r->arena, &b->amounts, amount);
    }
}

static struct section_block *read_block(struct reader *r, const struct node *n)
{
    static const Str kinds[] = {
#define X(name, text) STR_CONST(text),
        BLOCK_KINDS(X)
#undef X
    };
    struct section_block *b = NEW(r->arena, struct section_block);
    if (!is_map(r, n, "a block"))
        return b;
    size_t before = r->diags->errors;
    b->kind = (enum block_kind)read_word(r, n, STR("kind"), kinds, LEN(kinds), -1);
    b->title = read_text(r, n, STR("title"));
    b->id = read_id(r, n, b->title);
    b->help = read_text(r, n, STR("help"));
    if (r->diags->errors > before)
        return b;
    switch (b->kind) {
    case BLOCK_METRICS: case BLOCK_TABLE: read_rows(r, n, b); break;
    case BLOCK_CHECKS: read_checks(r, n, b); break;
    case BLOCK_HISTOGRAM: case BLOCK_LINE: case BLOCK_SCATTER: case BLOCK_BARS: read_chart(r, n, b); break;
    case BLOCK_NOTE: read_note(r, n, b); break;
    case BLOCK_RATE: read_rate(r, n, b); break;
    }
    return b;
}

static bool is_our_version(struct reader *r, const struct node *top)
{
    const struct node *n = field_of(top, STR("petri_report"));
    if (n && n->kind == VALUE_INT && n->scalar.integer == 1)
        return true;
    diag_add(r->diags, n ? n->span : top->span, "'petri_report': expected 1, the version of the form that this Petri knows");
    return false;
}

bool section_read(struct arena *a, const struct source *source, struct diags *diags, struct section *out)
{
    struct arena scratch = { 0 };
    struct reader r = { a, diags };
    const struct node *top = json_read(&scratch, source, diags);
    *out = (struct section){ 0 };
    if (top && is_map(&r, top, "a report section") && is_our_version(&r, top)) {
        out->title = read_text(&r, top, STR("title"));
        out->id = read_id(&r, top, out->title);
        out->summary = read_text(&r, top, STR("summary"));
        out->order = read_number(&r, top, STR("order"));
        if (out->title.len == 0)
            diag_add(diags, top->span, "a section has no 'title'");
        if (isnan(out->order))
            out->order = 100;
        const struct node *list = read_list(&r, top, STR("blocks"), SECTION_BLOCKS_MAX, true);
        for (size_t i = 0; list && i < list->items.len; i++)
            vec_push(a, &out->blocks, read_block(&r, list->items.at[i]));
    }
    arena_release(&scratch);
    return diags->errors == 0;
}
