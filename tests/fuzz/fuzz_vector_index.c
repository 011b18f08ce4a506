// SPDX-License-Identifier: Apache-2.0
// One file of an index replaced by any bytes (the first byte says which): opening, searching, checking and exporting must return, and whatever is
// found must be a row with an id and a number. The manifest is told the new size, or it would be refused at once.
#include <math.h>
#include <unistd.h>

#include "base/arena.h"
#include "model/npy.h"
#include "sys/file.h"
#include "vector/build.h"
#include "vector/build_graph.h"
#include "vector/export.h"
#include "vector/search.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROWS = 40, DIMS = 5 };

static const char *const keys[] = { "manifest", "vectors", "norms", "lengths", "digests", "id_starts", "ids", "links", "places", "upper",
                                    "codes", "code_terms", "code_center" };
enum { FIRST_OF_CODES = 10 };

static struct arena forever;
static Str folder;

static void remove_folder(void)
{
    struct err err;
    bool removed = tree_remove(folder, &err);
    CHECK(removed);
    arena_release(&forever);
}

static Str path_of(struct arena *a, const char *dir, const char *name) { return str_printf(a, STR_FMT "/%s/%s", STR_ARG(folder), dir, name); }

static void must_write(Str path, Str bytes)
{
    FILE *f = fopen(path.data, "wb");
    CHECK(f && fwrite(bytes.data ? bytes.data : "", 1, bytes.len, f) == bytes.len && fclose(f) == 0);
}

// Two indexes of the same rows: "hnsw" and "int8".
static void make_indexes(void)
{
    char header[NPY_HEADER_MAX];
    float rows[ROWS * DIMS];
    struct strbuf bytes = { 0 };
    struct err err;
    char *made = str_z(&forever, STR("/tmp/petri-fuzz-vector-XXXXXX"));
    CHECK(mkdtemp(made));
    folder = str_of(made);
    atexit(remove_folder);
    for (size_t i = 0; i < ROWS * DIMS; i++)
        rows[i] = (float)(i * i % 101) - 50;
    strbuf_add(&bytes, (Str){ header, npy_header(TENSOR_F32, 2, (const int64_t[]){ ROWS, DIMS }, header) });
    strbuf_add(&bytes, (Str){ (const char *)rows, sizeof rows });
    Str input = str_printf(&forever, STR_FMT "/x.npy", STR_ARG(folder));
    must_write(input, strbuf_str(&bytes));
    strbuf_release(&bytes);
    for (int int8 = 0; int8 < 2; int8++) {
        struct build_summary summary;
        struct build_options o = { .out = str_printf(&forever, STR_FMT "/%s", STR_ARG(folder), int8 ? "int8" : "hnsw"), .inputs = &input, .input_count = 1,
                                   .kind = int8 ? VECTOR_EXACT : VECTOR_HNSW, .int8 = int8, .m = 3, .ef_construction = 20, .threads = 1 };
        CHECK(index_build(&forever, &o, &summary, &err));
    }
}

static void use(const struct vector_index *x, bool exact)
{
    struct arena a = { 0 };
    struct err err;
    Str id;
    const struct search_options o = { .k = 3, .threads = 1, .exact = exact };
    struct searcher *s = searcher_new(x, &o, &err);
    CHECK(s);
    float *queries = arena_array(&a, (size_t)(2 * x->dims), sizeof *queries);
    struct found *found = arena_array(&a, 2 * searcher_each(s) + 1, sizeof *found);
    queries[0] = 1, queries[x->dims] = -2;
    if (searcher_run(s, queries, 2, found, &err))
        for (size_t i = 0; i < 2 * searcher_each(s); i++) {
            CHECK(found[i].row >= 0 && found[i].row < x->count && !isnan(found[i].nearness));
            if (!vector_index_id(x, found[i].row, &id, &err))
                CHECK(err.text[0]);
        }
    searcher_free(s);
    arena_release(&a);
}

// "size": N of this file becomes what it is now.
static Str resized(struct arena *a, Str manifest, const char *key, size_t size)
{
    Str field = str_printf(a, "\"%s-1.", key), number = STR("\"size\": ");
    ptrdiff_t at = str_find(manifest, field);
    CHECK(at > 0);
    size_t from = (size_t)at + (size_t)str_find(str_from(manifest, (size_t)at), number) + number.len;
    size_t end = from + (size_t)str_find_char(str_from(manifest, from), ',');
    return str_concat(a, str_concat(a, str_first(manifest, from), str_printf(a, "%zu", size)), str_from(manifest, end));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct err err;
    if (folder.data == NULL)
        make_indexes();
    if (size == 0)
        return 0;
    const char *key = keys[data[0] % LEN(keys)], *dir = data[0] % LEN(keys) >= FIRST_OF_CODES ? "int8" : "hnsw";
    Str given = { (const char *)data + 1, size - 1 }, manifest, before, path = path_of(&a, dir, "manifest.json");
    bool is_manifest = strcmp(key, "manifest") == 0;
    Str file = is_manifest ? path : path_of(&a, dir, str_printf(&a, "%s-1.%s", key, strcmp(key, "ids") == 0 ? "txt" : "npy").data);
    CHECK(file_read(&a, path, 1 << 20, &manifest, &err) && file_read(&a, file, 1 << 20, &before, &err));
    must_write(file, given);
    if (!is_manifest)
        must_write(path, resized(&a, manifest, key, given.len));
    struct vector_index *x = vector_index_open(str_dirname(path), &err);
    if (x && x->count <= 1000 && x->dims <= 1000) {
        use(x, false);
        use(x, true);
        if (!index_export(&a, x, STR("faiss"), str_printf(&a, STR_FMT "/out", STR_ARG(folder)), &err))
            CHECK(err.text[0]);
    } else if (x == NULL) {
        CHECK(err.text[0]);
    }
    vector_index_close(x);
    must_write(file, before);
    must_write(path, manifest);
    arena_release(&a);
    return 0;
}
