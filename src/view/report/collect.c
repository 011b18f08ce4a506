// SPDX-License-Identifier: Apache-2.0
// Finds files called *.petri-report.json in a run's record and reads them. By digest: what lies in the output folder may have been
// edited since, and the report tells of the run.
#include "view/report/collect.h"

#include "base/err.h"
#include "store/store.h"
#include "sys/file.h"
#include "task/result.h"
#include "view/run_record.h"

struct found {
    Str name, shown, path;              // basename; as told to people; where it was copied to (may be empty)
    Hash hash;                          // zero: not known
    const struct recorded_task *task;   // that left it; NULL: not known
    size_t order;
};
struct finder {
    struct arena *arena;
    const struct run_record *record;
    VEC(struct found) files;
    struct map makers;                  // digest -> task
};

static bool is_section(Str name) { return str_ends(name, STR(SECTION_SUFFIX)); }
static Str hash_key(const Hash *hash) { return (Str){ (const char *)hash, sizeof *hash }; }

static void add(struct finder *f, Str name, Str shown, Str path, const Hash *hash)
{
    struct found one = { .name = str_copy(f->arena, name), .shown = shown, .path = path, .hash = *hash, .order = f->files.len };
    one.task = map_find(&f->makers, hash_key(hash));
    vec_push(f->arena, &f->files, one);
}

static void note_makers(struct finder *f)
{
    for (size_t i = 0; i < f->record->tasks.len; i++) {
        const struct recorded_task *t = f->record->tasks.entries[i].value;
        for (size_t k = 0; k < t->outputs.len; k++)
            if (is_section(t->outputs.at[k].name))
                map_set(&f->makers, hash_key(&t->outputs.at[k].hash), (void *)(uintptr_t)t);
    }
}

static void find_in_value(struct finder *f, Value v)
{
    if (v.kind == VALUE_ARRAY)
        for (size_t i = 0; i < v.array->len; i++)
            find_in_value(f, v.array->at[i]);
    if (v.kind != VALUE_MAP)
        return;
    Str path = value_get_str(v, STR("path")), outdir = run_record_last(f->record)->outdir;
    if (value_is_file(v) && is_section(path)) {
        Hash hash;
        bool is_below = str_starts(path, outdir) && path.len > outdir.len + 1;
        if (!hash_parse(value_get_str(v, STR("petri:digest")), &hash))
            hash = (Hash){ 0 };
        add(f, str_basename(path), is_below ? str_from(path, outdir.len + 1) : path, path, &hash);
    }
    for (size_t i = 0; i < v.map->len; i++)
        find_in_value(f, v.map->at[i].value);
}

static void find_in_tasks(struct finder *f)
{
    for (size_t i = 0; i < f->record->tasks.len; i++) {
        const struct recorded_task *t = f->record->tasks.entries[i].value;
        bool is_good = t->state == RECORDED_DONE || t->state == RECORDED_CACHED;
        for (size_t k = 0; is_good && recorded_task_is_current(f->record, t) && k < t->outputs.len; k++) {
            const struct recorded_file *file = &t->outputs.at[k];
            if (is_section(file->name))
                add(f, str_basename(file->name), str_printf(f->arena, STR_FMT " of " STR_FMT, STR_ARG(str_basename(file->name)), STR_ARG(t->name)),
                    (Str){ 0 }, &file->hash);
        }
    }
}

static int by_name(const void *x, const void *y)
{
    const struct found *a = x, *b = y;
    int names = str_compare(a->name, b->name);
    return names ? names : a->order < b->order ? -1 : 1;
}

// Small outputs live in the result of the task that left them.
static bool read_from_result(struct arena *a, struct store *store, const struct found *file, Str *bytes)
{
    struct task_result *result = NEW(a, struct task_result);
    struct err err;
    Hash key;
    if (file->task == NULL || !hash_parse(file->task->key, &key) || !store_find_result(store, key, a, result, &err))
        return false;
    for (size_t i = 0; i < result->output_count; i++) {
        if (result->outputs[i].is_inline && memcmp(&result->outputs[i].hash, &file->hash, sizeof file->hash) == 0) {
            *bytes = result->outputs[i].bytes;
            return true;
        }
    }
    return false;
}

static bool read_bytes(struct arena *a, struct store *store, const struct found *file, Str *bytes, struct err *err)
{
    Str path;
    if (store && !hash_is_zero(file->hash) && store_has(store, file->hash) && store_locate(store, file->hash, a, &path, err))
        return file_read(a, path, SECTION_FILE_MAX, bytes, err);
    if (store && !hash_is_zero(file->hash) && read_from_result(a, store, file, bytes))
        return true;
    if (file->path.len == 0)
        return err_set(err, ERR_NOT_FOUND, "its bytes are no longer in the store");
    if (!file_read(a, file->path, SECTION_FILE_MAX, bytes, err))
        return false;
    Hash now = hash_bytes(bytes->data, bytes->len);
    return hash_is_zero(file->hash) || memcmp(&now, &file->hash, sizeof now) == 0
        || err_set(err, ERR_DAMAGED, "its bytes are no longer in the store, and the file in the output folder was changed since");
}

void sections_collect(struct sections *s, struct store *store, const struct run_record *record)
{
    struct finder f = { .arena = s->arena, .record = record };
    note_makers(&f);
    if (record->status == RUN_DONE)
        find_in_value(&f, run_record_last(record)->outputs);
    else
        find_in_tasks(&f);
    if (f.files.len)
        qsort(f.files.at, f.files.len, sizeof *f.files.at, by_name);
    for (size_t i = 0; i < f.files.len; i++) {
        struct arena scratch = { 0 };
        struct err err;
        Str bytes;
        if (read_bytes(&scratch, store, &f.files.at[i], &bytes, &err))
            sections_add(s, f.files.at[i].shown, bytes);
        else
            sections_add_fault(s, f.files.at[i].shown, str_of(err.text));
        arena_release(&scratch);
    }
    map_release(&f.makers);
    sections_sort(s);
}
