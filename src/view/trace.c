// SPDX-License-Identifier: Apache-2.0
// One function per column, one table of columns: the header and the lines can't disagree.
#include "view/trace.h"

#include "base/arena.h"

enum { MILLI = 1000000, SHORT_HASH = 6 };

struct row {
    const struct run_record *record;
    const struct recorded_task *task;
    const struct recorded_attempt *attempt;
    const struct price_table *prices;
    Time started, ended;
    struct strbuf *out;
};

// Names come from users: a tab or a line end in one would be another column or line.
static void put_text(const struct row *r, Str text)
{
    if (text.len == 0)
        strbuf_addc(r->out, '-');
    for (size_t i = 0; i < text.len; i++)
        strbuf_addc(r->out, (unsigned char)text.data[i] < ' ' || text.data[i] == 0x7f ? ' ' : text.data[i]);
}

static void put_number(const struct row *r, int64_t n, bool is_known)
{
    if (is_known)
        strbuf_addf(r->out, "%lld", (long long)n);
    else
        strbuf_addc(r->out, '-');
}

static void put_ms(const struct row *r, Time t, bool is_known) { put_number(r, t / MILLI, is_known); }

static bool is_cached(const struct row *r) { return r->attempt->state == RECORDED_CACHED; }
static const struct measured *measured(const struct row *r) { return &r->attempt->measured; }

static void task_id(const struct row *r) { put_number(r, (int64_t)r->task->index + 1, true); }

static void hash(const struct row *r)   // as Nextflow shortens its own: "ab/cdef01"
{
    Str key = r->attempt->key, hex = str_from(key, (size_t)(str_find_char(key, ':') + 1));
    if (hex.len < 2 + SHORT_HASH)
        put_text(r, (Str){ 0 });
    else
        strbuf_addf(r->out, "%.2s/%.6s", hex.data, hex.data + 2);
}

// The name of the attempt's folder and process label: <run>-<epoch>-<task * 64 + attempt>.
static void native_id(const struct row *r)
{
    const struct recorded_start *s = &r->record->starts.at[r->attempt->start];
    if (!r->attempt->was_started)
        put_text(r, (Str){ 0 });
    else
        strbuf_addf(r->out, STR_FMT "-%lld-%lld", STR_ARG(r->record->run), (long long)s->epoch,
                    (long long)(r->attempt->task * 64 + r->attempt->number));
}

static void name(const struct row *r) { put_text(r, r->task->name); }
static void process(const struct row *r) { put_text(r, r->task->step->name); }
static void tag(const struct row *r) { put_text(r, r->task->sample); }

static void status(const struct row *r)
{
    static const char *const names[] = { "RUNNING", "COMPLETED", "CACHED", "FAILED", "ABORTED", "ABORTED" };
    strbuf_addz(r->out, names[r->attempt->state]);
}

static void exit_code(const struct row *r)              // a signal as the shell tells it
{
    int code = r->attempt->signal ? 128 + r->attempt->signal : r->attempt->exit_code;
    put_number(r, code, code >= 0);
}

static void submit(const struct row *r) { put_ms(r, r->attempt->submitted, r->attempt->submitted); }
static void start(const struct row *r) { put_ms(r, r->started, r->started && !is_cached(r)); }
static void complete(const struct row *r) { put_ms(r, r->ended, r->ended); }

static void duration(const struct row *r)               // with the waiting
{
    put_ms(r, r->ended - r->attempt->submitted, r->ended && r->attempt->submitted && !is_cached(r));
}

static void realtime(const struct row *r) { put_ms(r, measured(r)->wall, measured(r)->wall >= 0); }

static void cpu_percent(const struct row *r)
{
    const struct measured *m = measured(r);
    if (m->wall > 0 && m->user >= 0 && m->system >= 0)
        strbuf_addf(r->out, "%.1f", 100.0 * (double)(m->user + m->system) / (double)m->wall);
    else
        strbuf_addc(r->out, '-');
}

static void peak_rss(const struct row *r) { put_number(r, measured(r)->peak_memory_bytes, measured(r)->peak_memory_bytes >= 0); }
static void read_bytes(const struct row *r) { put_number(r, measured(r)->read_bytes, measured(r)->read_bytes >= 0); }
static void write_bytes(const struct row *r) { put_number(r, measured(r)->written_bytes, measured(r)->written_bytes >= 0); }
static void peak_vmem(const struct row *r) { put_number(r, measured(r)->peak_virtual_bytes, measured(r)->peak_virtual_bytes >= 0); }
static void rchar(const struct row *r) { put_number(r, measured(r)->chars_read, measured(r)->chars_read >= 0); }
static void wchar(const struct row *r) { put_number(r, measured(r)->chars_written, measured(r)->chars_written >= 0); }
static void container(const struct row *r) { put_text(r, r->task->image); }
static void attempt(const struct row *r) { put_number(r, r->attempt->number, r->attempt->number > 0); }

static void cpus(const struct row *r)
{
    if (r->attempt->cores > 0)
        strbuf_addf(r->out, "%g", r->attempt->cores);
    else
        strbuf_addc(r->out, '-');
}

static void memory(const struct row *r) { put_number(r, r->attempt->memory, r->attempt->memory > 0); }
static void disk(const struct row *r) { put_number(r, r->attempt->disk, r->attempt->disk > 0); }
static void time_limit(const struct row *r) { put_ms(r, r->attempt->time_limit, r->attempt->time_limit > 0); }
static void hostname(const struct row *r)
{
    put_text(r, is_cached(r) ? r->attempt->from_host : r->record->starts.at[r->attempt->start].host);
}

static void error_action(const struct row *r)
{
    put_text(r, r->attempt->is_retried ? STR("RETRY") : r->attempt->state == RECORDED_FAILED ? STR("FAIL") : (Str){ 0 });
}

static void user_time(const struct row *r) { put_ms(r, measured(r)->user, measured(r)->user >= 0); }
static void system_time(const struct row *r) { put_ms(r, measured(r)->system, measured(r)->system >= 0); }
static void io_wait(const struct row *r) { put_ms(r, measured(r)->io_wait, measured(r)->io_wait >= 0); }
static void sandbox(const struct row *r) { put_text(r, r->attempt->sandbox); }
static void key(const struct row *r) { put_text(r, r->attempt->key); }
static void cache(const struct row *r) { strbuf_addz(r->out, recorded_cache_name(r->attempt->cache)); }
static void from_run(const struct row *r) { put_text(r, r->attempt->from_run); }
static void start_number(const struct row *r) { put_number(r, (int64_t)r->attempt->start + 1, true); }

static void cost(const struct row *r)
{
    struct cost c = cost_of_attempt(r->attempt, r->prices, r->record->last);
    if (prices_are_set(r->prices))
        strbuf_addf(r->out, "%.8g", c.money);
    else
        strbuf_addc(r->out, '-');
}

static void currency(const struct row *r) { put_text(r, prices_are_set(r->prices) ? r->prices->currency : (Str){ 0 }); }

static const struct column {
    const char *name;
    void (*put)(const struct row *r);
} columns[] = {
    // Nextflow's default columns, in its order
    { "task_id", task_id }, { "hash", hash }, { "native_id", native_id }, { "name", name }, { "status", status }, { "exit", exit_code },
    { "submit", submit }, { "duration", duration }, { "realtime", realtime }, { "%cpu", cpu_percent }, { "peak_rss", peak_rss },
    { "peak_vmem", peak_vmem }, { "rchar", rchar }, { "wchar", wchar },
    // others of Nextflow's
    { "process", process }, { "tag", tag }, { "container", container }, { "attempt", attempt }, { "cpus", cpus }, { "memory", memory },
    { "disk", disk }, { "time", time_limit }, { "start", start }, { "complete", complete }, { "read_bytes", read_bytes },
    { "write_bytes", write_bytes }, { "hostname", hostname }, { "error_action", error_action },
    // Petri's
    { "user", user_time }, { "system", system_time }, { "io_wait", io_wait }, { "sandbox", sandbox }, { "run_start", start_number }, { "key", key },
    { "cache", cache }, { "from_run", from_run }, { "cost", cost }, { "currency", currency },
};

static void put_row(const struct row *r)
{
    for (size_t i = 0; i < LEN(columns); i++) {
        if (i)
            strbuf_addc(r->out, '\t');
        columns[i].put(r);
    }
    strbuf_addc(r->out, '\n');
}

void trace_write(const struct run_record *r, const struct price_table *prices, struct strbuf *out)
{
    struct price_table recorded;
    for (size_t i = 0; i < LEN(columns); i++)
        strbuf_addf(out, "%s%s", i ? "\t" : "", columns[i].name);
    strbuf_addc(out, '\n');
    for (size_t i = 0; i < r->tasks.len; i++) {
        const struct recorded_task *t = r->tasks.entries[i].value;
        for (size_t k = 0; k < t->attempts.len; k++) {
            struct row row = { .record = r, .task = t, .attempt = &t->attempts.at[k], .prices = prices, .out = out };
            if (prices == NULL) {
                prices_from_value(r->starts.at[row.attempt->start].prices, &recorded);
                row.prices = &recorded;
            }
            recorded_attempt_times(row.attempt, &row.started, &row.ended);
            put_row(&row);
        }
    }
}
