// SPDX-License-Identifier: Apache-2.0
#pragma once
// A section's chart as a figure: SVG with legend, and its numbers as a table where they are few. Few series are drawn one by
// one; of many, what most of them do: the middle, the middle half, and nine tenths.
#include "view/report/sections.h"

// For HISTOGRAM, LINE, SCATTER and BARS. Data of any number of points gives a drawing of bounded size.
void chart_add(struct strbuf *out, const struct section_block *b);
