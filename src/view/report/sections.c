// SPDX-License-Identifier: Apache-2.0
// Sections of many files put together, and what their limits say. A file counts whole or not at all.
#include "view/report/sections.h"

#include <math.h>

#include "view/report/html.h"

// --- merging

static struct section_block *block_like(const struct section *into, const struct section_block *b)
{
    for (size_t i = 0; b->id.len && i < into->blocks.len; i++)
        if (into->blocks.at[i]->kind == b->kind && str_eq(into->blocks.at[i]->id, b->id))
            return into->blocks.at[i];
    return NULL;
}

static size_t column_like(struct arena *a, struct section_block *into, const struct column *c)
{
    for (size_t i = 0; i < into->columns.len; i++)
        if (str_eq(into->columns.at[i].id, c->id))
            return i;
    vec_push(a, &into->columns, *c);
    return into->columns.len - 1;
}

static void put_cell(struct arena *a, struct section_row *row, size_t column, struct cell cell)
{
    while (row->cells.len <= column)
        vec_push(a, &row->cells, (struct cell){ 0 });
    if (cell.kind != CELL_NONE)
        row->cells.at[column] = cell;
}

// The row of that name in METRICS, else a new one.
static struct section_row *row_like(struct arena *a, struct section_block *into, Str name)
{
    if (into->kind == BLOCK_METRICS) {
        size_t at = (size_t)(uintptr_t)map_find(&into->row_index, name);
        if (at)
            return &into->rows.at[at - 1];
        map_set(&into->row_index, name, (void *)(uintptr_t)(into->rows.len + 1));
    }
    vec_push(a, &into->rows, (struct section_row){ .name = name });
    return &into->rows.at[into->rows.len - 1];
}

static void merge_rows(struct arena *a, struct section_block *into, const struct section_block *b)
{
    size_t *columns = NEW_ARRAY(a, size_t, b->columns.len + 1);
    for (size_t i = 0; i < b->columns.len; i++)
        columns[i] = column_like(a, into, &b->columns.at[i]);
    for (size_t i = 0; i < b->rows.len && into->rows.len < SECTION_ROWS_MAX; i++) {
        const struct section_row *from = &b->rows.at[i];
        struct section_row *row = row_like(a, into, from->name);
        for (size_t k = 0; k < from->cells.len; k++)
            put_cell(a, row, columns[k], from->cells.at[k]);
    }
}

static size_t category_like(struct arena *a, struct section_block *into, Str category)
{
    for (size_t i = 0; i < into->categories.len; i++)
        if (str_eq(into->categories.at[i], category))
            return i;
    vec_push(a, &into->categories, category);
    return into->categories.len - 1;
}

// Values of the series of `b` in the places that its categories have in `into`.
static void merge_bars(struct arena *a, struct section_block *into, const struct section_block *b)
{
    size_t *places = NEW_ARRAY(a, size_t, b->categories.len + 1);
    for (size_t i = 0; i < b->categories.len; i++)
        places[i] = category_like(a, into, b->categories.at[i]);
    for (size_t i = 0; i < b->series.len; i++) {
        struct series s = b->series.at[i];
        double *values = NEW_ARRAY(a, double, into->categories.len + 1);
        for (size_t k = 0; k < into->categories.len; k++)
            values[k] = NAN;
        for (size_t k = 0; k < b->series.at[i].len; k++)
            values[places[k]] = s.y[k];
        s.y = values;
        s.len = into->categories.len;
        vec_push(a, &into->series, s);
    }
}

// What several files say of one step and unit is added up.
static void merge_amounts(struct arena *a, struct section_block *into, const struct section_block *b)
{
    for (size_t i = 0; i < b->amounts.len; i++) {
        size_t k = 0;
        while (k < into->amounts.len && !str_eq(into->amounts.at[k].unit, b->amounts.at[i].unit))
            k++;
        if (k < into->amounts.len)
            into->amounts.at[k].value += b->amounts.at[i].value;
        else
            vec_push(a, &into->amounts, b->amounts.at[i]);
    }
}

static bool merge_block(struct arena *a, struct section_block *into, const struct section_block *b)
{
    if (into->points + b->points > SECTION_POINTS_MAX)
        return false;
    into->points += b->points;
    switch (b->kind) {
    case BLOCK_METRICS: case BLOCK_TABLE: merge_rows(a, into, b); break;
    case BLOCK_BARS: merge_bars(a, into, b); break;
    case BLOCK_HISTOGRAM: case BLOCK_LINE: case BLOCK_SCATTER:
        for (size_t i = 0; i < b->series.len; i++)
            vec_push(a, &into->series, b->series.at[i]);
        break;
    case BLOCK_CHECKS:
        for (size_t i = 0; i < b->checks.len; i++)
            vec_push(a, &into->checks, b->checks.at[i]);
        break;
    case BLOCK_RATE: merge_amounts(a, into, b); break;
    case BLOCK_NOTE:
        if (!str_eq(into->text, b->text))
            into->text = str_printf(a, STR_FMT "\n\n" STR_FMT, STR_ARG(into->text), STR_ARG(b->text));
        into->level = MAX(into->level, b->level);
        break;
    }
    return true;
}

// An empty block as `b` is, so that the first file goes the same way as the others.
static struct section_block *block_begin(struct arena *a, const struct section_block *b)
{
    struct section_block *block = NEW(a, struct section_block);
    *block = (struct section_block){ .kind = b->kind, .id = b->id, .title = b->title, .help = b->help, .x = b->x, .y = b->y, .limits = b->limits,
                                     .is_stacked = b->is_stacked, .level = b->level, .text = b->text, .step = b->step };
    map_in(a, &block->row_index);
    return block;
}

static struct section *section_like(struct sections *s, const struct section *from)
{
    for (size_t i = 0; i < s->at.len; i++)
        if (str_eq(s->at.at[i]->id, from->id))
            return s->at.at[i];
    if (s->at.len == SECTIONS_MAX)
        return NULL;
    struct section *section = NEW(s->arena, struct section);
    *section = (struct section){ .id = from->id, .title = from->title, .summary = from->summary, .order = from->order };
    vec_push(s->arena, &s->at, section);
    return section;
}

static void merge_section(struct sections *s, Str file, const struct section *from)
{
    struct section *into = section_like(s, from);
    if (into == NULL) {
        sections_add_fault(s, file, str_printf(s->arena, "the run has more than %d sections: give files that belong together one 'id'",
                                               SECTIONS_MAX));
        return;
    }
    if (into->summary.len == 0)
        into->summary = from->summary;
    for (size_t i = 0; i < from->blocks.len; i++) {
        struct section_block *b = block_like(into, from->blocks.at[i]);
        if (b == NULL && s->blocks == SECTION_BLOCKS_MAX) {
            sections_add_fault(s, file, str_printf(s->arena, "the run's sections have more than %d blocks: what follows is left out",
                                                   SECTION_BLOCKS_MAX));
            return;
        }
        if (b == NULL) {
            b = block_begin(s->arena, from->blocks.at[i]);
            vec_push(s->arena, &into->blocks, b);
            s->blocks++;
        }
        if (!merge_block(s->arena, b, from->blocks.at[i]))
            sections_add_fault(s, file, str_printf(s->arena, "block '" STR_FMT "' has more than %d points: what is over is left out", STR_ARG(b->id),
                                                   SECTION_POINTS_MAX));
    }
}

// --- files

void sections_add_fault(struct sections *s, Str file, Str text)
{
    struct section_fault fault = { str_copy(s->arena, file), str_copy(s->arena, text) };
    vec_push(s->arena, &s->faults, fault);
}

static void add_diags(struct sections *s, Str file, const struct diags *diags)
{
    enum { SHOWN = 20 };
    struct strbuf text = { 0 };
    for (size_t i = 0; i < MIN(diags->len, (size_t)SHOWN); i++) {
        const struct diag *d = &diags->at[i];
        strbuf_addf(&text, "%sline %u, column %u: " STR_FMT "%s" STR_FMT, i ? "\n" : "", d->span.line, d->span.column, STR_ARG(d->text),
                    d->hint.len ? "; " : "", STR_ARG(d->hint));
    }
    if (diags->errors > SHOWN)
        strbuf_addf(&text, "\nand %zu more", diags->errors - SHOWN);
    sections_add_fault(s, file, strbuf_str(&text));
    strbuf_release(&text);
}

void sections_add(struct sections *s, Str file, Str bytes)
{
    s->files++;
    s->bytes += (int64_t)bytes.len;
    if (bytes.len > SECTION_FILE_MAX || s->files > SECTION_FILES_MAX || s->bytes > SECTION_BYTES_MAX) {
        sections_add_fault(s, file, bytes.len > SECTION_FILE_MAX
                           ? str_printf(s->arena, "the file is larger than %d MiB", SECTION_FILE_MAX >> 20)
                           : str_printf(s->arena, "left out: more than %d files or %d MiB of sections", SECTION_FILES_MAX,
                                        (int)(SECTION_BYTES_MAX >> 20)));
        return;
    }
    struct section section;
    struct source source = { file, bytes };
    struct diags diags = { .arena = s->arena };
    if (section_read(s->arena, &source, &diags, &section))
        merge_section(s, file, &section);
    else
        add_diags(s, file, &diags);
}

static int by_order(const void *x, const void *y)
{
    const struct section *a = *(struct section *const *)x, *b = *(struct section *const *)y;
    return a->order != b->order ? (a->order < b->order ? -1 : 1) : str_compare(a->title, b->title);
}

// The places of the categories in the order of their numbers; false: they are not all numbers.
static bool order_by_number(struct arena *a, const struct section_block *b, size_t *order)
{
    double *numbers = NEW_ARRAY(a, double, b->categories.len + 1);
    for (size_t i = 0; i < b->categories.len; i++) {
        if (!str_to_double(b->categories.at[i], &numbers[i]))
            return false;
        size_t at = i;
        for (; at > 0 && numbers[order[at - 1]] > numbers[i]; at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
    return true;
}

// Categories that are all numbers (lengths, qualities) in their order; others stay as they came. Every series gets a value for each.
static void arrange_bars(struct arena *a, struct section_block *b)
{
    size_t *order = NEW_ARRAY(a, size_t, b->categories.len + 1);
    Str *texts = NEW_ARRAY(a, Str, b->categories.len + 1);
    if (!order_by_number(a, b, order))
        for (size_t i = 0; i < b->categories.len; i++)
            order[i] = i;
    for (size_t i = 0; i < b->categories.len; i++)
        texts[i] = b->categories.at[order[i]];
    for (size_t k = 0; k < b->series.len; k++) {
        struct series *s = &b->series.at[k];
        double *values = NEW_ARRAY(a, double, b->categories.len + 1);
        for (size_t i = 0; i < b->categories.len; i++)
            values[i] = order[i] < s->len ? s->y[order[i]] : NAN;
        s->y = values;
        s->len = b->categories.len;
    }
    b->categories.at = texts;
    b->categories.cap = b->categories.len;
}

void sections_sort(struct sections *s)
{
    if (s->at.len)
        qsort(s->at.at, s->at.len, sizeof *s->at.at, by_order);
    for (size_t i = 0; i < s->at.len; i++)
        for (size_t k = 0; k < s->at.at[i]->blocks.len; k++)
            if (s->at.at[i]->blocks.at[k]->kind == BLOCK_BARS)
                arrange_bars(s->arena, s->at.at[i]->blocks.at[k]);
}

// --- values and limits

enum verdict cell_verdict(const struct column *c, const struct cell *cell)
{
    bool has_limit = !isnan(c->warn_below) || !isnan(c->warn_above) || !isnan(c->fail_below) || !isnan(c->fail_above);
    if (!has_limit || cell->kind != CELL_NUMBER)
        return VERDICT_NONE;
    if (cell->number < c->fail_below || cell->number > c->fail_above)
        return VERDICT_FAILED;
    return cell->number < c->warn_below || cell->number > c->warn_above ? VERDICT_WARN : VERDICT_PASSED;
}

static void add_unit(Str unit, struct strbuf *out)
{
    if (unit.len == 0)
        return;
    if (!str_is(unit, "%") && !str_is(unit, "\xc3\x97"))
        strbuf_addz(out, "\xc2\xa0");
    strbuf_add(out, unit);
}

void cell_text(const struct column *c, const struct cell *cell, struct strbuf *out)
{
    if (cell->kind == CELL_TEXT) {
        strbuf_add(out, cell->text);
        return;
    }
    if (cell->kind == CELL_NONE) {
        strbuf_addz(out, "\xe2\x80\x93");
        return;
    }
    switch (c->format) {
    case FORMAT_INTEGER: html_add_number(out, cell->number, c->decimals >= 0 ? c->decimals : 0); break;
    case FORMAT_PERCENT:
        html_add_number(out, cell->number * 100, c->decimals >= 0 ? c->decimals : 1);
        strbuf_addz(out, "\xc2\xa0%");
        break;
    case FORMAT_BYTES: html_add_bytes(out, fabs(cell->number) < 9e18 ? (int64_t)cell->number : -1); break;
    case FORMAT_SECONDS: html_add_duration(out, fabs(cell->number) < 9e9 ? (Time)(cell->number * 1e9) : -1); break;
    case FORMAT_NUMBER: case FORMAT_TEXT: html_add_number(out, cell->number, c->decimals); break;
    }
    add_unit(c->unit, out);
}

// "below 0.85": the limit that the value crosses.
static Str limit_text(struct arena *a, const struct column *c, double value, bool failed)
{
    double below = failed ? c->fail_below : c->warn_below, above = failed ? c->fail_above : c->warn_above;
    struct cell limit = { .kind = CELL_NUMBER, .number = value < below ? below : above };
    struct strbuf text = { 0 };
    strbuf_addz(&text, value < below ? "below " : "above ");
    cell_text(c, &limit, &text);
    return strbuf_take(&text, a);
}

struct judging {
    struct arena *arena;
    struct sections_verdict *result;
    size_t wanted;                      // in this pass: failures, then warnings
    enum verdict pass;
};

static bool takes(struct judging *j, enum verdict v)
{
    if (v != j->pass || j->wanted == 0)
        return false;
    j->wanted--;
    return true;
}

static void judge_rows(struct judging *j, const struct section *section, const struct section_block *b)
{
    for (size_t i = 0; i < b->rows.len; i++) {
        const struct section_row *row = &b->rows.at[i];
        for (size_t k = 0; k < row->cells.len; k++) {
            const struct column *c = &b->columns.at[k];
            enum verdict v = cell_verdict(c, &row->cells.at[k]);
            if (!takes(j, v))
                continue;
            struct strbuf value = { 0 };
            cell_text(c, &row->cells.at[k], &value);
            struct verdict_reason reason = {
                .verdict = v, .subject = row->name.len ? row->name : row->cells.at[0].text,
                .what = str_printf(j->arena, STR_FMT ": " STR_FMT, STR_ARG(section->title), STR_ARG(c->title)),
                .value = strbuf_take(&value, j->arena), .limit = limit_text(j->arena, c, row->cells.at[k].number, v == VERDICT_FAILED),
            };
            vec_push(j->arena, &j->result->reasons, reason);
        }
    }
}

static void judge_checks(struct judging *j, const struct section *section, const struct section_block *b)
{
    for (size_t i = 0; i < b->checks.len; i++) {
        const struct section_check *c = &b->checks.at[i];
        if (!takes(j, c->status))
            continue;
        struct verdict_reason reason = { .verdict = c->status, .subject = c->sample, .value = c->text,
                                         .what = str_printf(j->arena, STR_FMT ": " STR_FMT, STR_ARG(section->title), STR_ARG(c->name)) };
        vec_push(j->arena, &j->result->reasons, reason);
    }
}

static void count_one(struct sections_verdict *v, enum verdict one)
{
    v->judged += one != VERDICT_NONE;
    v->warnings += one == VERDICT_WARN;
    v->failures += one == VERDICT_FAILED;
}

static void count_block(struct sections_verdict *v, const struct section_block *b)
{
    for (size_t i = 0; i < b->checks.len; i++)
        count_one(v, b->checks.at[i].status);
    for (size_t i = 0; i < b->rows.len; i++)
        for (size_t k = 0; k < b->rows.at[i].cells.len; k++)
            count_one(v, cell_verdict(&b->columns.at[k], &b->rows.at[i].cells.at[k]));
}

struct sections_verdict sections_judge(struct arena *a, const struct sections *s)
{
    struct sections_verdict v = { 0 };
    for (int pass = 0; pass < 2; pass++) {
        struct judging j = { a, &v, REASONS_MAX, pass ? VERDICT_WARN : VERDICT_FAILED };
        for (size_t i = 0; i < s->at.len; i++) {
            for (size_t k = 0; k < s->at.at[i]->blocks.len; k++) {
                const struct section_block *b = s->at.at[i]->blocks.at[k];
                judge_rows(&j, s->at.at[i], b);
                judge_checks(&j, s->at.at[i], b);
                if (pass == 0)
                    count_block(&v, b);
            }
        }
    }
    v.verdict = v.failures ? VERDICT_FAILED : v.warnings || s->faults.len ? VERDICT_WARN : v.judged ? VERDICT_PASSED : VERDICT_NONE;
    return v;
}
