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

static void add_measured(struct strbuf *b, const struct measured *m)
{
    strbuf_addf(b, ",\"measured\":{\"started\":%lld,\"ended\":%lld,\"wall\":%lld,\"user\":%lld,\"system\":%lld,\"peak_memory\":%lld,"
                   "\"read\":%lld,\"written\":%lld}", (long long)m->started, (long long)m->ended, (long long)m->wall, (long long)m->user,
                (long long)m->system, (long long)m->peak_memory_bytes, (long long)m->read_bytes, (long long)m->written_bytes);
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
    if (!value_is_null(t->spec->labels)) {
        strbuf_addz(&b, ",\"labels\":");
        json_write(&b, t->spec->labels, 0);
    }
    return append(t, RECORD_INTENT, &b);
}

void record_cached(struct driver_task *t)
{
    struct strbuf b = { 0 };
    begin(&b, t);
    append(t, RECORD_CACHED, &b);
}

uint64_t record_done(struct driver_task *t)
{
    struct strbuf b = { 0 };
    int64_t out_bytes = 0;
    for (size_t i = 0; i < t->result->output_count; i++)
        out_bytes += t->result->outputs[i].kind == OUTPUT_FILE ? t->result->outputs[i].size : 0;
    begin(&b, t);
    strbuf_addf(&b, ",\"attempt\":%d,\"exit\":%d,\"out_bytes\":%lld", core_attempt(t->core), t->result->exit_code, (long long)out_bytes);
    add_measured(&b, &t->result->measured);
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
    struct arena scratch = { 0 };
    const struct output *logs[] = { &o->log_out, &o->log_err };
    for (size_t i = 0; i < LEN(logs); i++) {
        strbuf_addz(&b, i ? ",\"log_err\":" : ",\"log_out\":");
        json_write(&b, output_value(&scratch, logs[i]), 0);
    }
    arena_release(&scratch);
    return append(t, RECORD_FAILED, &b);
}
