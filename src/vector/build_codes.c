// SPDX-License-Identifier: Apache-2.0
// Rows to 8 bits, a block at a time.
#include "vector/build_codes.h"

#include "base/arena.h"
#include "model/npy.h"
#include "model/outfile.h"
#include "sys/file.h"
#include "vector/exact.h"
#include "vector/sample.h"
#include "vector/writer.h"

enum { BLOCK = 256 };

static void find_center(const struct vector_index *x, float *center)
{
    double *sum = xcalloc((size_t)x->dims, sizeof *sum);
    for (int64_t row = 0; row < x->count; row++)
        for (int64_t i = 0; i < x->dims; i++)
            sum[i] += (double)vector_index_row(x, row)[i];
    for (int64_t i = 0; i < x->dims; i++)
        center[i] = x->count ? (float)(sum[i] / (double)x->count) : 0;
    free(sum);
}

// center·u, or with l2 - |u|² / 2: what the nearness of any query has from this row.
static float row_term(const struct vector_index *x, const float *center, const float *u)
{
    double sum = 0;
    for (int64_t i = 0; i < x->dims; i++)
        sum += x->metric == METRIC_L2 ? -0.5 * (double)u[i] * (double)u[i] : (double)center[i] * (double)u[i];
    return (float)sum;
}

struct block {
    float *u, *scale;                   // BLOCK × stride, BLOCK
    uint8_t *codes;
    size_t stride;
};

static bool write_block(const struct vector_index *x, const float *center, struct block *b, int64_t first, struct outfile *codes,
                        struct outfile *terms, struct err *err)
{
    size_t rows = (size_t)MIN((int64_t)BLOCK, x->count - first), dims = (size_t)x->dims;
    for (size_t r = 0; r < rows; r++)
        for (size_t i = 0; i < dims; i++)
            b->u[r * b->stride + i] = vector_index_row(x, first + (int64_t)r)[i] - center[i];
    kernels_best()->quantise(b->u, b->stride, b->codes, b->stride, rows, dims, b->scale);
    for (size_t r = 0; r < rows; r++) {
        const float pair[] = { b->scale[r], row_term(x, center, b->u + r * b->stride) };
        if (!outfile_write(terms, pair, sizeof pair, err))
            return false;
    }
    return outfile_write(codes, b->codes, rows * b->stride, err);
}

static bool write_codes(const struct vector_index *x, struct writer *w, const float *center, struct err *err)
{
    struct block b = { .stride = kernel_pad((size_t)x->dims) };
    struct outfile *codes = writer_begin_array(w, "codes", TENSOR_U8, x->count, (int64_t)b.stride, err);
    struct outfile *terms = codes ? writer_begin_array(w, "code_terms", TENSOR_F32, x->count, 2, err) : NULL;
    bool ok = terms != NULL;
    b.u = xcalloc(BLOCK * b.stride, sizeof *b.u), b.scale = xcalloc(BLOCK, sizeof *b.scale), b.codes = xcalloc(BLOCK, b.stride);
    for (int64_t first = 0; first < x->count && ok; first += BLOCK)
        ok = write_block(x, center, &b, first, codes, terms, err);
    free(b.u);
    free(b.scale);
    free(b.codes);
    if (!ok) {
        outfile_close(codes);
        outfile_close(terms);
        return false;
    }
    if (!writer_end(w, "codes", codes, err)) {
        outfile_close(terms);
        return false;
    }
    return writer_end(w, "code_terms", terms, err) && writer_array(w, "code_center", TENSOR_F32, x->dims, 0, center, err);
}

// --- recall

static bool map_codes(struct vector_index *x, struct writer *w, struct err *err)
{
    static const char *const keys[] = { "codes", "code_terms", "code_center" };
    const void **to[] = { (const void **)&x->codes.bytes, (const void **)&x->codes.terms, (const void **)&x->codes.center };
    x->codes.stride = kernel_pad((size_t)x->dims);
    for (size_t i = 0; i < LEN(keys); i++) {
        struct tensor t;
        if (!writer_map(w, &x->arena, keys[i], &t, err))
            return false;
        *to[i] = t.data;
    }
    return true;
}

static bool count_hits(const struct vector_index *x, const struct sample *s, struct team *team, size_t *hits, struct err *err)
{
    size_t dims = (size_t)x->dims, room = exact_code_candidates(s->k + 1);
    float *queries = xcalloc(s->count * dims + 1, sizeof *queries);
    struct near *at = xcalloc(s->count * room + 1, sizeof *at);
    struct top tops[SAMPLE_MAX];
    struct exact e = { x, kernels_best(), team, true };
    for (size_t i = 0; i < s->count; i++) {
        memcpy(queries + i * dims, vector_index_row(x, s->rows[i]), dims * sizeof *queries);
        tops[i] = (struct top){ at + i * room, 0, room };
    }
    bool ok = exact_search(&e, queries, s->count, tops, err);
    *hits = 0;
    for (size_t i = 0; i < s->count && ok; i++)         // the floats put them in order afterwards: whoever belongs to the truth comes first
        *hits += sample_hits(s, x, i, tops[i].at, tops[i].len);
    free(queries);
    free(at);
    return ok;
}

static bool measure(const struct vector_index *rows, struct team *team, struct writer *w, Value *recall, struct err *err)
{
    struct vector_index x = *rows;
    struct sample s;
    size_t hits = 0;
    *recall = value_null;
    x.arena = (struct arena){ 0 };
    sample_draw(&s, 0, x.count, SAMPLE_MAX, false);
    bool ok = map_codes(&x, w, err) && sample_measure(&s, &x, team, err) && count_hits(&x, &s, team, &hits, err);
    if (ok && s.k && s.count) {
        struct value_builder b = value_map_begin(w->arena);
        value_map_set(&b, STR("k"), value_int((int64_t)s.k));
        value_map_set(&b, STR("sample"), value_int((int64_t)s.count));
        value_map_set(&b, STR("held_out"), value_bool(false));
        value_map_set(&b, STR("recall"), value_float((double)hits / (double)(s.k * s.count)));
        *recall = value_map_end(&b);
    }
    arena_release(&x.arena);
    return ok;
}

bool codes_make(const struct vector_index *rows, struct team *team, struct writer *w, Value *recall, struct err *err)
{
    float *center = xcalloc((size_t)rows->dims, sizeof *center);
    find_center(rows, center);
    bool ok = write_codes(rows, w, center, err) && measure(rows, team, w, recall, err);
    free(center);
    return ok;
}
