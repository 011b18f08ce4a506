// SPDX-License-Identifier: Apache-2.0
// What it cost, by step and by sample: in money where there are prices, and in hours of cores and memory in any case.
#include <math.h>

#include "view/cost.h"
#include "view/report/html.h"
#include "view/report/parts.h"

enum { SAMPLES_SHOWN = 500 };

struct bill {
    const struct facts *f;
    const struct run_cost *cost;
    bool has_money;
};

static double weight_of(const struct bill *b, const struct cost *c) { return b->has_money ? c->money : c->core_hours; }

static void add_bar(struct strbuf *out, double part)
{
    strbuf_addf(out, "<svg class=\"bullet\" viewBox=\"0 0 102 10\" aria-hidden=\"true\"><rect class=\"track\" width=\"100\" height=\"10\"/>"
                     "<rect class=\"used\" y=\"2\" width=\"%.1f\" height=\"6\"/></svg>", part * 100);
}

static void add_hours_cell(struct strbuf *out, double hours)
{
    struct strbuf text = { 0 };
    html_add_number(&text, hours, hours == 0 ? 0 : hours < 0.01 ? 5 : hours < 10 ? 3 : 1);
    add_number_cell(out, hours, strbuf_str(&text));
    strbuf_release(&text);
}

static void add_money_cell(struct strbuf *out, const struct bill *b, double money)
{
    struct strbuf text = { 0 };
    html_add(&text, money_text(b->f->arena, money, &b->cost->prices));
    add_number_cell(out, money, strbuf_str(&text));
    strbuf_release(&text);
}

static void add_line(struct strbuf *out, const struct bill *b, Str name, const struct cost *c)
{
    double all = weight_of(b, &b->cost->total), part = all > 0 ? weight_of(b, c) / all : 0;
    struct strbuf text = { 0 };
    strbuf_addz(out, "<tr>");
    add_head_cell(out, name);
    html_add_int(&text, c->attempts);
    add_number_cell(out, (double)c->attempts, strbuf_str(&text));
    add_hours_cell(out, c->core_hours);
    add_hours_cell(out, c->gib_hours);
    if (b->has_money)
        add_money_cell(out, b, c->money);
    strbuf_clear(&text);
    html_add_number(&text, part * 100, 1);
    strbuf_addz(&text, "\xc2\xa0%");
    add_bar(&text, part);
    add_number_cell(out, part, strbuf_str(&text));
    strbuf_addz(out, "</tr>\n");
    strbuf_release(&text);
}

static void add_table(struct strbuf *out, const struct bill *b, const char *first, Str caption, const struct cost_line *lines, size_t count)
{
    const char *titles[6] = { first, ">Attempts", ">Core-hours", ">GiB-hours" };
    size_t columns = 4, shown = MIN(count, (size_t)SAMPLES_SHOWN), rows = 0;
    for (size_t i = 0; i < shown; i++)
        rows += lines[i].cost.attempts > 0;
    if (b->has_money)
        titles[columns++] = ">Cost";
    titles[columns++] = ">Part";
    table_open(out, caption, titles, columns, rows);
    for (size_t i = 0; i < shown; i++)
        if (lines[i].cost.attempts)
            add_line(out, b, lines[i].name.len ? lines[i].name : STR("(about all together)"), &lines[i].cost);
    table_foot(out);
    add_line(out, b, STR("Together"), &b->cost->total);
    table_close_foot(out);
    if (count > shown) {
        strbuf_addz(out, "<p class=\"sub\">");
        html_add_part(out, shown, count);
        strbuf_addz(out, ": the most expensive.</p>\n");
    }
}

static int by_cost(const void *x, const void *y)
{
    const struct cost_line *a = x, *b = y;
    double left = a->cost.money > 0 || b->cost.money > 0 ? a->cost.money : a->cost.core_hours;
    double right = a->cost.money > 0 || b->cost.money > 0 ? b->cost.money : b->cost.core_hours;
    return left != right ? (left < right ? 1 : -1) : str_compare(a->name, b->name);
}

void part_cost(struct strbuf *out, const struct facts *f)
{
    struct run_cost *cost = cost_of_run(f->arena, f->record, NULL, f->report->now);
    struct bill b = { f, cost, prices_are_set(&cost->prices) };
    strbuf_addz(out, "<p>Reserved cores and memory for as long as attempts ran, failed ones too; what was known already cost nothing.");
    if (!b.has_money)
        strbuf_addz(out, " No prices were set for this run, so hours are shown alone.");
    strbuf_addz(out, "</p>\n");
    if (b.has_money && (cost->storage_month > 0 || cost->egress > 0)) {
        strbuf_addz(out, "<p>The outputs are ");
        html_add_bytes(out, cost->output_bytes);
        strbuf_addz(out, ": ");
        html_add(out, money_text(f->arena, cost->storage_month, &cost->prices));
        strbuf_addz(out, " for each month they are kept, ");
        html_add(out, money_text(f->arena, cost->egress, &cost->prices));
        strbuf_addz(out, " to take them out once.</p>\n");
    }
    if (cost->total.unmeasured)
        strbuf_addf(out, "<p>%lld of %lld attempts count as nothing: how long they ran is not known.</p>\n", (long long)cost->total.unmeasured,
                    (long long)cost->total.attempts);
    add_table(out, &b, "Step", STR("By step"), cost->steps.at, cost->steps.len);
    if (cost->samples.len == 0)
        return;
    if (cost->samples.len > SAMPLES_SHOWN)
        qsort(cost->samples.at, cost->samples.len, sizeof *cost->samples.at, by_cost);
    add_table(out, &b, "Sample", STR("By sample"), cost->samples.at, cost->samples.len);
}
