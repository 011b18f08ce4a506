// SPDX-License-Identifier: Apache-2.0
// Events of starts and ends. A file of the user is the dataset "file:///path" in the namespace of its host; bytes between tasks are
// known by their digest, in the namespace "petri".
#include "view/openlineage.h"

#include "engine/export.h"
#include "value/read.h"

#define SPEC "https://openlineage.io/spec/"
#define RUN_EVENT SPEC "2-0-2/OpenLineage.json#/$defs/RunEvent"
#define FACET(version, name) SPEC "facets/" version "/" name ".json#/$defs/" name
#define PRODUCER "urn:x-petri:petri/"

struct event {                          // sorted by time before it is written
    Time time;
    const char *type;                   // START, COMPLETE, …
    const struct recorded_task *task;   // NULL: the workflow
    const struct recorded_attempt *attempt;
    size_t order;
};
struct writing {
    struct arena *arena;
    const struct run_record *record;
    const struct recorded_start *start;
    struct map paths;                   // hex of a digest -> path of the user's file that has it
    VEC(struct event) events;
    Str producer;
};

// --- ids and names

// 16 bytes of a digest as a UUID of version 8 (RFC 9562: made by one's own rule).
static Str uuid_of(struct writing *w, const struct recorded_task *t, const struct recorded_attempt *at)
{
    struct strbuf b = { 0 };
    const struct recorded_start *first = &w->record->starts.at[0];
    strbuf_addf(&b, STR_FMT "\n" STR_FMT "\n%lld\n%zu\n", STR_ARG(w->record->run), STR_ARG(first->host), (long long)first->started,
                w->record->starts.len);
    if (t)
        strbuf_addf(&b, STR_FMT "\n%lld\n%lld\n", STR_ARG(t->name), (long long)at->task, (long long)at->number);
    Hash h = hash_bytes(b.data, b.len);
    const uint8_t *u = h.bytes;
    strbuf_release(&b);
    return str_printf(w->arena, "%02x%02x%02x%02x-%02x%02x-8%x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", u[0], u[1], u[2], u[3], u[4], u[5],
                      u[6] & 15, u[7], (u[8] & 63) | 128, u[9], u[10], u[11], u[12], u[13], u[14], u[15]);
}

static Str workflow_name(const struct writing *w)
{
    Str path = w->start->workflow;
    return str_basename(str_cut(&path, '#'));
}

static Str job_name(struct writing *w, const struct recorded_task *t)
{
    return t ? str_printf(w->arena, STR_FMT "." STR_FMT, STR_ARG(workflow_name(w)), STR_ARG(t->name)) : workflow_name(w);
}

static Str hex_of(struct writing *w, Hash hash)
{
    char hex[HASH_HEX + 1];
    hash_hex(hash, hex);
    return str_copy(w->arena, str_of(hex));
}

// --- facets

static struct value_builder facet(struct writing *w, const char *schema)
{
    struct value_builder b = value_map_begin(w->arena);
    value_map_set(&b, STR("_producer"), value_string(w->arena, w->producer));
    value_map_set(&b, STR("_schemaURL"), value_string(w->arena, str_of(schema)));
    return b;
}

static Value text(struct writing *w, Str s) { return value_string(w->arena, s); }

static Value job_value(struct writing *w, const struct recorded_task *t, bool with_facets)
{
    struct value_builder b = value_map_begin(w->arena), facets = value_map_begin(w->arena), type = facet(w, FACET("2-0-3", "JobTypeJobFacet"));
    value_map_set(&b, STR("namespace"), text(w, STR("petri")));
    value_map_set(&b, STR("name"), text(w, job_name(w, t)));
    if (with_facets) {
        value_map_set(&type, STR("processingType"), text(w, STR("BATCH")));
        value_map_set(&type, STR("integration"), text(w, STR("PETRI")));
        value_map_set(&type, STR("jobType"), text(w, t ? STR("TASK") : STR("WORKFLOW")));
        value_map_set(&facets, STR("jobType"), value_map_end(&type));
        value_map_set(&b, STR("facets"), value_map_end(&facets));
    }
    return value_map_end(&b);
}

static Value parent_facet(struct writing *w)
{
    struct value_builder b = facet(w, FACET("1-1-0", "ParentRunFacet")), run = value_map_begin(w->arena);
    value_map_set(&run, STR("runId"), text(w, uuid_of(w, NULL, NULL)));
    value_map_set(&b, STR("run"), value_map_end(&run));
    value_map_set(&b, STR("job"), job_value(w, NULL, false));
    return value_map_end(&b);
}

static Value engine_facet(struct writing *w)
{
    struct value_builder b = facet(w, FACET("1-1-1", "ProcessingEngineRunFacet"));
    value_map_set(&b, STR("version"), text(w, w->start->petri));
    value_map_set(&b, STR("name"), text(w, STR("petri")));
    return value_map_end(&b);
}

static Value error_facet(struct writing *w, Str message)
{
    struct value_builder b = facet(w, FACET("1-0-1", "ErrorMessageRunFacet"));
    value_map_set(&b, STR("message"), text(w, message));
    value_map_set(&b, STR("programmingLanguage"), text(w, w->start->language.len ? w->start->language : STR("none")));
    return value_map_end(&b);
}

// Petri's own facet: what no standard one has.
static Value task_facet(struct writing *w, const struct recorded_task *t, const struct recorded_attempt *at)
{
    struct value_builder b = facet(w, SPEC "2-0-2/OpenLineage.json#/$defs/RunFacet");
    value_map_set(&b, STR("run"), text(w, w->record->run));
    value_map_set(&b, STR("key"), text(w, at->key));
    value_map_set(&b, STR("attempt"), value_int(at->number));
    value_map_set(&b, STR("cache"), text(w, str_of(recorded_cache_name(at->cache))));
    if (t->image.len)
        value_map_set(&b, STR("image"), text(w, t->image));
    if (!value_is_null(t->labels))
        value_map_set(&b, STR("labels"), t->labels);
    return value_map_end(&b);
}

static Value run_value(struct writing *w, const struct event *e)
{
    struct value_builder b = value_map_begin(w->arena), facets = value_map_begin(w->arena);
    Str error = e->task ? e->attempt->why : w->start->error;
    value_map_set(&b, STR("runId"), text(w, uuid_of(w, e->task, e->attempt)));
    value_map_set(&facets, STR("processing_engine"), engine_facet(w));
    if (e->task) {
        value_map_set(&facets, STR("parent"), parent_facet(w));
        value_map_set(&facets, STR("petri"), task_facet(w, e->task, e->attempt));
    }
    if (strcmp(e->type, "FAIL") == 0 && error.len)
        value_map_set(&facets, STR("errorMessage"), error_facet(w, error));
    value_map_set(&b, STR("facets"), value_map_end(&facets));
    return value_map_end(&b);
}

// --- datasets

static Value dataset(struct writing *w, Str path, Hash hash, int64_t size, bool is_output)
{
    struct value_builder b = value_map_begin(w->arena), facets = value_map_begin(w->arena), output = value_map_begin(w->arena);
    bool is_path = str_starts(path, STR("/"));
    value_map_set(&b, STR("namespace"), is_path ? text(w, str_printf(w->arena, "file://" STR_FMT, STR_ARG(w->start->host))) : text(w, STR("petri")));
    value_map_set(&b, STR("name"), text(w, is_path ? path : str_printf(w->arena, "blake3:" STR_FMT, STR_ARG(hex_of(w, hash)))));
    if (!hash_is_zero(hash)) {
        struct value_builder version = facet(w, FACET("1-0-1", "DatasetVersionDatasetFacet"));
        value_map_set(&version, STR("datasetVersion"), text(w, hash_text(w->arena, hash)));
        value_map_set(&facets, STR("version"), value_map_end(&version));
    }
    value_map_set(&b, STR("facets"), value_map_end(&facets));
    if (is_output && size >= 0) {
        struct value_builder statistics = facet(w, FACET("1-0-2", "OutputStatisticsOutputDatasetFacet"));
        value_map_set(&statistics, STR("size"), value_int(size));
        value_map_set(&output, STR("outputStatistics"), value_map_end(&statistics));
        value_map_set(&b, STR("outputFacets"), value_map_end(&output));
    }
    return value_map_end(&b);
}

static Value task_datasets(struct writing *w, const struct recorded_files *files, bool is_output)
{
    Value *items = NEW_ARRAY(w->arena, Value, files->len);
    for (size_t i = 0; i < files->len; i++) {
        const struct recorded_file *f = &files->at[i];
        const struct recorded_file *user = is_output ? NULL : map_find(&w->paths, hex_of(w, f->hash));
        items[i] = dataset(w, user ? user->name : (Str){ 0 }, f->hash, f->size, is_output);
    }
    return value_array(w->arena, items, files->len);
}

static Value workflow_inputs(struct writing *w)
{
    const struct map *files = &w->record->files;
    Value *items = NEW_ARRAY(w->arena, Value, files->len);
    for (size_t i = 0; i < files->len; i++) {
        const struct recorded_file *f = files->entries[i].value;
        items[i] = dataset(w, f->name, f->hash, f->size, false);
    }
    return value_array(w->arena, items, files->len);
}

struct dataset_list {
    struct writing *writing;
    VEC(Value) items;
};

static void collect_outputs(struct dataset_list *l, Value v)
{
    Hash hash;
    if (v.kind == VALUE_ARRAY)
        for (size_t i = 0; i < v.array->len; i++)
            collect_outputs(l, v.array->at[i]);
    if (v.kind != VALUE_MAP)
        return;
    if (value_is_file(v) && hash_parse(value_get_str(v, STR("petri:digest")), &hash))
        vec_push(l->writing->arena, &l->items, dataset(l->writing, value_get_str(v, STR("path")), hash, value_get_int(v, STR("size"), -1), true));
    for (size_t i = 0; i < v.map->len; i++)
        collect_outputs(l, v.map->at[i].value);
}

// --- events

static void write_event(struct writing *w, const struct event *e, struct strbuf *out)
{
    struct value_builder b = value_map_begin(w->arena);
    struct dataset_list outputs = { .writing = w };
    bool is_done = strcmp(e->type, "COMPLETE") == 0;
    char when[TIME_TEXT];
    time_text(e->time, when);
    value_map_set(&b, STR("eventType"), text(w, str_of(e->type)));
    value_map_set(&b, STR("eventTime"), text(w, str_of(when)));
    value_map_set(&b, STR("producer"), text(w, w->producer));
    value_map_set(&b, STR("schemaURL"), text(w, STR(RUN_EVENT)));
    value_map_set(&b, STR("run"), run_value(w, e));
    value_map_set(&b, STR("job"), job_value(w, e->task, true));
    value_map_set(&b, STR("inputs"), e->task ? task_datasets(w, &e->task->inputs, false) : workflow_inputs(w));
    if (is_done && e->task == NULL)
        collect_outputs(&outputs, w->start->outputs);
    value_map_set(&b, STR("outputs"), is_done && e->task ? task_datasets(w, &e->task->outputs, true)
                                                         : value_array(w->arena, outputs.items.at, outputs.items.len));
    json_write(out, value_map_end(&b), 0);
    strbuf_addc(out, '\n');
}

static void add_event(struct writing *w, Time time, const char *type, const struct recorded_task *t, const struct recorded_attempt *at)
{
    vec_push(w->arena, &w->events, (struct event){ time, type, t, at, w->events.len });
}

static const char *end_type(enum recorded_state state)
{
    static const char *const types[] = { NULL, "COMPLETE", "COMPLETE", "FAIL", "ABORT", "ABORT" };
    return types[state];
}

static int by_time(const void *x, const void *y)
{
    const struct event *a = x, *b = y;
    return a->time != b->time ? (a->time > b->time) - (a->time < b->time) : (a->order > b->order) - (a->order < b->order);
}

static void add_tasks(struct writing *w)
{
    const struct run_record *r = w->record;
    for (size_t i = 0; i < r->tasks.len; i++) {
        const struct recorded_task *t = r->tasks.entries[i].value;
        for (size_t k = 0; k < t->attempts.len; k++) {
            const struct recorded_attempt *at = &t->attempts.at[k];
            Time started, ended;
            if (at->start != r->starts.len - 1)
                continue;
            recorded_attempt_times(at, &started, &ended);
            add_event(w, MAX(started, w->start->started), "START", t, at);
            if (end_type(at->state))
                add_event(w, MAX(MAX(ended, started), w->start->started), end_type(at->state), t, at);
        }
    }
}

void openlineage_write(const struct run_record *r, struct strbuf *out)
{
    static const char *const ends[] = { NULL, "COMPLETE", "FAIL", "ABORT", "ABORT" };
    struct arena a = { 0 };
    struct writing w = { .arena = &a, .record = r, .start = run_record_last(r) };
    w.producer = str_printf(&a, PRODUCER STR_FMT, STR_ARG(w.start->petri));
    for (size_t i = 0; i < r->files.len; i++) {
        const struct recorded_file *f = r->files.entries[i].value;
        map_set(&w.paths, hex_of(&w, f->hash), r->files.entries[i].value);
    }
    add_event(&w, w.start->started, "START", NULL, NULL);
    add_tasks(&w);
    qsort(w.events.at, w.events.len, sizeof *w.events.at, by_time);
    Time last = w.events.at[w.events.len - 1].time;
    if (ends[r->status])
        add_event(&w, MAX(w.start->ended ? w.start->ended : r->last, last), ends[r->status], NULL, NULL);
    for (size_t i = 0; i < w.events.len; i++)
        write_event(&w, &w.events.at[i], out);
    map_release(&w.paths);
    arena_release(&a);
}
