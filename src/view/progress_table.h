// SPDX-License-Identifier: Apache-2.0
#pragma once
// The live table as text: a header and one line per step.
#include "view/progress_model.h"

struct progress_look {
    size_t width, height;               // of the terminal
    bool use_unicode, use_color;
};
// Lines that end in '\n', each at most width - 1 columns, at most height - 1 of them.
void progress_table_render(const struct progress_model *m, Str run, const struct progress_look *look, Time now, struct strbuf *out);
// "12/40 · 3 running · 5 cached · 1 retried"
void progress_step_counts(const struct progress_step *s, bool use_unicode, struct strbuf *out);
