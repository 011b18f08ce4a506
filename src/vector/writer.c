// SPDX-License-Identifier: Apache-2.0
// Files of one generation, their notes in the manifest, and the sweep of older ones.
#include "vector/writer.h"

#include <unistd.h>

#include "base/arena.h"
#include "model/npy.h"
#include "model/outfile.h"
#include "sys/file.h"
#include "value/read.h"

static Str file_name(struct writer *w, const char *key, const char *extension)
{
    return str_printf(w->arena, "%s-%lld.%s", key, (long long)w->generation, extension);
}

static struct outfile *begin(struct writer *w, const char *key, const char *extension, struct err *err)
{
    struct outfile *o;
    bool ok UNUSED = outfile_open(str_join_path(w->arena, w->dir, file_name(w, key, extension)), &o, err);
    return o;
}

struct outfile *writer_begin_text(struct writer *w, const char *key, struct err *err) { return begin(w, key, "txt", err); }

struct outfile *writer_begin_array(struct writer *w, const char *key, enum tensor_type type, int64_t rows, int64_t columns, struct err *err)
{
    char header[NPY_HEADER_MAX];
    size_t len = npy_header(type, columns ? 2 : 1, (const int64_t[]){ rows, columns }, header);
    struct outfile *o = begin(w, key, "npy", err);
    if (o == NULL || outfile_write(o, header, len, err))
        return o;
    outfile_close(o);
    return NULL;
}

bool writer_end(struct writer *w, const char *key, struct outfile *o, struct err *err)
{
    bool ok = outfile_commit(o, err);
    if (ok) {
        bool is_text = str_is(str_of(key), "ids");
        struct value_builder b = value_map_begin(w->arena);
        value_map_set(&b, STR("file"), value_string(w->arena, file_name(w, key, is_text ? "txt" : "npy")));
        value_map_set(&b, STR("size"), value_int(outfile_size(o)));
        value_map_set(&b, STR("digest"), value_string(w->arena, hash_text(w->arena, outfile_digest(o))));
        value_map_set(&w->files, str_of(key), value_map_end(&b));
    }
    outfile_close(o);
    return ok;
}

bool writer_array(struct writer *w, const char *key, enum tensor_type type, int64_t rows, int64_t columns, const void *data, struct err *err)
{
    struct outfile *o = writer_begin_array(w, key, type, rows, columns, err);
    if (o == NULL)
        return false;
    if (outfile_write(o, data, (size_t)(rows * MAX(columns, 1)) * tensor_type_bytes(type), err))
        return writer_end(w, key, o, err);
    outfile_close(o);
    return false;
}

bool writer_map(struct writer *w, struct arena *a, const char *key, struct tensor *out, struct err *err)
{
    Str bytes, path = str_join_path(w->arena, w->dir, file_name(w, key, "npy"));
    return file_map(a, path, &bytes, err) && (npy_parse(bytes, out, err) || err_wrap(err, STR_FMT, STR_ARG(path)));
}

bool writer_manifest(struct writer *w, Value manifest, struct err *err)
{
    struct strbuf text = { 0 };
    struct outfile *o;
    json_write(&text, manifest, 1);
    strbuf_addc(&text, '\n');
    bool ok = dir_sync(w->dir, err) && outfile_open(str_join_path(w->arena, w->dir, STR("manifest.json")), &o, err);
    if (ok) {
        ok = outfile_write(o, text.data, text.len, err) && outfile_commit(o, err);
        outfile_close(o);
    }
    strbuf_release(&text);
    return ok && dir_sync(w->dir, err);
}

// "KEY-G.npy" or "KEY-G.txt" of another generation, or a temporary file of one of ours.
static bool is_ours_and_old(const struct writer *w, Str name)
{
    static const char *const keys[] = { "vectors", "norms", "lengths", "digests", "ids", "id_starts", "codes", "code_terms", "code_center",
                                        "links", "upper", "places" };
    int64_t generation;
    bool is_temporary = str_starts(name, STR(".tmp-"));
    if (is_temporary) {
        name = str_from(name, 5);
        str_cut(&name, '-');
    }
    if (is_temporary && str_is(name, "manifest.json"))
        return true;
    Str key = str_cut(&name, '-'), number = str_cut(&name, '.');
    for (size_t i = 0; i < LEN(keys); i++)
        if (str_is(key, keys[i]) && str_to_int(number, &generation) && (str_is(name, "npy") || str_is(name, "txt")))
            return is_temporary || generation != w->generation;
    return false;
}

void writer_sweep(struct writer *w)
{
    Str *names;
    size_t count;
    struct err err;
    if (!dir_list(w->arena, w->dir, &names, &count, &err))
        return;
    for (size_t i = 0; i < count; i++)
        if (is_ours_and_old(w, names[i]))
            unlink(str_join_path(w->arena, w->dir, names[i]).data);
}
