// SPDX-License-Identifier: Apache-2.0
// How fast a step worked: amounts that the workflow tells, by times that the record of the run tells. So results hold no times, and are the
// same from run to run.
#include <math.h>

#include "view/report/html.h"
#include "view/report/parts.h"

struct rate {
    size_t tasks, open, earlier;        // of the step; without a result yet; whose result was there before this run
    Time wall, cpu;                     // of all tasks together; cpu -1: not known
    Time busy;                          // while at least one of them ran, in this run; -1: some ran before it
};
struct span_of_task {
    Time from, to;
};

static int by_start(const void *x, const void *y)
{
    Time a = ((const struct span_of_task *)x)->from, b = ((const struct span_of_task *)y)->from;
    return a < b ? -1 : a > b;
}

static Time union_of(struct span_of_task *spans, size_t count)
{
    Time sum = 0, end = -1;
    qsort(spans, count, sizeof *spans, by_start);
    for (size_t i = 0; i < count; i++) {
        sum += MAX(spans[i].to - MAX(spans[i].from, end), 0);
        end = MAX(end, spans[i].to);
    }
    return sum;
}

// The attempt that made the task's result, in this run or before; NULL: there is none with a time.
static const struct recorded_attempt *maker(const struct fact_task *t)
{
    const struct recorded_attempt *found = NULL;
    for (size_t i = 0; i < t->task->attempts.len; i++) {
        const struct recorded_attempt *at = &t->task->attempts.at[i];
        if ((at->state == RECORDED_DONE || (at->state == RECORDED_CACHED && found == NULL)) && at->measured.wall >= 0)
            found = at;
    }
    return found;
}

static struct rate rate_of(const struct facts *f, const struct fact_step *s)
{
    struct rate r = { .tasks = s->tasks.len, .open = (size_t)MAX(s->waiting, 0) };
    struct span_of_task *spans = NEW_ARRAY(f->arena, struct span_of_task, s->tasks.len + 1);
    size_t count = 0;
    for (size_t i = 0; i < s->tasks.len; i++) {
        const struct fact_task *t = &f->tasks.at[s->tasks.at[i]];
        const struct recorded_attempt *at = maker(t);
        bool is_done = t->state == TASK_DONE || t->state == TASK_CACHED;
        if (at == NULL || !is_done) {
            r.open++;
            continue;
        }
        r.wall += at->measured.wall;
        r.cpu = at->measured.user < 0 || r.cpu < 0 ? -1 : r.cpu + at->measured.user + MAX(at->measured.system, 0);
        if (at->state == RECORDED_CACHED || t->started < 0 || t->ended < 0)
            r.earlier++;
        else
            spans[count++] = (struct span_of_task){ t->started, t->ended };
    }
    r.busy = r.earlier || r.open ? -1 : union_of(spans, count);
    return r;
}

static const struct fact_step *step_of(const struct facts *f, Str name)
{
    for (size_t i = 0; f && i < f->steps.len; i++)
        if (str_eq(f->steps.at[i].step->name, name))
            return &f->steps.at[i];
    return NULL;
}

// Three digits, whole numbers from 100 on: more would be noise.
static void add_rate_cell(struct strbuf *out, double amount, Time time)
{
    double v = time > 0 ? amount / ((double)time / SECOND) : NAN;
    struct strbuf text = { 0 };
    html_add_number(&text, v, v < 1 ? 3 : v < 100 ? 1 : 0);
    add_number_cell(out, v, strbuf_str(&text));
    strbuf_release(&text);
}

static void add_amount(struct strbuf *out, const struct section_amount *a, const struct rate *r)
{
    struct strbuf text = { 0 };
    strbuf_addz(out, "<tr>");
    add_head_cell(out, a->unit);
    html_add_number(&text, a->value, -1);
    add_number_cell(out, a->value, strbuf_str(&text));
    add_rate_cell(out, a->value, r->busy);
    add_rate_cell(out, a->value, r->wall);
    add_rate_cell(out, a->value, r->cpu);
    strbuf_addz(out, "</tr>\n");
    strbuf_release(&text);
}

static void add_times(struct strbuf *out, const struct rate *r)
{
    char wall[TIME_TEXT];
    time_duration_text(r->wall, wall);
    strbuf_addf(out, "<p class=\"sub\">%zu task%s of %s together.", r->tasks, r->tasks == 1 ? "" : "s", wall);
    if (r->earlier)
        strbuf_addf(out, " %zu had a result from before this run: what is shown is the time that making it took then.", r->earlier);
    strbuf_addz(out, "</p>\n");
}

void part_rate(struct strbuf *out, const struct section_block *b, const struct facts *f)
{
    static const char *const titles[] = { "What", ">Amount", ">A second of the run", ">A second of a task", ">A second of a core" };
    const struct fact_step *s = step_of(f, b->step);
    struct rate r = s ? rate_of(f, s) : (struct rate){ 0 };
    if (s == NULL || r.tasks == 0 || r.open) {
        strbuf_addz(out, "<p class=\"sub\">How fast the step ");
        html_add_cut(out, b->step, 100);
        strbuf_addz(out, s && r.open ? " was, is not known before all of its tasks are done.</p>\n"
                                     : " was, is not known: this run has no tasks of it.</p>\n");
        return;
    }
    table_open(out, b->title, titles, LEN(titles), b->amounts.len);
    for (size_t i = 0; i < b->amounts.len; i++)
        add_amount(out, &b->amounts.at[i], &r);
    table_close(out);
    add_times(out, &r);
}
