// SPDX-License-Identifier: Apache-2.0
// Tasks one by one: all of them where they are few, else what failed, what was tried again, and what took longest.
#include <math.h>

#include "view/report/html.h"
#include "view/report/parts.h"

enum { TASKS_SHOWN = 1000 };

static int rank_of(const struct fact_task *t)
{
    return t->state == TASK_FAILED ? 4 : t->state == TASK_LOST || t->state == TASK_CANCELLED ? 3 : t->state == TASK_RUNNING ? 2 : t->attempts > 1;
}

static Time took_of(const struct fact_task *t) { return t->ended >= 0 ? t->ended - t->started : -1; }

static int by_interest(const void *x, const void *y)
{
    const struct fact_task *a = *(const struct fact_task *const *)x, *b = *(const struct fact_task *const *)y;
    if (rank_of(a) != rank_of(b))
        return rank_of(b) - rank_of(a);
    if (took_of(a) != took_of(b))
        return took_of(a) < took_of(b) ? 1 : -1;
    return a->index < b->index ? -1 : 1;
}

static void add_task(struct strbuf *out, const struct fact_task *t)
{
    const struct measured *m = t->ran ? &t->ran->measured : NULL;
    struct strbuf number = { 0 };
    strbuf_addz(out, "<tr>");
    add_head_cell(out, t->task->name);
    strbuf_addz(out, "<td>");
    add_state(out, t->state, true);
    strbuf_addz(out, "</td>");
    add_text_cell(out, t->row);
    html_add_int(&number, (int64_t)t->attempts);
    add_number_cell(out, (double)t->attempts, strbuf_str(&number));
    add_duration_cell(out, t->started);
    add_duration_cell(out, took_of(t));
    add_duration_cell(out, m && m->user >= 0 ? m->user + MAX(m->system, 0) : -1);
    add_bytes_cell(out, m ? m->peak_memory_bytes : -1);
    add_bytes_cell(out, m ? m->read_bytes : -1);
    add_bytes_cell(out, m ? m->written_bytes : -1);
    strbuf_addz(out, "</tr>\n");
    strbuf_release(&number);
}

void part_tasks(struct strbuf *out, const struct facts *f)
{
    static const char *const titles[] = { "Task", "State", "Sample", ">Attempts", ">Began", ">Took", ">CPU time", ">Memory", ">Read", ">Written" };
    const struct fact_task **order = NEW_ARRAY(f->arena, const struct fact_task *, f->tasks.len + 1);
    for (size_t i = 0; i < f->tasks.len; i++)
        order[i] = &f->tasks.at[i];
    if (f->tasks.len > TASKS_SHOWN)
        qsort(order, f->tasks.len, sizeof *order, by_interest);
    table_open(out, STR("Times from the run's begin; of the last attempt"), titles, LEN(titles), f->tasks.len);
    for (size_t i = 0; i < MIN(f->tasks.len, (size_t)TASKS_SHOWN); i++)
        add_task(out, order[i]);
    table_close(out);
    if (f->tasks.len > TASKS_SHOWN) {
        strbuf_addz(out, "<p class=\"sub\">");
        html_add_part(out, TASKS_SHOWN, f->tasks.len);
        strbuf_addz(out, " tasks: failed, tried again, longest. All of them: <code>petri show ");
        html_add(out, f->record->run);
        strbuf_addz(out, " --tasks</code></p>\n");
    }
}
