// SPDX-License-Identifier: Apache-2.0
#pragma once
// The frame of a chart in SVG: two scales, their ticks, lines of the grid, titles. Coordinates are of the viewBox; colours
// come from classes, so that light, dark and paper are the style sheet's affair.
#include "base/str.h"

struct scale {
    double from, to;                    // data; from < to
    double start, end;                  // drawing; y runs down, so there start > end
    bool is_log;
};
struct plot {
    struct strbuf *out;
    struct scale x, y;
};
enum { PLOT_WIDTH = 640, PLOT_HEIGHT = 280, PLOT_LEFT = 58, PLOT_RIGHT = 24, PLOT_TOP = 12, PLOT_BOTTOM = 44, TICKS_MAX = 16 };

// A scale over the data from `low` to `high` (in any state: equal, NaN), widened to round numbers unless `exact`.
struct scale scale_over(double low, double high, bool is_log, bool exact);
// Where `v` is drawn; a value that a logarithmic scale can't show is at its start. Kept within the drawing.
double scale_at(const struct scale *s, double v);
// Round numbers within the scale, at most `wanted` or so; returns how many.
size_t scale_ticks(const struct scale *s, size_t wanted, double ticks[TICKS_MAX]);

// Opens <svg role="img"> with a title and a description for those who don't see it, lays the scales over the drawing, and draws
// grid, ticks and the axes' titles. x_ticks false: the caller labels the x axis itself.
void plot_begin(struct plot *p, Str title, Str description, Str x_title, Str y_title, bool x_ticks);
void plot_end(struct plot *p);
// Text at a place; anchor "start", "middle" or "end". It is escaped, and cut to `max` code points.
void svg_add_text(struct strbuf *out, double x, double y, const char *anchor, Str text, size_t max);
