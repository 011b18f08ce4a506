// SPDX-License-Identifier: Apache-2.0
// What each step asked for and what it used: cores, memory, reading and writing; and what it should ask for.
#include <math.h>

#include "view/report/html.h"
#include "view/report/parts.h"
#include "view/report/suggest.h"

struct step_use {
    struct usage usage;
    double *cores;                      // used, by attempt
    Time *walls;
    size_t core_count, wall_count;
    Time cpu, io_wait;
    int64_t read, written;              // together; -1: not known
    bool is_earlier;                    // measured when the results were made, in an earlier run
};

static int by_number(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return a < b ? -1 : a > b;
}

static int by_time(const void *x, const void *y)
{
    Time a = *(const Time *)x, b = *(const Time *)y;
    return a < b ? -1 : a > b;
}

static void add_attempt(struct step_use *u, const struct recorded_attempt *at)
{
    const struct measured *m = &at->measured;
    if (m->wall < 0 || at->state == RECORDED_RUNNING)
        return;
    u->usage.measured++;
    u->usage.wall += m->wall;
    u->walls[u->wall_count++] = m->wall;
    u->usage.cores_asked = MAX(u->usage.cores_asked, at->cores);
    if (at->number <= 1)                                // what the workflow asked for; a further attempt may get more
        u->usage.memory_asked = MAX(u->usage.memory_asked, at->memory);
    u->usage.memory_used = MAX(u->usage.memory_used, m->peak_memory_bytes);
    if (str_is(value_get_str(at->limit, STR("name")), "memory"))
        u->usage.memory_limit_hit = MAX(u->usage.memory_limit_hit, MAX(m->peak_memory_bytes, value_get_int(at->limit, STR("limit"), at->memory)));
    if (m->user >= 0) {
        Time cpu = m->user + MAX(m->system, 0);
        u->cpu = MAX(u->cpu, 0) + cpu;
        if (m->wall > 0)
            u->cores[u->core_count++] = (double)cpu / (double)m->wall;
    }
    if (at->measured.io_wait >= 0)
        u->io_wait = MAX(u->io_wait, 0) + at->measured.io_wait;
    if (m->read_bytes >= 0)
        u->read = MAX(u->read, 0) + m->read_bytes;
    if (m->written_bytes >= 0)
        u->written = MAX(u->written, 0) + m->written_bytes;
}

static void add_attempts(const struct facts *f, const struct fact_step *s, struct step_use *u, bool cached)
{
    for (size_t i = 0; i < s->tasks.len; i++) {
        const struct recorded_task *t = f->tasks.at[s->tasks.at[i]].task;
        for (size_t k = 0; k < t->attempts.len; k++)
            if ((t->attempts.at[k].state == RECORDED_CACHED) == cached)
                add_attempt(u, &t->attempts.at[k]);
    }
}

static struct step_use use_of(struct arena *a, const struct facts *f, const struct fact_step *s)
{
    size_t attempts = 0;
    for (size_t i = 0; i < s->tasks.len; i++)
        attempts += f->tasks.at[s->tasks.at[i]].task->attempts.len;
    struct step_use u = { .usage = { .cores_used = NAN, .memory_used = -1 }, .cpu = -1, .io_wait = -1, .read = -1, .written = -1 };
    u.cores = NEW_ARRAY(a, double, attempts + 1);
    u.walls = NEW_ARRAY(a, Time, attempts + 1);
    add_attempts(f, s, &u, false);
    if (u.usage.measured == 0) {
        add_attempts(f, s, &u, true);
        u.is_earlier = u.usage.measured > 0;
    }
    qsort(u.cores, u.core_count, sizeof *u.cores, by_number);
    qsort(u.walls, u.wall_count, sizeof *u.walls, by_time);
    if (u.core_count)
        u.usage.cores_used = u.cores[(u.core_count - 1) * 95 / 100];
    return u;
}

// Used against asked: the bar is what was used, the line what was asked.
static void add_bullet(struct strbuf *out, double used, double asked)
{
    enum { LENGTH = 100 };
    double whole = MAX(used, asked);
    if (!(used >= 0) || !(asked > 0) || !(whole > 0))
        return;
    strbuf_addf(out, "<svg class=\"bullet\" viewBox=\"0 0 %d 10\" aria-hidden=\"true\">", LENGTH + 2);
    strbuf_addf(out, "<rect class=\"track\" width=\"%.1f\" height=\"10\"/>", asked / whole * LENGTH);
    strbuf_addf(out, "<rect class=\"%s\" y=\"2\" width=\"%.1f\" height=\"6\"/><path class=\"asked\" d=\"M%.1f 0V10\"/></svg>",
                used > asked * 1.05 ? "over" : "used", MAX(used / whole * LENGTH, 0.5), asked / whole * LENGTH);
}

static void add_cores_cell(struct strbuf *out, const struct usage *u)
{
    struct strbuf text = { 0 };
    html_add_number(&text, u->cores_used, 1);
    strbuf_addz(&text, " of ");
    html_add_number(&text, u->cores_asked > 0 ? u->cores_asked : NAN, -1);
    add_bullet(&text, u->cores_used, u->cores_asked);
    add_number_cell(out, u->cores_used, strbuf_str(&text));
    strbuf_release(&text);
}

static void add_memory_cell(struct strbuf *out, const struct usage *u)
{
    struct strbuf text = { 0 };
    html_add_bytes(&text, u->memory_used);
    strbuf_addz(&text, " of ");
    html_add_bytes(&text, u->memory_asked > 0 ? u->memory_asked : -1);
    add_bullet(&text, (double)u->memory_used, (double)u->memory_asked);
    add_number_cell(out, u->memory_used >= 0 ? (double)u->memory_used : NAN, strbuf_str(&text));
    strbuf_release(&text);
}

static void add_suggestion(struct strbuf *out, const struct usage *u)
{
    struct suggestion s = suggest_request(u);
    strbuf_addz(out, "<td>");
    if (s.memory == ADVICE_MORE || s.memory == ADVICE_LESS) {
        strbuf_addf(out, "<span class=\"advice %s\">memory ", s.memory == ADVICE_MORE ? "more" : "less");
        html_add_bytes(out, s.memory_bytes);
        strbuf_addz(out, "</span>");
    }
    if (s.cores == ADVICE_MORE || s.cores == ADVICE_LESS) {
        strbuf_addf(out, "%s<span class=\"advice %s\">%g %s</span>", s.memory == ADVICE_MORE || s.memory == ADVICE_LESS ? "<br>" : "",
                    s.cores == ADVICE_MORE ? "more" : "less", s.core_count, s.core_count == 1 ? "core" : "cores");
    }
    if (s.memory == ADVICE_NONE && s.cores == ADVICE_NONE)
        strbuf_addz(out, "\xe2\x80\x93");
    else if ((s.memory == ADVICE_FITS || s.memory == ADVICE_NONE) && (s.cores == ADVICE_FITS || s.cores == ADVICE_NONE))
        strbuf_addz(out, "fits");
    strbuf_addz(out, "</td>");
}

static void add_wall_cell(struct strbuf *out, const struct step_use *u)
{
    struct strbuf text = { 0 };
    Time middle = u->wall_count ? u->walls[u->wall_count / 2] : -1;
    html_add_duration(&text, middle);
    if (u->wall_count > 1) {
        strbuf_addz(&text, "<br><small>");
        html_add_duration(&text, u->walls[0]);
        strbuf_addz(&text, " to ");
        html_add_duration(&text, u->walls[u->wall_count - 1]);
        strbuf_addz(&text, "</small>");
    }
    add_number_cell(out, middle >= 0 ? (double)middle / 1e9 : NAN, strbuf_str(&text));
    strbuf_release(&text);
}

static void add_traffic_cell(struct strbuf *out, int64_t read, int64_t written)
{
    struct strbuf text = { 0 };
    html_add_bytes(&text, read);
    strbuf_addz(&text, "<br>");
    html_add_bytes(&text, written);
    add_number_cell(out, read >= 0 || written >= 0 ? (double)MAX(read, 0) + (double)MAX(written, 0) : NAN, strbuf_str(&text));
    strbuf_release(&text);
}

static void add_step(struct strbuf *out, const struct facts *f, const struct fact_step *s, bool *any_earlier)
{
    struct arena scratch = { 0 };
    struct step_use u = use_of(&scratch, f, s);
    struct strbuf count = { 0 };
    strbuf_addz(out, "<tr>");
    add_head_cell(out, s->step->name);
    html_add_int(&count, (int64_t)u.usage.measured);
    strbuf_addz(&count, u.is_earlier ? "*" : "");
    add_number_cell(out, (double)u.usage.measured, strbuf_str(&count));
    add_wall_cell(out, &u);
    add_duration_cell(out, u.cpu);
    add_cores_cell(out, &u.usage);
    add_memory_cell(out, &u.usage);
    add_suggestion(out, &u.usage);
    add_traffic_cell(out, u.read, u.written);
    add_duration_cell(out, u.io_wait);
    strbuf_addz(out, "</tr>\n");
    *any_earlier |= u.is_earlier;
    strbuf_release(&count);
    arena_release(&scratch);
}

void part_resources(struct strbuf *out, const struct facts *f)
{
    static const char *const titles[] = {
        "Step", ">Attempts", ">Took<br>(middle)", ">CPU time", ">Cores:<br>used of asked", ">Memory:<br>used of asked", "Should ask for",
        ">Read,<br>written", ">Waited<br>for disk",
    };
    bool any_earlier = false;
    size_t rows = 0;
    for (size_t i = 0; i < f->steps.len; i++)
        rows += f->steps.at[i].tasks.len > 0;
    strbuf_addz(out, "<p>Cores: what nineteen of twenty attempts stayed below. Memory: the most of any attempt. In the bars, the line is "
                     "what was asked for. A suggestion leaves a quarter of headroom in memory, and is made only where tasks ran for long "
                     "enough.</p>\n");
    table_open(out, STR("By step"), titles, LEN(titles), rows);
    for (size_t i = 0; i < f->steps.len; i++)
        if (f->steps.at[i].tasks.len)
            add_step(out, f, &f->steps.at[i], &any_earlier);
    table_close(out);
    if (any_earlier)
        strbuf_addz(out, "<p class=\"sub\">* Results that were known: measured in the run that made them.</p>\n");
}
