// SPDX-License-Identifier: Apache-2.0
// Charts of sections. What is drawn is bounded whatever the data: lines are thinned, many series become bands, many points squares.
#include "view/report/chart.h"

#include <math.h>

#include "view/report/chart_parts.h"
#include "view/report/html.h"

enum { SERIES_DRAWN = 12, BARS_DRAWN = 6, COLORS = 8, LINE_POINTS = 600, POINTS_DRAWN = 3000 };

// --- ranges and colours

static void widen(double *low, double *high, double v)
{
    if (!isfinite(v))
        return;
    *low = isnan(*low) || v < *low ? v : *low;
    *high = isnan(*high) || v > *high ? v : *high;
}

static struct scale scale_of(const struct axis *axis, double low, double high, bool exact)
{
    if (!isnan(axis->min))
        low = axis->min;
    if (!isnan(axis->max))
        high = axis->max;
    return scale_over(low, high, axis->is_log, exact || (!isnan(axis->min) && !isnan(axis->max)));
}

static void stacked_range(const struct section_block *b, double *low, double *high)
{
    for (size_t i = 0; i < b->categories.len; i++) {
        double sum = 0;
        for (size_t k = 0; k < b->series.len; k++)
            sum += isfinite(b->series.at[k].y[i]) ? b->series.at[k].y[i] : 0;
        widen(low, high, sum);
    }
}

static void set_scales(struct chart *c)
{
    const struct section_block *b = c->block;
    double x_low = NAN, x_high = NAN, y_low = NAN, y_high = NAN;
    for (size_t i = 0; i < b->series.len; i++) {
        const struct series *s = &b->series.at[i];
        for (size_t k = 0; k < s->len + (b->kind == BLOCK_HISTOGRAM) && s->x; k++)
            if (!b->x.is_log || s->x[k] > 0)
                widen(&x_low, &x_high, s->x[k]);
        for (size_t k = 0; k < s->len; k++)
            if (!b->y.is_log || s->y[k] > 0)
                widen(&y_low, &y_high, s->y[k]);
    }
    for (size_t i = 0; i < b->limits.len; i++)
        widen(b->limits.at[i].is_x ? &x_low : &y_low, b->limits.at[i].is_x ? &x_high : &y_high, b->limits.at[i].value);
    if (b->kind == BLOCK_BARS && b->is_stacked)
        stacked_range(b, &y_low, &y_high);
    if ((b->kind == BLOCK_BARS || b->kind == BLOCK_HISTOGRAM) && !b->y.is_log)
        widen(&y_low, &y_high, 0);
    c->plot.x = scale_of(&b->x, x_low, x_high, b->kind != BLOCK_SCATTER);
    c->plot.y = scale_of(&b->y, y_low, y_high, false);
}

static size_t group_of(const struct chart *c, Str name)
{
    for (size_t i = 0; i < c->groups.len; i++)
        if (str_eq(c->groups.at[i], name))
            return i;
    return c->groups.len;
}

// A colour each, or one for each group where the series say so; where there are too many of them, one for all.
static void set_colors(struct chart *c)
{
    const struct section_block *b = c->block;
    c->colors = NEW_ARRAY(&c->arena, uint8_t, b->series.len + 1);
    bool has_groups = false;
    for (size_t i = 0; i < b->series.len; i++)
        has_groups |= b->series.at[i].group.len > 0;
    c->is_many = b->series.len > (b->kind == BLOCK_BARS && !b->is_stacked ? BARS_DRAWN : SERIES_DRAWN);
    for (size_t i = 0; i < b->series.len; i++) {
        Str name = has_groups ? b->series.at[i].group : b->series.at[i].name;
        size_t at = c->is_many && !has_groups ? 0 : group_of(c, name);
        if (at == c->groups.len && c->groups.len < COLORS * 2)
            vec_push(&c->arena, &c->groups, c->is_many && !has_groups ? STR("all series") : name);
        c->colors[i] = (uint8_t)(at % COLORS);
    }
}

// --- lines

static void add_point(struct strbuf *out, char command, double x, double y)
{
    strbuf_addc(out, command);
    svg_add_coordinate(out, x);
    strbuf_addc(out, ' ');
    svg_add_coordinate(out, y);
}

static void add_title(struct strbuf *out, Str name)
{
    strbuf_addz(out, "<title>");
    html_add_cut(out, name, 100);
    strbuf_addz(out, "</title>");
}

// The least and the greatest of each bucket of points, in their order: peaks stay.
static void add_thinned(struct chart *c, const struct series *s)
{
    size_t bucket = s->len / (LINE_POINTS / 2) + 1;
    char command = 'M';
    for (size_t i = 0; i < s->len; i += bucket) {
        size_t low = i, high = i, end = MIN(i + bucket, s->len);
        for (size_t k = i; k < end; k++) {
            low = s->y[k] < s->y[low] || isnan(s->y[low]) ? k : low;
            high = s->y[k] > s->y[high] || isnan(s->y[high]) ? k : high;
        }
        if (isnan(s->y[low])) {
            command = 'M';
            continue;
        }
        size_t first = MIN(low, high), second = MAX(low, high);
        add_point(c->plot.out, command, scale_at(&c->plot.x, s->x[first]), scale_at(&c->plot.y, s->y[first]));
        command = 'L';
        if (second != first)
            add_point(c->plot.out, 'L', scale_at(&c->plot.x, s->x[second]), scale_at(&c->plot.y, s->y[second]));
    }
}

static void add_steps(struct chart *c, const struct series *s)
{
    double floor_y = scale_at(&c->plot.y, 0);
    size_t every = s->len / LINE_POINTS + 1;            // bins put together
    add_point(c->plot.out, 'M', scale_at(&c->plot.x, s->x[0]), floor_y);
    for (size_t i = 0; i < s->len; i += every) {
        double most = 0;
        for (size_t k = i; k < MIN(i + every, s->len); k++)
            most = MAX(most, s->y[k]);
        double y = scale_at(&c->plot.y, most);
        add_point(c->plot.out, 'L', scale_at(&c->plot.x, s->x[i]), y);
        add_point(c->plot.out, 'L', scale_at(&c->plot.x, s->x[MIN(i + every, s->len)]), y);
    }
    add_point(c->plot.out, 'L', scale_at(&c->plot.x, s->x[s->len]), floor_y);
}

static void add_each_line(struct chart *c)
{
    const struct section_block *b = c->block;
    for (size_t i = 0; i < b->series.len; i++) {
        const struct series *s = &b->series.at[i];
        if (s->len == 0)
            continue;
        bool fills = b->kind == BLOCK_HISTOGRAM && b->series.len == 1;
        strbuf_addf(c->plot.out, "<path class=\"%s c%d\" d=\"", fills ? "area" : "line", c->colors[i]);
        if (b->kind == BLOCK_HISTOGRAM)
            add_steps(c, s);
        else
            add_thinned(c, s);
        strbuf_addz(c->plot.out, "\">");
        add_title(c->plot.out, s->name);
        strbuf_addz(c->plot.out, "</path>");
    }
}

// --- points

static void add_circles(struct chart *c)
{
    const struct section_block *b = c->block;
    for (size_t i = 0; i < b->series.len; i++) {
        const struct series *s = &b->series.at[i];
        strbuf_addf(c->plot.out, "<g class=\"dots c%d\">", c->colors[i]);
        for (size_t k = 0; k < s->len; k++) {
            if (!isfinite(s->y[k]))
                continue;
            strbuf_addz(c->plot.out, "<circle r=\"3\" cx=\"");
            svg_add_coordinate(c->plot.out, scale_at(&c->plot.x, s->x[k]));
            strbuf_addz(c->plot.out, "\" cy=\"");
            svg_add_coordinate(c->plot.out, scale_at(&c->plot.y, s->y[k]));
            strbuf_addz(c->plot.out, "\">");
            add_title(c->plot.out, s->labels && s->labels[k].len ? s->labels[k] : s->name);
            strbuf_addz(c->plot.out, "</circle>");
        }
        strbuf_addz(c->plot.out, "</g>");
    }
}

// More points than a screen can show apart: squares, the darker the more points are in them.
static void add_squares(struct chart *c)
{
    enum { COLUMNS = 80, ROWS = 32, SHADES = 5 };
    uint32_t *counts = NEW_ARRAY(&c->arena, uint32_t, COLUMNS * ROWS), most = 1;
    struct scale x = c->plot.x, y = c->plot.y;
    x.start = 0, x.end = COLUMNS - 0.001, y.start = 0, y.end = ROWS - 0.001;
    for (size_t i = 0; i < c->block->series.len; i++) {
        const struct series *s = &c->block->series.at[i];
        for (size_t k = 0; k < s->len; k++) {
            if (!isfinite(s->y[k]))
                continue;
            uint32_t *one = &counts[(size_t)scale_at(&y, s->y[k]) * COLUMNS + (size_t)scale_at(&x, s->x[k])];
            most = MAX(most, ++*one);
        }
    }
    double width = (c->plot.x.end - c->plot.x.start) / COLUMNS, height = (c->plot.y.start - c->plot.y.end) / ROWS;
    for (size_t i = 0; i < COLUMNS * ROWS; i++) {
        if (counts[i] == 0)
            continue;
        int shade = (int)(log(counts[i] + 1) / log(most + 1) * (SHADES - 0.001));
        strbuf_addf(c->plot.out, "<rect class=\"q%d\" x=\"%.1f\" y=\"%.1f\" width=\"%.2f\" height=\"%.2f\"><title>%u points</title></rect>", shade,
                    c->plot.x.start + width * (double)(i % COLUMNS), c->plot.y.start - height * (double)(i / COLUMNS + 1), width, height, counts[i]);
    }
}

// --- bars

static void add_rect(struct strbuf *out, int color, double x, double width, double y1, double y2)
{
    strbuf_addf(out, "<rect class=\"bar c%d\" x=\"", color);
    svg_add_coordinate(out, x);
    strbuf_addz(out, "\" width=\"");
    svg_add_coordinate(out, width);
    strbuf_addz(out, "\" y=\"");
    svg_add_coordinate(out, MIN(y1, y2));
    strbuf_addz(out, "\" height=\"");
    svg_add_coordinate(out, fabs(y2 - y1));
    strbuf_addz(out, "\"><title>");
}

static void add_bar(struct chart *c, size_t category, size_t i, double x, double width, double from, double to)
{
    struct strbuf *out = c->plot.out;
    add_rect(out, c->colors[i], x, width, scale_at(&c->plot.y, from), scale_at(&c->plot.y, to));
    html_add_cut(out, c->block->series.at[i].name, 60);
    strbuf_addz(out, ", ");
    html_add_cut(out, c->block->categories.at[category], 60);
    strbuf_addz(out, ": ");
    html_add_number(out, c->block->series.at[i].y[category], -1);
    strbuf_addz(out, "</title></rect>");
}

static void add_category_bars(struct chart *c, size_t category, double x, double width)
{
    const struct section_block *b = c->block;
    double sum = 0, one = b->is_stacked ? width : width / (double)b->series.len;
    for (size_t i = 0; i < b->series.len; i++) {
        double v = b->series.at[i].y[category];
        if (!isfinite(v))
            continue;
        if (b->is_stacked)
            add_bar(c, category, i, x, one, sum, sum + v);
        else
            add_bar(c, category, i, x + one * (double)i, one, MAX(0, c->plot.y.from), v);
        sum += v;
    }
}

static void add_bars(struct chart *c)
{
    const struct section_block *b = c->block;
    double step = (c->plot.x.end - c->plot.x.start) / (double)MAX(b->categories.len, 1u);
    size_t every = b->categories.len / 24 + 1;
    for (size_t i = 0; i < b->categories.len; i++) {
        double x = c->plot.x.start + step * (double)i;
        if (c->is_many)
            chart_add_whisker(c, i, x + step * 0.2, step * 0.6);
        else
            add_category_bars(c, i, x + step * 0.1, step * 0.8);
        if (i % every == 0)
            svg_add_text(c->plot.out, x + step / 2, c->plot.y.start + 17, "middle", b->categories.at[i],
                         MAX(3u, (size_t)(step * (double)every / 6.5)));
    }
}

// --- the whole

static void add_limits(struct chart *c)
{
    for (size_t i = 0; i < c->block->limits.len; i++) {
        const struct axis_limit *limit = &c->block->limits.at[i];
        double at = scale_at(limit->is_x ? &c->plot.x : &c->plot.y, limit->value);
        strbuf_addz(c->plot.out, "<path class=\"limit\" d=\"");
        add_point(c->plot.out, 'M', limit->is_x ? at : c->plot.x.start, limit->is_x ? c->plot.y.start : at);
        add_point(c->plot.out, 'L', limit->is_x ? at : c->plot.x.end, limit->is_x ? c->plot.y.end : at);
        strbuf_addz(c->plot.out, "\"/>");
        if (limit->is_x)
            svg_add_text(c->plot.out, at + 4, c->plot.y.end + 10, "start", limit->title, 30);
        else
            svg_add_text(c->plot.out, c->plot.x.end - 2, at - 4, "end", limit->title, 30);
    }
}

static void add_legend(const struct chart *c)
{
    struct strbuf *out = c->plot.out;
    if (c->is_many) {
        strbuf_addf(out, "<p class=\"legend\">%zu series", c->block->series.len);
        if (c->block->kind != BLOCK_SCATTER)
            strbuf_addz(out, ": the line is their middle (median), the dark band the middle half, the light one nine tenths");
        strbuf_addz(out, "</p>\n");
    }
    if (c->groups.len < 2)
        return;
    strbuf_addz(out, "<ul class=\"legend\">");
    for (size_t i = 0; i < c->groups.len; i++) {
        strbuf_addz(out, "<li><svg class=\"key\" viewBox=\"0 0 14 10\" aria-hidden=\"true\">");
        strbuf_addf(out, "<rect class=\"bar c%zu\" width=\"14\" height=\"10\" rx=\"2\"/></svg>", i % COLORS);
        html_add_cut(out, c->groups.at[i].len ? c->groups.at[i] : STR("others"), 60);
        strbuf_addz(out, "</li>");
    }
    strbuf_addz(out, "</ul>\n");
}

static Str axis_text(struct arena *a, const struct axis *axis)
{
    if (axis->unit.len == 0)
        return axis->title;
    return axis->title.len ? str_printf(a, STR_FMT " (" STR_FMT ")", STR_ARG(axis->title), STR_ARG(axis->unit)) : axis->unit;
}

static Str description(struct chart *c)
{
    static const char *const kinds[] = {
        [BLOCK_HISTOGRAM] = "Histogram", [BLOCK_LINE] = "Line chart", [BLOCK_SCATTER] = "Scatter plot", [BLOCK_BARS] = "Bar chart",
    };
    struct strbuf text = { 0 };
    strbuf_addf(&text, "%s of %zu series, %zu values; ", kinds[c->block->kind], c->block->series.len, c->block->points);
    strbuf_addz(&text, "y from ");
    html_add_number(&text, c->plot.y.from, -1);
    strbuf_addz(&text, " to ");
    html_add_number(&text, c->plot.y.to, -1);
    return strbuf_take(&text, &c->arena);
}

static void draw(struct chart *c)
{
    const struct section_block *b = c->block;
    bool is_lines = b->kind == BLOCK_LINE || b->kind == BLOCK_HISTOGRAM;
    Str title = b->title.len ? b->title : STR("Chart");
    set_scales(c);
    set_colors(c);
    plot_begin(&c->plot, title, description(c), axis_text(&c->arena, &b->x), axis_text(&c->arena, &b->y), b->kind != BLOCK_BARS);
    if (is_lines && c->is_many)
        chart_add_bands(c);
    else if (is_lines)
        add_each_line(c);
    else if (b->kind == BLOCK_BARS)
        add_bars(c);
    else if (b->points <= POINTS_DRAWN)
        add_circles(c);
    else
        add_squares(c);
    add_limits(c);
    plot_end(&c->plot);
    add_legend(c);
}

void chart_add(struct strbuf *out, const struct section_block *b)
{
    struct chart c = { .block = b, .plot = { .out = out } };
    strbuf_addz(out, "<figure class=\"chart\"><figcaption>");
    html_add(out, b->title);
    if (b->help.len) {
        strbuf_addz(out, " <small>");
        html_add(out, b->help);
        strbuf_addz(out, "</small>");
    }
    strbuf_addz(out, "</figcaption><div class=\"wide\" tabindex=\"0\">");
    if (b->points)
        draw(&c);
    else
        strbuf_addz(out, "<p class=\"none\">There are no numbers to draw.</p>");
    strbuf_addz(out, "</div>\n");
    chart_add_numbers(&c);
    strbuf_addz(out, "</figure>\n");
    arena_release(&c.arena);
}
