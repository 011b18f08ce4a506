// SPDX-License-Identifier: Apache-2.0
// The first screen: did it run, is the result good, what decided that, and the numbers everybody asks for.
#include <math.h>

#include "view/report/html.h"
#include "view/report/parts.h"

struct word {
    const char *class, *glyph, *text;
};

static struct word run_word(enum run_status status)
{
    switch (status) {
    case RUN_RUNNING: return (struct word){ "running", "\xe2\x96\xb6", "Still running" };
    case RUN_DONE: return (struct word){ "done", "\xe2\x9c\x93", "Done" };
    case RUN_FAILED: return (struct word){ "failed", "\xe2\x9c\x97", "Failed" };
    case RUN_CANCELLED: return (struct word){ "warn", "\xe2\x8a\x98", "Cancelled" };
    case RUN_INTERRUPTED: break;
    }
    return (struct word){ "warn", "?", "Interrupted" };
}

static struct word verdict_word(const struct facts *f, const struct sections_verdict *v)
{
    switch (v->verdict) {
    case VERDICT_FAILED: return (struct word){ "failed", "\xe2\x9c\x97", "Failed" };
    case VERDICT_WARN: return (struct word){ "warn", "!", "Look at it" };
    case VERDICT_PASSED:
        if (f->record->status == RUN_DONE)
            return (struct word){ "done", "\xe2\x9c\x93", "Passed" };
        return (struct word){ "warn", "!", "Not complete" };
    case VERDICT_NONE: break;
    }
    return (struct word){ "plain", "\xe2\x80\x93", "No verdict" };
}

static void begin_card(struct strbuf *out, const char *title, struct word word)
{
    strbuf_addf(out, "<div class=\"verdict %s\"><span class=\"glyph\" aria-hidden=\"true\">%s</span>", word.class, word.glyph);
    strbuf_addf(out, "<div><p class=\"of\">%s</p><p class=\"word\">%s</p><p>", title, word.text);
}

static void add_counts(struct strbuf *out, const struct facts *f)
{
    const char *separator = "";
    for (size_t s = 0; s < TASK_STATE_COUNT; s++) {
        if (f->counts[s] == 0)
            continue;
        strbuf_addz(out, separator);
        html_add_int(out, (int64_t)f->counts[s]);
        strbuf_addf(out, " %s", task_state_name((enum task_state)s));
        separator = ", ";
    }
    if (f->waiting) {
        strbuf_addz(out, separator);
        html_add_int(out, f->waiting);
        strbuf_addz(out, f->record->status == RUN_RUNNING ? " waiting" : " not begun");
        separator = ", ";
    }
    if (f->retried) {
        strbuf_addz(out, separator);
        html_add_int(out, (int64_t)f->retried);
        strbuf_addz(out, " tried more than once");
    }
    if (*separator == 0)
        strbuf_addz(out, "no task");
}

static void add_verdicts(struct strbuf *out, const struct facts *f, const struct sections_verdict *v)
{
    strbuf_addz(out, "<div class=\"verdicts\">");
    begin_card(out, "The run", run_word(f->record->status));
    strbuf_addz(out, "Tasks: ");
    add_counts(out, f);
    strbuf_addz(out, ".</p></div></div>");
    begin_card(out, "The results", verdict_word(f, v));
    if (v->judged == 0 && f->report->sections->faults.len == 0) {
        strbuf_addz(out, "No output of this run says what its results must be.");
    } else {
        html_add_int(out, (int64_t)v->judged);
        strbuf_addz(out, v->judged == 1 ? " value has a limit: " : " values have a limit: ");
        html_add_int(out, (int64_t)v->failures);
        strbuf_addz(out, " failed, ");
        html_add_int(out, (int64_t)v->warnings);
        strbuf_addz(out, v->warnings == 1 ? " warning" : " warnings");
        if (f->report->sections->faults.len)
            strbuf_addz(out, "; <a href=\"#section-faults\">some sections could not be read</a>");
        strbuf_addz(out, ".");
    }
    strbuf_addz(out, "</p></div></div></div>\n");
}

static void add_error(struct strbuf *out, const struct facts *f)
{
    if (f->start->error.len == 0)
        return;
    strbuf_addz(out, "<p class=\"error\"><strong>Error:</strong> ");
    html_add(out, f->start->error);
    if (f->start->place.len) {
        strbuf_addz(out, " <small>at ");
        html_add(out, f->start->place);
        strbuf_addz(out, "</small>");
    }
    strbuf_addz(out, "</p>\n");
}

static void add_reasons(struct strbuf *out, const struct sections_verdict *v)
{
    enum { SHOWN = 20 };
    if (v->reasons.len == 0)
        return;
    strbuf_addz(out, "<h3>What decided</h3><ul class=\"reasons\">");
    for (size_t i = 0; i < MIN(v->reasons.len, (size_t)SHOWN); i++) {
        const struct verdict_reason *r = &v->reasons.at[i];
        strbuf_addz(out, "<li>");
        add_verdict_badge(out, r->verdict);
        strbuf_addz(out, " <strong>");
        html_add_cut(out, r->subject, 100);
        strbuf_addz(out, r->subject.len ? "</strong> \xe2\x80\x93 " : "</strong>");
        html_add_cut(out, r->what, 200);
        strbuf_addz(out, r->value.len ? ": " : "");
        html_add_cut(out, r->value, 300);
        if (r->limit.len) {
            strbuf_addz(out, " <small>(");
            html_add(out, r->limit);
            strbuf_addz(out, ")</small>");
        }
        strbuf_addz(out, "</li>");
    }
    strbuf_addz(out, "</ul>\n");
    if (v->failures + v->warnings > SHOWN)
        strbuf_addf(out, "<p>and %zu more, marked in the tables below.</p>\n", v->failures + v->warnings - SHOWN);
}

// --- numbers

static void begin_tile(struct strbuf *out, const char *title) { strbuf_addf(out, "<div><dt>%s</dt><dd>", title); }

struct totals {
    Time cpu;
    int64_t memory, read, written;
    Str memory_task;
};

static struct totals add_up(const struct facts *f)
{
    struct totals t = { .cpu = -1, .memory = -1, .read = -1, .written = -1 };
    for (size_t i = 0; i < f->tasks.len; i++) {
        const struct recorded_task *task = f->tasks.at[i].task;
        for (size_t k = 0; k < task->attempts.len; k++) {
            const struct recorded_attempt *at = &task->attempts.at[k];
            const struct measured *m = &at->measured;
            if (at->state == RECORDED_CACHED)
                continue;
            if (m->user >= 0)
                t.cpu = MAX(t.cpu, 0) + m->user + MAX(m->system, 0);
            if (m->read_bytes >= 0)
                t.read = MAX(t.read, 0) + m->read_bytes;
            if (m->written_bytes >= 0)
                t.written = MAX(t.written, 0) + m->written_bytes;
            if (m->peak_memory_bytes > t.memory)
                t.memory = m->peak_memory_bytes, t.memory_task = task->name;
        }
    }
    return t;
}

// One value of a workflow's own: of the only row, or from the least to the most of all.
static void add_headline(struct strbuf *out, const struct section_block *b, size_t column)
{
    struct cell least = { 0 }, most = { 0 };
    struct strbuf text = { 0 };
    Str name = { 0 };
    size_t count = 0;
    for (size_t i = 0; i < b->rows.len; i++) {
        const struct section_row *r = &b->rows.at[i];
        if (column >= r->cells.len || r->cells.at[column].kind != CELL_NUMBER)
            continue;
        struct cell cell = r->cells.at[column];
        least = count == 0 || cell.number < least.number ? cell : least;
        most = count == 0 || cell.number > most.number ? cell : most;
        name = r->name;
        count++;
    }
    if (count == 0)
        return;
    strbuf_addz(out, "<div><dt>");
    html_add_cut(out, b->columns.at[column].title, 60);
    strbuf_addz(out, "</dt><dd>");
    cell_text(&b->columns.at[column], &least, &text);
    if (most.number > least.number) {
        strbuf_addz(&text, " to ");
        cell_text(&b->columns.at[column], &most, &text);
    }
    html_add(out, strbuf_str(&text));
    strbuf_addz(out, " <small>");
    if (count == 1)
        html_add_cut(out, name, 40);
    else
        strbuf_addf(out, "of %zu", count);
    strbuf_addz(out, "</small></dd></div>");
    strbuf_release(&text);
}

// What the workflow says is the main thing: before all that is true of every run.
static void add_headlines(struct strbuf *out, const struct sections *s)
{
    enum { SHOWN = 12 };
    size_t shown = 0;
    for (size_t i = 0; i < s->at.len; i++)
        for (size_t k = 0; k < s->at.at[i]->blocks.len; k++) {
            const struct section_block *b = s->at.at[i]->blocks.at[k];
            for (size_t c = 0; b->kind == BLOCK_METRICS && c < b->columns.len && shown < SHOWN; c++) {
                if (!b->columns.at[c].is_headline)
                    continue;
                strbuf_addz(out, shown++ ? "" : "<dl class=\"tiles main\">");
                add_headline(out, b, c);
            }
        }
    if (shown)
        strbuf_addz(out, "</dl>\n");
}

static void add_tiles(struct strbuf *out, const struct facts *f)
{
    struct totals t = add_up(f);
    strbuf_addz(out, "<dl class=\"tiles\">");
    begin_tile(out, "Tasks");
    html_add_int(out, (int64_t)f->tasks.len + f->waiting);
    strbuf_addz(out, "</dd></div>");
    if (f->rows.len) {
        begin_tile(out, f->has_samples ? "Samples" : "Scattered over");
        html_add_int(out, (int64_t)f->rows.len);
        strbuf_addz(out, "</dd></div>");
    }
    begin_tile(out, f->record->status == RUN_RUNNING ? "Running for" : "Took");
    html_add_duration(out, f->length);
    strbuf_addz(out, "</dd></div>");
    begin_tile(out, "CPU time");
    html_add_duration(out, t.cpu);
    strbuf_addz(out, "</dd></div>");
    begin_tile(out, "Most memory of a task");
    html_add_bytes(out, t.memory);
    strbuf_addz(out, "</dd></div>");
    begin_tile(out, "Read");
    html_add_bytes(out, t.read);
    strbuf_addz(out, "</dd></div>");
    begin_tile(out, "Written");
    html_add_bytes(out, t.written);
    strbuf_addz(out, "</dd></div></dl>\n");
}

static void add_fact(struct strbuf *out, const char *name, Str text)
{
    if (text.len == 0)
        return;
    strbuf_addf(out, "<dt>%s</dt><dd>", name);
    html_add_cut(out, text, 1000);
    strbuf_addz(out, "</dd>");
}

static void add_time_fact(struct strbuf *out, const char *name, Time t)
{
    strbuf_addf(out, "<dt>%s</dt><dd>", name);
    html_add_time(out, t);
    strbuf_addz(out, "</dd>");
}

static void add_facts(struct strbuf *out, const struct facts *f)
{
    const struct recorded_start *s = f->start;
    struct strbuf machine = { 0 };
    strbuf_addf(&machine, STR_FMT " (%g cores, ", STR_ARG(s->host), s->cores);
    html_add_bytes(&machine, s->memory);
    strbuf_addz(&machine, " for tasks)");
    strbuf_addz(out, "<dl class=\"facts\">");
    add_fact(out, "Workflow", s->workflow);
    add_fact(out, "Version", s->version);
    add_fact(out, "Commit", s->commit);
    add_fact(out, "Run", f->record->run);
    add_time_fact(out, "Started", f->record->starts.at[0].started);
    if (f->record->starts.len > 1) {
        strbuf_addf(out, "<dt>Starts</dt><dd>%zu; the last at ", f->record->starts.len);
        html_add_time(out, s->started);
        strbuf_addz(out, "</dd>");
    }
    add_time_fact(out, "Ended", s->ended);
    add_fact(out, "By", s->user);
    add_fact(out, "On", s->host.len ? strbuf_str(&machine) : (Str){ 0 });
    add_fact(out, "Outputs in", s->outdir);
    add_fact(out, "Petri", s->petri);
    add_fact(out, "Damage", str_of(f->record->damage));
    strbuf_addz(out, "</dl>\n");
    strbuf_release(&machine);
}

static void add_warnings(struct strbuf *out, const struct facts *f)
{
    enum { SHOWN = 20 };
    size_t count = f->record->warnings.len;
    if (count == 0)
        return;
    strbuf_addz(out, "<h3>Warnings</h3><ul>");
    for (size_t i = 0; i < MIN(count, (size_t)SHOWN); i++) {
        strbuf_addz(out, "<li>");
        html_add_cut(out, f->record->warnings.at[i], 1000);
        strbuf_addz(out, "</li>");
    }
    strbuf_addz(out, "</ul>\n");
    if (count > SHOWN)
        strbuf_addf(out, "<p>and %zu more.</p>\n", count - SHOWN);
}

void part_summary(struct strbuf *out, const struct facts *f)
{
    struct sections_verdict v = sections_judge(f->arena, f->report->sections);
    add_verdicts(out, f, &v);
    add_error(out, f);
    add_headlines(out, f->report->sections);
    add_reasons(out, &v);
    add_tiles(out, f);
    add_facts(out, f);
    add_warnings(out, f);
}
