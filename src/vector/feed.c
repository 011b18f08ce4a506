// SPDX-License-Identifier: Apache-2.0
// Reads folders of embeddings part by part. Not here: per-residue embeddings, whose rows have no id of their own.
#include "vector/feed.h"

#include <math.h>

#include "base/arena.h"
#include "base/vec.h"
#include "model/embed.h"
#include "model/npy.h"
#include "sys/file.h"
#include "value/read.h"
#include "vector/index.h"

enum { MANIFEST_MAX = 512 * 1024 * 1024 };

struct part {
    Str vectors, ids;                   // paths; a .npy file of other origin has no ids
    int64_t rows;
};
struct feed {
    struct arena arena;
    int64_t count, dims;
    Value settings;
    VEC(struct part) parts;
    size_t next_part;
    struct arena open;                  // of the part that is being read
    struct tensor tensor;
    Str ids;                            // what is left of its ids
    int64_t row, number;                // next row in the part; in all
    float *vector;
    char name[24];
};

static Str arithmetic_kind(Value v)     // "int8", or what is not in 8 bits: the last bits alone differ between its kinds
{
    return str_ends(value_str(v), STR("int8")) ? STR("int8") : STR("float");
}

bool feed_check_alike(Value there, Value given, struct err *err)
{
    static const char *const fields[] = { "model", "layer", "pooling", "too_long", "max_length", "overlap", "chain" };
    if (value_is_null(there) || value_is_null(given))
        return (value_is_null(there) && value_is_null(given))
            || err_set(err, ERR_CONFLICT, "embeddings of a known model can't stand beside vectors of other origin");
    for (size_t i = 0; i < LEN(fields); i++) {
        Value x = value_get(there, str_of(fields[i])), y = value_get(given, str_of(fields[i]));
        if (value_eq(x, y))
            continue;
        struct strbuf was = { 0 }, is = { 0 };
        json_write(&was, x, 0);
        json_write(&is, y, 0);
        err_set(err, ERR_CONFLICT, "made with '%s' %.100s, not %.100s", fields[i], is.data, was.data);
        strbuf_release(&was);
        strbuf_release(&is);
        return false;
    }
    Str x = arithmetic_kind(value_get(there, STR("arithmetic"))), y = arithmetic_kind(value_get(given, STR("arithmetic")));
    return str_eq(x, y) || err_set(err, ERR_CONFLICT, "made with " STR_FMT " arithmetic, not " STR_FMT, STR_ARG(y), STR_ARG(x));
}

// --- opening

static bool join(struct feed *s, Str path, int64_t dims, Value settings, struct err *err)
{
    bool is_first = s->dims == 0;
    if (dims < 1 || dims > VECTOR_DIMS_MAX)
        return err_set(err, ERR_INVALID, STR_FMT ": vectors of %lld numbers; from 1 to %d are possible", STR_ARG(path), (long long)dims,
                       VECTOR_DIMS_MAX);
    if (!is_first && dims != s->dims)
        return err_set(err, ERR_CONFLICT, STR_FMT ": vectors of %lld numbers, not of %lld like those before", STR_ARG(path), (long long)dims,
                       (long long)s->dims);
    if (!is_first && !feed_check_alike(s->settings, settings, err))
        return err_wrap(err, STR_FMT, STR_ARG(path));
    s->dims = dims, s->settings = settings;
    return true;
}

static bool add_part(struct feed *s, struct part part, struct err *err)
{
    if (part.rows < 0 || part.rows > VECTOR_COUNT_MAX - s->count)
        return err_set(err, ERR_LIMIT, STR_FMT ": more than %lld vectors", STR_ARG(part.vectors), (long long)VECTOR_COUNT_MAX);
    s->count += part.rows;
    vec_push(&s->arena, &s->parts, part);
    return true;
}

static bool open_array(struct arena *a, Str path, struct tensor *t, struct err *err)
{
    Str bytes;
    if (!file_map(a, path, &bytes, err))
        return false;
    if (!npy_parse(bytes, t, err))
        return err_wrap(err, STR_FMT, STR_ARG(path));
    if (t->rank != 2 || !tensor_is_float(t))
        return err_set(err, ERR_INVALID, STR_FMT ": expected a matrix [rows, width] of floating-point numbers, found %s of %d dimensions",
                       STR_ARG(path),
                       tensor_type_name(t->type), t->rank);
    return true;
}

static bool add_array(struct feed *s, Str path, struct err *err)
{
    struct tensor t;
    bool ok = open_array(&s->open, path, &t, err);
    arena_release(&s->open);
    return ok && join(s, path, t.shape[1], value_null, err) && add_part(s, (struct part){ .vectors = path, .rows = t.shape[0] }, err);
}

static bool add_folder(struct feed *s, Str dir, struct err *err)
{
    Str path = str_join_path(&s->arena, dir, STR("manifest.json")), text;
    Value manifest;
    enum embed_kind kind;
    if (!file_read(&s->arena, path, MANIFEST_MAX, &text, err))
        return err->code == ERR_NOT_FOUND
            ? err_set(err, ERR_INVALID, STR_FMT ": expected a folder made by 'petri embed' (it has no manifest.json: is it finished?) or a .npy file",
                      STR_ARG(dir)) : false;
    if (!json_parse(&s->arena, text, &manifest, err))
        return err_wrap(err, STR_FMT, STR_ARG(path));
    Value settings = value_get(manifest, STR("settings")), parts = value_get(manifest, STR("parts"));
    if (!str_is(value_get_str(manifest, STR("format")), "petri-embeddings") || !embed_kind_find(value_get_str(settings, STR("pooling")), &kind))
        return err_set(err, ERR_INVALID, STR_FMT " is no manifest of embeddings", STR_ARG(path));
    if (!embed_kind_is_pooled(kind))
        return err_set(err, ERR_INVALID, STR_FMT ": holds '%s', many rows a sequence; an index takes one vector a sequence (--pool mean, cls, "
                       "mean-all or max)", STR_ARG(dir), embed_kind_name(kind));
    if (!join(s, dir, value_get_int(manifest, STR("width"), 0), settings, err))
        return false;
    for (size_t i = 0; i < value_len(parts); i++) {
        Value p = value_at(parts, i);
        Str vectors = value_get_str(value_get(p, STR("vectors")), STR("file")), ids = value_get_str(value_get(p, STR("ids")), STR("file"));
        struct part part = { .rows = value_get_int(p, STR("rows"), -1) };
        if (!str_is_inner_path(vectors) || !str_is_inner_path(ids))
            return err_set(err, ERR_DAMAGED, STR_FMT ": part %zu names no file in this folder", STR_ARG(path), i);
        part.vectors = str_join_path(&s->arena, dir, vectors), part.ids = str_join_path(&s->arena, dir, ids);
        if (!add_part(s, part, err))
            return false;
    }
    return true;
}

struct feed *feed_open(const Str *paths, size_t count, struct err *err)
{
    struct feed *s = xcalloc(1, sizeof *s);
    bool ok = true;
    for (size_t i = 0; i < count && ok; i++) {
        Str path = str_copy(&s->arena, paths[i]);
        struct stat st;
        bool is_array = str_ends(path, STR(".npy")) && !(file_stat(path, &st) && S_ISDIR(st.st_mode));
        ok = is_array ? add_array(s, path, err) : add_folder(s, path, err);
    }
    if (!ok) {
        feed_close(s);
        return NULL;
    }
    s->vector = arena_array(&s->arena, (size_t)s->dims, sizeof *s->vector);
    return s;
}

int64_t feed_count(const struct feed *s) { return s->count; }
int64_t feed_dims(const struct feed *s) { return s->dims; }
Value feed_settings(const struct feed *s) { return s->settings; }

void feed_number_from(struct feed *s, int64_t first) { s->number = first; }

void feed_close(struct feed *s)
{
    if (s == NULL)
        return;
    arena_release(&s->open);
    arena_release(&s->arena);
    free(s);
}

// --- rows

static bool open_part(struct feed *s, const struct part *p, struct err *err)
{
    arena_release(&s->open);
    s->row = 0;
    if (!open_array(&s->open, p->vectors, &s->tensor, err))
        return false;
    if (s->tensor.shape[0] != p->rows || s->tensor.shape[1] != s->dims)
        return err_set(err, ERR_DAMAGED, STR_FMT " has [%lld, %lld] numbers, not [%lld, %lld] as the manifest says", STR_ARG(p->vectors),
                       (long long)s->tensor.shape[0], (long long)s->tensor.shape[1], (long long)p->rows, (long long)s->dims);
    if (p->ids.len == 0)
        return true;
    if (!file_map(&s->open, p->ids, &s->ids, err))
        return false;
    Str header = str_cut(&s->ids, '\n');
    return str_starts(header, STR("id\tdigest\tlength\t"))
        || err_set(err, ERR_DAMAGED, STR_FMT ":1: expected the columns id, digest, length", STR_ARG(p->ids));
}

static bool read_id(struct feed *s, const struct part *p, struct feed_row *out, struct err *err)
{
    if (p->ids.len == 0) {
        snprintf(s->name, sizeof s->name, "%lld", (long long)s->number);
        *out = (struct feed_row){ .id = str_of(s->name), .length = -1 };
        return true;
    }
    Str line = str_cut(&s->ids, '\n');
    out->id = str_cut(&line, '\t');
    Str digest = str_cut(&line, '\t');
    return (hash_parse(digest, &out->digest) && str_to_int(str_cut(&line, '\t'), &out->length) && out->length >= 0)
        || err_set(err, ERR_DAMAGED, STR_FMT ":%lld: expected id, digest and length of a sequence", STR_ARG(p->ids), (long long)s->row + 2);
}

static bool check_vector(const struct feed *s, const struct part *p, struct err *err)
{
    double norm = metric_norm(s->vector, (size_t)s->dims);
    if (!isfinite(norm))
        return err_set(err, ERR_INVALID, STR_FMT ": row %lld holds a number that is not finite", STR_ARG(p->vectors), (long long)s->row);
    return vector_norm_is_fine(norm)
        || err_set(err, ERR_INVALID, STR_FMT ": row %lld is a vector %s than %g", STR_ARG(p->vectors), (long long)s->row,
                   norm > VECTOR_NORM_MAX ? "longer" : "shorter, but not zero,", norm > VECTOR_NORM_MAX ? VECTOR_NORM_MAX : VECTOR_NORM_MIN);
}

bool feed_next(struct feed *s, struct feed_row *out, bool *end, struct err *err)
{
    while (s->next_part == 0 || s->row == s->parts.at[s->next_part - 1].rows) {
        if (s->next_part && s->ids.len)
            return err_set(err, ERR_DAMAGED, STR_FMT " has more lines than there are vectors", STR_ARG(s->parts.at[s->next_part - 1].ids));
        *end = s->next_part == s->parts.len;
        if (*end)
            return true;
        if (!open_part(s, &s->parts.at[s->next_part++], err))
            return false;
    }
    const struct part *p = &s->parts.at[s->next_part - 1];
    tensor_read_floats(&s->tensor, s->row * s->dims, s->dims, s->vector);
    if (!check_vector(s, p, err) || !read_id(s, p, out, err))
        return false;
    out->vector = s->vector;
    s->row++, s->number++;
    return true;
}
