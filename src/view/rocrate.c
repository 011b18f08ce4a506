// SPDX-License-Identifier: Apache-2.0
// The graph, entity by entity: the crate, the workflow with its parameters and steps, the tools, the runs of the workflow and of each task,
// the files. Files between tasks have no place of their own; their ids are made of their digests.
#include "view/rocrate.h"

#include "engine/export.h"
#include "value/read.h"

#define RUN_CRATE "https://w3id.org/ro/wfrun/"

struct graph {
    struct arena *arena;
    const struct run_record *record;
    const struct recorded_start *start;
    struct crate *crate;
    VEC(Value) entities;
    struct map ids;                     // of entities: each is described once
    VEC(Str) parts;                     // ids of the crate's data
    struct map paths;                   // hex of a digest -> struct recorded_file of the user
    struct map outputs;                 // hex of a digest -> id (Str) of the final output with these bytes
    Str workflow_id;
};

// --- small helpers

static Value text(struct graph *g, Str s) { return value_string(g->arena, s); }

static Value ref(struct graph *g, Str id)
{
    struct value_builder b = value_map_begin(g->arena);
    value_map_set(&b, STR("@id"), text(g, id));
    return value_map_end(&b);
}

static Value refs(struct graph *g, const Str *ids, size_t count)
{
    Value *items = NEW_ARRAY(g->arena, Value, count);
    for (size_t i = 0; i < count; i++)
        items[i] = ref(g, ids[i]);
    return count == 1 ? items[0] : value_array(g->arena, items, count); // as the standard would have it written
}

static struct value_builder entity(struct graph *g, Str id, const char *type)
{
    struct value_builder b = value_map_begin(g->arena);
    value_map_set(&b, STR("@id"), text(g, id));
    value_map_set(&b, STR("@type"), text(g, str_of(type)));
    return b;
}

static Value types(struct graph *g, const char *const *names, size_t count)
{
    Value *items = NEW_ARRAY(g->arena, Value, count);
    for (size_t i = 0; i < count; i++)
        items[i] = text(g, str_of(names[i]));
    return value_array(g->arena, items, count);
}

static bool is_new(struct graph *g, Str id) { return map_set(&g->ids, id, NULL); }
static void add(struct graph *g, struct value_builder *b) { vec_push(g->arena, &g->entities, value_map_end(b)); }

// "#kind/name", percent-encoded.
static Str local_id(struct graph *g, const char *kind, Str name)
{
    Str encoded = location_of_path(g->arena, name);                     // "file://" and the rest encoded
    return str_printf(g->arena, "#%s/" STR_FMT, kind, STR_ARG(str_from(encoded, 7)));
}

static void set_time(struct graph *g, struct value_builder *b, Str key, Time t)
{
    char when[TIME_TEXT];
    time_text(t, when);
    if (t)                              // the profiles want an offset, not a Z
        value_map_set(b, key, text(g, str_printf(g->arena, "%.23s+00:00", when)));
}

static bool is_below(Str path, Str folder)
{
    return str_starts(path, folder) && path.len > folder.len && (str_ends(folder, STR("/")) || path.data[folder.len] == '/');
}

// Relative to the crate where it lies in it, else a file: URI.
static Str path_id(struct graph *g, Str path)
{
    Str uri = location_of_path(g->arena, path);
    if (!is_below(path, g->crate->folder))
        return uri;
    Str folder = location_of_path(g->arena, g->crate->folder);
    Str rest = str_from(uri, folder.len);
    return str_starts(rest, STR("/")) ? str_from(rest, 1) : rest;
}

// --- files

// By the ending, as the RO-Crate standard recommends; what is not known is bytes.
static Str format_of(Str name)
{
    static const struct { Str ending, type; } formats[] = {
        { STR_CONST(".json"), STR_CONST("application/json") }, { STR_CONST(".tsv"), STR_CONST("text/tab-separated-values") },
        { STR_CONST(".csv"), STR_CONST("text/csv") },          { STR_CONST(".txt"), STR_CONST("text/plain") },
        { STR_CONST(".html"), STR_CONST("text/html") },        { STR_CONST(".gz"), STR_CONST("application/gzip") },
        { STR_CONST(".cwl"), STR_CONST("text/plain") },        { STR_CONST(".yml"), STR_CONST("application/yaml") },
        { STR_CONST(".pdf"), STR_CONST("application/pdf") },   { STR_CONST(".png"), STR_CONST("image/png") },
        { STR_CONST(".fa"), STR_CONST("text/x-fasta") },       { STR_CONST(".bed"), STR_CONST("text/plain") },
    };
    for (size_t i = 0; i < LEN(formats); i++)
        if (str_ends(name, formats[i].ending))
            return formats[i].type;
    return STR("application/octet-stream");
}

static void add_file(struct graph *g, Str id, Str name, Hash hash, int64_t size, Str parameter)
{
    if (!is_new(g, id))
        return;
    struct value_builder b = entity(g, id, "File");
    value_map_set(&b, STR("name"), text(g, name));
    value_map_set(&b, STR("encodingFormat"), text(g, format_of(name)));
    if (size >= 0)
        value_map_set(&b, STR("contentSize"), text(g, str_printf(g->arena, "%lld", (long long)size)));
    if (!hash_is_zero(hash))
        value_map_set(&b, STR("identifier"), text(g, hash_text(g->arena, hash)));
    if (parameter.len)
        value_map_set(&b, STR("exampleOfWork"), ref(g, parameter));
    vec_push(g->arena, &g->parts, id);
    add(g, &b);
}

static Str hex_of(struct graph *g, Hash hash)
{
    char hex[HASH_HEX + 1];
    hash_hex(hash, hex);
    return str_copy(g->arena, str_of(hex));
}

// A file as a task saw it: the user's by its path, any other by its digest.
static Str task_file(struct graph *g, const struct recorded_file *f)
{
    const struct recorded_file *user = map_find(&g->paths, hex_of(g, f->hash));
    const Str *output = map_find(&g->outputs, hex_of(g, f->hash));
    if (output)
        return *output;
    Str id = user ? path_id(g, user->name) : str_printf(g->arena, "urn:blake3:" STR_FMT, STR_ARG(hex_of(g, f->hash)));
    add_file(g, id, str_basename(f->name), f->hash, user ? user->size : f->size, (Str){ 0 });
    return id;
}

static Value task_files(struct graph *g, const struct recorded_files *files)
{
    Str *ids = NEW_ARRAY(g->arena, Str, files->len);
    for (size_t i = 0; i < files->len; i++)
        ids[i] = task_file(g, &files->at[i]);
    return refs(g, ids, files->len);
}

// --- parameters: inputs and outputs of the workflow, with the values that they had

struct ids {
    Str *at;
    size_t len, cap;
};

static const char *type_of(Value v)
{
    switch (v.kind) {
    case VALUE_BOOL: return "Boolean";
    case VALUE_INT: return "Integer";
    case VALUE_FLOAT: return "Float";
    case VALUE_ARRAY: return value_len(v) ? type_of(value_at(v, 0)) : "PropertyValue";
    case VALUE_MAP: return value_is_file(v) ? "File" : value_is_directory(v) ? "Dataset" : "PropertyValue";
    case VALUE_STRING: case VALUE_NULL: break;
    }
    return "Text";
}

static void add_values(struct graph *g, Value v, Str parameter, struct ids *out);

static void add_path(struct graph *g, Value v, Str parameter, struct ids *out)
{
    Str path = value_get_str(v, STR("path"));
    Hash hash;
    if (path.len == 0 && !location_path(g->arena, value_get_str(v, STR("location")), &path))
        return;
    const struct recorded_file *known = map_find(&g->record->files, path);
    if (!hash_parse(value_get_str(v, STR("petri:digest")), &hash))
        hash = known ? known->hash : (Hash){ 0 };
    Str id = path_id(g, path);
    if (value_is_directory(v)) {
        id = str_concat(g->arena, id, STR("/"));
        if (is_new(g, id)) {
            struct value_builder b = entity(g, id, "Dataset");
            value_map_set(&b, STR("name"), text(g, str_basename(path)));
            value_map_set(&b, STR("exampleOfWork"), ref(g, parameter));
            vec_push(g->arena, &g->parts, id);
            add(g, &b);
        }
    } else {
        add_file(g, id, str_basename(path), hash, value_get_int(v, STR("size"), known ? known->size : -1), parameter);
        if (value_has(v, STR("petri:digest")) && !map_has(&g->outputs, hex_of(g, hash)))
            map_set(&g->outputs, hex_of(g, hash), arena_copy(g->arena, &id, sizeof id));
    }
    vec_push(g->arena, out, id);
    add_values(g, value_get(v, STR("secondaryFiles")), parameter, out);
}

static bool has_path(Value v)
{
    if (value_is_file(v) || value_is_directory(v))
        return value_has(v, STR("location")) || value_has(v, STR("path"));
    for (size_t i = 0; i < value_len(v); i++)
        if (has_path(v.kind == VALUE_ARRAY ? v.array->at[i] : v.map->at[i].value))
            return true;
    return false;
}

static void add_property(struct graph *g, Value v, Str parameter, struct ids *out)
{
    struct strbuf json = { 0 };
    Str id = str_printf(g->arena, STR_FMT "/value", STR_ARG(parameter));
    if (!is_new(g, id))
        return;
    struct value_builder b = entity(g, id, "PropertyValue");
    value_map_set(&b, STR("name"), text(g, str_basename(parameter)));
    if (v.kind == VALUE_MAP || v.kind == VALUE_ARRAY) {
        json_write(&json, v, 0);
        v = text(g, strbuf_str(&json));
        strbuf_release(&json);
    }
    value_map_set(&b, STR("value"), v);
    value_map_set(&b, STR("exampleOfWork"), ref(g, parameter));
    add(g, &b);
    vec_push(g->arena, out, id);
}

static void add_values(struct graph *g, Value v, Str parameter, struct ids *out)
{
    if (value_is_null(v))
        return;
    if (value_is_file(v) || value_is_directory(v)) {
        add_path(g, v, parameter, out);
    } else if (has_path(v)) {
        for (size_t i = 0; i < value_len(v); i++)
            add_values(g, v.kind == VALUE_ARRAY ? v.array->at[i] : v.map->at[i].value, parameter, out);
    } else {
        add_property(g, v, parameter, out);
    }
}

// A FormalParameter for every one that has a value; their ids, and those of the values.
static void add_parameters(struct graph *g, Value object, const char *kind, struct ids *parameters, struct ids *values)
{
    for (size_t i = 0; object.kind == VALUE_MAP && i < object.map->len; i++) {
        Str name = { object.map->at[i].key->data, object.map->at[i].key->len };
        Value v = object.map->at[i].value;
        Str id = local_id(g, kind, name);
        struct ids found = { 0 };
        if (!value_is_null(v))
            add_values(g, v, id, &found);
        if (found.len == 0)
            continue;
        struct value_builder b = entity(g, id, "FormalParameter");
        value_map_set(&b, STR("name"), text(g, name));
        bool is_record = v.kind == VALUE_MAP && !value_is_file(v) && !value_is_directory(v);
        value_map_set(&b, STR("additionalType"), text(g, str_of(is_record && has_path(v) ? "Collection" : type_of(v))));
        value_map_set(&b, STR("workExample"), refs(g, found.at, found.len));
        add(g, &b);
        vec_push(g->arena, parameters, id);
        for (size_t k = 0; k < found.len; k++)
            vec_push(g->arena, values, found.at[k]);
    }
}

// --- the workflow's files

// Below the main file's folder with their places kept, others by their names.
static Str place_of(struct graph *g, Str path, Str folder)
{
    Str rest = is_below(path, folder) ? str_from(path, folder.len + !str_ends(folder, STR("/"))) : str_basename(path);
    return str_join_path(g->arena, STR("workflow"), rest);
}

static void add_sources(struct graph *g)
{
    Str main = g->start->workflow;
    main = str_cut(&main, '#');
    Str folder = str_dirname(main);
    g->workflow_id = path_id(g, str_join_path(g->arena, g->crate->folder, place_of(g, main, folder)));
    for (size_t i = 0; i < g->start->sources.len; i++) {
        const struct recorded_file *f = &g->start->sources.at[i];
        Str to = place_of(g, f->name, folder), id = path_id(g, str_join_path(g->arena, g->crate->folder, to));
        vec_push(g->arena, &g->crate->sources, (struct crate_source){ f->name, to, f->hash });
        if (!str_eq(id, g->workflow_id))
            add_file(g, id, str_basename(f->name), f->hash, f->size, (Str){ 0 });
    }
}

// --- tools and steps

static bool has_run(const struct graph *g, const struct recorded_step *s)
{
    for (size_t i = 0; i < s->tasks.len; i++)
        if (recorded_task_is_current(g->record, s->tasks.at[i]))
            return true;
    return false;
}

static const struct recorded_tool *program_of(const struct graph *g, const struct recorded_task *t)
{
    for (size_t i = 0; i < g->record->tools.len; i++) {
        const struct recorded_tool *tool = g->record->tools.entries[i].value;
        Str digest = t->tool;
        Hash hash;
        if (hash_parse(str_cut(&digest, ' '), &hash) && hash_eq(hash, tool->hash))
            return tool;
    }
    return NULL;
}

static void add_program(struct graph *g, const struct recorded_tool *t, struct value_builder *tool)
{
    Str id = local_id(g, "program", t->program);
    value_map_set(tool, STR("softwareRequirements"), ref(g, id));
    if (!is_new(g, id))
        return;
    struct value_builder b = entity(g, id, "SoftwareApplication");
    value_map_set(&b, STR("name"), text(g, t->program));
    if (t->version.len)
        value_map_set(&b, STR("version"), text(g, t->version));
    value_map_set(&b, STR("identifier"), text(g, hash_text(g->arena, t->hash)));
    add(g, &b);
}

static void add_steps(struct graph *g, struct ids *tools, struct ids *steps)
{
    for (size_t i = 0; i < g->record->steps.len; i++) {
        const struct recorded_step *s = g->record->steps.entries[i].value;
        if (!has_run(g, s))
            continue;
        Str tool_id = local_id(g, "tool", s->name), step_id = local_id(g, "step", s->name);
        const struct recorded_tool *program = program_of(g, s->tasks.at[0]);
        struct value_builder tool = entity(g, tool_id, "SoftwareApplication"), step = entity(g, step_id, "HowToStep");
        value_map_set(&tool, STR("name"), text(g, s->name));
        if (program)
            add_program(g, program, &tool);
        add(g, &tool);
        value_map_set(&step, STR("position"), text(g, str_printf(g->arena, "%zu", i + 1)));
        value_map_set(&step, STR("name"), text(g, s->name));
        value_map_set(&step, STR("workExample"), ref(g, tool_id));
        add(g, &step);
        vec_push(g->arena, tools, tool_id);
        vec_push(g->arena, steps, step_id);
    }
}

// --- runs

static void set_status(struct graph *g, struct value_builder *b, bool is_done, bool is_running, Str error)
{
    const char *status = is_done ? "http://schema.org/CompletedActionStatus" : is_running ? "http://schema.org/ActiveActionStatus"
                                                                                          : "http://schema.org/FailedActionStatus";
    value_map_set(b, STR("actionStatus"), text(g, str_of(status)));
    if (!is_done && !is_running && error.len)
        value_map_set(b, STR("error"), text(g, error));
}

static void add_usage(struct graph *g, struct value_builder *action, Str action_id, const struct recorded_attempt *at)
{
    static const char *const names[] = { "wall_time", "cpu_time", "peak_memory", "read", "written" };
    static const char *const units[] = { "https://qudt.org/vocab/unit/SEC", "https://qudt.org/vocab/unit/SEC", "https://qudt.org/vocab/unit/BYTE",
                                         "https://qudt.org/vocab/unit/BYTE", "https://qudt.org/vocab/unit/BYTE" };
    const struct measured *m = &at->measured;
    double values[] = { (double)m->wall / (double)SECOND, (double)(m->user + m->system) / (double)SECOND, (double)m->peak_memory_bytes,
                        (double)m->read_bytes, (double)m->written_bytes };
    Str ids[LEN(names)];
    size_t count = 0;
    for (size_t i = 0; i < LEN(names); i++) {
        if (values[i] < 0 || m->wall < 0)
            continue;
        Str id = str_printf(g->arena, STR_FMT "/%s", STR_ARG(action_id), names[i]);
        struct value_builder b = entity(g, id, "PropertyValue");
        value_map_set(&b, STR("name"), text(g, str_of(names[i])));
        value_map_set(&b, STR("propertyID"), text(g, str_printf(g->arena, "https://w3id.org/ro/terms/petri#%s", names[i])));
        value_map_set(&b, STR("value"), text(g, str_printf(g->arena, "%.17g", values[i])));
        value_map_set(&b, STR("unitCode"), text(g, str_of(units[i])));
        add(g, &b);
        ids[count++] = id;
    }
    if (count)
        value_map_set(action, STR("resourceUsage"), refs(g, ids, count));
}

static Str add_task_run(struct graph *g, const struct recorded_task *t)
{
    const struct recorded_attempt *at = recorded_task_last(t);
    Str id = local_id(g, "task", t->name), control = local_id(g, "control", t->name);
    struct value_builder b = entity(g, id, "CreateAction"), c = entity(g, control, "ControlAction");
    bool is_done = t->state == RECORDED_DONE || t->state == RECORDED_CACHED;
    Time started, ended;
    recorded_attempt_times(at, &started, &ended);
    if (t->state == RECORDED_CACHED && at->measured.started)
        started = at->measured.started, ended = at->measured.ended;
    value_map_set(&b, STR("name"), text(g, t->name));
    Str description = t->state == RECORDED_CACHED ? str_printf(g->arena, "The result was known, made by task " STR_FMT " of run " STR_FMT,
                                                               STR_ARG(at->from_task), STR_ARG(at->from_run))
                                                  : str_printf(g->arena, "Task of step " STR_FMT, STR_ARG(t->step->name));
    value_map_set(&b, STR("description"), text(g, description));
    value_map_set(&b, STR("agent"), ref(g, local_id(g, "person", g->start->user)));
    value_map_set(&b, STR("instrument"), ref(g, local_id(g, "tool", t->step->name)));
    set_time(g, &b, STR("startTime"), started);
    set_time(g, &b, STR("endTime"), ended);
    value_map_set(&b, STR("object"), task_files(g, &t->inputs));
    if (is_done)
        value_map_set(&b, STR("result"), task_files(g, &t->outputs));
    value_map_set(&b, STR("identifier"), text(g, t->key));
    if (t->image.len) {
        Str image = str_concat(g->arena, STR("#image/"), t->image);
        value_map_set(&b, STR("containerImage"), ref(g, image));
        if (is_new(g, image)) {
            struct value_builder i = entity(g, image, "ContainerImage");
            value_map_set(&i, STR("name"), text(g, t->image));
            add(g, &i);
        }
    }
    set_status(g, &b, is_done, t->state == RECORDED_RUNNING, at->why);
    add_usage(g, &b, id, at);
    add(g, &b);
    value_map_set(&c, STR("name"), text(g, str_concat(g->arena, STR("orchestrate "), t->name)));
    value_map_set(&c, STR("instrument"), ref(g, local_id(g, "step", t->step->name)));
    value_map_set(&c, STR("object"), ref(g, id));
    add(g, &c);
    return control;
}

static void add_runs(struct graph *g, const struct ids *inputs, const struct ids *outputs, struct ids *mentions)
{
    const struct run_record *r = g->record;
    struct ids controls = { 0 };
    for (size_t i = 0; i < r->tasks.len; i++) {
        const struct recorded_task *t = r->tasks.entries[i].value;
        if (!recorded_task_is_current(r, t))
            continue;
        vec_push(g->arena, &controls, add_task_run(g, t));
        vec_push(g->arena, mentions, local_id(g, "task", t->name));
    }
    Str id = local_id(g, "run", r->run), agent = local_id(g, "person", g->start->user), organize = STR("#organize"), engine = STR("#petri");
    struct value_builder run = entity(g, id, "CreateAction"), person = entity(g, agent, "Person"), o = entity(g, organize, "OrganizeAction"),
                         e = entity(g, engine, "SoftwareApplication");
    Str name = str_printf(g->arena, "Run " STR_FMT " of " STR_FMT, STR_ARG(r->run), STR_ARG(str_basename(g->start->workflow)));
    value_map_set(&run, STR("name"), text(g, name));
    value_map_set(&run, STR("description"), text(g, str_printf(g->arena, "The run of the whole workflow on %s", str_z(g->arena, g->start->host))));
    value_map_set(&run, STR("instrument"), ref(g, g->workflow_id));
    value_map_set(&run, STR("agent"), ref(g, agent));
    set_time(g, &run, STR("startTime"), g->start->started);
    set_time(g, &run, STR("endTime"), g->start->ended);
    value_map_set(&run, STR("object"), refs(g, inputs->at, inputs->len));
    value_map_set(&run, STR("result"), refs(g, outputs->at, outputs->len));
    set_status(g, &run, r->status == RUN_DONE, r->status == RUN_RUNNING, g->start->error);
    add(g, &run);
    value_map_set(&person, STR("name"), text(g, g->start->user));
    add(g, &person);
    value_map_set(&e, STR("name"), text(g, STR("Petri")));
    value_map_set(&e, STR("version"), text(g, g->start->petri));
    add(g, &e);
    value_map_set(&o, STR("name"), text(g, str_printf(g->arena, "Run of Petri " STR_FMT, STR_ARG(g->start->petri))));
    value_map_set(&o, STR("agent"), ref(g, agent));
    value_map_set(&o, STR("instrument"), ref(g, engine));
    value_map_set(&o, STR("result"), ref(g, id));
    value_map_set(&o, STR("object"), refs(g, controls.at, controls.len));
    set_time(g, &o, STR("startTime"), g->start->started);
    set_time(g, &o, STR("endTime"), g->start->ended);
    if (controls.len)
        add(g, &o);
    vec_push(g->arena, mentions, id);
    if (controls.len)
        vec_push(g->arena, mentions, organize);
}

// --- the crate

static void add_workflow(struct graph *g, const struct ids *in, const struct ids *out, const struct ids *tools, const struct ids *steps)
{
    static const char *const plain[] = { "File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo" };
    struct value_builder b = value_map_begin(g->arena), l = entity(g, STR("https://w3id.org/workflowhub/workflow-ro-crate#cwl"), "ComputerLanguage");
    value_map_set(&b, STR("@id"), text(g, g->workflow_id));
    value_map_set(&b, STR("@type"), types(g, plain, steps->len ? 4 : 3));
    value_map_set(&b, STR("name"), text(g, str_basename(g->start->workflow)));
    value_map_set(&b, STR("encodingFormat"), text(g, format_of(str_basename(g->workflow_id))));
    value_map_set(&b, STR("conformsTo"), ref(g, STR("https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE")));
    if (g->start->version.len)
        value_map_set(&b, STR("version"), text(g, g->start->version));
    if (g->start->commit.len)
        value_map_set(&b, STR("identifier"), text(g, str_concat(g->arena, STR("git commit "), g->start->commit)));
    value_map_set(&b, STR("programmingLanguage"), ref(g, STR("https://w3id.org/workflowhub/workflow-ro-crate#cwl")));
    value_map_set(&b, STR("input"), refs(g, in->at, in->len));
    value_map_set(&b, STR("output"), refs(g, out->at, out->len));
    value_map_set(&b, STR("hasPart"), refs(g, tools->at, tools->len));
    value_map_set(&b, STR("step"), refs(g, steps->at, steps->len));
    add(g, &b);
    vec_push(g->arena, &g->parts, g->workflow_id);
    value_map_set(&l, STR("name"), text(g, STR("Common Workflow Language")));
    value_map_set(&l, STR("alternateName"), text(g, STR("CWL")));
    value_map_set(&l, STR("identifier"), ref(g, STR("https://w3id.org/cwl/")));
    value_map_set(&l, STR("url"), ref(g, STR("https://www.commonwl.org/")));
    add(g, &l);
}

static void add_profiles(struct graph *g, struct value_builder *root)
{
    static const struct { Str id; const char *name, *version; } profiles[] = {
        { STR_CONST(RUN_CRATE "process/0.5"), "Process Run Crate", "0.5" }, { STR_CONST(RUN_CRATE "workflow/0.5"), "Workflow Run Crate", "0.5" },
        { STR_CONST(RUN_CRATE "provenance/0.5"), "Provenance Run Crate", "0.5" },
        { STR_CONST("https://w3id.org/workflowhub/workflow-ro-crate/1.0"), "Workflow RO-Crate", "1.0" },
    };
    Str ids[LEN(profiles)];
    for (size_t i = 0; i < LEN(profiles); i++) {
        struct value_builder b = entity(g, profiles[i].id, "CreativeWork");
        value_map_set(&b, STR("name"), text(g, str_of(profiles[i].name)));
        value_map_set(&b, STR("version"), text(g, str_of(profiles[i].version)));
        add(g, &b);
        ids[i] = profiles[i].id;
    }
    value_map_set(root, STR("conformsTo"), refs(g, ids, LEN(ids)));
}

static Value document(struct graph *g, struct value_builder *root)
{
    struct value_builder d = entity(g, STR("ro-crate-metadata.json"), "CreativeWork"), b = value_map_begin(g->arena);
    Value context[] = { text(g, STR("https://w3id.org/ro/crate/1.1/context")), text(g, STR("https://w3id.org/ro/terms/workflow-run/context")) };
    value_map_set(&d, STR("about"), ref(g, STR("./")));
    Str profiles[] = { STR("https://w3id.org/ro/crate/1.1"), STR("https://w3id.org/workflowhub/workflow-ro-crate/1.0") };
    value_map_set(&d, STR("conformsTo"), refs(g, profiles, LEN(profiles)));
    Value *all = NEW_ARRAY(g->arena, Value, g->entities.len + 2);
    all[0] = value_map_end(&d);
    all[1] = value_map_end(root);
    if (g->entities.len)
        memcpy(all + 2, g->entities.at, g->entities.len * sizeof *all);
    value_map_set(&b, STR("@context"), value_array(g->arena, context, LEN(context)));
    value_map_set(&b, STR("@graph"), value_array(g->arena, all, g->entities.len + 2));
    return value_map_end(&b);
}

Value crate_value(struct arena *a, const struct run_record *r, struct crate *crate)
{
    struct graph g = { .arena = a, .record = r, .start = run_record_last(r), .crate = crate };
    struct ids in = { 0 }, out = { 0 }, inputs = { 0 }, outputs = { 0 }, tools = { 0 }, steps = { 0 }, mentions = { 0 };
    struct value_builder root = entity(&g, STR("./"), "Dataset");
    Str name = str_basename(g.start->workflow);
    for (size_t i = 0; i < r->files.len; i++)
        map_set(&g.paths, hex_of(&g, ((struct recorded_file *)r->files.entries[i].value)->hash), r->files.entries[i].value);
    add_sources(&g);
    add_parameters(&g, g.start->inputs, "input", &in, &inputs);
    add_parameters(&g, g.start->outputs, "output", &out, &outputs);
    add_steps(&g, &tools, &steps);
    add_workflow(&g, &in, &out, &tools, &steps);
    add_runs(&g, &inputs, &outputs, &mentions);
    value_map_set(&root, STR("name"), text(&g, str_printf(a, "Run " STR_FMT " of " STR_FMT, STR_ARG(r->run), STR_ARG(name))));
    Str description = str_printf(a, "What the workflow " STR_FMT " read and made in run " STR_FMT ", task by task, as Petri recorded it",
                                 STR_ARG(name), STR_ARG(r->run));
    value_map_set(&root, STR("description"), text(&g, description));
    set_time(&g, &root, STR("datePublished"), g.start->ended ? g.start->ended : g.start->started);
    bool is_url = str_starts(crate->license, STR("https://")) || str_starts(crate->license, STR("http://"));
    Str license = crate->license.len ? crate->license : STR("The license was not stated");
    value_map_set(&root, STR("license"), is_url ? ref(&g, license) : text(&g, license));
    value_map_set(&root, STR("mainEntity"), ref(&g, g.workflow_id));
    add_profiles(&g, &root);
    value_map_set(&root, STR("hasPart"), refs(&g, g.parts.at, g.parts.len));
    value_map_set(&root, STR("mentions"), refs(&g, mentions.at, mentions.len));
    map_release(&g.ids);
    map_release(&g.paths);
    map_release(&g.outputs);
    return document(&g, &root);
}
