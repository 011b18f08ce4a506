// SPDX-License-Identifier: Apache-2.0
// Scales and frames. Not a plotting library: what reports need and no more.
#include "view/report/plot.h"

#include <math.h>

#include "view/report/html.h"

// --- scales

// 1, 2 or 5 times a power of ten, at least `raw`.
static double nice_step(double raw)
{
    double power = pow(10, floor(log10(raw)));
    double times = raw / power;
    return (times <= 1 ? 1 : times <= 2 ? 2 : times <= 5 ? 5 : 10) * power;
}

struct scale scale_over(double low, double high, bool is_log, bool exact)
{
    enum { STEPS = 5 };
    if (!isfinite(low) || !isfinite(high))
        low = 0, high = 1;
    low = MAX(-1e300, MIN(1e300, low)), high = MAX(-1e300, MIN(1e300, high));      // their difference is finite
    if (is_log && high <= 0)
        is_log = false;
    if (is_log) {
        low = low > 0 ? low : MIN(1, high / 10);
        if (!exact || low >= high)
            low = pow(10, floor(log10(low))), high = pow(10, ceil(log10(high) + (low >= high)));
        return (struct scale){ .from = low, .to = high > low ? high : low * 10, .is_log = true };
    }
    if (!(high > low)) {
        double around = low != 0 ? fabs(low) * 0.5 : 1;
        low = low > 0 && low - around >= 0 ? low - around : low == 0 ? 0 : low - around;
        high = low + 2 * around;
    }
    if (!exact) {
        double step = nice_step((high - low) / STEPS);
        low = floor(low / step) * step;
        high = ceil(high / step) * step;
    }
    return (struct scale){ .from = low, .to = high };
}

double scale_at(const struct scale *s, double v)
{
    double part = s->is_log ? v <= s->from ? 0 : log(v / s->from) / log(s->to / s->from) : (v - s->from) / (s->to - s->from);
    part = isfinite(part) ? MAX(0, MIN(1, part)) : 0;
    return s->start + part * (s->end - s->start);
}

static size_t log_ticks(const struct scale *s, size_t wanted, double ticks[TICKS_MAX])
{
    size_t count = 0;
    int first = (int)ceil(log10(s->from) - 1e-9), last = (int)floor(log10(s->to) + 1e-9);
    int every = MAX(1, (last - first) / (int)MAX(wanted, 1u) + 1);
    for (int power = first; power <= last && count < TICKS_MAX; power += every)
        ticks[count++] = pow(10, power);
    return count;
}

size_t scale_ticks(const struct scale *s, size_t wanted, double ticks[TICKS_MAX])
{
    if (s->is_log) {
        size_t count = log_ticks(s, wanted, ticks);
        if (count >= 2)
            return count;
    }
    size_t count = 0;
    double step = nice_step((s->to - s->from) / (double)MAX(wanted, 1u));
    double first = ceil(s->from / step - 1e-9) * step;
    if (!(step > 0) || !isfinite(step) || !isfinite(first))
        return 0;
    for (double v = first; v <= s->to + step * 1e-6 && count < TICKS_MAX; v = first + step * (double)count)
        ticks[count++] = fabs(v) < step * 1e-6 ? 0 : v;
    return count;
}

// "12 k", "1.5 M", "0.02": short enough for a tick.
static void tick_text(double v, struct strbuf *out)
{
    static const struct { double size; const char *name; } units[] = {
        { 1e12, "\xc2\xa0T" }, { 1e9, "\xc2\xa0G" }, { 1e6, "\xc2\xa0M" }, { 1e4, "\xc2\xa0k" },
    };
    for (size_t i = 0; i < LEN(units); i++) {
        if (fabs(v) >= units[i].size && fabs(v) < 1e15) {
            html_add_number(out, v / (i == 3 ? 1e3 : units[i].size), -1);
            strbuf_addz(out, units[i].name);
            return;
        }
    }
    html_add_number(out, v, -1);
}

// --- the frame

void svg_add_text(struct strbuf *out, double x, double y, const char *anchor, Str text, size_t max)
{
    strbuf_addz(out, "<text x=\"");
    svg_add_coordinate(out, x);
    strbuf_addz(out, "\" y=\"");
    svg_add_coordinate(out, y);
    strbuf_addc(out, '"');
    if (anchor[0] != 's')
        strbuf_addf(out, " text-anchor=\"%s\"", anchor);
    strbuf_addc(out, '>');
    html_add_cut(out, text, max);
    strbuf_addz(out, "</text>");
}

static void add_line(struct strbuf *out, const char *class, double x1, double y1, double x2, double y2)
{
    strbuf_addf(out, "<path class=\"%s\" d=\"M", class);
    svg_add_coordinate(out, x1);
    strbuf_addc(out, ' ');
    svg_add_coordinate(out, y1);
    strbuf_addc(out, 'L');
    svg_add_coordinate(out, x2);
    strbuf_addc(out, ' ');
    svg_add_coordinate(out, y2);
    strbuf_addz(out, "\"/>");
}

static void add_tick_label(struct strbuf *out, double x, double y, const char *anchor, double v)
{
    struct strbuf text = { 0 };
    tick_text(v, &text);
    svg_add_text(out, x, y, anchor, strbuf_str(&text), 24);
    strbuf_release(&text);
}

static void add_frame(struct plot *p, bool x_ticks)
{
    double ticks[TICKS_MAX];
    size_t count = scale_ticks(&p->y, 5, ticks);
    for (size_t i = 0; i < count; i++) {
        double y = scale_at(&p->y, ticks[i]);
        add_line(p->out, "grid", p->x.start, y, p->x.end, y);
        add_tick_label(p->out, p->x.start - 6, y + 4, "end", ticks[i]);
    }
    count = x_ticks ? scale_ticks(&p->x, 7, ticks) : 0;
    for (size_t i = 0; i < count; i++) {
        double x = scale_at(&p->x, ticks[i]);
        add_line(p->out, "tick", x, p->y.start, x, p->y.start + 4);
        add_tick_label(p->out, x, p->y.start + 17, "middle", ticks[i]);
    }
    add_line(p->out, "axis", p->x.start, p->y.start, p->x.end, p->y.start);
}

void plot_begin(struct plot *p, Str title, Str description, Str x_title, Str y_title, bool x_ticks)
{
    p->x.start = PLOT_LEFT;
    p->x.end = PLOT_WIDTH - PLOT_RIGHT;
    p->y.start = PLOT_HEIGHT - PLOT_BOTTOM;
    p->y.end = PLOT_TOP;
    strbuf_addf(p->out, "<svg class=\"plot\" role=\"img\" viewBox=\"0 0 %d %d\"><title>", PLOT_WIDTH, PLOT_HEIGHT);
    html_add(p->out, title);
    strbuf_addz(p->out, "</title><desc>");
    html_add(p->out, description);
    strbuf_addz(p->out, "</desc>");
    add_frame(p, x_ticks);
    if (x_title.len)
        svg_add_text(p->out, (p->x.start + p->x.end) / 2, PLOT_HEIGHT - 9, "middle", x_title, 80);
    if (y_title.len) {
        strbuf_addf(p->out, "<text class=\"ytitle\" transform=\"translate(12 %g) rotate(-90)\" text-anchor=\"middle\">",
                    (p->y.start + p->y.end) / 2);
        html_add_cut(p->out, y_title, 40);
        strbuf_addz(p->out, "</text>");
    }
}

void plot_end(struct plot *p) { strbuf_addz(p->out, "</svg>\n"); }
