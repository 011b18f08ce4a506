// SPDX-License-Identifier: Apache-2.0
// The driver's loop: events go into the pure core, effects come out and are carried out here, at the end of each turn:
// effects -> commit on a worker thread -> durable -> more effects. It decides nothing that the core decides.
#include "engine/driver_private.h"

#include "journal/journal.h"
#include "store/store.h"
#include "sys/file.h"
#include "sys/loop.h"
#include "sys/machine.h"
#include "value/read.h"

enum { EFFECTS_PER_TURN = 4096 };       // then timers, signals and sockets get their turn

static void on_turn_end(void *arg);
static void on_timer(void *arg) { driver_event(arg, (struct core_event){ .kind = CORE_TICK }); }

static void on_executor_warning(void *arg, Str text) { driver_warn(arg, text); }

struct driver *driver_new(struct loop *loop, struct store *store, struct journal *journal, struct executor *executor,
                          const struct driver_config *config)
{
    struct driver *d = xcalloc(1, sizeof *d);
    d->loop = loop, d->store = store, d->journal = journal, d->executor = executor, d->config = *config;
    struct core_config core = {
        .cores = config->cores, .memory_bytes = config->memory_bytes, .disk_bytes = config->disk_bytes,
        .max_running = config->max_running, .retries = config->retries, .memory_factor = config->memory_factor,
        .retry_delay = config->retry_delay, .retry_delay_max = config->retry_delay_max, .seed = str_hash(config->run),
    };
    d->core = core_new(&core);
    link_init(&d->all);
    link_init(&d->durable);
    link_init(&d->pending);
    link_init(&d->batch_results);
    d->timer = loop_timer_new(loop, on_timer, d);
    if (executor)
        executor->done = driver_attempt_done, executor->left = driver_attempt_left, executor->warn = on_executor_warning, executor->done_arg = d;
    loop_on_turn_end(loop, on_turn_end, d);
    return d;
}

static void task_free(struct driver_task *t)
{
    if (t->missing)
        driver_unwait(t->driver, t);
    link_remove(&t->all);
    strbuf_release(&t->error);
    arena_release(&t->attempt_arena);
    arena_release(&t->arena);
    free(t);
}

void driver_free(struct driver *d)
{
    if (d == NULL)
        return;
    LINK_EACH(&d->all, l)
        task_free(CONTAINER_OF(l, struct driver_task, all));
    loop_off_turn_end(d->loop, on_turn_end, d);
    core_free(d->core);
    free(d->effects.at);
    free(d->later.at);
    free(d->lookups.at);
    loop_timer_free(d->timer);
    driver_stage_free(d);
    map_release(&d->steps);
    map_release(&d->recorded);
    arena_release(&d->arena);
    free(d);
}

void driver_watch(struct driver *d, struct driver_watcher watcher) { d->watcher = watcher; }
bool driver_is_over(const struct driver *d) { return d->finished || d->broken; }
struct store *driver_store(struct driver *d) { return d->store; }
const struct driver_config *driver_config(const struct driver *d) { return &d->config; }
const struct driver_end *driver_end(const struct driver *d) { return &d->end; }

void driver_event(struct driver *d, struct core_event event)
{
    core_step(d->core, &event, time_steady(), &d->effects);
    loop_wake(d->loop);
}

void driver_break(struct driver *d, const struct err *err)
{
    if (!d->broken) {
        d->broken = true;
        d->end.status = DRIVER_BROKEN;
        d->end.err = *err;
        driver_event(d, (struct core_event){ .kind = CORE_CANCEL, .at_once = true });
    }
}

static void show(struct driver_task *t, enum record_type what, Str detail)
{
    const struct driver_watcher *w = &t->driver->watcher;
    if (w->task)
        w->task(w->arg, t->spec->step, t->spec->name, what, detail);
}

// --- submitting

static Str interned_step(struct driver *d, Str step)
{
    Str *known = map_find(&d->steps, step);
    if (known == NULL) {
        known = arena_copy(&d->arena, &(Str){ 0 }, sizeof(Str));
        *known = str_copy(&d->arena, step);
        map_set(&d->steps, *known, known);
    }
    return *known;
}

struct driver_task *driver_task_new(struct driver *d, const struct task_spec *spec, task_told *told, void *ticket)
{
    struct driver_task *t = xcalloc(1, sizeof *t);
    t->driver = d, t->told = told, t->ticket = ticket;
    t->number = ++d->task_number;
    t->outcome.end = ATTEMPT_NOT_STARTED;
    link_append(&d->all, &t->all);
    t->spec = task_spec_copy(&t->arena, spec);
    t->spec->step = interned_step(d, spec->step);
    t->key = task_key(t->spec, &t->identity, &t->arena);
    sources_add(d, t->spec);
    return t;
}

// More cores than there are: it runs alone on what there is. More memory or disk can't be had.
static bool check_resources(struct driver_task *t)
{
    struct driver *d = t->driver;
    struct task_resources *r = &t->spec->resources;
    char asked[TIME_TEXT], have[TIME_TEXT];
    if (r->cores > d->config.cores + 1e-9) {
        Str key = str_printf(&t->arena, "more cores\n" STR_FMT, STR_ARG(t->spec->step));
        if (!map_has(&d->steps, key)) { // once a step
            interned_step(d, key);
            driver_warn(d, str_printf(&t->arena, STR_FMT " asks for %g cores; this run has %g: it runs alone on them",
                                      STR_ARG(t->spec->step), r->cores, d->config.cores));
        }
        r->cores = d->config.cores;
    }
    if (r->memory_bytes > d->config.memory_bytes) {
        size_text(r->memory_bytes, asked), size_text(d->config.memory_bytes, have);
        strbuf_addf(&t->error, "asks for %s of memory; this run may use %s. Lower ramMin of the step, or raise the limit with --memory", asked, have);
        return false;
    }
    if (d->config.disk_bytes >= 0 && r->tmp_bytes + r->out_bytes > d->config.disk_bytes) {
        size_text(r->tmp_bytes + r->out_bytes, asked), size_text(d->config.disk_bytes, have);
        strbuf_addf(&t->error, "asks for %s of disk; %s are free. Free some, or set PETRI_HOME to a larger disk", asked, have);
        return false;
    }
    return true;
}

static void tell(struct driver_task *t, const struct task_outcome *outcome)
{
    if (!t->driver->finished || t->makes_again)
        t->told(t->ticket, outcome);
}

static void told_at_once(void *arg)     // a task that never reaches the core
{
    struct driver_task *t = arg;
    struct driver *d = t->driver;
    struct task_outcome outcome = { .end = TASK_WOULD_RUN, .error = strbuf_str(&t->error) };
    if (t->error.len) {
        outcome.end = TASK_FAILED;
        d->end.failed++;
        record_failed(t, false, false, false);
        show(t, RECORD_FAILED, strbuf_str(&t->error));
    } else if (t->result) {
        outcome = (struct task_outcome){ .end = TASK_DONE, .was_cached = true, .result = t->result };
        producers_add(d, t->result, false);
        d->end.cached++;
    } else {
        vec_push(&d->arena, &d->would_run, str_copy(&d->arena, t->spec->name));
        d->end.would_run_names = d->would_run.at;
        d->end.would_run++;
        show(t, RECORD_INTENT, (Str){ 0 });
    }
    tell(t, &outcome);
    task_free(t);
}

static bool is_usable(const struct driver_task *t, const struct task_result *r)
{
    return task_exit_class(t->spec, r->exit_code) == EXIT_IS_SUCCESS;
}

// May run on a worker thread: it touches nothing but the task.
static void look_up(struct driver_task *t)
{
    struct err err;
    struct task_result *r = NEW(&t->arena, struct task_result);
    if (t->spec->policy.no_cache || t->driver->config.no_cache)
        return;
    if (!store_find_result(t->driver->store, t->key, &t->arena, r, &err)) {
        if (err.code == ERR_DAMAGED)
            t->damage = str_copy(&t->arena, str_of(err.text));
    } else if (is_usable(t, r)) {
        t->result = r;
    }
}

static bool tell_found(struct driver_task *t)
{
    if (t->damage.len)
        driver_warn(t->driver, t->damage);
    t->damage = (Str){ 0 };
    return t->result != NULL;
}

static bool find_result(struct driver_task *t)
{
    look_up(t);
    return tell_found(t);
}

void driver_task_submit(struct driver_task *t)
{
    struct driver *d = t->driver;
    const struct task_resources *r = &t->spec->resources;
    if (!check_resources(t)) {
        driver_later(d, told_at_once, t);
        return;
    }
    if (d->config.dry_run && !t->makes_again) {
        find_result(t);
        driver_later(d, told_at_once, t);
        return;
    }
    struct core_request request = {
        .key = t->key, .step = t->spec->step, .cores = r->cores, .memory_bytes = r->memory_bytes,
        .disk_bytes = r->tmp_bytes + r->out_bytes, .time_limit = r->time_limit_ms * MILLISECOND, .retries = t->spec->policy.retries,
        .no_cache = t->spec->policy.no_cache || d->config.no_cache, .make_again = t->makes_again, .owner = t,
    };
    struct core_event event = { .kind = CORE_SUBMIT, .request = &request };
    core_step(d->core, &event, time_steady(), &d->effects);
    t->core = event.task;
    loop_wake(d->loop);
}

void driver_submit(struct driver *d, const struct task_spec *spec, task_told *told, void *ticket)
{
    driver_task_submit(driver_task_new(d, spec, told, ticket));
}

// --- effects

// --- lookups: many at once on the worker threads, since results of long ago lie on a disk, not in memory

struct lookups {
    struct driver *driver;
    struct driver_task **at;
    size_t count, next;                 // next: taken atomically
    int running;
};
enum { LOOKUPS_AT_ONCE = 16, LOOKUP_THREADS = 4 };      // fewer are not worth a thread

static void answer_lookup(struct driver_task *t)
{
    bool found = tell_found(t);
    driver_event(t->driver, (struct core_event){ .kind = found ? CORE_KNOWN : CORE_UNKNOWN, .task = t->core });
}

static void lookup_work(void *arg)
{
    struct lookups *all = arg;
    size_t i;
    while ((i = __atomic_fetch_add(&all->next, 1, __ATOMIC_RELAXED)) < all->count)
        look_up(all->at[i]);
}

static void lookup_done(void *arg)
{
    struct lookups *all = arg;
    struct driver *d = all->driver;
    d->work_running--;
    if (--all->running > 0)
        return;
    for (size_t i = 0; i < all->count; i++)             // in the order they were asked for, whoever was faster
        answer_lookup(all->at[i]);
    d->looking_up = false;
    free(all->at);
    free(all);
    loop_wake(d->loop);
}

static void start_lookups(struct driver *d)
{
    if (d->lookups.len == 0 || d->looking_up)
        return;
    if (d->lookups.len < LOOKUPS_AT_ONCE) {
        for (size_t i = 0; i < d->lookups.len; i++) {
            look_up(d->lookups.at[i]);
            answer_lookup(d->lookups.at[i]);
        }
        d->lookups.len = 0;
        return;
    }
    struct lookups *all = xcalloc(1, sizeof *all);
    *all = (struct lookups){ d, d->lookups.at, d->lookups.len, 0, LOOKUP_THREADS };
    d->lookups.at = NULL;
    d->lookups.len = d->lookups.cap = 0;
    d->looking_up = true;
    d->work_running += all->running;
    for (int i = all->running; i > 0; i--)
        loop_work(d->loop, lookup_work, lookup_done, all);
}

static void wait_durable(struct driver_task *t, uint64_t number)
{
    t->durable_at = number;
    link_append(&t->driver->durable, &t->durable);
}

void driver_attempt_ended(struct driver_task *t, enum core_ended ended)
{
    driver_event(t->driver, (struct core_event){ .kind = CORE_ENDED, .task = t->core, .ended = ended });
}

static void do_start(struct driver_task *t, int attempt)
{
    struct driver *d = t->driver;
    arena_release(&t->attempt_arena);
    t->outcome = (struct attempt_outcome){ .end = ATTEMPT_NOT_STARTED };
    if (!t->makes_again && find_result(t)) {            // another head has finished it meanwhile
        driver_event(d, (struct core_event){ .kind = CORE_KNOWN, .task = t->core });
        return;
    }
    enum staged staged = driver_find_sources(t);
    if (staged == STAGED_HELD) {
        driver_event(d, (struct core_event){ .kind = CORE_NOT_READY, .task = t->core });
        return;
    }
    struct err err;
    t->attempt.id = (uint64_t)t->number * 64 + (uint64_t)attempt;
    t->attempt.label = str_printf(&t->attempt_arena, STR_FMT "-%llu-%llu", STR_ARG(d->config.run),
                                  (unsigned long long)journal_epoch(d->journal), (unsigned long long)t->attempt.id);
    t->attempt.key = t->key;
    t->attempt.memory_bytes = core_memory(t->core);
    t->attempt.spec = t->spec;
    t->attempt.owner = t;
    if (staged == STAGED_FAILED) {
        driver_attempt_ended(t, ENDED_PERMANENT);
    } else if (!executor_submit(d->executor, &t->attempt, &t->attempt_arena, &err)) {
        strbuf_addz(&t->error, err.text);
        driver_attempt_ended(t, err.code == ERR_UNAVAILABLE ? ENDED_TEMPORARY : ENDED_PERMANENT);
    } else {
        show(t, RECORD_INTENT, (Str){ 0 });
    }
}

static void make_result(struct driver_task *t)
{
    struct task_result *r = NEW(&t->arena, struct task_result);
    const struct attempt_outcome *o = &t->outcome;      // lives in attempt_arena, as long as the task
    *r = (struct task_result){
        .key = t->key, .identity = t->identity, .exit_code = o->exit_code, .outputs = o->outputs, .output_count = o->output_count,
        .log_out = o->log_out, .log_err = o->log_err, .measured = o->measured, .run = t->driver->config.run, .task = t->spec->name,
        .host = machine_host(),
    };
    t->result = r;
}

static void do_record_done(struct driver_task *t)
{
    make_result(t);
    link_append(&t->driver->pending, &t->pending);
    wait_durable(t, record_done(t));
}

static void do_tell(struct driver_task *t, const struct core_effect *e)
{
    struct driver *d = t->driver;
    struct task_outcome outcome = { .was_cached = e->cached, .result = t->result, .error = strbuf_str(&t->error) };
    char took[TIME_TEXT];
    switch (e->end) {
    case CORE_END_DONE:
        outcome.end = TASK_DONE;
        producers_add(d, t->result, d->config.no_cache || t->spec->policy.no_cache);
        time_duration_text(t->result->measured.wall, took);
        *(e->cached ? &d->end.cached : &d->end.ran) += 1;
        show(t, e->cached ? RECORD_CACHED : RECORD_DONE, str_of(took));
        break;
    case CORE_END_FAILED:
        outcome.end = TASK_FAILED;
        d->end.failed++;
        show(t, RECORD_FAILED, outcome.error);
        break;
    case CORE_END_CANCELLED: outcome.end = TASK_CANCELLED; break;
    }
    if (t->result_changed && !d->broken) {
        d->end.status = DRIVER_AGAIN;
        d->finished = true;
        driver_event(d, (struct core_event){ .kind = CORE_STOP });
    }
    tell(t, &outcome);
    core_forget(d->core, t->core);
    task_free(t);
}

static void do_record_failed(struct driver_task *t, const struct core_effect *e, bool retry)
{
    struct driver *d = t->driver;
    if (e->timed_out) {
        strbuf_clear(&t->error);
        char limit[TIME_TEXT];
        time_duration_text(t->spec->resources.time_limit_ms * MILLISECOND, limit);
        strbuf_addf(&t->error, "took longer than its time limit of %s and was ended", limit);
    }
    bool cancelled = t->outcome.end == ATTEMPT_KILLED && !e->timed_out;
    uint64_t number = record_failed(t, retry, e->timed_out, cancelled);
    if (retry) {
        d->end.retried++;
        show(t, RECORD_FAILED, strbuf_str(&t->error));
        strbuf_clear(&t->error);
    } else {
        wait_durable(t, number);
    }
}

static void carry_out(struct driver *d, const struct core_effect *e)
{
    struct driver_task *t = core_owner(e->task);
    switch (e->kind) {
    case CORE_LOOKUP: vec_push_heap(&d->lookups, t); break;
    case CORE_INTEND: wait_durable(t, record_intent(t)); break;
    case CORE_START: do_start(t, e->attempt); break;
    case CORE_KILL: executor_cancel(d->executor, &t->attempt, e->at_once ? 0 : d->config.kill_grace_ms); break;
    case CORE_RECORD_CACHED:            // nothing rests on this record: no need to wait for the disk
        record_cached(t);
        driver_event(d, (struct core_event){ .kind = CORE_DURABLE, .task = t->core });
        break;
    case CORE_RECORD_DONE: do_record_done(t); break;
    case CORE_RECORD_RETRY: do_record_failed(t, e, true); break;
    case CORE_RECORD_FAILED: do_record_failed(t, e, false); break;
    case CORE_TELL: do_tell(t, e); break;
    }
}

static bool is_idle(const struct driver *d)
{
    struct core_counts counts = core_counts(d->core);
    return counts.running == 0 && !d->committing && d->work_running == 0 && d->later.len == 0 && d->effects_done == d->effects.len
        && d->lookups.len == 0 && (d->broken || link_is_empty(&d->durable));
}

static void on_turn_end(void *arg)
{
    struct driver *d = arg;
    size_t due = d->later.len;          // what is added meanwhile waits for the next turn, behind signals and sockets
    for (size_t i = 0; i < due; i++) {
        void (*fn)(void *arg) = d->later.at[i].fn;
        fn(d->later.at[i].arg);
    }
    if (d->later.len > due)
        memmove(d->later.at, d->later.at + due, (d->later.len - due) * sizeof *d->later.at);
    d->later.len -= due;
    start_lookups(d);
    for (int n = 0; d->effects_done < d->effects.len && n < EFFECTS_PER_TURN; n++) {
        struct core_effect effect = d->effects.at[d->effects_done++];
        carry_out(d, &effect);
        if (d->effects_done == d->effects.len)
            start_lookups(d);
    }
    if (d->effects_done == d->effects.len)
        d->effects_done = d->effects.len = 0;
    else
        loop_wake(d->loop);
    if (d->later.len)
        loop_wake(d->loop);
    Time now = time_steady(), wake = core_wake_at(d->core), pause = driver_commit_pause(d, now);
    driver_commit(d, now);
    if (wake)
        pause = pause ? MIN(pause, wake - now) : wake - now;
    if (wake || pause)
        loop_timer_set(d->timer, MAX(pause, 0));
    if ((d->finished || d->broken) && !d->stopped && is_idle(d)) {
        d->stopped = true;
        loop_stop(d->loop);
    }
}

// --- for evaluators and the command line

void driver_step(struct driver *d, Str step, int64_t expected)
{
    struct strbuf b = { 0 };
    strbuf_addz(&b, "{\"step\":");
    json_write_string(&b, step);
    strbuf_addf(&b, ",\"expected\":%lld}", (long long)expected);
    journal_append(d->journal, RECORD_STEP, strbuf_str(&b));
    strbuf_release(&b);
    if (d->watcher.step)
        d->watcher.step(d->watcher.arg, interned_step(d, step), expected);
}

void driver_evaluated(struct driver *d, Str step, Str name, bool skipped)
{
    struct strbuf b = { 0 };
    strbuf_addz(&b, "{\"step\":");
    json_write_string(&b, step);
    strbuf_addz(&b, ",\"name\":");
    json_write_string(&b, name);
    strbuf_addf(&b, ",\"skipped\":%s,\"time\":%lld}", skipped ? "true" : "false", (long long)time_now());
    journal_append(d->journal, RECORD_EVALUATED, strbuf_str(&b));
    strbuf_release(&b);
    if (d->watcher.task)
        d->watcher.task(d->watcher.arg, interned_step(d, step), name, RECORD_EVALUATED, skipped ? STR("skipped") : STR(""));
}

void driver_warn(struct driver *d, Str text)
{
    struct strbuf b = { 0 };
    strbuf_addz(&b, "{\"text\":");
    json_write_string(&b, text);
    strbuf_addf(&b, ",\"time\":%lld}", (long long)time_now());
    journal_append(d->journal, RECORD_WARNING, strbuf_str(&b));
    strbuf_release(&b);
    if (d->watcher.warning)
        d->watcher.warning(d->watcher.arg, text);
}

void driver_later(struct driver *d, void (*fn)(void *arg), void *arg)
{
    if (d->later.len == d->later.cap) {
        d->later.cap = d->later.cap ? d->later.cap * 2 : 16;
        d->later.at = xrealloc(d->later.at, d->later.cap * sizeof *d->later.at);
    }
    d->later.at[d->later.len].fn = fn;
    d->later.at[d->later.len++].arg = arg;
    loop_wake(d->loop);
}

struct hash_jobs {
    struct driver *driver;
    struct driver_hash_item *items;
    size_t count, next;                 // next: taken atomically
    int running;
    void (*fn)(void *arg);
    void *arg;
};

static void hash_work(void *arg)
{
    struct hash_jobs *jobs = arg;
    size_t i;
    while ((i = __atomic_fetch_add(&jobs->next, 1, __ATOMIC_RELAXED)) < jobs->count) {
        if (__atomic_load_n(&jobs->driver->finished, __ATOMIC_RELAXED))
            return;                     // the run was cancelled: nobody asks for the rest
        struct driver_hash_item *item = &jobs->items[i];
        if (store_hash_file(jobs->driver->store, item->path, &item->hash, &item->size, &item->err))
            item->err.code = ERR_NONE;  // what was tried on the way may have left its error
    }
}

static void hash_done(void *arg)
{
    struct hash_jobs *jobs = arg;
    jobs->driver->work_running--;
    if (--jobs->running > 0)
        return;
    record_files(jobs->driver, jobs->items, jobs->count);
    driver_later(jobs->driver, jobs->fn, jobs->arg);
    free(jobs);
}

void driver_hash_files(struct driver *d, struct driver_hash_item *items, size_t count, void (*fn)(void *arg), void *arg)
{
    struct hash_jobs *jobs = xcalloc(1, sizeof *jobs);
    *jobs = (struct hash_jobs){ d, items, count, 0, 2, fn, arg };
    if (count <= 2)
        jobs->running = 1;              // one large file is hashed by all cores anyway
    d->work_running += jobs->running;
    for (int i = jobs->running; i > 0; i--)
        loop_work(d->loop, hash_work, hash_done, jobs);
}

static void tool_work(void *arg)
{
    struct driver_tool *t = arg;
    if (!package_find(&t->arena, "", t->path, &t->package))
        t->package = (struct package){ 0 };
}

static void tool_done(void *arg)
{
    struct driver_tool *t = arg;
    t->driver->work_running--;
    record_tool(t->driver, t);
    loop_wake(t->driver->loop);
    arena_release(&t->arena);
    free(t);
}

void driver_tool(struct driver *d, Str program, Str path, Hash hash, int64_t size)
{
    if (d->config.dry_run || map_has(&d->recorded, program))
        return;
    map_set(&d->recorded, str_copy(&d->arena, program), NULL);
    struct driver_tool *t = xcalloc(1, sizeof *t);
    t->driver = d, t->hash = hash, t->size = size;
    t->program = str_copy(&t->arena, program), t->path = str_copy(&t->arena, path);
    d->work_running++;
    loop_work(d->loop, tool_work, tool_done, t);
}

void driver_finish(struct driver *d, bool ok, Value outputs, Str error, Str place)
{
    if (d->finished)
        return;
    d->finished = true;
    if (!d->broken && !d->cancelled)
        d->end.status = ok ? DRIVER_OK : DRIVER_FAILED;
    d->end.outputs = outputs;
    d->end.error = str_copy(&d->arena, error);
    d->end.place = str_copy(&d->arena, place);
    driver_event(d, (struct core_event){ .kind = CORE_STOP });
}

void driver_cancel(struct driver *d, bool at_once)
{
    if (!d->cancelled) {
        struct strbuf b = { 0 };
        strbuf_addf(&b, "{\"time\":%lld}", (long long)time_now());
        journal_append(d->journal, RECORD_CANCEL, strbuf_str(&b));
        strbuf_release(&b);
    }
    d->cancelled = true;
    d->finished = true;
    if (!d->broken)
        d->end.status = DRIVER_CANCELLED;
    driver_event(d, (struct core_event){ .kind = CORE_CANCEL, .at_once = at_once });
}
