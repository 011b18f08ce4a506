// SPDX-License-Identifier: Apache-2.0
// Plain lines. No cursor, no colours; bounded, whatever the number of tasks.
#include "view/progress_lines.h"

#include "view/progress_table.h"
#include "view/text.h"

static bool is_small(const struct progress_step *s) { return progress_step_total(s) < PROGRESS_SMALL_STEP; }

static const char *word_for(const struct progress_event *e, enum record_type what, Str detail)
{
    switch (what) {
    case RECORD_INTENT: return e->is_retry ? "again" : "started";
    case RECORD_DONE: return "done";
    case RECORD_CACHED: return "cached";
    case RECORD_FAILED: return "failed";
    case RECORD_EVALUATED: return str_starts(detail, STR("skip")) ? "skipped" : NULL;       // expressions take no time
    case RECORD_RUN: case RECORD_STEP: case RECORD_CANCEL: case RECORD_END: case RECORD_WARNING: case RECORD_FILES: case RECORD_TOOL: return NULL;
    }
    return NULL;
}

void progress_lines_task(const struct progress_event *e, Str name, enum record_type what, Str detail, struct strbuf *out)
{
    const char *word = word_for(e, what, detail);
    bool is_due = is_small(e->step) || (what == RECORD_FAILED && e->step->failed + e->step->retried <= PROGRESS_FAILURE_LINES);
    if (word == NULL || !is_due)
        return;
    strbuf_addf(out, "%-8s ", word);
    text_add(out, name);
    if (what != RECORD_INTENT && e->took > 0) {
        char took[TIME_TEXT];
        time_duration_text(e->took, took);
        strbuf_addf(out, "  %s", took);
    }
    if (what == RECORD_FAILED && detail.len) {
        strbuf_addz(out, "  ");
        text_add_cut(out, detail, 200);
    }
    strbuf_addc(out, '\n');
}

void progress_lines_summarize(struct progress_model *m, Time now, bool is_final, struct strbuf *out)
{
    for (size_t i = 0; i < m->steps.len; i++) {
        struct progress_step *s = m->steps.entries[i].value;
        int64_t finished = progress_step_finished(s) + s->failed;
        bool is_changed = finished + s->running != s->summed_up_at;
        if (is_small(s) || !is_changed || (!is_final && now - s->summed_up < PROGRESS_SUMMARY_EVERY))
            continue;
        strbuf_addf(out, "%-8s ", is_final ? "total" : "step");
        text_add(out, s->name);
        strbuf_addz(out, "  ");
        progress_step_counts(s, false, out);
        strbuf_addc(out, '\n');
        s->summed_up = now;
        s->summed_up_at = finished + s->running;
    }
}
