// SPDX-License-Identifier: Apache-2.0
// Makes the manifest out of a run's record. It reads no file and computes no digest: all of it was recorded.
#include "view/manifest.h"

#include "engine/export.h"
#include "value/read.h"
#include "view/json_fields.h"

static void set_file(struct value_builder *b, Str path, Hash hash, int64_t size)
{
    value_map_set(b, STR("path"), value_string(b->arena, path));
    if (!hash_is_zero(hash))
        value_map_set(b, STR("digest"), value_string(b->arena, hash_text(b->arena, hash)));
    if (size >= 0)
        value_map_set(b, STR("size"), value_int(size));
}

// --- the workflow

static Value files_value(struct arena *a, const struct recorded_files *files)
{
    Value *items = NEW_ARRAY(a, Value, files->len);
    for (size_t i = 0; i < files->len; i++) {
        struct value_builder b = value_map_begin(a);
        set_file(&b, files->at[i].name, files->at[i].hash, files->at[i].size);
        items[i] = value_map_end(&b);
    }
    return value_array(a, items, files->len);
}

// One digest over all its files: two runs of one version of a workflow have the same, wherever it lies.
static Str digest_of(struct arena *a, const struct recorded_files *files)
{
    struct hasher h;
    hasher_init(&h);
    for (size_t i = 0; i < files->len; i++)
        hasher_update(&h, files->at[i].hash.bytes, sizeof files->at[i].hash.bytes);
    return hash_text(a, hasher_finish(&h));
}

static Value workflow_value(struct arena *a, const struct recorded_start *s)
{
    struct value_builder b = value_map_begin(a);
    json_set_text(&b, STR("path"), s->workflow);
    json_set_text(&b, STR("language"), s->language);
    json_set_text(&b, STR("version"), s->version);
    json_set_text(&b, STR("commit"), s->commit);
    if (s->sources.len) {
        value_map_set(&b, STR("digest"), value_string(a, digest_of(a, &s->sources)));
        value_map_set(&b, STR("files"), files_value(a, &s->sources));
    }
    return value_map_end(&b);
}

// --- what went in

struct naming {                         // of the user's files by the inputs they were given as
    struct arena *arena;
    const struct run_record *record;
    struct map names;                   // path -> Str
    VEC(Str) folders;                   // paths of Directories
};

static bool is_below(Str path, Str folder)
{
    return str_starts(path, folder) && path.len > folder.len && path.data[folder.len] == '/';
}

static Value simple(struct naming *n, Value v, Str name);

// A File or Directory of the user: where it lies and what was in it.
static Value simple_path(struct naming *n, Value v, Str name, Str path)
{
    struct value_builder b = value_map_begin(n->arena);
    Str *kept = arena_copy(n->arena, &name, sizeof name), key = str_copy(n->arena, path);
    const struct recorded_file *f = map_find(&n->record->files, path);
    value_map_set(&b, STR("class"), value_get(v, STR("class")));
    set_file(&b, path, f ? f->hash : (Hash){ 0 }, f ? f->size : -1);
    if (!map_has(&n->names, key))
        map_set(&n->names, key, kept);
    if (value_is_directory(v))
        vec_push(n->arena, &n->folders, key);
    Value secondary = value_get(v, STR("secondaryFiles"));
    if (value_len(secondary))
        value_map_set(&b, STR("secondaryFiles"), simple(n, secondary, name));
    return value_map_end(&b);
}

static Value simple(struct naming *n, Value v, Str name)
{
    struct arena *a = n->arena;
    Str path;
    if (v.kind == VALUE_ARRAY) {
        Value *items = NEW_ARRAY(a, Value, v.array->len);
        for (size_t i = 0; i < v.array->len; i++)
            items[i] = simple(n, v.array->at[i], str_printf(a, STR_FMT "[%zu]", STR_ARG(name), i));
        return value_array(a, items, v.array->len);
    }
    if (v.kind != VALUE_MAP)
        return v;
    if ((value_is_file(v) || value_is_directory(v)) && location_path(a, value_get_str(v, STR("location")), &path))
        return simple_path(n, v, name, path);
    struct value_builder b = value_map_begin(a);
    for (size_t i = 0; i < v.map->len; i++) {
        Str key = { v.map->at[i].key->data, v.map->at[i].key->len };
        value_map_set(&b, key, simple(n, v.map->at[i].value, str_printf(a, STR_FMT "." STR_FMT, STR_ARG(name), STR_ARG(key))));
    }
    return value_map_end(&b);
}

static Value parameters_value(struct naming *n, Value inputs)
{
    struct value_builder b = value_map_begin(n->arena);
    for (size_t i = 0; inputs.kind == VALUE_MAP && i < inputs.map->len; i++) {
        Str key = { inputs.map->at[i].key->data, inputs.map->at[i].key->len };
        value_map_set(&b, key, simple(n, inputs.map->at[i].value, key));
    }
    return value_map_end(&b);
}

static Str input_of(struct naming *n, Str path)
{
    const Str *name = map_find(&n->names, path);
    for (size_t i = 0; name == NULL && i < n->folders.len; i++)
        if (is_below(path, n->folders.at[i]))
            name = map_find(&n->names, n->folders.at[i]);
    return name ? *name : (Str){ 0 };
}

// Every file of the user that was read, whether an input names it or it was found beside one.
static Value inputs_value(struct naming *n)
{
    const struct map *files = &n->record->files;
    Value *items = NEW_ARRAY(n->arena, Value, files->len);
    for (size_t i = 0; i < files->len; i++) {
        const struct recorded_file *f = files->entries[i].value;
        struct value_builder b = value_map_begin(n->arena);
        json_set_text(&b, STR("input"), input_of(n, f->name));
        set_file(&b, f->name, f->hash, f->size);
        items[i] = value_map_end(&b);
    }
    return value_array(n->arena, items, files->len);
}

// A reference is a File input called so ("reference", "reference_fasta"), or one with inputs NAME_name or NAME_version beside it.
static Value references_value(struct arena *a, Value parameters)
{
    Value *items = NEW_ARRAY(a, Value, value_len(parameters));
    size_t count = 0;
    for (size_t i = 0; i < value_len(parameters); i++) {
        const struct value_field *f = &parameters.map->at[i];
        Str input = { f->key->data, f->key->len };
        Str name = value_get_str(parameters, str_printf(a, STR_FMT "_name", STR_ARG(input)));
        Value version = value_get(parameters, str_printf(a, STR_FMT "_version", STR_ARG(input)));
        bool is_file = value_is_file(f->value) || value_is_directory(f->value);
        if (!is_file || !(str_starts(input, STR("reference")) || name.len || !value_is_null(version)))
            continue;
        struct value_builder b = value_map_begin(a);
        value_map_set(&b, STR("input"), value_string(a, input));
        json_set_text(&b, STR("name"), name);
        if (!value_is_null(version))
            value_map_set(&b, STR("version"), version);
        value_map_set(&b, STR("path"), value_get(f->value, STR("path")));
        if (value_has(f->value, STR("digest")))
            value_map_set(&b, STR("digest"), value_get(f->value, STR("digest")));
        items[count++] = value_map_end(&b);
    }
    return value_array(a, items, count);
}

// --- by what

static Value tools_value(struct arena *a, const struct run_record *r)
{
    Value *items = NEW_ARRAY(a, Value, r->tools.len);
    for (size_t i = 0; i < r->tools.len; i++) {
        const struct recorded_tool *t = r->tools.entries[i].value;
        struct value_builder b = value_map_begin(a);
        value_map_set(&b, STR("program"), value_string(a, t->program));
        json_set_text(&b, STR("version"), t->version);
        json_set_text(&b, STR("package"), t->package);
        json_set_text(&b, STR("manager"), t->manager);
        set_file(&b, t->path, t->hash, t->size);
        items[i] = value_map_end(&b);
    }
    return value_array(a, items, r->tools.len);
}

static bool is_named(Value containers, Str image)
{
    for (size_t i = 0; i < value_len(containers); i++) {
        Value c = containers.map->at[i].value;
        if (str_eq(value_get_str(c, STR("id")), image) || str_eq(value_get_str(c, STR("digest")), image))
            return true;
    }
    return false;
}

// By their names where these were recorded, and what tasks ran in beside them.
static Value images_value(struct arena *a, const struct run_record *r)
{
    Value containers = run_record_last(r)->containers;
    Value *items = NEW_ARRAY(a, Value, r->images.len + value_len(containers));
    size_t count = 0;
    for (size_t i = 0; containers.kind == VALUE_MAP && i < value_len(containers); i++) {
        const struct value_field *f = &containers.map->at[i];
        struct value_builder b = value_map_begin(a);
        value_map_set(&b, STR("name"), value_string(a, (Str){ f->key->data, f->key->len }));
        if (f->value.kind == VALUE_MAP)
            value_map_copy(&b, f->value);
        items[count++] = value_map_end(&b);
    }
    for (size_t i = 0; i < r->images.len; i++) {
        struct value_builder b = value_map_begin(a);
        value_map_set(&b, STR("id"), value_string(a, r->images.at[i]));
        if (containers.kind != VALUE_MAP || !is_named(containers, r->images.at[i]))
            items[count++] = value_map_end(&b);
    }
    return value_array(a, items, count);
}

// --- what came out

struct output_list {
    struct arena *arena;
    Str outdir;
    VEC(Value) items;
};

static void list_outputs(struct output_list *l, Value v, Str name)
{
    struct arena *a = l->arena;
    if (v.kind == VALUE_ARRAY)
        for (size_t i = 0; i < v.array->len; i++)
            list_outputs(l, v.array->at[i], str_printf(a, STR_FMT "[%zu]", STR_ARG(name), i));
    if (v.kind != VALUE_MAP)
        return;
    Str path = value_get_str(v, STR("path"));
    if (value_is_file(v) && path.len) {
        struct value_builder b = value_map_begin(a);
        Hash hash;
        value_map_set(&b, STR("output"), value_string(a, name));
        if (!hash_parse(value_get_str(v, STR("petri:digest")), &hash))
            hash = (Hash){ 0 };
        set_file(&b, is_below(path, l->outdir) ? str_from(path, l->outdir.len + 1) : path, hash, value_get_int(v, STR("size"), -1));
        json_set_text(&b, STR("checksum"), value_get_str(v, STR("checksum")));
        vec_push(a, &l->items, value_map_end(&b));
    }
    if (value_is_file(v) || value_is_directory(v)) {    // what is in it, or beside it, is of the same output
        Value lists[] = { value_get(v, STR("secondaryFiles")), value_get(v, STR("listing")) };
        for (size_t i = 0; i < LEN(lists); i++)
            for (size_t k = 0; k < value_len(lists[i]); k++)
                list_outputs(l, value_at(lists[i], k), name);
        return;
    }
    for (size_t i = 0; i < v.map->len; i++) {
        Str key = { v.map->at[i].key->data, v.map->at[i].key->len };
        list_outputs(l, v.map->at[i].value, name.len == 0 ? key : str_printf(a, STR_FMT "." STR_FMT, STR_ARG(name), STR_ARG(key)));
    }
}

static Value values_value(struct arena *a, Value outputs)               // outputs that are no files
{
    struct value_builder b = value_map_begin(a);
    for (size_t i = 0; outputs.kind == VALUE_MAP && i < outputs.map->len; i++) {
        Value v = outputs.map->at[i].value;
        bool is_plain = v.kind != VALUE_MAP && v.kind != VALUE_ARRAY && !value_is_null(v);
        if (is_plain)
            value_map_set(&b, (Str){ outputs.map->at[i].key->data, outputs.map->at[i].key->len }, v);
    }
    return value_map_end(&b);
}

// --- the whole

static Value where_value(struct arena *a, const struct recorded_start *s)
{
    struct value_builder b = value_map_begin(a);
    json_set_text(&b, STR("host"), s->host);
    json_set_text(&b, STR("folder"), s->cwd);
    json_set_text(&b, STR("outdir"), s->outdir);
    return value_map_end(&b);
}

static Value when_value(struct arena *a, const struct run_record *r)
{
    struct value_builder b = value_map_begin(a);
    if (r->starts.len > 1)
        json_set_time(&b, STR("first_started"), r->starts.at[0].started);
    json_set_time(&b, STR("started"), run_record_last(r)->started);
    json_set_time(&b, STR("ended"), run_record_last(r)->ended);
    value_map_set(&b, STR("starts"), value_int((int64_t)r->starts.len));
    return value_map_end(&b);
}

static Value counts_value(struct arena *a, const struct recorded_start *s)
{
    struct value_builder b = value_map_begin(a);
    value_map_set(&b, STR("done"), value_int(s->done));
    value_map_set(&b, STR("cached"), value_int(s->cached));
    value_map_set(&b, STR("failed"), value_int(s->failed));
    value_map_set(&b, STR("retried"), value_int(s->retried));
    return value_map_end(&b);
}

Value manifest_value(struct arena *a, const struct run_record *r)
{
    const struct recorded_start *s = run_record_last(r);
    struct naming naming = { .arena = a, .record = r };
    struct output_list outputs = { .arena = a, .outdir = s->outdir };
    struct value_builder b = value_map_begin(a);
    Value parameters = parameters_value(&naming, s->inputs);
    list_outputs(&outputs, s->outputs, (Str){ 0 });
    value_map_set(&b, STR("petri_manifest"), value_int(MANIFEST_VERSION));
    value_map_set(&b, STR("run"), value_string(a, r->run));
    value_map_set(&b, STR("status"), value_string(a, str_of(run_status_name(r->status))));
    value_map_set(&b, STR("workflow"), workflow_value(a, s));
    json_set_text(&b, STR("petri"), s->petri);
    json_set_text(&b, STR("who"), s->user);
    value_map_set(&b, STR("when"), when_value(a, r));
    value_map_set(&b, STR("where"), where_value(a, s));
    value_map_set(&b, STR("command"), s->arguments);
    value_map_set(&b, STR("options"), s->options);
    value_map_set(&b, STR("references"), references_value(a, parameters));
    value_map_set(&b, STR("parameters"), parameters);
    value_map_set(&b, STR("inputs"), inputs_value(&naming));
    value_map_set(&b, STR("tools"), tools_value(a, r));
    value_map_set(&b, STR("images"), images_value(a, r));
    value_map_set(&b, STR("tasks"), counts_value(a, s));
    value_map_set(&b, STR("outputs"), value_array(a, outputs.items.at, outputs.items.len));
    value_map_set(&b, STR("values"), values_value(a, s->outputs));
    map_release(&naming.names);
    return value_map_end(&b);
}

Str manifest_text(struct arena *a, const struct run_record *r)
{
    struct strbuf text = { 0 };
    json_write(&text, manifest_value(a, r), 2);
    strbuf_addc(&text, '\n');
    return strbuf_take(&text, a);
}
