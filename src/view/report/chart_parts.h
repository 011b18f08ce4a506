// SPDX-License-Identifier: Apache-2.0
#pragma once
// For chart*.c only: a chart while it is drawn.
#include "base/vec.h"
#include "view/report/plot.h"
#include "view/report/sections.h"

struct chart {
    struct arena arena;                 // scratch
    const struct section_block *block;
    struct plot plot;
    bool is_many;                       // too many series to draw each
    uint8_t *colors;                    // by series
    VEC(Str) groups;                    // what the colours mean
};

// Of many series: what most of them do, for each group of colours.
void chart_add_bands(struct chart *c);
// The same for one category of bars, at x.
void chart_add_whisker(struct chart *c, size_t category, double x, double width);
// The numbers as a table in <details>, where they are few.
void chart_add_numbers(struct chart *c);
