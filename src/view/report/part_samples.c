// SPDX-License-Identifier: Apache-2.0
// Sample by stage: what became of each sample in each step. Many samples that went well are summed up, never those that did not.
#include "view/report/html.h"
#include "view/report/parts.h"

enum { CELLS_SHOWN = 12000, COLUMNS_SHOWN = 60, SEEN_AT_ONCE = 20 };

struct grid {
    const struct facts *f;
    VEC(size_t) columns;                // steps
    size_t *places;                     // by step: the column + 1
    size_t **cells;                     // by row and column: task + 1, the first of its list
    size_t *next;                       // by task: the next of the same cell + 1
    bool *is_bad;                       // by row: something there is not done
};

static void choose_columns(struct grid *g)
{
    const struct facts *f = g->f;
    g->places = NEW_ARRAY(f->arena, size_t, f->steps.len + 1);
    for (size_t i = 0; i < f->steps.len; i++) {
        bool has_row = false;
        for (size_t k = 0; k < f->steps.at[i].tasks.len && !has_row; k++)
            has_row = f->tasks.at[f->steps.at[i].tasks.at[k]].row.len > 0;
        if (has_row && g->columns.len < COLUMNS_SHOWN) {
            vec_push(f->arena, &g->columns, i);
            g->places[i] = g->columns.len;
        }
    }
}

static void fill(struct grid *g)
{
    const struct facts *f = g->f;
    struct map rows = { 0 };
    g->cells = NEW_ARRAY(f->arena, size_t *, f->rows.len + 1);
    g->next = NEW_ARRAY(f->arena, size_t, f->tasks.len + 1);
    g->is_bad = NEW_ARRAY(f->arena, bool, f->rows.len + 1);
    for (size_t i = 0; i < f->rows.len; i++) {
        map_set(&rows, f->rows.at[i], (void *)(uintptr_t)(i + 1));
        g->cells[i] = NEW_ARRAY(f->arena, size_t, g->columns.len + 1);
    }
    for (size_t i = f->tasks.len; i-- > 0;) {
        const struct fact_task *t = &f->tasks.at[i];
        size_t column = g->places[t->task->step->index];
        if (t->row.len == 0 || column == 0)
            continue;
        size_t row = (size_t)(uintptr_t)map_find(&rows, t->row) - 1;
        g->next[i] = g->cells[row][column - 1];
        g->cells[row][column - 1] = i + 1;
        g->is_bad[row] |= t->state != TASK_DONE && t->state != TASK_CACHED;
    }
    map_release(&rows);
}

static enum task_state worst_of(enum task_state a, enum task_state b)
{
    static const int rank[] = { [TASK_CACHED] = 0, [TASK_DONE] = 1, [TASK_RUNNING] = 2, [TASK_CANCELLED] = 3, [TASK_LOST] = 4, [TASK_FAILED] = 5 };
    return rank[a] >= rank[b] ? a : b;
}

static void add_cell(struct strbuf *out, const struct grid *g, size_t first)
{
    const struct facts *f = g->f;
    enum task_state state = TASK_CACHED;
    size_t count = 0, good = 0;
    Time took = 0;
    if (first == 0) {
        strbuf_addz(out, "<td></td>");
        return;
    }
    for (size_t at = first; at; at = g->next[at - 1]) {
        const struct fact_task *t = &f->tasks.at[at - 1];
        state = worst_of(state, t->state);
        good += t->state == TASK_DONE || t->state == TASK_CACHED;
        took += t->ended >= 0 ? t->ended - t->started : 0;
        count++;
    }
    strbuf_addf(out, "<td class=\"%s\"><span aria-hidden=\"true\">%s</span>", task_state_name(state), task_state_glyph(state));
    if (state != TASK_DONE)
        strbuf_addf(out, " %s", task_state_name(state));
    if (count > 1)
        strbuf_addf(out, " %zu/%zu", good, count);
    if (took) {
        strbuf_addc(out, ' ');
        html_add_duration(out, took);
    }
    strbuf_addz(out, "</td>");
}

static void add_row(struct strbuf *out, const struct grid *g, size_t row)
{
    strbuf_addz(out, "<tr>");
    add_head_cell(out, g->f->rows.at[row]);
    for (size_t i = 0; i < g->columns.len; i++)
        add_cell(out, g, g->cells[row][i]);
    strbuf_addz(out, "</tr>\n");
}

static void add_totals(struct strbuf *out, const struct grid *g)
{
    table_foot(out);
    strbuf_addz(out, "<tr><th scope=\"row\">Done of all</th>");
    for (size_t i = 0; i < g->columns.len; i++) {
        const struct fact_step *s = &g->f->steps.at[g->columns.at[i]];
        strbuf_addf(out, "<td>%zu/%lld</td>", s->counts[TASK_DONE] + s->counts[TASK_CACHED], (long long)((int64_t)s->tasks.len + s->waiting));
    }
    strbuf_addz(out, "</tr>");
}

// Steps whose tasks are about no one sample.
static void add_whole_run(struct strbuf *out, const struct facts *f)
{
    const char *separator = "<p>About all together: ";
    for (size_t i = 0; i < f->steps.len; i++) {
        const struct fact_step *s = &f->steps.at[i];
        if (s->tasks.len == 0 || f->tasks.at[s->tasks.at[0]].row.len)
            continue;
        strbuf_addz(out, separator);
        html_add_cut(out, s->step->name, 100);
        strbuf_addc(out, ' ');
        add_state(out, f->tasks.at[s->tasks.at[s->tasks.len - 1]].state, true);
        separator = ", ";
    }
    if (*separator == ',')
        strbuf_addz(out, "</p>\n");
}

void part_samples(struct strbuf *out, const struct facts *f)
{
    struct grid g = { .f = f };
    choose_columns(&g);
    fill(&g);
    size_t rows_shown = MAX(20u, CELLS_SHOWN / MAX(g.columns.len, 1u)), shown = 0;
    table_box(out, f->rows.len);
    strbuf_addz(out, "<table class=\"sort matrix\"><caption>");
    html_add_int(out, (int64_t)f->rows.len);
    strbuf_addf(out, " %s</caption><thead><tr><th scope=\"col\">%s</th>", f->has_samples ? "samples" : "scattered items",
                f->has_samples ? "Sample" : "Item");
    for (size_t i = 0; i < g.columns.len; i++) {
        strbuf_addz(out, "<th scope=\"col\">");
        add_step_name(out, f->steps.at[g.columns.at[i]].step->name);
        strbuf_addz(out, "</th>");
    }
    strbuf_addz(out, "</tr></thead><tbody>\n");
    for (int pass = 0; pass < 2; pass++)                // bad ones first where not all are seen at once
        for (size_t i = 0; i < f->rows.len && shown < rows_shown; i++)
            if (f->rows.len <= SEEN_AT_ONCE ? pass == 0 : g.is_bad[i] == (pass == 0))
                add_row(out, &g, i), shown++;
    add_totals(out, &g);
    table_close_foot(out);
    if (shown < f->rows.len) {
        strbuf_addz(out, "<p class=\"sub\">");
        html_add_part(out, shown, f->rows.len);
        strbuf_addz(out, ": those where something is not done first.</p>\n");
    }
    add_whole_run(out, f);
}
