// SPDX-License-Identifier: Apache-2.0
// FAISS: faiss/impl/index_write.cpp, write_index_header(), write_HNSW(). hnswlib: hnswlib/hnswalg.h, saveIndex(). Both write the fields of their
// structs one behind the other, little-endian.
#include "vector/export.h"

#include <math.h>
#include <unistd.h>

#include "model/outfile.h"
#include "sys/file.h"
#include "vector/build_graph.h"

struct sheet {                          // a file that is being written; after a failure the rest is passed over
    struct outfile *file;
    struct err *err;
    bool ok;
};

static void put(struct sheet *s, const void *bytes, size_t len) { s->ok = s->ok && outfile_write(s->file, bytes, len, s->err); }
static void put_i32(struct sheet *s, int32_t v) { put(s, &v, sizeof v); }
static void put_u64(struct sheet *s, uint64_t v) { put(s, &v, sizeof v); }
static void put_double(struct sheet *s, double v) { put(s, &v, sizeof v); }

// A row as the library stores it: `room` has dims floats.
static const float *stored_row(const struct vector_index *x, int64_t row, float *room)
{
    const float *v = vector_index_row(x, row);
    double norm = x->metric == METRIC_COSINE ? metric_norm(v, (size_t)x->dims) : 1;
    for (int64_t i = 0; i < x->dims; i++)
        room[i] = norm > 0 ? (float)((double)v[i] / norm) : v[i];
    return room;
}

static const uint32_t *links_of(const struct vector_index *x, int64_t row, uint32_t layer)
{
    const struct graph *g = &x->graph;
    size_t m = (size_t)g->m;
    return layer ? g->upper + ((size_t)g->places[2 * row + 1] + layer - 1) * (m + 1) : g->links + (size_t)row * (2 * m + 1);
}

// --- FAISS

enum { FAISS_INNER_PRODUCT = 0, FAISS_L2 = 1, FAISS_LEVELS_MAX = 64 };

static void put_faiss_header(struct sheet *s, const struct vector_index *x, const char *fourcc)
{
    uint8_t is_trained = 1;
    put(s, fourcc, 4);
    put_i32(s, (int32_t)x->dims);
    put_u64(s, (uint64_t)x->count);
    put_u64(s, 1 << 20);                // two fields that are not used any more
    put_u64(s, 1 << 20);
    put(s, &is_trained, 1);
    put_i32(s, x->metric == METRIC_L2 ? FAISS_L2 : FAISS_INNER_PRODUCT);
}

static void put_faiss_flat(struct sheet *s, const struct vector_index *x, float *room)
{
    put_faiss_header(s, x, x->metric == METRIC_L2 ? "IxF2" : "IxFI");
    put_u64(s, (uint64_t)(x->count * x->dims));
    for (int64_t row = 0; row < x->count && s->ok; row++)
        put(s, stored_row(x, row, room), (size_t)x->dims * sizeof(float));
}

// As HNSW::set_default_probas(): the chance of each level until it is under 1e-9, but at least the levels that there are.
static int faiss_levels(const struct graph *g, double probabilities[FAISS_LEVELS_MAX])
{
    double scale = 1 / log(g->m);
    int levels = 0;
    for (; levels < FAISS_LEVELS_MAX; levels++) {
        probabilities[levels] = exp(-levels / scale) * (1 - exp(-1 / scale));
        if (probabilities[levels] < 1e-9 && levels > g->top)
            break;
    }
    return levels;
}

static void put_faiss_links(struct sheet *s, const struct vector_index *x)
{
    uint64_t slots = 0, m = (uint64_t)x->graph.m;
    put_u64(s, (uint64_t)x->count);     // how many levels each row has
    for (int64_t row = 0; row < x->count; row++)
        put_i32(s, (int32_t)x->graph.places[2 * row] + 1);
    put_u64(s, (uint64_t)x->count + 1);
    for (int64_t row = 0; row <= x->count; row++) {
        put_u64(s, slots);
        slots += row < x->count ? (2 + x->graph.places[2 * row]) * m : 0;
    }
    put_u64(s, slots);
    for (int64_t row = 0; row < x->count && s->ok; row++)
        for (uint32_t layer = 0; layer <= x->graph.places[2 * row]; layer++) {
            const uint32_t *links = links_of(x, row, layer);
            for (uint32_t i = 1; i <= (layer ? m : 2 * m); i++)
                put_i32(s, i <= links[0] ? (int32_t)links[i] : -1);
        }
}

static void put_faiss_hnsw(struct sheet *s, const struct vector_index *x)
{
    double probabilities[FAISS_LEVELS_MAX];
    const struct graph *g = &x->graph;
    int levels = faiss_levels(g, probabilities);
    put_faiss_header(s, x, "IHNf");
    put_u64(s, (uint64_t)levels);
    for (int i = 0; i < levels; i++)
        put_double(s, probabilities[i]);
    put_u64(s, (uint64_t)levels + 1);   // slots of a row below each level
    for (int i = 0; i <= levels; i++)
        put_i32(s, i ? (i + 1) * g->m : 0);
    put_faiss_links(s, x);
    put_i32(s, (int32_t)g->entry);
    put_i32(s, x->count ? g->top : -1);
    put_i32(s, (int32_t)value_get_int(value_get(x->manifest, STR("hnsw")), STR("ef_construction"), 40));
    put_i32(s, (int32_t)MAX(1, MIN(value_get_int(value_get(x->manifest, STR("recall")), STR("ef"), 16), 1 << 20)));     // efSearch
    put_i32(s, 1);                      // upper_beam
}

static bool put_faiss(struct sheet *s, const struct vector_index *x, float *room)
{
    if (x->kind == VECTOR_HNSW)
        put_faiss_hnsw(s, x);
    put_faiss_flat(s, x, room);
    return s->ok;
}

// --- hnswlib

static void put_links(struct sheet *s, const uint32_t *links, size_t slots)
{
    static const uint32_t none[2 * 256];
    put(s, links, (links[0] + 1) * sizeof *links);
    put(s, none, (slots - links[0]) * sizeof *links);
}

static bool put_hnswlib(struct sheet *s, const struct vector_index *x, float *room)
{
    const struct graph *g = &x->graph;
    size_t m = (size_t)g->m, level0 = (2 * m + 1) * 4, data = (size_t)x->dims * sizeof(float);
    uint64_t ef = (uint64_t)value_get_int(value_get(x->manifest, STR("hnsw")), STR("ef_construction"), 200);
    put_u64(s, 0);                      // where level 0 begins in an element
    put_u64(s, (uint64_t)x->count);     // most elements
    put_u64(s, (uint64_t)x->count);
    put_u64(s, level0 + data + sizeof(uint64_t));
    put_u64(s, level0 + data);          // label
    put_u64(s, level0);                 // data
    put_i32(s, x->count ? g->top : -1);
    put_i32(s, (int32_t)g->entry);
    put_u64(s, m);
    put_u64(s, 2 * m);
    put_u64(s, m);
    put_double(s, 1 / log(g->m));
    put_u64(s, ef);
    for (int64_t row = 0; row < x->count && s->ok; row++) {
        put_links(s, links_of(x, row, 0), 2 * m);
        put(s, stored_row(x, row, room), data);
        put_u64(s, (uint64_t)row);
    }
    for (int64_t row = 0; row < x->count && s->ok; row++) {
        uint32_t top = g->places[2 * row];
        put_i32(s, (int32_t)(top * (m + 1) * 4));
        for (uint32_t layer = 1; layer <= top; layer++)
            put_links(s, links_of(x, row, layer), m);
    }
    return s->ok;
}

// --- both

static const struct {
    const char *name;
    bool (*put)(struct sheet *s, const struct vector_index *x, float *room);
    bool needs_graph;
} formats[] = { { "faiss", put_faiss, false }, { "hnswlib", put_hnswlib, true } };

bool index_export_check(Str format, struct err *err)
{
    for (size_t i = 0; i < LEN(formats); i++)
        if (str_is(format, formats[i].name))
            return true;
    return err_set(err, ERR_INVALID, "--format is faiss or hnswlib, not '" STR_FMT "'", STR_ARG(format));
}

static void put_ids(struct sheet *s, const struct vector_index *x)
{
    for (int64_t row = 0; row < x->count && s->ok; row++) {
        Str id;
        s->ok = vector_index_id(x, row, &id, s->err);
        put(s, id.data, s->ok ? id.len : 0);
        put(s, "\n", 1);
    }
}

static bool check_rows(const struct vector_index *x, struct err *err)
{
    for (int64_t row = 0; row < x->count; row++)
        if (!vector_is_finite(vector_index_row(x, row), (size_t)x->dims))
            return err_set(err, ERR_DAMAGED, STR_FMT ": row %lld holds a number that is not finite", STR_ARG(x->dir), (long long)row);
    return x->kind != VECTOR_HNSW || graph_check(x, err);
}

static bool write_files(struct arena *a, const struct vector_index *x, size_t format, Str path, struct err *err)
{
    struct sheet index = { .err = err, .ok = true }, ids = index;
    float *room = xcalloc((size_t)x->dims, sizeof *room);
    bool ok = outfile_open(path, &index.file, err) && outfile_open(str_printf(a, STR_FMT ".ids.txt", STR_ARG(path)), &ids.file, err)
        && formats[format].put(&index, x, room);
    if (ok)
        put_ids(&ids, x);
    ok = ok && ids.ok && outfile_commit(ids.file, err) && outfile_commit(index.file, err) && dir_sync(str_dirname(path), err);
    outfile_close(ids.file);
    outfile_close(index.file);
    free(room);
    return ok;
}

bool index_export(struct arena *a, const struct vector_index *x, Str format, Str path, struct err *err)
{
    size_t i = 0;
    if (!index_export_check(format, err))
        return false;
    while (!str_is(format, formats[i].name))
        i++;
    if (formats[i].needs_graph && x->kind != VECTOR_HNSW)
        return err_set(err, ERR_UNSUPPORTED, STR_FMT " is an exact index; %s files hold a graph: build it with --kind hnsw", STR_ARG(x->dir),
                       formats[i].name);
    return check_rows(x, err) && write_files(a, x, i, path, err);
}
