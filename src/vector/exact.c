// SPDX-License-Identifier: Apache-2.0
// The blocked product of exact search. A thread takes a block of rows, multiplies it with all queries of the batch, and offers what passes
// each query's floor to its own list; the lists are joined at the end. Not here: the final order, which search.c makes in double.
#include "vector/exact.h"

#include <math.h>
#include <stdatomic.h>

#include "model/team.h"

enum { BLOCK = 224, GROUP = 16 };       // rows of a block: a multiple of every kernel's tile of rows or near it; it and its products fit the L2 cache

struct pass {                           // a batch of queries over all rows
    const struct exact *e;
    size_t count, padded;               // queries; up to the next multiple of 16
    size_t a_stride;                    // of a copied block
    float *packed;                      // the queries
    float *weight, *offset;             // of each query
    struct worker {
        struct top *tops;
        struct near *room;
        float *floors, *block, *product;
    } *workers;
    size_t keep;                        // rows of a query
    atomic_llong bad_row;               // -1, or one that is not finite
};

// Where nearness reaches the floor. Most of the time nowhere: groups are passed over by one test.
static void offer_row(struct worker *w, const float *nearness, size_t count, uint32_t row)
{
    for (size_t q = 0; q < count; q++)
        if (nearness[q] >= w->floors[q]) {
            top_offer(&w->tops[q], (struct near){ nearness[q], row });
            w->floors[q] = top_floor(&w->tops[q]);
        }
}

// Products to nearness, in place: dot · weights · scale + offsets.
static bool finish_row(const struct pass *p, struct worker *w, float *product, int64_t row)
{
    const struct vector_index *x = p->e->index;
    float norm = x->norms[row], weight = metric_weight(x->metric, norm) * metric_scale(x->metric), offset = metric_offset(x->metric, norm);
    if (!isfinite(product[0]) || !isfinite(weight) || !isfinite(offset))
        return false;
    for (size_t g = 0; g < p->padded; g += GROUP) {
        int any = 0;
        for (size_t q = g; q < g + GROUP; q++) {
            product[q] = product[q] * weight * p->weight[q] + (offset + p->offset[q]);
            any |= product[q] >= w->floors[q];
        }
        if (any)
            offer_row(&(struct worker){ .tops = w->tops + g, .floors = w->floors + g }, product + g, MIN((size_t)GROUP, p->count - g), (uint32_t)row);
    }
    return true;
}

static void search_block(void *arg, size_t item, int member)
{
    struct pass *p = arg;
    const struct vector_index *x = p->e->index;
    struct worker *w = &p->workers[member];
    int64_t first = (int64_t)item * BLOCK;
    size_t rows = (size_t)MIN((int64_t)BLOCK, x->count - first), dims = (size_t)x->dims;
    for (size_t r = 0; r < rows; r++)
        memcpy(w->block + r * p->a_stride, vector_index_row(x, first + (int64_t)r), dims * sizeof(float));
    p->e->kernels->gemm(&(struct gemm){ .rows = rows, .k = dims, .n = p->padded, .a = w->block, .a_stride = p->a_stride, .b = p->packed,
                                        .c = w->product, .c_stride = p->padded, .finish = GEMM_STORE });
    for (size_t r = 0; r < rows; r++)
        if (!finish_row(p, w, w->product + r * p->padded, first + (int64_t)r))
            atomic_store(&p->bad_row, first + (int64_t)r);
}

static void start_pass(struct pass *p, const float *queries, int members)
{
    const struct vector_index *x = p->e->index;
    size_t dims = (size_t)x->dims;
    p->padded = kernel_pad(p->count);
    p->a_stride = (kernel_pad(dims) / KERNEL_PAD | 1) * KERNEL_PAD;     // no two rows in one set of the L1 cache
    p->packed = xcalloc(kernel_packed_size(dims, p->count), sizeof(float));
    p->weight = xcalloc(p->padded, sizeof(float)), p->offset = xcalloc(p->padded, sizeof(float));
    kernels_pack(queries, dims, 0, p->count, dims, p->count, p->packed);
    for (size_t q = 0; q < p->count; q++) {
        float norm = (float)metric_norm(queries + q * dims, dims);
        p->weight[q] = metric_weight(x->metric, norm), p->offset[q] = metric_offset(x->metric, norm);
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
