// SPDX-License-Identifier: Apache-2.0
// Passes over the rows. A thread takes a block of them, group by group; what reaches a query's floor is told, and for a search offered to the
// thread's own list of the query; the lists are joined at the end. Not here: the arithmetic (scan.h), and the final order, which search.c makes in
// double.
#include "vector/exact.h"

#include <math.h>
#include <stdatomic.h>

#include "model/room.h"
#include "model/team.h"
#include "vector/scan.h"

enum { GROUPS = 16 };                   // of a block, which a thread takes at once
#define PACKED_MAX ((size_t)1 << 18)    // words of packed queries: half of a usual second cache

struct pass {                           // a batch of queries over all rows
    const struct exact *e;
    const struct exact_visit *visit;
    size_t first;                       // query
    const struct scan_kernels *kernels;
    const void *rows;                   // floats or codes
    size_t words;                       // of a row
    size_t count, padded, panel;        // queries; filled up; of a panel
    void *packed;
    float *alone;                       // a single query
    float *offset, *factor;             // of each query
    int32_t *code_sums;
    float *code_scales;
    struct worker {
        const struct pass *pass;
        int member;
        float *floors;
        const void *packed;             // the packed queries: its own copy
        void *copy, *group;
        int64_t first;                  // row of the group
    } *workers;
    atomic_llong bad_row;               // -1, or one that is not finite
};

static void reached(void *arg, size_t row, size_t query, float nearness)
{
    struct worker *w = arg;
    const struct exact_visit *v = w->pass->visit;
    w->floors[query] = v->reached(v->arg, w->member, w->pass->first + query, (struct near){ nearness, (uint32_t)(w->first + (int64_t)row) });
}

// What the rows of a group add to a product, and their weights. False: one is not finite, whose number is kept.
static bool set_terms(struct pass *p, struct scan *s, int64_t first, size_t rows)
{
    const struct vector_index *x = p->e->index;
    for (size_t r = 0; r < rows; r++) {
        int64_t row = first + (int64_t)r;
        s->times[r] = metric_weight(x->metric, x->norms[row]) * metric_scale(x->metric);
        s->add[r] = p->e->use_codes ? x->codes.terms[2 * row + 1] : metric_offset(x->metric, x->norms[row]) / 2;
        s->scale[r] = p->e->use_codes ? x->codes.terms[2 * row] : 0;
        if (!isfinite(s->times[r]) || !isfinite(s->add[r]) || !isfinite(s->scale[r])) {
            atomic_store(&p->bad_row, row);
            return false;
        }
    }
    return true;
}

// The first row that is not finite, or -1.
static int64_t find_bad(const struct vector_index *x, int64_t first, size_t rows)
{
    for (int64_t row = first; row < first + (int64_t)rows; row++)
        if (!vector_is_finite(vector_index_row(x, row), (size_t)x->dims))
            return row;
    return -1;
}

static void search_group(struct pass *p, struct worker *w, struct scan *s, int64_t first, size_t rows)
{
    const char *at = (const char *)p->rows + (size_t)first * p->words * 4;
    bool is_finite = p->kernels->copy(at, rows, p->words, w->group) || p->e->use_codes;
    if (!is_finite)
        atomic_store(&p->bad_row, find_bad(p->e->index, first, rows));
    if (!is_finite || !set_terms(p, s, first, rows))
        return;
    w->first = first;
    s->rows = rows, s->fetch = at + rows * p->words * 4;
    if (p->e->use_codes)
        p->kernels->codes(s);
    else
        p->kernels->floats(s);
}

// One query alone waits for memory: rows are read where they lie.
static void search_alone(struct pass *p, struct worker *w, struct scan *s, int64_t first, size_t rows)
{
    const struct vector_index *x = p->e->index;
    uint32_t which[SCAN_ROWS_MAX];
    float product[SCAN_ROWS_MAX];
    for (size_t r = 0; r < rows; r++)
        which[r] = (uint32_t)(first + (int64_t)r);
    if (!set_terms(p, s, first, rows))
        return;
    w->first = first;
    p->e->kernels->dots(p->alone, x->vectors, (size_t)x->dims, which, rows, (size_t)x->dims, product);
    for (size_t r = 0; r < rows; r++) {
        float nearness = (product[r] + (s->add[r] + p->offset[0])) * s->times[r];
        if (!isfinite(product[r]))
            atomic_store(&p->bad_row, first + (int64_t)r);
        else if (nearness >= w->floors[0])
            reached(w, r, 0, nearness);
    }
}

// Each thread reads the queries from memory of its own: lines that lie in the second caches of two cores are read a sixth more slowly.
static void take_packed(const struct pass *p, struct worker *w)
{
    if (w->member > 0 && !p->alone) {
        size_t bytes = scan_packed_words(p->words, p->count, p->panel) * 4;
        w->copy = memcpy(room_new(bytes), p->packed, bytes);
    }
    w->packed = w->copy ? w->copy : p->packed;
}

static void search_block(void *arg, size_t item, int member)
{
    struct pass *p = arg;
    struct worker *w = &p->workers[member];
    if (w->packed == NULL)
        take_packed(p, w);
    size_t group = p->kernels->rows, chunks = scan_chunks(p->words), panels = p->padded / p->panel;
    int64_t first = (int64_t)(item * GROUPS * group), end = MIN(first + (int64_t)(GROUPS * group), p->e->index->count);
    struct scan s = { .group = w->group, .queries = w->packed, .chunks = chunks, .panels = panels, .offset = p->offset, .factor = p->factor,
                      .query_sum = p->code_sums, .query_scale = p->code_scales, .floor = w->floors,
                      .fetch_lines = (group + panels - 1) / panels, .reached = reached, .arg = w };
    for (; first < end; first += (int64_t)group)
        (p->alone ? search_alone : search_group)(p, w, &s, first, (size_t)MIN((int64_t)group, end - first));
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
    size_t dims = (size_t)x->dims, stride = x->codes.stride;
    int8_t *codes = xcalloc(p->count, stride);
    for (size_t q = 0; q < p->count; q++) {
        p->factor[q] = metric_weight(x->metric, (float)metric_norm(queries + q * dims, dims));
        p->offset[q] = encode_query(x, queries + q * dims, codes + q * stride, &p->code_scales[q], &p->code_sums[q]);
    }
    scan_pack(codes, p->words, p->count, p->panel, p->packed);
    free(codes);
}

// Queries are weighted before they are packed: products of short vectors do not vanish.
static void pack_floats(struct pass *p, const float *queries)
{
    const struct vector_index *x = p->e->index;
    size_t dims = (size_t)x->dims;
    float *weighted = xcalloc(p->count * dims, sizeof *weighted);
    for (size_t q = 0; q < p->count; q++) {
        float norm = (float)metric_norm(queries + q * dims, dims), weight = metric_weight(x->metric, norm);
        p->factor[q] = 1, p->offset[q] = metric_offset(x->metric, norm) / 2;
        for (size_t i = 0; i < dims; i++)
            weighted[q * dims + i] = queries[q * dims + i] * weight;
    }
    scan_pack(weighted, p->words, p->count, p->panel, p->packed);
    if (p->count == 1)
        p->alone = weighted;
    else
        free(weighted);
}

static void start_worker(struct pass *p, int member)
{
    struct worker *w = &p->workers[member];
    *w = (struct worker){ .pass = p, .member = member, .floors = xcalloc(p->padded, sizeof *w->floors),
                          .group = room_calloc(scan_chunks(p->words) * p->kernels->rows, SCAN_CHUNK * sizeof(float)) };
    for (size_t q = 0; q < p->padded; q++)
        w->floors[q] = q >= p->count ? INFINITY : p->visit->floors ? p->visit->floors[p->first + q] : -INFINITY;
}

static void start_pass(struct pass *p, const float *queries, int members)
{
    const struct vector_index *x = p->e->index;
    p->panel = p->kernels->panel;
    p->padded = (p->count + p->panel - 1) / p->panel * p->panel;
    p->offset = xcalloc(p->padded, sizeof *p->offset), p->factor = xcalloc(p->padded, sizeof *p->factor);
    p->rows = p->e->use_codes ? (const void *)x->codes.bytes : x->vectors;
    p->packed = room_calloc(scan_packed_words(p->words, p->count, p->panel), sizeof(float));
    if (p->e->use_codes) {
        p->code_sums = xcalloc(p->padded, sizeof *p->code_sums), p->code_scales = xcalloc(p->padded, sizeof *p->code_scales);
        pack_codes(p, queries);
    } else {
        pack_floats(p, queries);
    }
    p->workers = xcalloc((size_t)members, sizeof *p->workers);
    for (int i = 0; i < members; i++)
        start_worker(p, i);
}

static void end_pass(struct pass *p, int members)
{
    for (int i = 0; i < members; i++) {
        free(p->workers[i].floors);
        free(p->workers[i].copy);
        free(p->workers[i].group);
    }
    free(p->workers);
    free(p->packed);
    free(p->alone);
    free(p->code_sums);
    free(p->code_scales);
    free(p->offset);
    free(p->factor);
}

bool exact_visit(const struct exact *e, const float *queries, size_t count, const struct exact_visit *v, struct err *err)
{
    const struct scan_kernels *kernels = scan_find(e->kernels->name);
    size_t words = e->use_codes ? e->index->codes.stride / 4 : (size_t)e->index->dims, block = GROUPS * kernels->rows;
    size_t batch = MAX(MIN(PACKED_MAX / words / SCAN_PANEL_MAX * SCAN_PANEL_MAX, (size_t)EXACT_BATCH), (size_t)SCAN_PANEL_MAX);
    long long bad = -1;
    for (size_t first = 0; first < count && bad < 0; first += batch) {
        struct pass p = { .e = e, .visit = v, .kernels = kernels, .words = words, .first = first, .count = MIN(batch, count - first) };
        atomic_init(&p.bad_row, -1);
        start_pass(&p, queries + first * (size_t)e->index->dims, team_size(e->team));
        team_run(e->team, ((size_t)e->index->count + block - 1) / block, search_block, &p);
        end_pass(&p, team_size(e->team));
        bad = atomic_load(&p.bad_row);
    }
    return bad < 0 || err_set(err, ERR_DAMAGED, STR_FMT ": row %lld holds a number that is not finite", STR_ARG(e->index->dir), bad);
}

// --- the best few

struct lists {                          // of each thread, one for each query
    struct top *tops;
    struct near *room;
    size_t count;
};

static float offer(void *arg, int member, size_t query, struct near n)
{
    struct lists *l = arg;
    struct top *t = &l->tops[(size_t)member * l->count + query];
    top_offer(t, n);
    return top_floor(t);
}

bool exact_search(const struct exact *e, const float *queries, size_t count, struct top *tops, struct err *err)
{
    size_t keep = 1, members = (size_t)team_size(e->team);
    for (size_t q = 0; q < count; q++)
        keep = MAX(keep, tops[q].room);
    struct lists l = { .tops = xcalloc(members * count + 1, sizeof *l.tops), .room = xcalloc(members * count * keep + 1, sizeof *l.room),
                       .count = count };
    for (size_t i = 0; i < members * count; i++)
        l.tops[i] = (struct top){ l.room + i * keep, 0, keep };
    bool ok = exact_visit(e, queries, count, &(struct exact_visit){ .reached = offer, .arg = &l }, err);
    for (size_t q = 0; q < count; q++) {
        tops[q].len = 0;
        for (size_t m = 0; m < members && ok; m++)
            for (size_t n = 0; n < l.tops[m * count + q].len; n++)
                top_offer(&tops[q], l.tops[m * count + q].at[n]);
    }
    free(l.tops);
    free(l.room);
    return ok;
}
