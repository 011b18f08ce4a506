// SPDX-License-Identifier: Apache-2.0
// The blocked product of exact search. A thread takes a block of rows, multiplies it with all queries of the batch, and offers what passes
// each query's floor to its own list; the lists are joined at the end. Not here: the final order, which search.c makes in double.
#include "vector/exact.h"

#include <math.h>
#include <stdatomic.h>

#include "model/team.h"

enum { BLOCK = 224 };                   // rows of a block: a multiple of every kernel's tile of rows or near it; it and its products fit the L2 cache

struct pass {                           // a batch of queries over all rows
    const struct exact *e;
    size_t count, padded;               // queries; up to the next multiple of 16
    size_t a_stride;                    // of a copied block
    float *packed;                      // the queries
    int8_t *packed_codes;               // in 8 bits, less the center
    int32_t *code_sums;
    float *code_scales, *zeros;
    float *weight, *offset;             // of each query: nearness = (product + offset of the row + offset) · weight of the row · weight
    struct worker {
        struct top *tops;
        struct near *room;
        float *floors, *block, *product;
    } *workers;
    size_t keep;                        // rows of a query
    atomic_llong bad_row;               // -1, or one that is not finite
};

// Offers what reaches its query's floor among those whose bits are set, 64 queries a bit.
static void offer_row(const struct pass *p, struct worker *w, const float *nearness, uint64_t found, uint32_t row)
{
    for (; found; found &= found - 1) {
        size_t first = (size_t)__builtin_ctzll(found) * 64, end = MIN(p->count, first + 64);
        for (size_t q = first; q < end; q++)
            if (nearness[q] >= w->floors[q]) {
                top_offer(&w->tops[q], (struct near){ nearness[q], row });
                w->floors[q] = top_floor(&w->tops[q]);
            }
    }
}

// What the row adds to a product, and its weight.
static void row_terms(const struct pass *p, int64_t row, float *offset, float *weight)
{
    const struct vector_index *x = p->e->index;
    *weight = metric_weight(x->metric, x->norms[row]) * metric_scale(x->metric);
    *offset = p->e->use_codes ? x->codes.terms[2 * row + 1] : metric_offset(x->metric, x->norms[row]) / 2;
}

// Products to nearness, in place. A row that is not finite shows in its product with any query.
static bool finish_row(const struct pass *p, struct worker *w, float *product, int64_t row)
{
    float offset, weight;
    row_terms(p, row, &offset, &weight);
    if (!isfinite(product[0]) || !isfinite(weight) || !isfinite(offset))
        return false;
    uint64_t found = p->e->kernels->reach(product, p->padded, p->offset, p->weight, w->floors, offset, weight);
    if (found)
        offer_row(p, w, product, found, (uint32_t)row);
    return true;
}

static void multiply_floats(struct pass *p, struct worker *w, int64_t first, size_t rows)
{
    const struct vector_index *x = p->e->index;
    size_t dims = (size_t)x->dims;
    for (size_t r = 0; r < rows; r++)
        memcpy(w->block + r * p->a_stride, vector_index_row(x, first + (int64_t)r), dims * sizeof(float));
    p->e->kernels->gemm(&(struct gemm){ .rows = rows, .k = dims, .n = p->padded, .a = w->block, .a_stride = p->a_stride, .b = p->packed,
                                        .c = w->product, .c_stride = p->padded, .finish = GEMM_STORE });
}

static void multiply_codes(struct pass *p, struct worker *w, int64_t first, size_t rows)
{
    const struct codes *c = &p->e->index->codes;
    for (size_t r = 0; r < rows; r++)
        w->block[r] = c->terms[2 * (first + (int64_t)r)];               // the scales
    p->e->kernels->gemm_int8(&(struct gemm_int8){ .rows = rows, .k = c->stride, .n = p->padded, .a = c->bytes + (size_t)first * c->stride,
                                                  .a_stride = c->stride, .row_scale = w->block, .b = p->packed_codes, .column_sum = p->code_sums,
                                                  .column_scale = p->code_scales, .bias = p->zeros, .c = w->product, .c_stride = p->padded,
                                                  .finish = GEMM_BIAS });
}

static void search_block(void *arg, size_t item, int member)
{
    struct pass *p = arg;
    struct worker *w = &p->workers[member];
    int64_t first = (int64_t)item * BLOCK;
    size_t rows = (size_t)MIN((int64_t)BLOCK, p->e->index->count - first);
    if (p->e->use_codes)
        multiply_codes(p, w, first, rows);
    else
        multiply_floats(p, w, first, rows);
    for (size_t r = 0; r < rows; r++)
        if (!finish_row(p, w, w->product + r * p->padded, first + (int64_t)r))
            atomic_store(&p->bad_row, first + (int64_t)r);
}

// A query less the center to 8 bits; what it adds to each product.
static float encode_query(const struct vector_index *x, const float *query, int8_t *out, float *scale, int32_t *sum)
{
    double offset = 0;
    float most = 0;
    for (int64_t i = 0; i < x->dims; i++) {
        float u = query[i] - x->codes.center[i];
        most = fmaxf(most, fabsf(u));
        offset += x->metric == METRIC_L2 ? -0.5 * (double)u * (double)u : (double)query[i] * (double)x->codes.center[i];
    }
    *scale = most / 127;
    *sum = 0;
    for (int64_t i = 0; i < x->dims; i++) {
        out[i] = most > 0 ? (int8_t)lrintf((query[i] - x->codes.center[i]) * (127 / most)) : 0;
        *sum += out[i];
    }
    return (float)offset;
}

static void pack_codes(struct pass *p, const float *queries)
{
    const struct vector_index *x = p->e->index;
    size_t stride = x->codes.stride;
    int8_t *codes = xcalloc(p->count, stride);
    p->packed_codes = xcalloc(p->padded, stride);
    p->code_sums = xcalloc(p->padded, sizeof *p->code_sums);
    p->code_scales = xcalloc(p->padded, sizeof *p->code_scales), p->zeros = xcalloc(p->padded, sizeof *p->zeros);
    for (size_t q = 0; q < p->count; q++)
        p->offset[q] = encode_query(x, queries + q * (size_t)x->dims, codes + q * stride, &p->code_scales[q], &p->code_sums[q]);
    kernels_pack_int8(codes, stride, stride, p->count, p->packed_codes);
    free(codes);
}

static void start_pass(struct pass *p, const float *queries, int members)
{
    const struct vector_index *x = p->e->index;
    size_t dims = (size_t)x->dims;
    p->padded = kernel_pad(p->count);
    p->a_stride = (kernel_pad(dims) / KERNEL_PAD | 1) * KERNEL_PAD;     // no two rows in one set of the L1 cache
    p->weight = xcalloc(p->padded, sizeof(float)), p->offset = xcalloc(p->padded, sizeof(float));
    for (size_t q = 0; q < p->count; q++) {
        float norm = (float)metric_norm(queries + q * dims, dims);
        p->weight[q] = metric_weight(x->metric, norm), p->offset[q] = metric_offset(x->metric, norm) / 2;
    }
    if (p->e->use_codes) {
        pack_codes(p, queries);
    } else {
        p->packed = xcalloc(kernel_packed_size(dims, p->count), sizeof(float));
        kernels_pack(queries, dims, 0, p->count, dims, p->count, p->packed);
    }
    p->workers = xcalloc((size_t)members, sizeof *p->workers);
    for (int i = 0; i < members; i++) {
        struct worker *w = &p->workers[i];
        w->tops = xcalloc(p->count, sizeof *w->tops);
        w->room = xcalloc(p->count * p->keep, sizeof *w->room);
        w->floors = xcalloc(p->padded, sizeof(float));
        w->block = xcalloc(BLOCK * p->a_stride, sizeof(float));
        w->product = xcalloc(BLOCK * p->padded, sizeof(float));
        for (size_t q = 0; q < p->padded; q++)
            w->floors[q] = q < p->count ? -INFINITY : INFINITY;
        for (size_t q = 0; q < p->count; q++)
            w->tops[q] = (struct top){ w->room + q * p->keep, 0, p->keep };
    }
}

static void end_pass(struct pass *p, int members)
{
    for (int i = 0; i < members; i++) {
        struct worker *w = &p->workers[i];
        free(w->tops);
        free(w->room);
        free(w->floors);
        free(w->block);
        free(w->product);
    }
    free(p->workers);
    free(p->packed);
    free(p->packed_codes);
    free(p->code_sums);
    free(p->code_scales);
    free(p->zeros);
    free(p->weight);
    free(p->offset);
}

static bool run_pass(struct pass *p, const float *queries, struct top *tops, struct err *err)
{
    int members = team_size(p->e->team);
    int64_t count = p->e->index->count;
    p->keep = 1;
    for (size_t q = 0; q < p->count; q++) {
        tops[q].len = 0;
        p->keep = MAX(p->keep, tops[q].room);
    }
    atomic_init(&p->bad_row, -1);
    start_pass(p, queries, members);
    team_run(p->e->team, (size_t)((count + BLOCK - 1) / BLOCK), search_block, p);
    for (int i = 0; i < members; i++)
        for (size_t q = 0; q < p->count; q++)
            for (size_t n = 0; n < p->workers[i].tops[q].len; n++)
                top_offer(&tops[q], p->workers[i].tops[q].at[n]);
    end_pass(p, members);
    long long bad = atomic_load(&p->bad_row);
    return bad < 0 || err_set(err, ERR_DAMAGED, STR_FMT ": row %lld holds a number that is not finite", STR_ARG(p->e->index->dir), bad);
}

bool exact_search(const struct exact *e, const float *queries, size_t count, struct top *tops, struct err *err)
{
    for (size_t first = 0; first < count; first += EXACT_BATCH) {
        struct pass p = { .e = e, .count = MIN((size_t)EXACT_BATCH, count - first) };
        if (!run_pass(&p, queries + first * (size_t)e->index->dims, tops + first, err))
            return false;
    }
    return true;
}
