// SPDX-License-Identifier: Apache-2.0
// Writes a generation of an index: the rows that an older one has, then those of the inputs.
#include "vector/build.h"

#include <unistd.h>

#include "model/outfile.h"
#include "model/team.h"
#include "sys/file.h"
#include "sys/lock.h"
#include "sys/machine.h"
#include "vector/build_codes.h"
#include "vector/build_graph.h"
#include "vector/feed.h"
#include "vector/writer.h"

enum { THREADS_MAX = 256 };

struct build {
    struct arena *arena;
    const struct build_options *o;
    struct build_summary *summary;
    struct writer writer;
    struct vector_index *old;           // NULL: there is none
    struct feed *feed;
    int64_t count, dims;
    Value settings, hnsw, recall;
    enum metric metric;
    enum vector_kind kind;
    bool is_auto, int8;
    int m, ef_construction;
    struct row_files {
        struct outfile *vectors, *norms, *lengths, *digests, *ids, *id_starts;
        int64_t id_bytes;
    } files;
};

static void tell(const struct build *b, const char *what, int64_t done, int64_t of)
{
    if (b->o->progress)
        b->o->progress(b->o->arg, &(struct build_progress){ what, done, of });
}

// --- rows

static bool begin_rows(struct build *b, struct err *err)
{
    struct row_files *f = &b->files;
    struct writer *w = &b->writer;
    return (f->vectors = writer_begin_array(w, "vectors", TENSOR_F32, b->count, b->dims, err))
        && (f->norms = writer_begin_array(w, "norms", TENSOR_F32, b->count, 0, err))
        && (f->lengths = writer_begin_array(w, "lengths", TENSOR_I64, b->count, 0, err))
        && (f->digests = writer_begin_array(w, "digests", TENSOR_U8, b->count, 32, err))
        && (f->id_starts = writer_begin_array(w, "id_starts", TENSOR_I64, b->count + 1, 0, err)) && (f->ids = writer_begin_text(w, "ids", err));
}

static bool write_row(struct build *b, const struct feed_row *r, struct err *err)
{
    struct row_files *f = &b->files;
    size_t dims = (size_t)b->dims;
    float norm = (float)metric_norm(r->vector, dims);
    int64_t start = f->id_bytes;
    b->summary->zero += !(norm > 0);
    f->id_bytes += (int64_t)r->id.len + 1;
    return outfile_write(f->vectors, r->vector, dims * sizeof(float), err) && outfile_write(f->norms, &norm, sizeof norm, err)
        && outfile_write(f->lengths, &r->length, sizeof r->length, err) && outfile_write(f->digests, r->digest.bytes, 32, err)
        && outfile_write(f->id_starts, &start, sizeof start, err) && outfile_write(f->ids, r->id.data, r->id.len, err)
        && outfile_write(f->ids, "\n", 1, err);
}

static bool copy_old_rows(struct build *b, struct err *err)
{
    for (int64_t row = 0; b->old && row < b->old->count; row++) {
        struct feed_row r = { .length = b->old->lengths[row], .vector = vector_index_row(b->old, row) };
        memcpy(r.digest.bytes, b->old->digests + row * 32, 32);
        if (!vector_is_finite(r.vector, (size_t)b->dims) || !vector_norm_is_fine(metric_norm(r.vector, (size_t)b->dims)))
            return err_set(err, ERR_DAMAGED, STR_FMT ": row %lld holds a number that is not finite, or far too large or small", STR_ARG(b->old->dir),
                           (long long)row);
        if (!vector_index_id(b->old, row, &r.id, err) || !write_row(b, &r, err))
            return false;
    }
    return true;
}

static bool write_new_rows(struct build *b, struct err *err)
{
    bool end = false;
    while (!end) {
        struct feed_row r;
        if (!feed_next(b->feed, &r, &end, err) || (!end && !write_row(b, &r, err)))
            return false;
        b->summary->added += !end;
        if (b->summary->added % 65536 == 0)
            tell(b, "vectors", b->summary->added, feed_count(b->feed));
    }
    return true;
}

static bool end_rows(struct build *b, bool ok, struct err *err)
{
    struct row_files *f = &b->files;
    const struct {
        const char *key;
        struct outfile *file;
    } all[] = { { "vectors", f->vectors }, { "norms", f->norms },         { "lengths", f->lengths },
                { "digests", f->digests }, { "id_starts", f->id_starts }, { "ids", f->ids } };
    for (size_t i = 0; i < LEN(all); i++)
        if (ok)
            ok = writer_end(&b->writer, all[i].key, all[i].file, err);
        else
            outfile_close(all[i].file);
    return ok;
}

static bool write_rows(struct build *b, struct err *err)
{
    bool ok = begin_rows(b, err) && copy_old_rows(b, err) && write_new_rows(b, err)
        && outfile_write(b->files.id_starts, &b->files.id_bytes, sizeof b->files.id_bytes, err);
    return end_rows(b, ok, err);
}

// --- the whole

// What the new generation's vectors are for those who work on them: mapped from the files that were just written.
static bool map_new_rows(struct build *b, struct vector_index *x, struct err *err)
{
    static const char *const keys[] = { "vectors", "norms" };
    const void **to[] = { (const void **)&x->vectors, (const void **)&x->norms };
    *x = (struct vector_index){ .dir = b->o->out, .count = b->count, .dims = b->dims, .metric = b->metric };
    for (size_t i = 0; i < LEN(keys); i++) {
        struct tensor t;
        if (!writer_map(&b->writer, &x->arena, keys[i], &t, err))
            return false;
        *to[i] = t.data;
    }
    return true;
}

static void tell_graph(void *arg, int64_t done)
{
    const struct build *b = arg;
    tell(b, "graph", done, b->count);
}

static bool make_graph(struct build *b, const struct vector_index *rows, struct team *team, struct err *err)
{
    bool has_old = b->old && b->old->kind == VECTOR_HNSW;       // an exact index that has grown over the limit begins anew
    struct graph_making g = { .rows = rows, .old = has_old ? b->old : NULL, .m = b->m, .ef_construction = b->ef_construction, .team = team,
                              .progress = tell_graph, .arg = b };
    return graph_make(&g, &b->writer, &b->hnsw, &b->recall, err);
}

static bool make_more(struct build *b, struct err *err)
{
    struct vector_index rows = { 0 };
    if (b->kind != VECTOR_HNSW && !b->int8)
        return true;
    struct team *team = team_new(MIN(b->o->threads > 0 ? b->o->threads : machine_cores(), THREADS_MAX));
    bool ok = map_new_rows(b, &rows, err)
        && (b->kind == VECTOR_HNSW ? make_graph(b, &rows, team, err) : codes_make(&rows, team, &b->writer, &b->recall, err));
    arena_release(&rows.arena);
    team_free(team);
    return ok;
}

static Value manifest_value(struct build *b)
{
    struct arena *a = b->arena;
    struct value_builder m = value_map_begin(a);
    value_map_set(&m, STR("format"), value_string(a, STR("petri-index")));
    value_map_set(&m, STR("version"), value_int(1));
    value_map_set(&m, STR("made_by"), value_string(a, STR("petri " PETRI_VERSION)));
    value_map_set(&m, STR("generation"), value_int(b->writer.generation));
    value_map_set(&m, STR("metric"), value_string(a, str_of(metric_name(b->metric))));
    value_map_set(&m, STR("kind"), value_string(a, str_of(vector_kind_name(b->kind))));
    value_map_set(&m, STR("auto"), value_bool(b->is_auto));
    value_map_set(&m, STR("int8"), value_bool(b->int8));
    value_map_set(&m, STR("count"), value_int(b->count));
    value_map_set(&m, STR("dims"), value_int(b->dims));
    value_map_set(&m, STR("zero_vectors"), value_int(b->summary->zero));
    value_map_set(&m, STR("embeddings"), b->settings);
    if (b->kind == VECTOR_HNSW)
        value_map_set(&m, STR("hnsw"), b->hnsw);
    value_map_set(&m, STR("recall"), b->recall);
    value_map_set(&m, STR("files"), value_map_end(&b->writer.files));
    return value_map_end(&m);
}

static bool run(struct build *b, struct err *err)
{
    b->count = feed_count(b->feed) + (b->old ? b->old->count : 0);
    b->dims = feed_dims(b->feed);
    if (b->count > VECTOR_COUNT_MAX)
        return err_set(err, ERR_LIMIT, "an index holds at most %lld vectors", (long long)VECTOR_COUNT_MAX);
    if (b->is_auto)
        b->kind = b->count > BUILD_EXACT_MAX && !b->int8 ? VECTOR_HNSW : VECTOR_EXACT;
    b->writer = (struct writer){ .arena = b->arena, .dir = b->o->out, .generation = b->old ? b->old->generation + 1 : 1,
                                 .files = value_map_begin(b->arena) };
    if (!write_rows(b, err) || !make_more(b, err)) {
        b->writer.generation = b->old ? b->old->generation : 0;
        writer_sweep(&b->writer);       // room on the disk may be what was missing
        return false;
    }
    b->summary->manifest = manifest_value(b);
    if (!writer_manifest(&b->writer, b->summary->manifest, err))
        return false;
    writer_sweep(&b->writer);
    return true;
}

static bool take_lock(struct build *b, int *lock, Str *path, struct err *err)
{
    *path = str_join_path(b->arena, b->o->out, STR(".petri-index.lock"));
    if (lock_take(*path, lock, err))
        return true;
    return err->code == ERR_CONFLICT ? err_set(err, ERR_CONFLICT, "another petri index is working in " STR_FMT, STR_ARG(b->o->out)) : false;
}

static void close_all(struct build *b, int lock, Str lock_path)
{
    if (lock >= 0) {
        unlink(lock_path.data);         // while it is held: whoever takes it next makes another file
        close(lock);
    }
    feed_close(b->feed);
    vector_index_close(b->old);
}

static bool check_options(const struct build_options *o, struct err *err)
{
    if (o->int8 && !o->is_auto && o->kind == VECTOR_HNSW)
        return err_set(err, ERR_INVALID, "--int8 makes exact search faster; with --kind hnsw few vectors are looked at, and they are floats");
    if (o->m && (o->m < 2 || o->m > BUILD_M_MAX))
        return err_set(err, ERR_INVALID, "m is a number from 2 to %d", BUILD_M_MAX);
    if (o->ef_construction < 0 || o->ef_construction > BUILD_EF_MAX)
        return err_set(err, ERR_INVALID, "ef-construction is a number from 1 to %d", BUILD_EF_MAX);
    return true;
}

bool index_build(struct arena *a, const struct build_options *o, struct build_summary *out, struct err *err)
{
    struct build b = { .arena = a, .o = o, .summary = out, .metric = o->metric, .kind = o->kind, .is_auto = o->is_auto, .int8 = o->int8,
                       .m = o->m ? o->m : BUILD_M, .ef_construction = o->ef_construction ? o->ef_construction : BUILD_EF };
    int lock = -1;
    Str lock_path = { 0 };
    *out = (struct build_summary){ .manifest = value_null };
    if (!check_options(o, err) || (b.feed = feed_open(o->inputs, o->input_count, err)) == NULL)
        return false;
    b.settings = feed_settings(b.feed);
    bool ok = dir_make_all(o->out, err) && take_lock(&b, &lock, &lock_path, err);
    if (ok && file_exists(str_join_path(a, o->out, STR("manifest.json"))))
        ok = err_set(err, ERR_CONFLICT, STR_FMT " holds something already: 'petri index add' adds to an index; "
                     "else take another folder, or remove it",
                     STR_ARG(o->out));
    ok = ok && run(&b, err);
    close_all(&b, lock, lock_path);
    return ok;
}

static bool open_old(struct build *b, struct err *err)
{
    b->old = vector_index_open(b->o->out, err);
    if (b->old == NULL)
        return false;
    if (b->old->dims != feed_dims(b->feed))
        return err_set(err, ERR_CONFLICT, "the embeddings are vectors of %lld numbers, those of " STR_FMT " of %lld",
                       (long long)feed_dims(b->feed), STR_ARG(b->o->out), (long long)b->old->dims);
    if (!feed_check_alike(b->old->embeddings, feed_settings(b->feed), err))
        return err_wrap(err, "the embeddings do not go with " STR_FMT, STR_ARG(b->o->out));
    Value m = b->old->manifest, is_auto = value_get(m, STR("auto"));
    b->settings = b->old->embeddings, b->metric = b->old->metric, b->kind = b->old->kind;
    b->is_auto = is_auto.kind == VALUE_BOOL && is_auto.boolean;
    b->int8 = value_get(m, STR("int8")).boolean;
    feed_number_from(b->feed, b->old->count);
    b->m = b->old->kind == VECTOR_HNSW ? b->old->graph.m : BUILD_M;
    int64_t ef = value_get_int(value_get(m, STR("hnsw")), STR("ef_construction"), BUILD_EF);
    if (ef < 1 || ef > BUILD_EF_MAX)
        return err_set(err, ERR_DAMAGED, STR_FMT "/manifest.json: 'hnsw.ef_construction' is no integer from 1 to %d", STR_ARG(b->o->out),
                       BUILD_EF_MAX);
    b->ef_construction = (int)ef;
    return true;
}

bool index_add(struct arena *a, const struct build_options *o, struct build_summary *out, struct err *err)
{
    struct build b = { .arena = a, .o = o, .summary = out };
    int lock = -1;
    Str lock_path = { 0 };
    *out = (struct build_summary){ .manifest = value_null };
    if (!file_exists(str_join_path(a, o->out, STR("manifest.json"))))
        return err_set(err, ERR_NOT_FOUND, STR_FMT " is no index of vectors: it has no manifest.json", STR_ARG(o->out));
    if ((b.feed = feed_open(o->inputs, o->input_count, err)) == NULL)
        return false;
    bool ok = take_lock(&b, &lock, &lock_path, err) && open_old(&b, err) && run(&b, err);
    close_all(&b, lock, lock_path);
    return ok;
}
