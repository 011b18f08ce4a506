// SPDX-License-Identifier: Apache-2.0
// Opens an index: the manifest, then each file against it. Nothing large is read here.
#include "vector/index.h"

#include "model/npy.h"
#include "sys/file.h"
#include "value/read.h"

enum { MANIFEST_MAX = 16 * 1024 * 1024, M_MAX = 256, LAYERS_MAX = 64 };

static const char *const kind_names[] = { [VECTOR_EXACT] = "exact", [VECTOR_HNSW] = "hnsw" };

const char *vector_kind_name(enum vector_kind kind) { return kind_names[kind]; }

bool vector_kind_find(Str name, enum vector_kind *out)
{
    for (size_t i = 0; i < LEN(kind_names); i++)
        if (str_is(name, kind_names[i])) {
            *out = (enum vector_kind)i;
            return true;
        }
    return false;
}

bool vector_is_finite(const float *x, size_t count)
{
    uint32_t bad = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, x + i, sizeof bits);
        bad |= (bits & 0x7f800000u) == 0x7f800000u;
    }
    return bad == 0;
}

bool vector_norm_is_fine(double norm) { return norm == 0 || (norm >= VECTOR_NORM_MIN && norm <= VECTOR_NORM_MAX); }

static bool damaged(const struct vector_index *x, struct err *err, const char *what)
{
    return err_set(err, ERR_DAMAGED, STR_FMT "/manifest.json: %s", STR_ARG(x->dir), what);
}

// Maps one of the manifest's files; its size must be as the manifest says.
static bool map_listed(struct vector_index *x, const char *key, Str *bytes, Str *path, struct err *err)
{
    Value file = value_get(value_get(x->manifest, STR("files")), str_of(key));
    Str name = value_get_str(file, STR("file"));
    if (name.len == 0 || str_has(name, '/') || str_has(name, '\0') || str_is(name, "..") || str_is(name, "."))
        return err_set(err, ERR_DAMAGED, STR_FMT "/manifest.json: 'files' has no '%s' with the name of a file in this folder", STR_ARG(x->dir), key);
    *path = str_join_path(&x->arena, x->dir, name);
    if (!file_map(&x->arena, *path, bytes, err))
        return false;
    if ((int64_t)bytes->len != value_get_int(file, STR("size"), -1))
        return err_set(err, ERR_DAMAGED, STR_FMT " has %zu bytes, not those that the manifest says: it was changed or cut off", STR_ARG(*path),
                       bytes->len);
    return true;
}

// An array of this type and shape (columns 0: one dimension). rows -1: any number, stored in *found.
struct wanted {
    const char *key;
    enum tensor_type type;
    int64_t rows, columns;
    const void **data;
    int64_t *found;
};

static bool map_array(struct vector_index *x, const struct wanted *w, struct err *err)
{
    Str bytes, path;
    struct tensor t;
    if (!map_listed(x, w->key, &bytes, &path, err))
        return false;
    if (!npy_parse(bytes, &t, err))
        return err_wrap(err, STR_FMT, STR_ARG(path));
    bool shaped = t.rank == (w->columns ? 2 : 1) && (w->rows < 0 || t.shape[0] == w->rows) && (w->columns == 0 || t.shape[1] == w->columns);
    if (t.type != w->type || !shaped) {
        char is[TENSOR_SHAPE_TEXT], wanted[TENSOR_SHAPE_TEXT];
        tensor_shape_text(t.rank, t.shape, is);
        tensor_shape_text(w->columns ? 2 : 1, (const int64_t[]){ MAX(w->rows, 0), w->columns }, wanted);
        return err_set(err, ERR_DAMAGED, STR_FMT " is %s of %s, expected %s of %s%s", STR_ARG(path), tensor_type_name(t.type), is,
                       tensor_type_name(w->type), wanted, w->rows < 0 ? " (any number of rows)" : "");
    }
    if (t.count && (uintptr_t)t.data % 16 != 0)
        return err_set(err, ERR_DAMAGED, STR_FMT ": its data begin at no multiple of 16 bytes", STR_ARG(path));
    *w->data = t.data;
    if (w->found)
        *w->found = t.shape[0];
    return true;
}

static bool map_all(struct vector_index *x, const struct wanted *w, size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++)
        if (!map_array(x, &w[i], err))
            return false;
    return true;
}

static bool open_rows(struct vector_index *x, struct err *err)
{
    Str path;
    const struct wanted all[] = {
        { "vectors", TENSOR_F32, x->count, x->dims, (const void **)&x->vectors, NULL },
        { "norms", TENSOR_F32, x->count, 0, (const void **)&x->norms, NULL },
        { "lengths", TENSOR_I64, x->count, 0, (const void **)&x->lengths, NULL },
        { "digests", TENSOR_U8, x->count, 32, (const void **)&x->digests, NULL },
        { "id_starts", TENSOR_I64, x->count + 1, 0, (const void **)&x->id_starts, NULL },
    };
    return map_all(x, all, LEN(all), err) && map_listed(x, "ids", &x->ids, &path, err);
}

static bool open_codes(struct vector_index *x, struct err *err)
{
    x->codes.stride = ((size_t)x->dims + 15) / 16 * 16;
    const struct wanted all[] = {
        { "codes", TENSOR_U8, x->count, (int64_t)x->codes.stride, (const void **)&x->codes.bytes, NULL },
        { "code_terms", TENSOR_F32, x->count, 2, (const void **)&x->codes.terms, NULL },
        { "code_center", TENSOR_F32, x->dims, 0, (const void **)&x->codes.center, NULL },
    };
    if (!map_all(x, all, LEN(all), err))
        return false;
    return vector_is_finite(x->codes.center, (size_t)x->dims) || damaged(x, err, "'code_center' holds a number that is not finite");
}

static bool open_graph(struct vector_index *x, struct err *err)
{
    struct graph *g = &x->graph;
    Value h = value_get(x->manifest, STR("hnsw"));
    int64_t m = value_get_int(h, STR("m"), 0), top = value_get_int(h, STR("top_layer"), -1);
    g->entry = value_get_int(h, STR("entry"), -1);
    if (m < 2 || m > M_MAX)
        return damaged(x, err, "'hnsw.m' is no integer from 2 to 256");
    if (top < 0 || top >= LAYERS_MAX)
        return damaged(x, err, "'hnsw.top_layer' is no integer from 0 to 63");
    if (x->count ? g->entry < 0 || g->entry >= x->count : g->entry != -1)
        return damaged(x, err, "'hnsw.entry' is no row of the index");
    g->m = (int)m, g->top = (int)top;
    const struct wanted all[] = {
        { "links", TENSOR_U32, x->count, 2 * m + 1, (const void **)&g->links, NULL },
        { "places", TENSOR_U32, x->count, 2, (const void **)&g->places, NULL },
        { "upper", TENSOR_U32, -1, m + 1, (const void **)&g->upper, &g->upper_count },
    };
    return map_all(x, all, LEN(all), err);
}

static bool read_manifest(struct vector_index *x, struct err *err)
{
    Value m = x->manifest, int8 = value_get(m, STR("int8"));
    if (m.kind != VALUE_MAP || !str_is(value_get_str(m, STR("format")), "petri-index"))
        return damaged(x, err, "'format' is not \"petri-index\": this is no index of vectors");
    if (value_get_int(m, STR("version"), 0) != 1)
        return damaged(x, err, "'version' is not 1: made by another version of Petri");
    x->count = value_get_int(m, STR("count"), -1), x->dims = value_get_int(m, STR("dims"), -1);
    x->generation = value_get_int(m, STR("generation"), -1);
    x->embeddings = value_get(m, STR("embeddings"));
    if (x->count < 0 || x->count > VECTOR_COUNT_MAX)
        return damaged(x, err, "'count' is no integer from 0 to 2147483647");
    if (x->dims < 1 || x->dims > VECTOR_DIMS_MAX)
        return damaged(x, err, "'dims' is no integer from 1 to 65536");
    if (x->generation < 1 || x->generation > INT32_MAX)
        return damaged(x, err, "'generation' is no integer from 1 to 2147483647");
    if (!metric_find(value_get_str(m, STR("metric")), &x->metric))
        return damaged(x, err, "'metric' is not cosine, dot or l2");
    if (!vector_kind_find(value_get_str(m, STR("kind")), &x->kind))
        return damaged(x, err, "'kind' is not exact or hnsw");
    if (int8.kind != VALUE_BOOL || (x->embeddings.kind != VALUE_MAP && x->embeddings.kind != VALUE_NULL))
        return damaged(x, err, "'int8' is no boolean, or 'embeddings' no map of settings");
    return true;
}

static bool open_files(struct vector_index *x, struct err *err)
{
    Str path = str_join_path(&x->arena, x->dir, STR("manifest.json")), text;
    if (!file_read(&x->arena, path, MANIFEST_MAX, &text, err))
        return err->code == ERR_NOT_FOUND ? err_set(err, ERR_NOT_FOUND, STR_FMT " is no index of vectors: it has no manifest.json", STR_ARG(x->dir))
                                          : false;
    if (!json_parse(&x->arena, text, &x->manifest, err)) {
        err->code = ERR_DAMAGED;
        return err_wrap(err, STR_FMT, STR_ARG(path));
    }
    return read_manifest(x, err) && open_rows(x, err) && (!value_get(x->manifest, STR("int8")).boolean || open_codes(x, err))
        && (x->kind != VECTOR_HNSW || open_graph(x, err));
}

struct vector_index *vector_index_open(Str dir, struct err *err)
{
    for (int attempt = 0;; attempt++) {
        struct vector_index *x = xcalloc(1, sizeof *x);
        x->dir = str_copy(&x->arena, dir);
        if (open_files(x, err))
            return x;
        bool read = x->generation > 0;
        vector_index_close(x);
        if (attempt == 3 || !read || err->code != ERR_NOT_FOUND)        // else a new generation has come just now
            return NULL;
    }
}

void vector_index_close(struct vector_index *x)
{
    if (x == NULL)
        return;
    arena_release(&x->arena);
    free(x);
}

bool vector_index_id(const struct vector_index *x, int64_t row, Str *out, struct err *err)
{
    int64_t from = x->id_starts[row], to = x->id_starts[row + 1];
    if (from < 0 || to <= from || to > (int64_t)x->ids.len)
        return err_set(err, ERR_DAMAGED, STR_FMT ": the id of row %lld has no place in its file", STR_ARG(x->dir), (long long)row);
    *out = (Str){ x->ids.data + from, (size_t)(to - from) - 1 };        // without the line end
    if (str_has(*out, '\n') || str_has(*out, '\t'))
        return err_set(err, ERR_DAMAGED, STR_FMT ": the id of row %lld is more than one word of a table", STR_ARG(x->dir), (long long)row);
    return true;
}
