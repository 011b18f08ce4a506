// SPDX-License-Identifier: Apache-2.0
// The record from a report's point of view. Adds up and connects; draws nothing.
#include "view/report/facts.h"

const char *task_state_name(enum task_state s)
{
    static const char *const names[] = {
#define X(name, text) text,
        TASK_STATES(X)
#undef X
    };
    return names[s];
}

// --- the run's own clock

static Time start_end(const struct facts *f, size_t i)
{
    const struct recorded_start *s = &f->record->starts.at[i];
    bool is_last = i + 1 == f->record->starts.len;
    Time end = s->ended ? s->ended : is_last && f->record->status == RUN_RUNNING ? f->report->now : 0;
    if (end == 0 && is_last)
        end = f->record->last;                          // interrupted: its last word
    if (end == 0)                                       // interrupted, then resumed: the last word of what it started
        for (size_t k = 0; k < f->record->tasks.len; k++) {
            const struct recorded_task *t = f->record->tasks.entries[k].value;
            for (size_t n = 0; n < t->attempts.len; n++)
                if (t->attempts.at[n].start == i)
                    end = MAX(end, MAX(t->attempts.at[n].recorded, t->attempts.at[n].submitted));
        }
    return MAX(end, s->started);
}

static void set_clock(struct facts *f)
{
    Time *offsets = NEW_ARRAY(f->arena, Time, f->record->starts.len), at = 0;
    for (size_t i = 0; i < f->record->starts.len; i++) {
        offsets[i] = at;
        at += start_end(f, i) - f->record->starts.at[i].started;
    }
    f->offsets = offsets;
    f->length = MAX(at, 1);
}

// It was about to begin when the run's end came: nothing of it ran.
static bool never_began(const struct facts *f, const struct recorded_attempt *at)
{
    bool has_word = at->recorded || at->measured.started;
    return at->state == RECORDED_CACHED || (at->state == RECORDED_LOST && !has_word && f->record->starts.at[at->start].ended);
}

bool facts_attempt_times(const struct facts *f, const struct recorded_attempt *t, Time *started, Time *ended)
{
    Time from, to;
    *started = *ended = -1;
    if (never_began(f, t))
        return false;
    recorded_attempt_times(t, &from, &to);
    Time shift = f->offsets[t->start] - f->record->starts.at[t->start].started;
    Time limit = t->start + 1 < f->record->starts.len ? f->offsets[t->start + 1] : f->length;
    *started = MAX(0, MIN(from + shift, limit));
    if (t->state == RECORDED_RUNNING)
        return true;
    *ended = MAX(*started, MIN(to ? to + shift : limit, limit));
    return true;
}

// --- tasks

// "align[3]/sort": "3"; "align": empty.
static Str scatter_index(Str name)
{
    ptrdiff_t open = str_find_char(name, '[');
    if (open < 0)
        return (Str){ 0 };
    Str rest = str_from(name, (size_t)open + 1);
    ptrdiff_t close = str_find_char(rest, ']');
    return close < 0 ? (Str){ 0 } : str_first(rest, (size_t)close);
}

static enum task_state state_of(const struct recorded_task *t, const struct recorded_attempt *ran)
{
    switch (t->state) {
    case RECORDED_RUNNING: return TASK_RUNNING;
    case RECORDED_DONE: return TASK_DONE;
    case RECORDED_CACHED: return ran && ran->state == RECORDED_DONE ? TASK_DONE : TASK_CACHED;
    case RECORDED_FAILED: return recorded_task_last(t)->is_retried ? TASK_RUNNING : TASK_FAILED;
    case RECORDED_CANCELLED: return TASK_CANCELLED;
    case RECORDED_LOST: return TASK_LOST;
    }
    return TASK_LOST;
}

static struct fact_task task_fact(const struct facts *f, const struct recorded_task *t)
{
    struct fact_task fact = { .task = t, .started = -1, .ended = -1, .row = t->sample, .index = f->tasks.len };
    for (size_t i = 0; i < t->attempts.len; i++) {
        if (never_began(f, &t->attempts.at[i]))
            continue;
        fact.ran = &t->attempts.at[i];
        fact.attempts++;
    }
    if (fact.ran && !facts_attempt_times(f, fact.ran, &fact.started, &fact.ended))
        fact.ran = NULL;
    fact.state = state_of(t, fact.ran);
    if (fact.state == TASK_RUNNING && f->record->status != RUN_RUNNING)
        fact.state = TASK_LOST;                         // the retry that was promised never came
    if (fact.state == TASK_LOST && f->start->ended)
        fact.state = TASK_CANCELLED;
    return fact;
}

static void add_rows(struct facts *f)
{
    struct map seen = { 0 };
    for (size_t i = 0; i < f->tasks.len; i++) {
        struct fact_task *t = &f->tasks.at[i];
        if (!f->has_samples)
            t->row = scatter_index(t->task->name);
        if (t->row.len && map_set(&seen, t->row, NULL))
            vec_push(f->arena, &f->rows, t->row);
    }
    map_release(&seen);
}

static void add_to_step(struct facts *f, const struct fact_task *t)
{
    struct fact_step *s = &f->steps.at[t->task->step->index];
    vec_push(f->arena, &s->tasks, t->index);
    s->counts[t->state]++;
    f->counts[t->state]++;
    s->attempts += t->attempts;
    s->retried += t->attempts > 1;
    f->retried += t->attempts > 1;
    if (t->started >= 0) {
        s->first = s->first < 0 ? t->started : MIN(s->first, t->started);
        s->last = MAX(s->last, t->ended >= 0 ? t->ended : f->length);
    }
}

static void add_steps(struct facts *f)
{
    for (size_t i = 0; i < f->record->steps.len; i++)
        vec_push(f->arena, &f->steps, (struct fact_step){ .step = f->record->steps.entries[i].value, .first = -1, .last = -1 });
    for (size_t i = 0; i < f->tasks.len; i++)
        add_to_step(f, &f->tasks.at[i]);
    for (size_t i = 0; i < f->steps.len; i++) {
        struct fact_step *s = &f->steps.at[i];
        s->waiting = MAX(s->step->expected - (int64_t)s->tasks.len - s->step->evaluated, 0);
        f->waiting += s->waiting;
    }
}

// --- who made what for whom

enum { MAKERS_MAX = 200 };              // of one content that are kept, beside the first of each row
struct maker {                          // of one content
    VEC(size_t) tasks;
};

static Str hash_key(const struct recorded_file *file) { return (Str){ (const char *)&file->hash, sizeof file->hash }; }

// For a content made for a row: digest and row.
static Str row_key(struct arena *a, const struct recorded_file *file, Str row) { return str_concat(a, hash_key(file), row); }

static void note_maker(struct facts *f, struct map *makers, Str key, size_t index)
{
    struct maker *m = map_find(makers, key);
    if (m == NULL) {
        m = NEW(f->arena, struct maker);
        map_set(makers, key, m);
    }
    bool is_new = m->tasks.len == 0 || m->tasks.at[m->tasks.len - 1] != index;
    if (is_new && m->tasks.len < MAKERS_MAX)
        vec_push(f->arena, &m->tasks, index);
}

static void note_outputs(struct facts *f, struct map *makers, size_t index)
{
    const struct recorded_files *files = &f->tasks.at[index].task->outputs;
    for (size_t i = 0; i < files->len; i++) {
        if (hash_is_zero(files->at[i].hash) || files->at[i].size == 0)
            continue;
        Str row = f->tasks.at[index].row;
        note_maker(f, makers, hash_key(&files->at[i]), index);
        if (row.len)
            note_maker(f, makers, row_key(f->arena, &files->at[i], row), index);
    }
}

// Who made a file: for the same row if somebody did, else for anybody.
static const struct maker *maker_of(const struct map *makers, const struct recorded_file *file, Str row)
{
    struct arena scratch = { 0 };
    const struct maker *m = row.len ? map_find(makers, row_key(&scratch, file, row)) : NULL;
    arena_release(&scratch);
    return m ? m : map_find(makers, hash_key(file));
}

// Was it ready when the other began? Where times are not known (results that were known), by the order of appearance.
static bool is_before(const struct fact_task *t, const struct fact_task *taker)
{
    return taker->started < 0 || t->ended < 0 ? t->index < taker->index : t->ended <= taker->started + MILLISECOND * 50;
}

// Of the tasks that made the bytes, the one that was ready last before the taker began. Itself: nobody did.
static size_t choose_maker(const struct facts *f, const struct maker *m, const struct fact_task *taker)
{
    size_t best = taker->index;
    for (size_t i = 0; i < m->tasks.len; i++) {
        const struct fact_task *t = &f->tasks.at[m->tasks.at[i]];
        if (t != taker && is_before(t, taker) && (best == taker->index || t->ended > f->tasks.at[best].ended))
            best = t->index;
    }
    return best;
}

enum { LINKS_MAX = 256 };               // of one task; of more, the one that ended last is among those kept

static void add_link(const struct facts *f, size_t *list, size_t *count, size_t index)
{
    for (size_t i = 0; i < *count; i++)
        if (list[i] == index)
            return;
    if (*count < LINKS_MAX)
        list[(*count)++] = index;
    else if (f->tasks.at[index].ended > f->tasks.at[list[0]].ended)
        list[0] = index;
}

static void link_task(struct facts *f, const struct map *makers, struct fact_task *t)
{
    const struct recorded_files *files = &t->task->inputs;
    size_t list[LINKS_MAX], count = 0;
    for (size_t i = 0; i < files->len; i++) {
        const struct maker *m = hash_is_zero(files->at[i].hash) ? NULL : maker_of(makers, &files->at[i], t->row);
        size_t from = m ? choose_maker(f, m, t) : t->index;
        if (from != t->index)
            add_link(f, list, &count, from);
    }
    t->after = arena_copy(f->arena, list, count * sizeof *list);
    t->after_count = count;
}

static void link_steps_by_files(struct facts *f)
{
    for (size_t i = 0; i < f->steps.len; i++) {
        struct fact_step *s = &f->steps.at[i];
        bool *seen = NEW_ARRAY(f->arena, bool, f->steps.len);
        for (size_t k = 0; k < s->tasks.len; k++) {
            const struct fact_task *t = &f->tasks.at[s->tasks.at[k]];
            for (size_t n = 0; n < t->after_count; n++) {
                size_t from = f->tasks.at[t->after[n]].task->step->index;
                if (from != i && !seen[from]) {
                    seen[from] = true;
                    vec_push(f->arena, &s->after, from);
                }
            }
        }
    }
}

// The steps with tasks above `from`, into s->after: what has none (an expression, what was skipped) is passed through.
static void find_after(struct facts *f, struct fact_step *s, const struct fact_step *from, bool *seen)
{
    for (size_t i = 0; i < from->above.len; i++) {
        struct fact_step *up = &f->steps.at[from->above.at[i]];
        if (seen[from->above.at[i]])
            continue;
        seen[from->above.at[i]] = true;
        if (up->tasks.len)
            vec_push(f->arena, &s->after, from->above.at[i]);
        else
            find_after(f, s, up, seen);
    }
}

static void link_steps_by_workflow(struct facts *f)
{
    const struct report *r = f->report;
    for (size_t i = 0; i < r->link_count; i++) {
        const struct recorded_step *from = map_find(&f->record->steps, r->links[i].from), *to = map_find(&f->record->steps, r->links[i].to);
        if (from && to && from != to)
            vec_push(f->arena, &f->steps.at[to->index].above, from->index);
    }
    for (size_t i = 0; i < f->steps.len; i++) {
        bool *seen = NEW_ARRAY(f->arena, bool, f->steps.len);
        seen[i] = true;
        if (f->steps.at[i].tasks.len)
            find_after(f, &f->steps.at[i], &f->steps.at[i], seen);
    }
}

static void link_all(struct facts *f)
{
    struct map makers = { 0 };
    for (size_t i = 0; i < f->tasks.len; i++)
        note_outputs(f, &makers, i);
    for (size_t i = 0; i < f->tasks.len; i++)
        link_task(f, &makers, &f->tasks.at[i]);
    map_release(&makers);
    if (f->report->link_count)
        link_steps_by_workflow(f);
    else
        link_steps_by_files(f);
}

// --- the path that decided

// Could `t` have waited for `from`, and longer than for *best (SIZE_MAX: nothing yet)?
static void take_longer(const struct facts *f, const struct fact_task *t, const struct fact_task *from, size_t *best)
{
    bool began_before = from->started != t->started ? from->started < t->started : from->index < t->index;      // so no circles
    if (from->ended >= 0 && began_before && (*best == SIZE_MAX || from->ended > f->tasks.at[*best].ended))
        *best = from->index;
}

// What is handed on as a value, or through an expression, shows in no file: of the steps above, those tasks that may be meant. Linked
// directly that is the same row or what has none; an expression may have gathered them all.
static void look_above(const struct facts *f, const struct fact_task *t, size_t *best)
{
    const struct fact_step *s = &f->steps.at[t->task->step->index];
    for (size_t i = 0; i < s->after.len; i++) {
        const struct fact_step *up = &f->steps.at[s->after.at[i]];
        bool is_direct = false;
        for (size_t k = 0; k < s->above.len && !is_direct; k++)
            is_direct = s->above.at[k] == s->after.at[i];
        for (size_t k = 0; k < up->tasks.len; k++) {
            const struct fact_task *from = &f->tasks.at[up->tasks.at[k]];
            bool may_be = !is_direct || t->row.len == 0 || from->row.len == 0 || str_eq(t->row, from->row);
            if (may_be && t->started >= 0 && is_before(from, t))
                take_longer(f, t, from, best);
        }
    }
}

// From the task that ended last back to the one it waited for longest, and so on. Only tasks that ran in this run take time.
static void find_critical(struct facts *f)
{
    size_t last = SIZE_MAX;
    VEC(size_t) path = { 0 };
    for (size_t i = 0; i < f->tasks.len; i++) {
        const struct fact_task *t = &f->tasks.at[i];
        bool counts = t->ended >= 0 && t->state != TASK_CANCELLED && t->state != TASK_LOST;
        if (counts && (last == SIZE_MAX || t->ended > f->tasks.at[last].ended))
            last = i;
    }
    while (last != SIZE_MAX && path.len < f->tasks.len) {
        const struct fact_task *t = &f->tasks.at[last];
        vec_push(f->arena, &path, last);
        last = SIZE_MAX;
        for (size_t i = 0; i < t->after_count; i++)
            take_longer(f, t, &f->tasks.at[t->after[i]], &last);
        look_above(f, t, &last);
    }
    while (path.len)
        vec_push(f->arena, &f->critical, path.at[--path.len]);
}

struct facts *facts_new(struct arena *a, const struct report *report)
{
    struct facts *f = NEW(a, struct facts);
    *f = (struct facts){ .arena = a, .report = report, .record = report->record, .start = run_record_last(report->record) };
    set_clock(f);
    for (size_t i = 0; i < f->record->tasks.len; i++) {
        const struct recorded_task *t = f->record->tasks.entries[i].value;
        if (!recorded_task_is_current(f->record, t))
            continue;
        f->has_samples |= t->sample.len > 0;
        struct fact_task fact = task_fact(f, t);        // before the push: it reads how many there are
        vec_push(a, &f->tasks, fact);
    }
    add_rows(f);
    add_steps(f);
    link_all(f);
    find_critical(f);
    return f;
}
