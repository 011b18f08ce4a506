// SPDX-License-Identifier: Apache-2.0
// Journal records of tasks, as record.h describes them. Written by hand into a buffer: a run of a million tasks writes
// two million of these. Ids, sizes, digests, times and codes only; logs go in as the task wrote them, under the log's names.
#include "engine/driver_private.h"

#include "journal/journal.h"
#include "value/read.h"

static void add_text(struct strbuf *b, const char *name, Str text)
{
    strbuf_addf(b, ",\"%s\":", name);
    json_write_string(b, text);
}

static void begin(struct strbuf *b, const struct driver_task *t)
{
    char key[HASH_HEX + 1];
    hash_hex(t->key, key);
    strbuf_addf(b, "{\"task\":%lld", (long long)t->number);
    add_text(b, "name", t->spec->name);
    add_text(b, "step", t->spec->step);
    strbuf_addf(b, ",\"key\":\"blake3:%s\",\"time\":%lld", key, (long long)time_now());
}

// A list of files may be long and is written for every task: so much is listed in one record, and so many in one start. What is
// beyond is counted.
enum { LISTED_BY_TASK = 20000, LISTED_BY_RUN = 1000000 };

struct listed {                         // one list of files, open from list_begin() to list_end()
    struct driver *driver;
    struct strbuf *out;
    int64_t count, more;
    const char *more_name;
};

static struct listed list_begin(struct driver *d, struct strbuf *b, const char *name, const char *more_name)
{
    strbuf_addf(b, ",\"%s\":[", name);
    return (struct listed){ .driver = d, .out = b, .more_name = more_name };
}

static void list_add(struct listed *l, Str path, Hash hash, int64_t size)
{
    char hex[HASH_HEX + 1];
    if (l->count == LISTED_BY_TASK || l->driver->listed_files >= LISTED_BY_RUN) {
        l->more++;
        return;
    }
    hash_hex(hash, hex);
    strbuf_addz(l->out, l->count++ ? ",[" : "[");
    json_write_string(l->out, path);
    strbuf_addf(l->out, ",\"%s\",%lld]", hex, (long long)size);
    l->driver->listed_files++;
}

static void list_end(struct listed *l)
{
    strbuf_addz(l->out, "]");
    if (l->more)
        strbuf_addf(l->out, ",\"%s\":%lld", l->more_name, (long long)l->more);
}

static Str below(Str path, Str folder) { return str_starts(path, folder) ? str_from(path, folder.len) : path; }

static void add_inputs(struct strbuf *b, const struct driver_task *t)
{
    struct listed list = list_begin(t->driver, b, "inputs", "inputs_more");
    for (size_t i = 0; i < t->spec->stage_count; i++) {
        const struct stage *s = &t->spec->stages[i];
        if (s->kind == STAGE_FILE)
            list_add(&list, below(s->path, STR(TASK_ROOT "/")), s->hash, s->size > 0 ? s->size : -1);
    }
    list_end(&list);
}

// What was left behind, and one digest over all of it, so that two results can be compared whatever is listed.
static void add_outputs(struct strbuf *b, const struct driver_task *t)
{
    const struct task_result *r = t->result;
    struct hasher all;
    char hex[HASH_HEX + 1];
    int64_t bytes = 0;
    struct listed list = list_begin(t->driver, b, "outputs", "outputs_more");
    hasher_init(&all);
    for (size_t i = 0; i < r->output_count; i++) {
        const struct output *o = &r->outputs[i];
        hasher_update(&all, o->path.data, o->path.len);
        hasher_update(&all, "", 1);
        hasher_update(&all, o->hash.bytes, sizeof o->hash.bytes);
        bytes += o->kind == OUTPUT_FILE ? o->size : 0;
        if (o->kind == OUTPUT_FILE)
            list_add(&list, o->path, o->hash, o->size);
    }
    list_end(&list);
    hash_hex(hasher_finish(&all), hex);
    strbuf_addf(b, ",\"result\":\"%s\",\"out_bytes\":%lld", hex, (long long)bytes);
}

// What is known of a task before it runs.
static void add_facts(struct strbuf *b, const struct driver_task *t)
{
    if (t->spec->image.len)
        add_text(b, "image", t->spec->image);
    if (t->spec->tool_digest.len)
        add_text(b, "tool", t->spec->tool_digest);
    if (!value_is_null(t->spec->labels)) {
        strbuf_addz(b, ",\"labels\":");
        json_write(b, t->spec->labels, 0);
    }
    add_inputs(b, t);
}

static void add_measured(struct strbuf *b, const struct measured *m)
{
    strbuf_addf(b, ",\"measured\":{\"started\":%lld,\"ended\":%lld,\"wall\":%lld,\"user\":%lld,\"system\":%lld,\"peak_memory\":%lld,"
                   "\"read\":%lld,\"written\":%lld,\"io_wait\":%lld,\"rchar\":%lld,\"wchar\":%lld,\"peak_virtual\":%lld}",
                (long long)m->started, (long long)m->ended, (long long)m->wall,
                (long long)m->user, (long long)m->system, (long long)m->peak_memory_bytes,
                (long long)m->read_bytes, (long long)m->written_bytes, (long long)m->io_wait, (long long)m->chars_read,
                (long long)m->chars_written, (long long)m->peak_virtual_bytes);
}

static void add_sandbox(struct strbuf *b, const struct attempt_outcome *o)
{
    if (o->sandbox)
        add_text(b, "sandbox", str_of(o->sandbox));
}

static void add_limit(struct strbuf *b, const struct attempt_limit *limit)
{
    static const char *const names[] = { [LIMIT_MEMORY] = "memory", [LIMIT_PROCESSES] = "processes", [LIMIT_FILE_SIZE] = "file_size",
                                         [LIMIT_NETWORK] = "network" };
    if (limit->kind != LIMIT_NONE)
        strbuf_addf(b, ",\"limit\":{\"name\":\"%s\",\"asked\":%lld,\"limit\":%lld,\"seen\":%lld}", names[limit->kind], (long long)limit->asked,
                    (long long)limit->limit, (long long)limit->seen);
}

static void add_time_limit(struct strbuf *b, const struct driver_task *t)
{
    long long asked = (long long)t->spec->resources.time_limit_ms * MILLISECOND;
    strbuf_addf(b, ",\"limit\":{\"name\":\"time\",\"asked\":%lld,\"limit\":%lld,\"seen\":%lld}", asked, asked, (long long)t->outcome.measured.wall);
}

static uint64_t append(struct driver_task *t, enum record_type type, struct strbuf *b)
{
    strbuf_addz(b, "}");
    uint64_t number = journal_append(t->driver->journal, (uint8_t)type, strbuf_str(b));
    strbuf_release(b);
    return number;
}

uint64_t record_intent(struct driver_task *t)
{
    struct strbuf b = { 0 };
    begin(&b, t);
    strbuf_addf(&b, ",\"attempt\":%d,\"cores\":%g,\"memory\":%lld", core_attempt(t->core), t->spec->resources.cores, (long long)core_memory(t->core));
    if (t->makes_again)
        strbuf_addz(&b, ",\"made_again\":true");
    if (t->spec->resources.tmp_bytes + t->spec->resources.out_bytes > 0)
        strbuf_addf(&b, ",\"disk\":%lld", (long long)(t->spec->resources.tmp_bytes + t->spec->resources.out_bytes));
    if (t->spec->resources.time_limit_ms > 0)
        strbuf_addf(&b, ",\"time_limit\":%lld", (long long)(t->spec->resources.time_limit_ms * MILLISECOND));
    if (t->spec->policy.no_cache || t->driver->config.no_cache)
        strbuf_addz(&b, ",\"cache\":\"off\"");
    if (core_attempt(t->core) == 1)
        add_facts(&b, t);
    return append(t, RECORD_INTENT, &b);
}

void record_cached(struct driver_task *t)
{
    struct strbuf b = { 0 };
    const struct task_result *r = t->result;
    begin(&b, t);
    strbuf_addz(&b, ",\"from\":{\"run\":");
    json_write_string(&b, r->run);
    add_text(&b, "task", r->task);
    add_text(&b, "host", r->host);
    strbuf_addf(&b, "},\"exit\":%d", r->exit_code);
    add_facts(&b, t);
    add_outputs(&b, t);
    add_measured(&b, &r->measured);
    append(t, RECORD_CACHED, &b);
}

uint64_t record_done(struct driver_task *t)
{
    struct strbuf b = { 0 };
    begin(&b, t);
    strbuf_addf(&b, ",\"attempt\":%d,\"exit\":%d", core_attempt(t->core), t->result->exit_code);
    add_outputs(&b, t);
    add_measured(&b, &t->result->measured);
    add_sandbox(&b, &t->outcome);
    return append(t, RECORD_DONE, &b);
}

uint64_t record_failed(struct driver_task *t, bool retry, bool timed_out, bool cancelled)
{
    struct strbuf b = { 0 };
    const struct attempt_outcome *o = &t->outcome;
    begin(&b, t);
    strbuf_addf(&b, ",\"attempt\":%d,\"retry\":%s,\"timed_out\":%s", t->core ? core_attempt(t->core) : 0, retry ? "true" : "false",
                timed_out ? "true" : "false");
    if (cancelled)
        strbuf_addz(&b, ",\"cancelled\":true");
    if (o->end == ATTEMPT_EXITED)
        strbuf_addf(&b, ",\"exit\":%d", o->exit_code);
    if (o->end == ATTEMPT_SIGNALED)
        strbuf_addf(&b, ",\"signal\":%d", o->signal);
    add_text(&b, "why", strbuf_str(&t->error));
    add_measured(&b, &o->measured);
    add_sandbox(&b, o);
    if (timed_out)
        add_time_limit(&b, t);
    else if (!cancelled)
        add_limit(&b, &o->limit);
    struct arena scratch = { 0 };
    const struct output *logs[] = { &o->log_out, &o->log_err };
    for (size_t i = 0; i < LEN(logs); i++) {
        strbuf_addz(&b, i ? ",\"log_err\":" : ",\"log_out\":");
        json_write(&b, output_value(&scratch, logs[i]), 0);
    }
    arena_release(&scratch);
    if (!retry && t->identity.len) {
        strbuf_addz(&b, ",\"identity\":");
        strbuf_add(&b, t->identity);    // canonical JSON
    }
    return append(t, RECORD_FAILED, &b);
}

// --- of the run

static void append_text(struct driver *d, enum record_type type, struct strbuf *b)
{
    strbuf_addf(b, ",\"time\":%lld}", (long long)time_now());
    journal_append(d->journal, (uint8_t)type, strbuf_str(b));
    strbuf_release(b);
}

static bool is_news(struct driver *d, Str path)
{
    return !map_has(&d->recorded, path) && map_set(&d->recorded, str_copy(&d->arena, path), NULL);
}

void record_files(struct driver *d, const struct driver_hash_item *items, size_t count)
{
    enum { FILES_BY_RECORD = 20000 };
    for (size_t at = 0; at < count;) {
        struct strbuf b = { 0 };
        int listed = 0;
        strbuf_addz(&b, "{\"files\":[");
        for (; at < count && listed < FILES_BY_RECORD; at++) {
            char hex[HASH_HEX + 1];
            if (items[at].err.code != ERR_NONE || !is_news(d, items[at].path))
                continue;
            hash_hex(items[at].hash, hex);
            strbuf_addz(&b, listed++ ? ",[" : "[");
            json_write_string(&b, items[at].path);
            strbuf_addf(&b, ",\"%s\",%lld]", hex, (long long)items[at].size);
        }
        strbuf_addz(&b, "]");
        if (listed)
            append_text(d, RECORD_FILES, &b);
        strbuf_release(&b);
    }
}

void record_tool(struct driver *d, const struct driver_tool *t)
{
    struct strbuf b = { 0 };
    char hex[HASH_HEX + 1];
    hash_hex(t->hash, hex);
    strbuf_addz(&b, "{\"program\":");
    json_write_string(&b, t->program);
    add_text(&b, "path", t->path);
    strbuf_addf(&b, ",\"digest\":\"blake3:%s\",\"size\":%lld", hex, (long long)t->size);
    if (t->package.name.len) {
        add_text(&b, "package", t->package.name);
        add_text(&b, "version", t->package.version);
        add_text(&b, "manager", t->package.manager);
    }
    append_text(d, RECORD_TOOL, &b);
}
