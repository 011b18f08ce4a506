// SPDX-License-Identifier: Apache-2.0
// Looks through the journals of earlier runs for the nearest key. Journals are large and most records are of other tasks: a record is
// parsed only when the task's name or step stands in its bytes.
#include "view/why.h"

#include "engine/record.h"
#include "journal/journal.h"
#include "store/store.h"
#include "value/read.h"
#include "view/text.h"

enum { RUNS_WITH_IT = 10, RUNS_READ = 100, OF_STEP_MAX = 20, CANDIDATES_MAX = 64, SHOWN = 20 };

struct candidate {
    Str run, dir, name, key, state;
    Value identity;                     // of a failure
    bool is_exact;
};
struct looking {
    struct arena *arena;
    const struct recorded_task *task;
    const struct earlier_run *run;
    struct strbuf name, step;           // as they stand in a record
    VEC(struct candidate) found;
    size_t of_step;                     // in this run, by their step alone
    size_t exact;                       // runs that had a task of this name
};

Value recorded_identity(struct arena *a, struct store *store, Str key, const struct recorded_attempt *t)
{
    struct task_result *r = NEW(a, struct task_result);
    struct err ignored;
    Hash hash;
    Value v;
    if (t && t->identity.kind == VALUE_MAP)
        return t->identity;
    if (store == NULL || !hash_parse(key, &hash) || !store_find_result(store, hash, a, r, &ignored) || !json_parse(a, r->identity, &v, &ignored))
        return value_null;
    return v;
}

// --- earlier tasks

static bool is_known(const struct looking *l, Str key)
{
    for (size_t i = 0; i < l->found.len; i++)
        if (str_eq(l->found.at[i].key, key))
            return true;
    return false;
}

static void add_candidate(struct looking *l, uint8_t type, Value v)
{
    Str key = value_get_str(v, STR("key"));
    bool is_exact = str_eq(value_get_str(v, STR("name")), l->task->name);
    Value retry = value_get(v, STR("retry"));
    if (!str_eq(value_get_str(v, STR("step")), l->task->step->name) && !is_exact)
        return;
    if (key.len == 0 || is_known(l, key) || l->found.len == CANDIDATES_MAX || (retry.kind == VALUE_BOOL && retry.boolean))
        return;
    if (!is_exact && l->of_step++ >= OF_STEP_MAX)
        return;
    l->exact += is_exact;
    vec_push(l->arena, &l->found, (struct candidate){
        .run = l->run->run, .dir = l->run->dir, .name = str_copy(l->arena, value_get_str(v, STR("name"))), .key = str_copy(l->arena, key),
        .state = type == RECORD_DONE ? STR("done") : type == RECORD_CACHED ? STR("cached") : STR("failed"),
        .identity = value_copy(l->arena, value_get(v, STR("identity"))), .is_exact = is_exact });
}

static bool visit(void *arg, uint8_t type, Str payload)
{
    struct looking *l = arg;
    if (type != RECORD_DONE && type != RECORD_CACHED && type != RECORD_FAILED)
        return true;
    if (str_find(payload, strbuf_str(&l->name)) < 0 && (l->of_step >= OF_STEP_MAX || str_find(payload, strbuf_str(&l->step)) < 0))
        return true;
    struct arena scratch = { 0 };
    struct err ignored;
    Value v;
    if (json_parse(&scratch, payload, &v, &ignored))
        add_candidate(l, type, v);
    arena_release(&scratch);
    return true;
}

static void look_through(struct looking *l, const struct earlier_run *runs, size_t count)
{
    size_t read = 0;
    for (size_t i = 0; i < count && l->exact < RUNS_WITH_IT && read < RUNS_READ; i++) {
        struct journal_cursor cursor = { 0 };
        char end[128];
        struct err ignored;
        if (runs[i].started >= recorded_task_last(l->task)->submitted)
            continue;
        l->run = &runs[i];
        l->of_step = 0;
        read++;
        if (!journal_read(runs[i].dir, &cursor, visit, l, end, &ignored))
            continue;
    }
}

// Earlier starts of the run itself: the workflow or its inputs were changed between them.
static void look_here(struct looking *l, const struct run_record *r)
{
    const struct recorded_task *t = l->task;
    for (size_t i = t->attempts.len - 1; i-- > 0;) {
        const struct recorded_attempt *at = &t->attempts.at[i];
        bool is_other = at->start != recorded_task_last(t)->start && !at->is_retried && at->recorded && !is_known(l, at->key);
        if (is_other)
            vec_push(l->arena, &l->found, (struct candidate){ .run = r->run, .name = t->name, .key = at->key, .identity = at->identity,
                                                              .is_exact = true, .state = str_of(recorded_state_name(at->state)) });
    }
}

// --- the nearest

static void take(struct why *w, const struct candidate *c, enum why_verdict verdict)
{
    w->verdict = verdict;
    w->run = c->run, w->name = c->name, w->key = c->key, w->state = c->state, w->is_exact = c->is_exact;
}

static void compare_all(struct looking *l, struct store *store, const struct run_record *r, struct why *w)
{
    Value now = recorded_identity(l->arena, store, l->task->key, w->attempt);
    const struct candidate *nearest = NULL;
    for (size_t i = 0; i < l->found.len; i++) {
        const struct candidate *c = &l->found.at[i];
        struct part_differences d;
        if (str_eq(c->key, l->task->key)) {
            take(w, c, WHY_SAME);
            w->differences = (struct part_differences){ 0 };
            return;
        }
        Value before = c->identity.kind == VALUE_MAP ? c->identity : recorded_identity(l->arena, store, c->key, NULL);
        if (value_is_null(now) || value_is_null(before))
            continue;
        task_parts_compare(l->arena, before, now, NULL, r, &d);
        if (nearest && (d.len > w->differences.len || (d.len == w->differences.len && nearest->is_exact >= c->is_exact)))
            continue;
        nearest = c;
        w->differences = d;
    }
    take(w, nearest ? nearest : &l->found.at[0], nearest ? WHY_CHANGED : WHY_UNKNOWN);
    struct run_record *of_before;
    struct err ignored;
    if (nearest && nearest->dir.len && run_record_read(l->arena, nearest->dir, &of_before, &ignored)) {      // to name where its inputs came from
        Value before = nearest->identity.kind == VALUE_MAP ? nearest->identity : recorded_identity(l->arena, store, nearest->key, NULL);
        task_parts_compare(l->arena, before, now, of_before, r, &w->differences);
    }
}

void why_find(struct arena *a, struct store *store, const struct run_record *r, const struct recorded_task *t, const struct earlier_run *runs,
              size_t count, struct why *out)
{
    struct looking l = { .arena = a, .task = t };
    *out = (struct why){ .task = t, .attempt = recorded_task_last(t) };
    const struct recorded_attempt *at = out->attempt;
    if (at->cache == RECORDED_CACHE_HIT) {
        out->verdict = WHY_CACHED;
        out->run = at->from_run, out->name = at->from_task, out->key = at->key;
        return;
    }
    if (at->cache == RECORDED_CACHE_OFF || at->cache == RECORDED_CACHE_AGAIN) {
        out->verdict = at->cache == RECORDED_CACHE_OFF ? WHY_TOLD : WHY_AGAIN;
        return;
    }
    strbuf_addz(&l.name, "\"name\":");
    json_write_string(&l.name, t->name);
    strbuf_addz(&l.step, "\"step\":");
    json_write_string(&l.step, t->step->name);
    look_here(&l, r);
    look_through(&l, runs, count);
    if (l.found.len)
        compare_all(&l, store, r, out);
    else
        out->verdict = WHY_FIRST;
    strbuf_release(&l.name);
    strbuf_release(&l.step);
}

// --- shown

static const char *verdict_name(enum why_verdict verdict)
{
    static const char *const names[] = { "cached", "told", "again", "same", "changed", "first", "unknown" };
    return names[verdict];
}

static const char *verb(const struct why *w) { return w->attempt->state == RECORDED_RUNNING ? "runs" : "ran"; }

static void add_sentence(struct arena *a, const struct run_record *r, const struct why *w, struct strbuf *out)
{
    const char *ran = verb(w);
    Str run = str_eq(w->run, r->run) ? STR("an earlier start of this run") : str_printf(a, "run " STR_FMT, STR_ARG(w->run));
    Str of = str_eq(w->name, w->task->name) ? run : str_printf(a, "task " STR_FMT " of " STR_FMT, STR_ARG(w->name), STR_ARG(run));
    Str text = { 0 };
    switch (w->verdict) {
    case WHY_CACHED:
        text = w->run.len ? str_printf(a, "did not run: its result was known, made by " STR_FMT, STR_ARG(of))
                          : STR("did not run: its result was known");
        break;
    case WHY_TOLD: text = str_printf(a, "%s because it was told to, whatever is stored (WorkReuse in the workflow, or --no-cache)", ran); break;
    case WHY_AGAIN:
        text = str_printf(a, "%s again because its result was known but the bytes of an output were lost, and were needed", ran);
        break;
    case WHY_SAME:
        text = str_is(w->state, "failed")
            ? str_printf(a, "%s because it had failed in " STR_FMT ", with the same key: nothing was changed", ran, STR_ARG(of))
            : str_printf(a, "%s although " STR_FMT " had a result under the same key: the result was deleted or damaged since", ran, STR_ARG(of));
        break;
    case WHY_CHANGED:
        text = str_printf(a, "%s because its key is new; the nearest earlier one is of " STR_FMT ", and of it %zu part%s changed:", ran,
                          STR_ARG(of), w->differences.len, w->differences.len == 1 ? "" : "s");
        break;
    case WHY_FIRST: text = str_printf(a, "%s because it is the first: no earlier run has a task of this name or step", ran); break;
    case WHY_UNKNOWN:
        text = w->attempt->state == RECORDED_RUNNING
            ? str_printf(a, "runs because its key is new: it is another than that of " STR_FMT "; which parts changed can be told when it has ended",
                         STR_ARG(of))
            : str_printf(a, "ran because its key is new: it is another than that of " STR_FMT "; what one of them was made of is not kept",
                         STR_ARG(of));
        break;
    }
    text_add(out, text);
    strbuf_addc(out, '\n');
}

// How it stands with the task, where that is not simply that it is done.
static void add_state(const struct run_record *r, const struct why *w, struct strbuf *out)
{
    if (!recorded_task_is_current(r, w->task))
        strbuf_addz(out, "that was in an earlier start of the run: the last one does without this task\n");
    switch (w->attempt->state) {
    case RECORDED_RUNNING: strbuf_addz(out, "it has not ended: it is running, or waits for cores or memory\n"); return;
    case RECORDED_FAILED:
        strbuf_addz(out, "it failed: ");
        text_add(out, w->attempt->why);
        strbuf_addf(out, "; 'petri logs " STR_FMT " ", STR_ARG(r->run));
        text_add(out, w->task->name);
        strbuf_addz(out, "' shows what it wrote\n");
        return;
    case RECORDED_CANCELLED: strbuf_addz(out, "it did not come to its end: the run was ended before\n"); return;
    case RECORDED_LOST: strbuf_addz(out, "its end is not on record: the run, or the machine, died\n"); return;
    case RECORDED_DONE: case RECORDED_CACHED: return;
    }
}

void why_print(struct arena *a, const struct run_record *r, const struct why *w, struct strbuf *out)
{
    text_add(out, w->task->name);
    strbuf_addc(out, ' ');
    add_sentence(a, r, w, out);
    part_differences_print(&w->differences, SHOWN, 2, out);
    if (w->verdict == WHY_CHANGED)
        strbuf_addf(out, "key was " STR_FMT "\nkey is  " STR_FMT "\n", STR_ARG(w->key), STR_ARG(w->task->key));
    add_state(r, w, out);
}

Value why_value(struct arena *a, const struct run_record *r, const struct why *w)
{
    struct value_builder b = value_map_begin(a);
    value_map_set(&b, STR("run"), value_string(a, r->run));
    value_map_set(&b, STR("task"), value_string(a, w->task->name));
    value_map_set(&b, STR("state"), value_string(a, str_of(recorded_state_name(w->attempt->state))));
    value_map_set(&b, STR("key"), value_string(a, w->task->key));
    value_map_set(&b, STR("verdict"), value_string(a, str_of(verdict_name(w->verdict))));
    if (w->run.len) {
        value_map_set(&b, STR("earlier_run"), value_string(a, w->run));
        value_map_set(&b, STR("earlier_task"), value_string(a, w->name));
        value_map_set(&b, STR("earlier_key"), value_string(a, w->key));
    }
    value_map_set(&b, STR("changed"), part_differences_value(a, &w->differences));
    return value_map_end(&b);
}
