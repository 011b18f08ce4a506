// SPDX-License-Identifier: Apache-2.0
// What a workflow said of its results: tables with limits, checks, charts, notes.
#include <math.h>

#include "view/report/chart.h"
#include "view/report/html.h"
#include "view/report/parts.h"

enum { ROWS_SHOWN = 1000, FAULTS_SHOWN = 50 };

// --- tables

static void add_column_title(struct strbuf *out, const struct column *c)
{
    strbuf_addf(out, "<th scope=\"col\"%s%s", c->format == FORMAT_TEXT ? "" : " class=\"n\"", c->is_hidden ? " data-hide" : "");
    if (c->help.len) {
        strbuf_addz(out, " title=\"");
        html_add_cut(out, c->help, 500);
        strbuf_addc(out, '"');
    }
    strbuf_addc(out, '>');
    html_add_cut(out, c->title, 100);
    strbuf_addz(out, "</th>");
}

static void add_cell(struct strbuf *out, const struct column *c, const struct cell *cell)
{
    static const char *const classes[] = { [VERDICT_NONE] = "", [VERDICT_PASSED] = "", [VERDICT_WARN] = " warn", [VERDICT_FAILED] = " failed" };
    enum verdict v = cell_verdict(c, cell);
    struct strbuf text = { 0 };
    cell_text(c, cell, &text);
    if (cell->kind == CELL_NUMBER)
        strbuf_addf(out, "<td class=\"n%s\" data-v=\"%.10g\">", classes[v], cell->number);
    else
        strbuf_addz(out, c->format == FORMAT_TEXT ? "<td>" : "<td class=\"n\">");
    if (v >= VERDICT_WARN)
        strbuf_addf(out, "<span class=\"mark\"><span aria-hidden=\"true\">%s</span><span class=\"sr\">%s: </span></span>",
                    v == VERDICT_WARN ? "! " : "\xe2\x9c\x97 ", v == VERDICT_WARN ? "warning" : "failed");
    html_add_cut(out, strbuf_str(&text), 300);
    strbuf_addz(out, "</td>");
    strbuf_release(&text);
}

static enum verdict row_verdict(const struct section_block *b, const struct section_row *row)
{
    enum verdict worst = VERDICT_NONE;
    for (size_t i = 0; i < row->cells.len; i++)
        worst = MAX(worst, cell_verdict(&b->columns.at[i], &row->cells.at[i]));
    return worst;
}

static void add_row(struct strbuf *out, const struct section_block *b, const struct section_row *row)
{
    static const struct cell nothing = { 0 };
    strbuf_addz(out, "<tr>");
    if (b->kind == BLOCK_METRICS)
        add_head_cell(out, row->name);
    for (size_t i = 0; i < b->columns.len; i++)
        add_cell(out, &b->columns.at[i], i < row->cells.len ? &row->cells.at[i] : &nothing);
    strbuf_addz(out, "</tr>\n");
}

static int by_value(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return a < b ? -1 : a > b;
}

// The middle of a column, and from where to where it goes.
static void add_column_spread(struct strbuf *out, struct arena *a, const struct section_block *b, size_t column)
{
    double *values = NEW_ARRAY(a, double, b->rows.len + 1);
    size_t count = 0;
    for (size_t i = 0; i < b->rows.len; i++) {
        const struct section_row *row = &b->rows.at[i];
        if (column < row->cells.len && row->cells.at[column].kind == CELL_NUMBER)
            values[count++] = row->cells.at[column].number;
    }
    strbuf_addz(out, "<td class=\"n\">");
    if (count >= 2) {
        qsort(values, count, sizeof *values, by_value);
        double middle = count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
        const double shown[] = { middle, values[0], values[count - 1] };
        static const char *const around[] = { "", "<br><small>", " to " };
        struct column plain = b->columns.at[column];
        plain.unit = (Str){ 0 };
        for (size_t i = 0; i < LEN(shown); i++) {
            strbuf_addz(out, around[i]);
            cell_text(&plain, &(struct cell){ .kind = CELL_NUMBER, .number = shown[i] }, out);
        }
        strbuf_addz(out, "</small>");
    }
    strbuf_addz(out, "</td>");
}

static void close_with_spreads(struct strbuf *out, const struct section_block *b)
{
    struct arena scratch = { 0 };
    table_foot(out);
    strbuf_addz(out, "<tr><th scope=\"row\">Median<br><small>least to most</small></th>");
    for (size_t i = 0; i < b->columns.len; i++)
        add_column_spread(out, &scratch, b, i);
    strbuf_addz(out, "</tr>");
    table_close_foot(out);
    arena_release(&scratch);
}

// All of them; of very many those that crossed a limit first.
static void add_rows(struct strbuf *out, const struct section_block *b)
{
    size_t shown = 0;
    if (b->rows.len <= ROWS_SHOWN) {
        for (size_t i = 0; i < b->rows.len; i++)
            add_row(out, b, &b->rows.at[i]);
        return;
    }
    for (int pass = 0; pass < 3; pass++) {
        enum verdict wanted = pass == 0 ? VERDICT_FAILED : VERDICT_WARN;
        for (size_t i = 0; i < b->rows.len && shown < ROWS_SHOWN; i++) {
            enum verdict v = row_verdict(b, &b->rows.at[i]);
            if (pass < 2 ? v != wanted : v >= VERDICT_WARN)
                continue;
            add_row(out, b, &b->rows.at[i]);
            shown++;
        }
    }
}

static void add_table(struct strbuf *out, const struct section_block *b)
{
    table_box(out, b->rows.len);
    strbuf_addz(out, "<table class=\"sort\"><caption>");
    html_add_cut(out, b->title, 200);
    if (b->help.len) {
        strbuf_addz(out, " <small>");
        html_add(out, b->help);
        strbuf_addz(out, "</small>");
    }
    strbuf_addz(out, "</caption><thead><tr>");
    if (b->kind == BLOCK_METRICS)
        strbuf_addz(out, "<th scope=\"col\">Sample</th>");
    for (size_t i = 0; i < b->columns.len; i++)
        add_column_title(out, &b->columns.at[i]);
    strbuf_addz(out, "</tr></thead>");
    strbuf_addz(out, "<tbody>\n");
    add_rows(out, b);
    if (b->kind == BLOCK_METRICS && b->rows.len >= 3)
        close_with_spreads(out, b);
    else
        table_close(out);
    if (b->rows.len > ROWS_SHOWN)
        strbuf_addf(out, "<p class=\"sub\">%d of %zu rows: those outside their limits first. The section's files hold all of them.</p>\n", ROWS_SHOWN,
                    b->rows.len);
}

// --- what a column's limits are, in words

static void add_bound(struct strbuf *out, const struct column *c, const char *what, double value)
{
    if (isnan(value))
        return;
    strbuf_addf(out, " %s ", what);
    cell_text(c, &(struct cell){ .kind = CELL_NUMBER, .number = value }, out);
    strbuf_addz(out, ";");
}

static void add_column_notes(struct strbuf *out, const struct section_block *b)
{
    struct strbuf notes = { 0 };
    for (size_t i = 0; i < b->columns.len; i++) {
        const struct column *c = &b->columns.at[i];
        struct strbuf bounds = { 0 };
        struct column plain = *c;
        plain.unit = (Str){ 0 };                        // the unit is the author's text; numbers alone are safe as they are
        add_bound(&bounds, &plain, "warns below", c->warn_below);
        add_bound(&bounds, &plain, "warns above", c->warn_above);
        add_bound(&bounds, &plain, "fails below", c->fail_below);
        add_bound(&bounds, &plain, "fails above", c->fail_above);
        if (c->help.len || bounds.len) {
            strbuf_addz(&notes, "<dt>");
            html_add_cut(&notes, c->title, 100);
            strbuf_addz(&notes, "</dt><dd>");
            html_add_cut(&notes, c->help, 1000);
            strbuf_add(&notes, str_first(strbuf_str(&bounds), bounds.len ? bounds.len - 1 : 0));
            strbuf_addz(&notes, "</dd>");
        }
        strbuf_release(&bounds);
    }
    if (notes.len)
        strbuf_addf(out, "<details><summary>What the columns mean</summary><dl class=\"facts\">" STR_FMT "</dl></details>\n",
                    STR_ARG(strbuf_str(&notes)));
    strbuf_release(&notes);
}

// --- checks, notes

static void add_checks(struct strbuf *out, const struct section_block *b)
{
    static const char *const titles[] = { "Status", "Check", "Sample", "Remark" };
    size_t shown = 0;
    table_open(out, b->title, titles, LEN(titles), b->checks.len);
    for (enum verdict v = VERDICT_FAILED; v >= VERDICT_PASSED; v--) {
        for (size_t i = 0; i < b->checks.len && shown < ROWS_SHOWN; i++) {
            const struct section_check *c = &b->checks.at[i];
            if (c->status != v)
                continue;
            strbuf_addz(out, "<tr><td>");
            add_verdict_badge(out, c->status);
            strbuf_addz(out, "</td>");
            add_head_cell(out, c->name);
            add_text_cell(out, c->sample);
            add_text_cell(out, c->text);
            strbuf_addz(out, "</tr>\n");
            shown++;
        }
    }
    table_close(out);
    if (b->checks.len > shown)
        strbuf_addf(out, "<p class=\"sub\">%zu of %zu checks: the worst first.</p>\n", shown, b->checks.len);
}

static void add_paragraphs(struct strbuf *out, Str text)
{
    while (text.len) {
        ptrdiff_t end = str_find(text, STR("\n\n"));
        Str paragraph = str_trim(end < 0 ? text : str_first(text, (size_t)end));
        text = str_from(text, end < 0 ? text.len : (size_t)end + 2);
        if (paragraph.len == 0)
            continue;
        strbuf_addz(out, "<p>");
        html_add(out, paragraph);
        strbuf_addz(out, "</p>");
    }
}

static void add_note(struct strbuf *out, const struct section_block *b)
{
    static const char *const classes[] = { "info", "warn", "failed" }, *const words[] = { "Note", "Warning", "Error" };
    strbuf_addf(out, "<div class=\"note %s\"><p class=\"label\">%s", classes[b->level], words[b->level]);
    if (b->title.len) {
        strbuf_addz(out, ": ");
        html_add(out, b->title);
    }
    strbuf_addz(out, "</p>");
    add_paragraphs(out, b->text);
    strbuf_addz(out, "</div>\n");
}

void part_section(struct strbuf *out, const struct section *s, const struct facts *f)
{
    bool in_charts = false;
    if (s->summary.len)
        add_paragraphs(out, s->summary);
    for (size_t i = 0; i < s->blocks.len; i++) {
        const struct section_block *b = s->blocks.at[i];
        bool is_chart = b->kind >= BLOCK_HISTOGRAM && b->kind <= BLOCK_BARS;
        if (is_chart != in_charts)
            strbuf_addz(out, is_chart ? "<div class=\"charts\">\n" : "</div>\n");
        in_charts = is_chart;
        switch (b->kind) {
        case BLOCK_METRICS: case BLOCK_TABLE:
            add_table(out, b);
            add_column_notes(out, b);
            break;
        case BLOCK_CHECKS: add_checks(out, b); break;
        case BLOCK_HISTOGRAM: case BLOCK_LINE: case BLOCK_SCATTER: case BLOCK_BARS: chart_add(out, b); break;
        case BLOCK_NOTE: add_note(out, b); break;
        case BLOCK_RATE: part_rate(out, b, f); break;
        }
    }
    if (in_charts)
        strbuf_addz(out, "</div>\n");
}

void part_section_faults(struct strbuf *out, const struct sections *s)
{
    strbuf_addz(out, "<p>These outputs are sections of the report, and are left out of it as far as said here.</p>\n");
    for (size_t i = 0; i < MIN(s->faults.len, (size_t)FAULTS_SHOWN); i++) {
        strbuf_addz(out, "<div class=\"note failed\"><p class=\"label\">");
        html_add_cut(out, s->faults.at[i].file, 300);
        strbuf_addz(out, "</p><pre class=\"log\" tabindex=\"0\">");
        html_add_log(out, s->faults.at[i].text, 500);
        strbuf_addz(out, "</pre></div>\n");
    }
    if (s->faults.len > FAULTS_SHOWN)
        strbuf_addf(out, "<p>and %zu more files.</p>\n", s->faults.len - FAULTS_SHOWN);
}
