// SPDX-License-Identifier: Apache-2.0
// What failed, with the end of what it wrote. Tasks of one step that failed for the same reason are told once.
#include "view/report/html.h"
#include "view/report/parts.h"

enum { KINDS_SHOWN = 30, NAMES_SHOWN = 50, LOG_COLUMNS = 400 };

struct failure_kind {
    const struct fact_task *first;
    VEC(const struct fact_task *) others;
};

static void add_names(struct strbuf *out, const struct failure_kind *k)
{
    if (k->others.len == 0)
        return;
    strbuf_addf(out, "<details><summary>%zu more %s failed in the same way</summary><p>", k->others.len, k->others.len == 1 ? "task" : "tasks");
    for (size_t i = 0; i < MIN(k->others.len, (size_t)NAMES_SHOWN); i++) {
        strbuf_addz(out, i ? ", " : "");
        html_add_cut(out, k->others.at[i]->task->name, 100);
    }
    if (k->others.len > NAMES_SHOWN)
        strbuf_addf(out, " and %zu more", k->others.len - NAMES_SHOWN);
    strbuf_addz(out, "</p></details>\n");
}

static void add_ending(struct strbuf *out, const struct fact_task *t)
{
    const struct recorded_attempt *at = recorded_task_last(t->task);
    Time took = t->ended >= 0 && t->started >= 0 ? t->ended - t->started : -1;
    strbuf_addz(out, "<p class=\"sub\">");
    if (at->signal)
        strbuf_addf(out, "ended by signal %d; ", at->signal);
    else if (at->exit_code >= 0)
        strbuf_addf(out, "exit code %d; ", at->exit_code);
    if (at->is_timed_out)
        strbuf_addz(out, "at its time limit; ");
    strbuf_addf(out, "%zu %s; ", t->attempts, t->attempts == 1 ? "attempt" : "attempts");
    strbuf_addz(out, "the last took ");
    html_add_duration(out, took);
    if (at->measured.peak_memory_bytes >= 0) {
        strbuf_addz(out, ", at most ");
        html_add_bytes(out, at->measured.peak_memory_bytes);
        strbuf_addz(out, " of memory");
    }
    if (at->memory > 0) {
        strbuf_addz(out, " (asked: ");
        html_add_bytes(out, at->memory);
        strbuf_addz(out, ")");
    }
    strbuf_addz(out, "</p>\n");
}

static void add_log(struct strbuf *out, const struct facts *f, const struct fact_task *t)
{
    if (f->report->log_end == NULL) {
        strbuf_addz(out, "<p class=\"none\">Its log is not part of this report.</p>\n");
        return;
    }
    struct arena scratch = { 0 };
    Str text = f->report->log_end(f->report->arg, &scratch, recorded_task_last(t->task));
    if (text.len) {
        strbuf_addz(out, "<p class=\"label\">The end of its log</p><pre class=\"log\" tabindex=\"0\">");
        html_add_log(out, text, LOG_COLUMNS);
        strbuf_addz(out, "</pre>\n");
    } else {
        strbuf_addz(out, "<p class=\"none\">It wrote nothing, or its log is no longer kept.</p>\n");
    }
    arena_release(&scratch);
}

static void add_kind(struct strbuf *out, const struct facts *f, const struct failure_kind *k)
{
    const struct recorded_task *task = k->first->task;
    strbuf_addz(out, "<article class=\"failure\"><h3>");
    add_state(out, k->first->state, false);
    strbuf_addc(out, ' ');
    html_add_cut(out, task->name, 200);
    strbuf_addz(out, "</h3><p>");
    html_add_cut(out, recorded_task_last(task)->why, 2000);
    strbuf_addz(out, "</p>\n");
    add_ending(out, k->first);
    add_log(out, f, k->first);
    add_names(out, k);
    strbuf_addz(out, "<p class=\"sub\">All of it: <code>petri logs ");
    html_add(out, f->record->run);
    strbuf_addz(out, " '");
    html_add_cut(out, task->name, 200);
    strbuf_addz(out, "'</code></p></article>\n");
}

void part_failures(struct strbuf *out, const struct facts *f)
{
    struct map kinds = { 0 };
    for (size_t i = 0; i < f->tasks.len; i++) {
        const struct fact_task *t = &f->tasks.at[i];
        if (t->state != TASK_FAILED)
            continue;
        Str key = str_printf(f->arena, "%zu " STR_FMT, t->task->step->index, STR_ARG(recorded_task_last(t->task)->why));
        struct failure_kind *k = map_find(&kinds, key);
        if (k) {
            vec_push(f->arena, &k->others, t);
            continue;
        }
        k = NEW(f->arena, struct failure_kind);
        k->first = t;
        map_set(&kinds, key, k);
    }
    for (size_t i = 0; i < MIN(kinds.len, (size_t)KINDS_SHOWN); i++)
        add_kind(out, f, kinds.entries[i].value);
    if (kinds.len > KINDS_SHOWN)
        strbuf_addf(out, "<p>Tasks failed in %zu more ways: see the tasks below, and <code>petri logs</code>.</p>\n", kinds.len - KINDS_SHOWN);
    map_release(&kinds);
}
