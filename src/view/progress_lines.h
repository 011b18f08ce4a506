// SPDX-License-Identifier: Apache-2.0
#pragma once
// Progress as plain lines, for logs and pipes: a line per event of small steps, now and then a summary of large ones.
#include "view/progress_model.h"

enum { PROGRESS_SMALL_STEP = 50, PROGRESS_FAILURE_LINES = 20 };
#define PROGRESS_SUMMARY_EVERY (2 * SECOND)

// The line of one event, if it deserves one: a task of a step with fewer than PROGRESS_SMALL_STEP tasks, or one of the
// first PROGRESS_FAILURE_LINES failures of a larger one.
void progress_lines_task(const struct progress_event *e, Str name, enum record_type what, Str detail, struct strbuf *out);
// A line for every large step that goes on, at most one every PROGRESS_SUMMARY_EVERY; is_final: the last one of each.
void progress_lines_summarize(struct progress_model *m, Time now, bool is_final, struct strbuf *out);
