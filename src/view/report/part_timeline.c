// SPDX-License-Identifier: Apache-2.0
// When what ran. Few attempts: a bar each. Many: for each step how many ran at once. The tasks that decided how long the run took
// are marked, and listed in their order. The time between two starts of a run is left out.
#include <math.h>

#include "view/report/html.h"
#include "view/report/parts.h"
#include "view/report/plot.h"

enum { WIDTH = 960, LEFT = 200, RIGHT = 16, ROW = 18, LANE = 34, TOP = 24, BARS_MAX = 150, LANES_MAX = 60, BUCKETS = 240, PATH_SHOWN = 60 };

struct drawing {
    struct strbuf *out;
    const struct facts *f;
    double scale;                       // drawing per nanosecond
    bool *is_critical;                  // by task
};

static double x_of(const struct drawing *d, Time t) { return LEFT + (double)t * d->scale; }

// --- the axis

static Time tick_step(Time length)
{
    static const Time steps[] = { 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 15000, 30000, 60000, 120000, 300000, 600000, 900000,
                                  1800000, 3600000, 7200000, 10800000, 21600000, 43200000, 86400000 };
    for (size_t i = 0; i < LEN(steps); i++)
        if (length / (steps[i] * MILLISECOND) <= 8)
            return steps[i] * MILLISECOND;
    Time day = 86400 * SECOND;
    return (length / 8 / day + 1) * day;
}

static void add_tick_text(struct strbuf *out, double x, Time t)
{
    struct strbuf text = { 0 };
    if (t == 0)
        strbuf_addc(&text, '0');
    else if (t < SECOND)
        strbuf_addf(&text, "%lld ms", (long long)(t / MILLISECOND));
    else if (t < 60 * SECOND)
        strbuf_addf(&text, "%g s", (double)t / 1e9);
    else if (t < 3600 * SECOND)
        strbuf_addf(&text, t % (60 * SECOND) ? "%lld:%02lld min" : "%lld min", (long long)(t / SECOND / 60), (long long)(t / SECOND % 60));
    else if (t < 86400 * SECOND || t % (86400 * SECOND))
        strbuf_addf(&text, "%lld:%02lld h", (long long)(t / SECOND / 3600), (long long)(t / SECOND / 60 % 60));
    else
        strbuf_addf(&text, "%lld d", (long long)(t / SECOND / 86400));
    svg_add_text(out, x, 14, "middle", strbuf_str(&text), 20);
    strbuf_release(&text);
}

static void add_vertical(struct strbuf *out, const char *class, double x, double bottom)
{
    strbuf_addf(out, "<path class=\"%s\" d=\"M%.2f %dV%.0f\"/>", class, x, TOP - 4, bottom);
}

static void begin(struct drawing *d, double height, const char *what)
{
    strbuf_addf(d->out, "<div class=\"wide\" tabindex=\"0\"><svg class=\"timeline\" role=\"img\" viewBox=\"0 0 %d %.0f\">", WIDTH, height);
    strbuf_addf(d->out, "<title>Timeline</title><desc>%s over ", what);
    html_add_duration(d->out, d->f->length);
    strbuf_addz(d->out, ".</desc>");
    Time step = tick_step(d->f->length);
    for (Time t = 0; t <= d->f->length; t += step) {
        add_vertical(d->out, "grid", x_of(d, t), height);
        add_tick_text(d->out, x_of(d, t), t);
    }
    for (size_t i = 1; i < d->f->record->starts.len; i++)
        add_vertical(d->out, "restart", x_of(d, d->f->offsets[i]), height);
}

static void end(struct drawing *d) { strbuf_addz(d->out, "</svg></div>\n"); }

// --- a bar each

static const char *bar_class(const struct fact_task *t, const struct recorded_attempt *at)
{
    if (at->state == RECORDED_FAILED)
        return "failed";
    if (at->state == RECORDED_RUNNING)
        return "running";
    return at->state == RECORDED_DONE ? "done" : task_state_name(t->state);
}

static void add_bar(struct drawing *d, const struct fact_task *t, const struct recorded_attempt *at, double y)
{
    Time from, to;
    if (!facts_attempt_times(d->f, at, &from, &to))
        return;
    if (to < 0)
        to = d->f->length;
    bool decides = d->is_critical[t->index] && at == t->ran;
    strbuf_addf(d->out, "<rect class=\"%s%s\" x=\"%.2f\" y=\"%.0f\" width=\"%.2f\" height=\"%d\" rx=\"2\"><title>", bar_class(t, at),
                decides ? " crit" : "", x_of(d, from), y, MAX((double)(to - from) * d->scale, 1.5), ROW - 5);
    html_add_cut(d->out, t->task->name, 100);
    strbuf_addf(d->out, ", %s, ", recorded_state_name(at->state));
    html_add_duration(d->out, to - from);
    strbuf_addz(d->out, "</title></rect>");
}

static int by_begin(const void *x, const void *y)
{
    const struct fact_task *a = *(const struct fact_task *const *)x, *b = *(const struct fact_task *const *)y;
    return a->started != b->started ? (a->started < b->started ? -1 : 1) : a->index < b->index ? -1 : 1;
}

static void add_bars(struct drawing *d, const struct fact_task **ran, size_t count)
{
    qsort(ran, count, sizeof *ran, by_begin);
    begin(d, TOP + ROW * (double)count + 4, "A bar for each task");
    for (size_t i = 0; i < count; i++) {
        double y = TOP + ROW * (double)i;
        svg_add_text(d->out, LEFT - 8, y + ROW - 6, "end", ran[i]->task->name, 30);
        for (size_t k = 0; k < ran[i]->task->attempts.len; k++)
            add_bar(d, ran[i], &ran[i]->task->attempts.at[k], y + 2);
    }
    end(d);
}

// --- how many at once

// Adds `weight` for the time from `from` to `to` to the buckets, as their mean.
static void spread_over(double *buckets, Time length, Time from, Time to, double weight)
{
    double first = (double)from / (double)length * BUCKETS, last = (double)to / (double)length * BUCKETS;
    for (size_t i = (size_t)MAX(0, first); i < BUCKETS && (double)i < last; i++) {
        double begin_at = MAX(first, (double)i), end_at = MIN(last, (double)i + 1);
        buckets[i] += weight * MAX(0, end_at - begin_at);
    }
}

static double most_of(const double *buckets)
{
    double most = 0;
    for (size_t i = 0; i < BUCKETS; i++)
        most = MAX(most, buckets[i]);
    return most;
}

static void add_lane(struct drawing *d, const char *class, Str name, const double *buckets, double peak, double y)
{
    double most = most_of(buckets);
    double width = (double)(WIDTH - LEFT - RIGHT) / BUCKETS, bottom = y + LANE - 6, height = LANE - 10;
    struct strbuf text = { 0 };
    svg_add_text(d->out, LEFT - 8, y + 15, "end", name, 30);
    strbuf_addz(&text, "at most ");
    html_add_number(&text, peak, -1);
    svg_add_text(d->out, LEFT - 8, y + 28, "end", strbuf_str(&text), 30);
    strbuf_addf(d->out, "<path class=\"%s\" d=\"M%d %.1f", class, LEFT, bottom);
    double before = -1;
    for (size_t i = 0; i < BUCKETS; i++) {
        double at = bottom - height * (most > 0 ? buckets[i] / most : 0);
        if (fabs(at - before) > 0.05)
            strbuf_addf(d->out, "H%.1fV%.1f", LEFT + width * (double)i, at);
        before = at;
    }
    strbuf_addf(d->out, "H%dV%.1fZ\"/><path class=\"axis\" d=\"M%d %.1fH%d\"/>", WIDTH - RIGHT, bottom, LEFT, bottom, WIDTH - RIGHT);
    strbuf_release(&text);
}

// A change of how much runs: at its begin, and back at its end.
struct change {
    Time at;
    double tasks, cores;
};
struct changes {
    VEC(struct change) list;
};

static int by_time(const void *x, const void *y)
{
    const struct change *a = x, *b = y;
    return a->at != b->at ? (a->at < b->at ? -1 : 1) : a->tasks < b->tasks ? -1 : a->tasks > b->tasks;   // ends before begins
}

struct peak {
    double tasks, cores;
};

// The most that ran at any one moment.
static struct peak peak_of(struct changes *c)
{
    struct peak now = { 0 }, most = { 0 };
    if (c->list.len)
        qsort(c->list.at, c->list.len, sizeof *c->list.at, by_time);
    for (size_t i = 0; i < c->list.len; i++) {
        now.tasks += c->list.at[i].tasks, now.cores += c->list.at[i].cores;
        most.tasks = MAX(most.tasks, now.tasks), most.cores = MAX(most.cores, now.cores);
    }
    return most;
}

static void sum_step(const struct facts *f, const struct fact_step *s, double *running, double *cores, struct changes *changes)
{
    for (size_t i = 0; i < s->tasks.len; i++) {
        const struct recorded_task *t = f->tasks.at[s->tasks.at[i]].task;
        for (size_t k = 0; k < t->attempts.len; k++) {
            Time from, to;
            if (!facts_attempt_times(f, &t->attempts.at[k], &from, &to))
                continue;
            to = to < 0 ? f->length : to;
            spread_over(running, f->length, from, to, 1);
            double reserved = t->attempts.at[k].cores;
            spread_over(cores, f->length, from, to, reserved);
            vec_push(f->arena, &changes->list, (struct change){ from, 1, reserved });
            vec_push(f->arena, &changes->list, (struct change){ to, -1, -reserved });
        }
    }
}

static void add_path_lane(struct drawing *d, double y)
{
    const struct facts *f = d->f;
    svg_add_text(d->out, LEFT - 8, y + 17, "end", STR("Critical path"), 30);
    for (size_t i = 0; i < f->critical.len; i++) {
        const struct fact_task *t = &f->tasks.at[f->critical.at[i]];
        strbuf_addf(d->out, "<rect class=\"done crit\" x=\"%.2f\" y=\"%.0f\" width=\"%.2f\" height=\"%d\"><title>", x_of(d, t->started), y + 5,
                    MAX((double)(t->ended - t->started) * d->scale, 1), ROW - 4);
        html_add_cut(d->out, t->task->name, 100);
        strbuf_addz(d->out, ", ");
        html_add_duration(d->out, t->ended - t->started);
        strbuf_addz(d->out, "</title></rect>");
    }
}

static void add_lanes(struct drawing *d)
{
    const struct facts *f = d->f;
    size_t lanes = 0, left_out = 0;
    double *cores = NEW_ARRAY(f->arena, double, BUCKETS), *running = NEW_ARRAY(f->arena, double, BUCKETS * (f->steps.len + 1));
    struct changes all = { 0 };
    struct peak *peaks = NEW_ARRAY(f->arena, struct peak, f->steps.len + 1);
    for (size_t i = 0; i < f->steps.len; i++) {
        struct changes changes = { 0 };
        sum_step(f, &f->steps.at[i], running + i * BUCKETS, cores, &changes);
        for (size_t k = 0; k < changes.list.len; k++)
            vec_push(f->arena, &all.list, changes.list.at[k]);
        peaks[i] = peak_of(&changes);
        lanes += f->steps.at[i].first >= 0;
    }
    left_out = lanes > LANES_MAX ? lanes - LANES_MAX : 0;
    lanes = MIN(lanes, (size_t)LANES_MAX);
    begin(d, TOP + LANE * (double)(lanes + 1 + (f->critical.len > 0)) + 4, "How many tasks of each step ran at once");
    double y = TOP;
    add_lane(d, "lane cores", STR("Cores reserved"), cores, peak_of(&all).cores, y);
    if (f->critical.len)
        add_path_lane(d, y += LANE);
    for (size_t i = 0, shown = 0; i < f->steps.len && shown < lanes; i++) {
        if (f->steps.at[i].first < 0)
            continue;
        add_lane(d, "lane", f->steps.at[i].step->name, running + i * BUCKETS, peaks[i].tasks, y += LANE);
        shown++;
    }
    end(d);
    if (left_out)
        strbuf_addf(d->out, "<p class=\"sub\">%zu more steps are not drawn.</p>\n", left_out);
}

// --- the path

static void add_path_row(struct strbuf *out, const struct facts *f, size_t i)
{
    const struct fact_task *t = &f->tasks.at[f->critical.at[i]];
    Time ready = i ? f->tasks.at[f->critical.at[i - 1]].ended : 0, took = t->ended - t->started;
    struct strbuf text = { 0 };
    strbuf_addz(out, "<tr>");
    add_head_cell(out, t->task->name);
    add_duration_cell(out, MAX(t->started - ready, 0));
    add_duration_cell(out, took);
    double share = 100 * (double)took / (double)f->length;
    html_add_number(&text, share, 1);
    strbuf_addz(&text, "\xc2\xa0%");
    add_number_cell(out, share, strbuf_str(&text));
    strbuf_addz(out, "</tr>\n");
    strbuf_release(&text);
}

// Where the path's tasks mostly waited: was it for cores?
static void add_bottleneck(struct strbuf *out, const struct facts *f, Time busy)
{
    double core_time = 0;
    if (busy > f->length / 2 || !(f->start->cores > 0))
        return;
    for (size_t i = 0; i < f->tasks.len; i++) {
        const struct recorded_task *t = f->tasks.at[i].task;
        for (size_t k = 0; k < t->attempts.len; k++) {
            Time from, to;
            if (facts_attempt_times(f, &t->attempts.at[k], &from, &to))
                core_time += (double)((to < 0 ? f->length : to) - from) * t->attempts.at[k].cores;
        }
    }
    double mean = core_time / (double)f->length;
    strbuf_addz(out, "<p>That is less than half of the run. In the mean ");
    html_add_number(out, mean, 1);
    strbuf_addf(out, " of %g cores were reserved: ", f->start->cores);
    strbuf_addz(out, mean > 0.7 * f->start->cores ? "more cores would shorten the run more than faster tasks."
                                                  : "cores were free, so memory, limits or the evaluation held it up.");
    strbuf_addz(out, "</p>\n");
}

static void add_path(struct strbuf *out, const struct facts *f)
{
    static const char *const titles[] = { "Task", ">Waited before", ">Took", ">Of the run" };
    Time busy = 0;
    if (f->critical.len == 0)
        return;
    for (size_t i = 0; i < f->critical.len; i++)
        busy += f->tasks.at[f->critical.at[i]].ended - f->tasks.at[f->critical.at[i]].started;
    strbuf_addz(out, "<h3>Critical path</h3><p>The chain of tasks, each waiting for the one before, that ended last: ");
    html_add_duration(out, busy);
    strbuf_addz(out, " of work in a run of ");
    html_add_duration(out, f->length);
    strbuf_addz(out, ". Whatever shortens one of these shortens the run; what they waited is for the evaluation, the copying of inputs, or "
                     "free cores and memory.</p>\n");
    add_bottleneck(out, f, busy);
    table_open(out, STR("From the first to the last"), titles, LEN(titles), f->critical.len);
    size_t from = f->critical.len > PATH_SHOWN ? f->critical.len - PATH_SHOWN : 0;
    for (size_t i = from; i < f->critical.len; i++)
        add_path_row(out, f, i);
    table_close(out);
    if (from)
        strbuf_addf(out, "<p class=\"sub\">The last %d of %zu tasks on the path.</p>\n", PATH_SHOWN, f->critical.len);
}

void part_timeline(struct strbuf *out, const struct facts *f)
{
    struct drawing d = { .out = out, .f = f, .scale = (WIDTH - LEFT - RIGHT) / (double)f->length };
    const struct fact_task **ran = NEW_ARRAY(f->arena, const struct fact_task *, f->tasks.len + 1);
    size_t count = 0;
    d.is_critical = NEW_ARRAY(f->arena, bool, f->tasks.len + 1);
    for (size_t i = 0; i < f->critical.len; i++)
        d.is_critical[f->critical.at[i]] = true;
    for (size_t i = 0; i < f->tasks.len; i++)
        if (f->tasks.at[i].started >= 0)
            ran[count++] = &f->tasks.at[i];
    if (count == 0) {
        strbuf_addz(out, "<p class=\"none\">Nothing ran: every result was known.</p>\n");
        return;
    }
    if (count <= BARS_MAX)
        add_bars(&d, ran, count);
    else
        add_lanes(&d);
    if (f->record->starts.len > 1)
        strbuf_addz(out, "<p class=\"sub\">A dashed line is where the run was started again; the time between is left out.</p>\n");
    add_path(out, f);
}
