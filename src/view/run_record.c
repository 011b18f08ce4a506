// SPDX-License-Identifier: Apache-2.0
// Reads a run's journal into one struct. It reads and never writes; it adds nothing up: what is made of the record is its views'.
#include "view/run_record.h"

#include "engine/record.h"
#include "journal/journal.h"
#include "value/read.h"

const char *run_status_name(enum run_status status)
{
    static const char *const names[] = { "running", "done", "failed", "cancelled", "interrupted" };
    return names[status];
}

const char *recorded_state_name(enum recorded_state state)
{
    static const char *const names[] = { "running", "done", "cached", "failed", "cancelled", "lost" };
    return names[state];
}

const char *recorded_cache_name(enum recorded_cache cache)
{
    static const char *const names[] = { "miss", "hit", "off", "again" };
    return names[cache];
}

static void release(void *arg)
{
    struct run_record *r = arg;
    map_release(&r->steps);
    map_release(&r->tasks);
    map_release(&r->files);
    map_release(&r->tools);
    map_release(&r->words);
}

struct run_record *run_record_new(struct arena *a, Str run)
{
    struct run_record *r = NEW(a, struct run_record);
    *r = (struct run_record){ .arena = a, .run = str_copy(a, run) };
    arena_defer(a, release, r);
    return r;
}

// --- fields

static Str kept(struct run_record *r, Value map, Str key) { return str_copy(r->arena, value_get_str(map, key)); }
static Value copied(struct run_record *r, Value map, Str key) { return value_copy(r->arena, value_get(map, key)); }

static bool flag(Value map, Str key)
{
    Value v = value_get(map, key);
    return v.kind == VALUE_BOOL && v.boolean;
}

static double number(Value map, Str key)
{
    double d;
    return value_as_double(value_get(map, key), &d) ? d : 0;
}

// A text of which there are few: images, tools, hosts.
static Str interned(struct run_record *r, Value map, Str key)
{
    Str text = value_get_str(map, key);
    Str *known = map_find(&r->words, text);
    if (text.len == 0)
        return (Str){ 0 };
    if (known == NULL) {
        known = arena_copy(r->arena, &(Str){ 0 }, sizeof(Str));
        *known = str_copy(r->arena, text);
        map_set(&r->words, *known, known);
    }
    return *known;
}

static struct recorded_file file_of(struct run_record *r, Value item)
{
    struct recorded_file f = { .name = str_copy(r->arena, value_str(value_at(item, 0))), .size = -1 };
    Value size = value_at(item, 2);
    if (!hash_parse(value_str(value_at(item, 1)), &f.hash))
        f.hash = (Hash){ 0 };
    if (size.kind == VALUE_INT)
        f.size = size.integer;
    return f;
}

// Replaces what `out` held, if the record says anything.
static void take_files(struct run_record *r, Value record, Str key, Str more, struct recorded_files *out)
{
    Value list = value_get(record, key);
    if (list.kind != VALUE_ARRAY)
        return;
    size_t count = value_len(list);
    *out = (struct recorded_files){ .at = NEW_ARRAY(r->arena, struct recorded_file, count), .len = count, .cap = count,
                                    .more = value_get_int(record, more, 0) };
    for (size_t i = 0; i < count; i++)
        out->at[i] = file_of(r, value_at(list, i));
}

static struct measured measured_of(Value m)
{
    return (struct measured){
        .started = value_get_int(m, STR("started"), 0), .ended = value_get_int(m, STR("ended"), 0), .wall = value_get_int(m, STR("wall"), -1),
        .user = value_get_int(m, STR("user"), -1), .system = value_get_int(m, STR("system"), -1),
        .peak_memory_bytes = value_get_int(m, STR("peak_memory"), -1), .read_bytes = value_get_int(m, STR("read"), -1),
        .written_bytes = value_get_int(m, STR("written"), -1), .io_wait = value_get_int(m, STR("io_wait"), -1),
        .chars_read = value_get_int(m, STR("rchar"), -1), .chars_written = value_get_int(m, STR("wchar"), -1),
        .peak_virtual_bytes = value_get_int(m, STR("peak_virtual"), -1),
    };
}

// --- starts

static struct recorded_start *last_start(struct run_record *r) { return &r->starts.at[r->starts.len - 1]; }
const struct recorded_start *run_record_last(const struct run_record *r) { return &r->starts.at[r->starts.len - 1]; }

// Nothing that ran in a start runs after it.
static void end_running(struct run_record *r)
{
    for (size_t i = 0; i < r->tasks.len; i++) {
        struct recorded_task *t = r->tasks.entries[i].value;
        struct recorded_attempt *at = t->attempts.len ? &t->attempts.at[t->attempts.len - 1] : NULL;
        if (at && at->state == RECORDED_RUNNING)
            at->state = t->state = last_start(r)->status == RUN_CANCELLED ? RECORDED_CANCELLED : RECORDED_LOST;
    }
}

static void begin_start(struct run_record *r, Value v)
{
    if (r->starts.len) {
        end_running(r);
        for (size_t i = 0; i < r->steps.len; i++) {
            struct recorded_step *step = r->steps.entries[i].value;
            step->expected = -1;
            step->evaluated = step->skipped = 0;
        }
    }
    struct recorded_start s = { .started = value_get_int(v, STR("time"), 0), .status = RUN_INTERRUPTED };
    s.workflow = kept(r, v, STR("workflow")), s.version = kept(r, v, STR("version")), s.commit = kept(r, v, STR("commit"));
    s.language = kept(r, v, STR("language")), s.petri = kept(r, v, STR("petri"));
    s.host = kept(r, v, STR("host")), s.user = kept(r, v, STR("user")), s.cwd = kept(r, v, STR("cwd")), s.outdir = kept(r, v, STR("outdir"));
    s.inputs = copied(r, v, STR("inputs")), s.options = copied(r, v, STR("options")), s.arguments = copied(r, v, STR("arguments"));
    s.prices = copied(r, v, STR("prices")), s.containers = copied(r, v, STR("containers"));
    take_files(r, v, STR("sources"), STR("sources_more"), &s.sources);
    s.cores = number(v, STR("cores"));
    s.memory = value_get_int(v, STR("memory"), 0);
    s.epoch = value_get_int(v, STR("epoch"), 0), s.pid = value_get_int(v, STR("pid"), 0);
    vec_push(r->arena, &r->starts, s);
    r->warnings.len = 0;
    r->has_ended = false;
}

static void add_end(struct run_record *r, Value v)
{
    struct recorded_start *s = last_start(r);
    Str status = value_get_str(v, STR("status"));
    r->has_ended = true;
    s->status = str_is(status, "done") ? RUN_DONE : str_is(status, "cancelled") ? RUN_CANCELLED : RUN_FAILED;
    s->ended = value_get_int(v, STR("time"), 0);
    s->error = kept(r, v, STR("error")), s->place = kept(r, v, STR("place"));
    s->outputs = copied(r, v, STR("outputs"));
    if (value_has(v, STR("outdir")))
        s->outdir = kept(r, v, STR("outdir"));
}

// --- steps and tasks

static struct recorded_step *step_of(struct run_record *r, Value v)
{
    Str name = value_get_str(v, STR("step"));
    struct recorded_step *step = map_find(&r->steps, name);
    if (step) {
        step->start = r->starts.len - 1;
        return step;
    }
    step = NEW(r->arena, struct recorded_step);
    *step = (struct recorded_step){ .name = str_copy(r->arena, name), .index = r->steps.len, .start = r->starts.len - 1, .expected = -1 };
    map_set(&r->steps, step->name, step);
    return step;
}

static struct recorded_task *task_of(struct run_record *r, Value v)
{
    Str name = value_get_str(v, STR("name"));
    struct recorded_task *task = map_find(&r->tasks, name);
    if (task) {
        task->step->start = r->starts.len - 1;
        return task;
    }
    task = NEW(r->arena, struct recorded_task);
    *task = (struct recorded_task){ .name = str_copy(r->arena, name), .step = step_of(r, v), .index = r->tasks.len };
    map_set(&r->tasks, task->name, task);
    vec_push(r->arena, &task->step->tasks, task);
    return task;
}

// The attempt that the record speaks of: the one whose intent was seen, else a new one.
static struct recorded_attempt *attempt_of(struct run_record *r, struct recorded_task *t, Value v)
{
    int64_t number = value_get_int(v, STR("attempt"), 0), task = value_get_int(v, STR("task"), 0);
    struct recorded_attempt *at = t->attempts.len ? &t->attempts.at[t->attempts.len - 1] : NULL;
    if (at && at->start == r->starts.len - 1 && at->number == number && at->task == task && at->state == RECORDED_RUNNING)
        return at;
    vec_push(r->arena, &t->attempts, (struct recorded_attempt){
        .start = r->starts.len - 1, .task = task, .number = number, .exit_code = -1, .out_bytes = -1,
        .measured = measured_of(value_null) });
    return &t->attempts.at[t->attempts.len - 1];
}

static void add_image(struct run_record *r, Str image)
{
    for (size_t i = 0; i < r->images.len; i++)
        if (str_eq(r->images.at[i], image))
            return;
    vec_push(r->arena, &r->images, image);
}

// What any record of a task may say of it.
static struct recorded_attempt *take_task(struct run_record *r, Value v, struct recorded_task **task)
{
    struct recorded_task *t = *task = task_of(r, v);
    if (value_has(v, STR("labels"))) {
        t->labels = copied(r, v, STR("labels"));
        t->sample = value_get_str(t->labels, STR("sample"));
    }
    if (value_has(v, STR("image"))) {
        t->image = interned(r, v, STR("image"));
        add_image(r, t->image);
    }
    if (value_has(v, STR("tool")))
        t->tool = interned(r, v, STR("tool"));
    take_files(r, v, STR("inputs"), STR("inputs_more"), &t->inputs);
    take_files(r, v, STR("outputs"), STR("outputs_more"), &t->outputs);
    if (!str_eq(t->key, value_get_str(v, STR("key"))))
        t->key = kept(r, v, STR("key"));
    struct recorded_attempt *at = attempt_of(r, t, v);
    at->key = t->key;
    return at;
}

static void add_intent(struct run_record *r, Value v)
{
    struct recorded_task *t;
    struct recorded_attempt *at = take_task(r, v, &t);
    at->state = t->state = RECORDED_RUNNING;
    at->was_started = true;
    at->submitted = value_get_int(v, STR("time"), 0);
    at->cores = number(v, STR("cores")), at->gpus = number(v, STR("gpus"));
    at->memory = value_get_int(v, STR("memory"), 0), at->disk = value_get_int(v, STR("disk"), 0);
    at->time_limit = value_get_int(v, STR("time_limit"), 0);
    at->cache = flag(v, STR("made_again")) ? RECORDED_CACHE_AGAIN
              : str_is(value_get_str(v, STR("cache")), "off") ? RECORDED_CACHE_OFF : RECORDED_CACHE_MISS;
}

static void take_end(struct run_record *r, struct recorded_attempt *at, Value v)
{
    Value measured = value_get(v, STR("measured"));
    at->recorded = value_get_int(v, STR("time"), 0);
    at->measured = measured_of(measured);
    at->exit_code = (int)value_get_int(v, STR("exit"), -1);
    at->signal = (int)value_get_int(v, STR("signal"), 0);
    at->out_bytes = value_get_int(v, STR("out_bytes"), -1);
    at->result = kept(r, v, STR("result"));
    at->sandbox = interned(r, v, STR("sandbox"));
}

static void add_done(struct run_record *r, Value v)
{
    struct recorded_task *t;
    struct recorded_attempt *at = take_task(r, v, &t);
    at->state = t->state = RECORDED_DONE;
    take_end(r, at, v);
}

static void add_cached(struct run_record *r, Value v)
{
    struct recorded_task *t;
    struct recorded_attempt *at = take_task(r, v, &t);
    Value from = value_get(v, STR("from"));
    at->state = t->state = RECORDED_CACHED;
    at->cache = RECORDED_CACHE_HIT;
    at->from_run = interned(r, from, STR("run")), at->from_host = interned(r, from, STR("host"));
    at->from_task = str_eq(value_get_str(from, STR("task")), t->name) ? t->name : kept(r, from, STR("task"));
    take_end(r, at, v);
    at->submitted = at->recorded;
}

static void add_failed(struct run_record *r, Value v)
{
    struct recorded_task *t;
    struct recorded_attempt *at = take_task(r, v, &t);
    at->state = t->state = flag(v, STR("cancelled")) ? RECORDED_CANCELLED : RECORDED_FAILED;
    take_end(r, at, v);
    at->is_retried = flag(v, STR("retry")), at->is_timed_out = flag(v, STR("timed_out"));
    at->why = kept(r, v, STR("why"));
    at->log_out = copied(r, v, STR("log_out")), at->log_err = copied(r, v, STR("log_err"));
    last_start(r)->retried += at->is_retried;
    last_start(r)->failed += !at->is_retried && at->state == RECORDED_FAILED;
    at->limit = copied(r, v, STR("limit")), at->identity = copied(r, v, STR("identity"));
}

static void add_evaluated(struct run_record *r, Value v)
{
    struct recorded_step *step = step_of(r, v);
    step->evaluated++;
    step->skipped += flag(v, STR("skipped"));
}

// --- files and tools

static void add_files(struct run_record *r, Value v)
{
    Value list = value_get(v, STR("files"));
    for (size_t i = 0; i < value_len(list); i++) {
        struct recorded_file file = file_of(r, value_at(list, i)), *known = map_find(&r->files, file.name);
        if (known)
            known->hash = file.hash, known->size = file.size;
        else
            map_set(&r->files, file.name, arena_copy(r->arena, &file, sizeof file));
    }
}

static void add_tool(struct run_record *r, Value v)
{
    Str program = value_get_str(v, STR("program"));
    struct recorded_tool *t = map_find(&r->tools, program);
    if (t == NULL)
        t = NEW(r->arena, struct recorded_tool);
    *t = (struct recorded_tool){
        .program = kept(r, v, STR("program")), .path = kept(r, v, STR("path")), .package = kept(r, v, STR("package")),
        .version = kept(r, v, STR("version")), .manager = kept(r, v, STR("manager")), .size = value_get_int(v, STR("size"), -1),
    };
    if (!hash_parse(value_get_str(v, STR("digest")), &t->hash))
        t->hash = (Hash){ 0 };
    map_set(&r->tools, t->program, t);
}

// --- the whole

static void add_record(struct run_record *r, uint8_t type, Value v)
{
    r->last = MAX(r->last, value_get_int(v, STR("time"), 0));
    if (r->starts.len == 0 && type != RECORD_RUN)       // nothing to hang it on: not what Petri wrote
        return;
    if (r->is_brief && (type == RECORD_INTENT || type == RECORD_CACHED)) {
        add_image(r, interned(r, v, STR("image")));
        return;
    }
    switch ((enum record_type)type) {
    case RECORD_RUN: begin_start(r, v); break;
    case RECORD_STEP: step_of(r, v)->expected = value_get_int(v, STR("expected"), -1); break;
    case RECORD_INTENT: add_intent(r, v); break;
    case RECORD_DONE: add_done(r, v); break;
    case RECORD_CACHED: add_cached(r, v); break;
    case RECORD_FAILED: add_failed(r, v); break;
    case RECORD_EVALUATED: add_evaluated(r, v); break;
    case RECORD_END: add_end(r, v); break;
    case RECORD_WARNING: vec_push(r->arena, &r->warnings, kept(r, v, STR("text"))); break;
    case RECORD_FILES: add_files(r, v); break;
    case RECORD_TOOL: add_tool(r, v); break;
    case RECORD_CANCEL: break;
    }
}

// Counts of the start, which need not more than the type of most records.
static void count(struct run_record *r, uint8_t type)
{
    if (r->starts.len == 0)
        return;
    last_start(r)->done += type == RECORD_DONE;
    last_start(r)->cached += type == RECORD_CACHED;
    last_start(r)->evaluated += type == RECORD_EVALUATED;
}

// In a brief reading the records of tasks, nearly all there are, are passed over: but for an image, and for what failed.
static bool is_passed_over(const struct run_record *r, uint8_t type, Str payload)
{
    bool is_of_task = type == RECORD_INTENT || type == RECORD_DONE || type == RECORD_CACHED || type == RECORD_STEP || type == RECORD_EVALUATED;
    return r->is_brief && is_of_task && (type == RECORD_DONE || str_find(payload, STR("\"image\":\"")) < 0);
}

bool run_record_add(struct run_record *r, uint8_t type, Str payload)
{
    struct arena scratch = { 0 };
    Value v;
    count(r, type);
    if (is_passed_over(r, type, payload))
        return true;
    bool ok = json_parse(&scratch, payload, &v, &r->err);
    if (ok)
        add_record(r, type, v);
    else
        err_wrap(&r->err, "a journal record of type %d", type);
    arena_release(&scratch);
    return ok;
}

void run_record_finish(struct run_record *r, bool is_live)
{
    if (r->starts.len == 0)
        return;
    if (!r->has_ended)
        last_start(r)->status = is_live ? RUN_RUNNING : RUN_INTERRUPTED;
    r->status = last_start(r)->status;
    if (!is_live || r->has_ended)
        end_running(r);
}

static bool visit(void *arg, uint8_t type, Str payload) { return run_record_add(arg, type, payload); }

static bool read_journal(struct arena *a, Str dir, bool is_brief, struct run_record **out, struct err *err)
{
    struct run_record *r = *out = run_record_new(a, str_basename(dir));
    r->is_brief = is_brief;
    struct journal_cursor cursor = { 0 };
    char owner[128] = "", damage[128] = "";
    bool is_live = journal_is_live(dir, owner);         // before reading: an end that comes meanwhile is then seen
    if (!journal_read(dir, &cursor, visit, r, damage, err))
        return false;
    if (r->err.code != ERR_NONE) {
        *err = r->err;
        return err_wrap(err, STR_FMT "/journal", STR_ARG(dir));
    }
    memcpy(r->owner, owner, sizeof r->owner);
    memcpy(r->damage, damage, sizeof r->damage);
    if (r->starts.len == 0)
        return err_set(err, damage[0] ? ERR_DAMAGED : ERR_NOT_FOUND, STR_FMT ": the journal holds no start of a run%s%s", STR_ARG(dir),
                       damage[0] ? ": " : "", damage);
    run_record_finish(r, is_live);
    return true;
}

bool run_record_read(struct arena *a, Str dir, struct run_record **out, struct err *err) { return read_journal(a, dir, false, out, err); }
bool run_record_read_brief(struct arena *a, Str dir, struct run_record **out, struct err *err) { return read_journal(a, dir, true, out, err); }

// --- what views ask

bool recorded_task_is_current(const struct run_record *r, const struct recorded_task *t)
{
    return recorded_task_last(t)->start == r->starts.len - 1;
}

void recorded_attempt_times(const struct recorded_attempt *t, Time *started, Time *ended)
{
    *started = *ended = t->recorded;
    if (t->state == RECORDED_CACHED)
        return;
    *started = t->measured.started ? t->measured.started : t->submitted ? t->submitted : t->recorded;
    *ended = t->measured.ended ? t->measured.ended : t->recorded;
}
