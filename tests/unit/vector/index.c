// SPDX-License-Identifier: Apache-2.0
// Indexes on disk: made, added to, opened, and what is refused.
#include <math.h>

#include "base/arena.h"
#include "model/npy.h"
#include "sys/file.h"
#include "unit/test.h"
#include "vector/build.h"
#include "vector/build_graph.h"
#include "vector/export.h"
#include "vector/feed.h"
#include "vector/queries.h"
#include "vector/search.h"

static Str inside(struct arena *a, const char *name) { return str_join_path(a, str_of(test_dir()), str_of(name)); }

static Str write_array(struct arena *a, const char *name, int64_t rows, int64_t dims, const float *data)
{
    char header[NPY_HEADER_MAX];
    struct err err;
    size_t len = npy_header(TENSOR_F32, 2, (const int64_t[]){ rows, dims }, header);
    struct strbuf out = { 0 };
    Str path = inside(a, name);
    strbuf_add(&out, (Str){ header, len });
    strbuf_add(&out, (Str){ (const char *)data, (size_t)(rows * dims) * sizeof *data });
    EXPECT_OK(file_write_atomic(path, strbuf_str(&out), &err), err);
    strbuf_release(&out);
    return path;
}

static Str some_vectors(struct arena *a, const char *name, int64_t rows, int64_t dims)
{
    float *data = NEW_ARRAY(a, float, (size_t)(rows * dims) + 1);
    for (int64_t i = 0; i < rows * dims; i++)
        data[i] = (float)sin((double)(i * i % 1013) + (double)i * 0.37);
    return write_array(a, name, rows, dims, data);
}

static Str build(struct arena *a, const char *name, Str input, enum vector_kind kind, bool int8)
{
    struct err err;
    struct build_summary summary;
    Str out = inside(a, name);
    struct build_options o = { .out = out, .inputs = &input, .input_count = 1, .metric = METRIC_COSINE, .kind = kind, .int8 = int8, .m = 4, .threads = 2 };
    EXPECT_OK(index_build(a, &o, &summary, &err), err);
    return out;
}

TEST(an_index_holds_the_vectors_as_they_were_and_names_rows_by_number)
{
    struct arena a = { 0 };
    struct err err;
    Str id;
    const float data[] = { 1, 2, 3, 0, 0, 0, -4, 5, 0.5f };
    struct vector_index *x = vector_index_open(build(&a, "i", write_array(&a, "x.npy", 3, 3, data), VECTOR_EXACT, false), &err);
    EXPECT_OK(x != NULL, err);
    EXPECT_INT(x->count, 3);
    EXPECT(memcmp(x->vectors, data, sizeof data) == 0);
    EXPECT(x->norms[1] == 0 && x->lengths[2] == -1 && value_is_null(x->embeddings));
    EXPECT_INT(value_get_int(x->manifest, STR("zero_vectors"), -1), 1);
    EXPECT_OK(vector_index_id(x, 2, &id, &err), err);
    EXPECT_STR(id, STR("2"));
    vector_index_close(x);
    arena_release(&a);
}

TEST(eight_bit_vectors_choose_the_same_neighbours_as_floats)
{
    struct arena a = { 0 };
    struct err err;
    Str input = some_vectors(&a, "x.npy", 700, 21);
    struct vector_index *x = vector_index_open(build(&a, "i", input, VECTOR_EXACT, true), &err);
    EXPECT_OK(x != NULL, err);
    for (size_t i = 0; i < 3; i++) {
        static const char *const kernels[] = { "plain", "avx2", "avx512" };
        struct found exact[50 * 10], small[50 * 10];
        if (!kernels_find(kernels[i]))
            continue;
        struct searcher *s = searcher_new(x, &(struct search_options){ .k = 10, .threads = 1, .kernels = kernels[i] }, &err);
        struct searcher *e = searcher_new(x, &(struct search_options){ .k = 10, .threads = 1, .exact = true }, &err);
        EXPECT(searcher_uses_codes(s) && !searcher_is_exact(s) && searcher_is_exact(e) && searcher_ef(s) == 0);
        EXPECT_OK(searcher_run(s, x->vectors, 50, small, &err), err);
        EXPECT_OK(searcher_run(e, x->vectors, 50, exact, &err), err);
        for (size_t n = 0; n < 500; n++)
            EXPECT(small[n].row == exact[n].row && small[n].nearness == exact[n].nearness);
        searcher_free(s);
        searcher_free(e);
    }
    vector_index_close(x);
    arena_release(&a);
}

TEST(adding_makes_a_new_generation_and_takes_the_old_files_away)
{
    struct arena a = { 0 };
    struct err err;
    struct build_summary summary;
    Str first = some_vectors(&a, "x.npy", 500, 6), second = some_vectors(&a, "y.npy", 700, 6), *names;
    size_t count;
    Str dir = build(&a, "i", first, VECTOR_HNSW, false);
    struct vector_index *before = vector_index_open(dir, &err);
    EXPECT_OK(before != NULL, err);
    EXPECT_OK(index_add(&a, &(struct build_options){ .out = dir, .inputs = &second, .input_count = 1, .threads = 2 }, &summary, &err), err);
    EXPECT_INT(summary.added, 700);
    struct vector_index *after = vector_index_open(dir, &err);
    EXPECT_OK(after != NULL, err);
    EXPECT_INT(after->count, 1200);
    EXPECT(memcmp(after->vectors, before->vectors, 500 * 6 * sizeof(float)) == 0);      // who has the old one open goes on with it
    EXPECT_OK(graph_check(after, &err), err);
    EXPECT_OK(dir_list(&a, dir, &names, &count, &err), err);
    for (size_t i = 0; i < count; i++)
        EXPECT(str_is(names[i], "manifest.json") || str_find(names[i], STR("-2.")) > 0);
    vector_index_close(before);
    vector_index_close(after);
    arena_release(&a);
}

TEST(what_does_not_go_together_is_refused)
{
    struct arena a = { 0 };
    struct err err;
    struct build_summary summary;
    const float bad[] = { 1, INFINITY }, long_one[] = { 3e18f, 0 };
    Str x = some_vectors(&a, "x.npy", 20, 6), wide = some_vectors(&a, "wide.npy", 20, 7), both[] = { x, wide };
    Str dir = build(&a, "i", x, VECTOR_EXACT, false), infinite = write_array(&a, "bad.npy", 1, 2, bad), huge = write_array(&a, "long.npy", 1, 2, long_one);
    struct build_options o = { .out = dir, .inputs = &x, .input_count = 1 };
    EXPECT_ERR(index_build(&a, &o, &summary, &err), err, ERR_CONFLICT);
    o.inputs = &wide;
    EXPECT_ERR(index_add(&a, &o, &summary, &err), err, ERR_CONFLICT);
    EXPECT(feed_open(both, 2, &err) == NULL && err.code == ERR_CONFLICT);
    o = (struct build_options){ .out = inside(&a, "j"), .inputs = &infinite, .input_count = 1 };
    EXPECT_ERR(index_build(&a, &o, &summary, &err), err, ERR_INVALID);
    EXPECT(str_find(str_of(err.text), STR("row 0")) > 0 && !file_exists(inside(&a, "j/manifest.json")));
    o.inputs = &huge;
    EXPECT_ERR(index_build(&a, &o, &summary, &err), err, ERR_INVALID);
    o = (struct build_options){ .out = inside(&a, "k"), .inputs = &x, .input_count = 1, .kind = VECTOR_HNSW, .int8 = true };
    EXPECT_ERR(index_build(&a, &o, &summary, &err), err, ERR_INVALID);
    o = (struct build_options){ .out = inside(&a, "nothing"), .inputs = &x, .input_count = 1 };
    EXPECT_ERR(index_add(&a, &o, &summary, &err), err, ERR_NOT_FOUND);
    arena_release(&a);
}

TEST(queries_of_another_width_and_numbers_out_of_range_are_refused)
{
    struct arena a = { 0 };
    struct err err;
    struct queries q;
    Str dir = build(&a, "i", some_vectors(&a, "x.npy", 20, 6), VECTOR_EXACT, false), wide = some_vectors(&a, "wide.npy", 2, 7);
    struct vector_index *x = vector_index_open(dir, &err);
    EXPECT_OK(x != NULL, err);
    EXPECT_ERR(queries_read(x, wide, (Str){ 0 }, 1, &q, &err), err, ERR_CONFLICT);
    queries_release(&q);
    EXPECT_ERR(queries_read(x, STR("some.fasta"), (Str){ 0 }, 1, &q, &err), err, ERR_INVALID);
    queries_release(&q);
    EXPECT(searcher_new(x, &(struct search_options){ .k = 0 }, &err) == NULL && err.code == ERR_INVALID);
    EXPECT(searcher_new(x, &(struct search_options){ .k = 1, .ef = SEARCH_EF_MAX + 1 }, &err) == NULL && err.code == ERR_INVALID);
    EXPECT_ERR(index_export_check(STR("annoy"), &err), err, ERR_INVALID);
    EXPECT_ERR(index_export(&a, x, STR("hnswlib"), inside(&a, "f"), &err), err, ERR_UNSUPPORTED);
    vector_index_close(x);
    arena_release(&a);
}

// --- files that lie

static void expect_damaged(struct arena *a, Str dir, const char *from, const char *to, const char *named)
{
    struct err err;
    Str path = str_join_path(a, dir, STR("manifest.json")), text;
    EXPECT_OK(file_read(a, path, 1 << 20, &text, &err), err);
    ptrdiff_t at = str_find(text, str_of(from));
    EXPECT(at >= 0);
    Str changed = str_concat(a, str_concat(a, str_first(text, (size_t)at), str_of(to)), str_from(text, (size_t)at + strlen(from)));
    EXPECT_OK(file_write_atomic(path, changed, &err), err);
    struct vector_index *x = vector_index_open(dir, &err);
    EXPECT(x == NULL);
    EXPECT_INT(err.code, ERR_DAMAGED);
    if (str_find(str_of(err.text), str_of(named)) < 0)
        EXPECT_STR(str_of(err.text), str_of(named));
    EXPECT_OK(file_write_atomic(path, text, &err), err);
}

TEST(a_manifest_that_lies_is_refused_with_the_field_named)
{
    struct arena a = { 0 };
    Str dir = build(&a, "i", some_vectors(&a, "x.npy", 60, 6), VECTOR_HNSW, false);
    expect_damaged(&a, dir, "\"count\": 60", "\"count\": 9223372036854775807", "'count'");
    expect_damaged(&a, dir, "\"count\": 60", "\"count\": 61", "vectors-1.npy");
    expect_damaged(&a, dir, "\"count\": 60", "\"count\": -1", "'count'");
    expect_damaged(&a, dir, "\"dims\": 6", "\"dims\": 0", "'dims'");
    expect_damaged(&a, dir, "\"dims\": 6", "\"dims\": 5", "vectors-1.npy");
    expect_damaged(&a, dir, "\"cosine\"", "\"angle\"", "'metric'");
    expect_damaged(&a, dir, "\"hnsw\",", "\"tree\",", "'kind'");
    expect_damaged(&a, dir, "\"m\": 4", "\"m\": 2147483648", "'hnsw.m'");
    expect_damaged(&a, dir, "\"m\": 4", "\"m\": 5", "links-1.npy");
    expect_damaged(&a, dir, "\"top_layer\": ", "\"top_layer\": 9", "'hnsw.top_layer'");
    expect_damaged(&a, dir, "\"entry\": ", "\"entry\": 100", "'hnsw.entry'");
    expect_damaged(&a, dir, "\"int8\": false", "\"int8\": 1", "'int8'");
    expect_damaged(&a, dir, "\"int8\": false", "\"int8\": true", "'codes'");
    expect_damaged(&a, dir, "\"vectors-1.npy\"", "\"../x.npy\"", "'vectors'");
    expect_damaged(&a, dir, "\"norms-1.npy\"", "\"vectors-1.npy\"", "vectors-1.npy");
    expect_damaged(&a, dir, "\"version\": 1", "\"version\": 2", "'version'");
    expect_damaged(&a, dir, "petri-index", "petri-embeddings", "'format'");
    expect_damaged(&a, dir, "{", "[", "manifest.json");
    arena_release(&a);
}

TEST(links_and_ids_out_of_range_are_refused_where_they_are_read)
{
    struct arena a = { 0 };
    struct err err;
    Str dir = build(&a, "i", some_vectors(&a, "x.npy", 60, 6), VECTOR_HNSW, false), id;
    struct vector_index *x = vector_index_open(dir, &err);
    EXPECT_OK(x != NULL, err);
    EXPECT_OK(graph_check(x, &err), err);
    uint32_t *links = arena_copy(&a, x->graph.links, 60 * 9 * sizeof *links);
    links[30 * 9 + 1] = 60;
    x->graph.links = links;
    EXPECT_ERR(graph_check(x, &err), err, ERR_DAMAGED);
    EXPECT(str_find(str_of(err.text), STR("row 30")) > 0);
    EXPECT_ERR(index_export(&a, x, STR("faiss"), inside(&a, "f"), &err), err, ERR_DAMAGED);
    EXPECT(!file_exists(inside(&a, "f")) && !file_exists(inside(&a, "f.ids.txt")));
    int64_t *starts = arena_copy(&a, x->id_starts, 61 * sizeof *starts);
    starts[7] = INT64_MAX;
    x->id_starts = starts;
    EXPECT_ERR(vector_index_id(x, 6, &id, &err), err, ERR_DAMAGED);
    EXPECT_ERR(vector_index_id(x, 7, &id, &err), err, ERR_DAMAGED);
    EXPECT_OK(vector_index_id(x, 8, &id, &err), err);
    starts[10] = starts[9];
    EXPECT_ERR(vector_index_id(x, 9, &id, &err), err, ERR_DAMAGED);
    starts[12] = starts[13];            // two lines
    EXPECT_ERR(vector_index_id(x, 11, &id, &err), err, ERR_DAMAGED);
    vector_index_close(x);
    arena_release(&a);
}

TEST(what_could_not_be_added_leaves_the_old_index_and_no_file_of_its_own)
{
    struct arena a = { 0 };
    struct err err;
    struct build_summary summary;
    Str input = some_vectors(&a, "x.npy", 60, 6), dir = build(&a, "i", input, VECTOR_HNSW, false), text, *before, *after;
    Str links = str_join_path(&a, dir, STR("links-1.npy"));
    size_t count, now;
    EXPECT_OK(file_read(&a, links, 1 << 20, &text, &err), err);
    memset((char *)(uintptr_t)text.data + text.len - 400, 0xff, 400);
    EXPECT_OK(file_write_atomic(links, text, &err), err);
    EXPECT_OK(dir_list(&a, dir, &before, &count, &err), err);
    EXPECT_ERR(index_add(&a, &(struct build_options){ .out = dir, .inputs = &input, .input_count = 1, .threads = 2 }, &summary, &err), err, ERR_DAMAGED);
    EXPECT_OK(dir_list(&a, dir, &after, &now, &err), err);
    EXPECT_INT(now, count);
    struct vector_index *x = vector_index_open(dir, &err);
    EXPECT_OK(x != NULL, err);
    EXPECT_INT(x->generation, 1);
    vector_index_close(x);
    arena_release(&a);
}

TEST(vectors_too_short_to_be_compared_are_refused_with_their_row)
{
    struct arena a = { 0 };
    struct err err;
    struct build_summary summary;
    const float data[] = { 0, 0, 1e-17f, 0, 1e-19f, 1e-19f };
    Str input = write_array(&a, "x.npy", 3, 2, data);
    struct build_options o = { .out = inside(&a, "i"), .inputs = &input, .input_count = 1 };
    EXPECT_ERR(index_build(&a, &o, &summary, &err), err, ERR_INVALID);
    EXPECT(str_find(str_of(err.text), STR("row 2 is a vector shorter, but not zero, than 1e-18")) > 0);
    arena_release(&a);
}
