// SPDX-License-Identifier: Apache-2.0
// Hundreds of series in one chart: quantiles instead of a tangle.
#include <math.h>

#include "view/report/chart_parts.h"
#include "view/report/html.h"

enum { BAND_STEPS = 120 };
static const double quantiles[] = { 0.05, 0.25, 0.5, 0.75, 0.95 };
struct spread { double at[LEN(quantiles)]; };           // NaN: nothing there

static int by_value(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return a < b ? -1 : a > b;
}

static struct spread spread_of(double *values, size_t count)
{
    struct spread s;
    qsort(values, count, sizeof *values, by_value);
    for (size_t i = 0; i < LEN(quantiles); i++) {
        double at = quantiles[i] * (double)(count ? count - 1 : 0);
        size_t below = (size_t)at;
        s.at[i] = count == 0 ? NAN : below + 1 < count ? values[below] + (at - (double)below) * (values[below + 1] - values[below]) : values[below];
    }
    return s;
}

// The last place whose x is not above `x`; the first where none is.
static size_t place_of(const struct series *s, size_t count, double x)
{
    size_t low = 0, high = count;
    while (low + 1 < high) {
        size_t middle = (low + high) / 2;
        if (s->x[middle] <= x)
            low = middle;
        else
            high = middle;
    }
    return low;
}

// What a series has at x: between two points of a line on the line, in a histogram the bin's count, outside nothing (or no count).
static double value_at_x(const struct series *s, bool is_histogram, double x)
{
    size_t last = is_histogram ? s->len : s->len - 1;
    if (s->len == 0 || x < s->x[0] || x > s->x[last])
        return is_histogram ? 0 : NAN;
    size_t i = place_of(s, s->len, x);
    if (is_histogram || i + 1 >= s->len)
        return s->y[i];
    double width = s->x[i + 1] - s->x[i];
    return width > 0 ? s->y[i] + (s->y[i + 1] - s->y[i]) * (x - s->x[i]) / width : s->y[i];
}

static double x_at_step(const struct scale *x, size_t step)
{
    double part = ((double)step + 0.5) / BAND_STEPS;
    return x->is_log ? x->from * pow(x->to / x->from, part) : x->from + part * (x->to - x->from);
}

static void add_coordinates(struct chart *c, char command, double x, double y)
{
    strbuf_addc(c->plot.out, command);
    svg_add_coordinate(c->plot.out, scale_at(&c->plot.x, x));
    strbuf_addc(c->plot.out, ' ');
    svg_add_coordinate(c->plot.out, scale_at(&c->plot.y, y));
}

// The area between two quantiles, there and back.
static void add_band(struct chart *c, const struct spread *spreads, const char *class, size_t color, size_t low, size_t high)
{
    char command = 'M';
    strbuf_addf(c->plot.out, "<path class=\"%s c%zu\" d=\"", class, color);
    for (size_t i = 0; i < BAND_STEPS; i++)
        if (!isnan(spreads[i].at[high]))
            add_coordinates(c, command, x_at_step(&c->plot.x, i), spreads[i].at[high]), command = 'L';
    for (size_t i = BAND_STEPS; low != high && i-- > 0;)
        if (!isnan(spreads[i].at[low]))
            add_coordinates(c, 'L', x_at_step(&c->plot.x, i), spreads[i].at[low]);
    strbuf_addz(c->plot.out, "\"/>");
}

void chart_add_bands(struct chart *c)
{
    const struct section_block *b = c->block;
    double *values = NEW_ARRAY(&c->arena, double, b->series.len + 1);
    struct spread *spreads = NEW_ARRAY(&c->arena, struct spread, BAND_STEPS);
    for (size_t color = 0; color < MIN(c->groups.len, 8u); color++) {
        for (size_t i = 0; i < BAND_STEPS; i++) {
            size_t count = 0;
            for (size_t k = 0; k < b->series.len; k++) {
                if (c->colors[k] != color || b->series.at[k].len == 0)
                    continue;
                double v = value_at_x(&b->series.at[k], b->kind == BLOCK_HISTOGRAM, x_at_step(&c->plot.x, i));
                if (isfinite(v))
                    values[count++] = v;
            }
            spreads[i] = spread_of(values, count);
        }
        add_band(c, spreads, "band", color, 0, 4);
        add_band(c, spreads, "band", color, 1, 3);
        add_band(c, spreads, "line", color, 2, 2);
    }
}

static void add_box(struct chart *c, const char *class, double x, double width, double low, double high)
{
    double top = scale_at(&c->plot.y, high), bottom = scale_at(&c->plot.y, low);
    strbuf_addf(c->plot.out, "<rect class=\"%s c0\" x=\"%.2f\" width=\"%.2f\" y=\"%.2f\" height=\"%.2f\"/>", class, x, MAX(width, 0.5), top,
                MAX(bottom - top, 0.5));
}

void chart_add_whisker(struct chart *c, size_t category, double x, double width)
{
    const struct section_block *b = c->block;
    double *values = NEW_ARRAY(&c->arena, double, b->series.len + 1);
    size_t count = 0;
    for (size_t i = 0; i < b->series.len; i++)
        if (isfinite(b->series.at[i].y[category]))
            values[count++] = b->series.at[i].y[category];
    if (count == 0)
        return;
    struct spread s = spread_of(values, count);
    add_box(c, "band", x + width * 0.4, width * 0.2, s.at[0], s.at[4]);
    add_box(c, "band", x, width, s.at[1], s.at[3]);
    add_box(c, "bar", x, width, s.at[2], s.at[2]);
}

// --- the numbers as a table

static void add_cell(struct strbuf *out, double v)
{
    strbuf_addz(out, "<td>");
    html_add_number(out, v, -1);
    strbuf_addz(out, "</td>");
}

static void add_name(struct strbuf *out, const char *scope, Str name)
{
    strbuf_addf(out, "<th scope=\"%s\">", scope);
    html_add_cut(out, name, 100);
    strbuf_addz(out, "</th>");
}

static void add_category_numbers(struct strbuf *out, const struct section_block *b)
{
    strbuf_addz(out, "<thead><tr><th scope=\"col\"></th>");
    for (size_t i = 0; i < b->series.len; i++)
        add_name(out, "col", b->series.at[i].name);
    strbuf_addz(out, "</tr></thead><tbody>");
    for (size_t i = 0; i < b->categories.len; i++) {
        strbuf_addz(out, "<tr>");
        add_name(out, "row", b->categories.at[i]);
        for (size_t k = 0; k < b->series.len; k++)
            add_cell(out, b->series.at[k].y[i]);
        strbuf_addz(out, "</tr>");
    }
}

static void add_series_numbers(struct strbuf *out, const struct section_block *b)
{
    bool is_histogram = b->kind == BLOCK_HISTOGRAM;
    strbuf_addz(out, "<thead><tr><th scope=\"col\">Series</th>");
    strbuf_addz(out, is_histogram ? "<th scope=\"col\">From</th><th scope=\"col\">To</th><th scope=\"col\">Count</th>"
                                  : "<th scope=\"col\">x</th><th scope=\"col\">y</th>");
    strbuf_addz(out, "</tr></thead><tbody>");
    for (size_t i = 0; i < b->series.len; i++) {
        const struct series *s = &b->series.at[i];
        for (size_t k = 0; k < s->len; k++) {
            strbuf_addz(out, "<tr>");
            add_name(out, "row", s->name);
            add_cell(out, s->x[k]);
            if (is_histogram)
                add_cell(out, s->x[k + 1]);
            add_cell(out, s->y[k]);
            strbuf_addz(out, "</tr>");
        }
    }
}

void chart_add_numbers(struct chart *c)
{
    enum { NUMBERS_SHOWN = 500 };
    const struct section_block *b = c->block;
    if (b->points == 0 || b->points > NUMBERS_SHOWN)
        return;
    strbuf_addz(c->plot.out, "<details class=\"screen\"><summary>Numbers</summary><div class=\"wide\" tabindex=\"0\"><table>");
    if (b->kind == BLOCK_BARS)
        add_category_numbers(c->plot.out, b);
    else
        add_series_numbers(c->plot.out, b);
    strbuf_addz(c->plot.out, "</tbody></table></div></details>\n");
}
