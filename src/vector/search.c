// SPDX-License-Identifier: Apache-2.0
// Chooses the way, and makes the final order.
#include "vector/search.h"

#include <math.h>

#include "model/team.h"
#include "sys/machine.h"
#include "vector/exact.h"

enum { SLACK = 32, THREADS_MAX = 256, CHUNK = 4096 };   // CHUNK: queries whose candidates are in memory at once

struct searcher {
    const struct vector_index *index;
    struct search_options o;
    struct team *team;
    const struct kernels *kernels;
    size_t each;
};

struct searcher *searcher_new(const struct vector_index *x, const struct search_options *o, struct err *err)
{
    const struct kernels *kernels = o->kernels ? kernels_find(o->kernels) : kernels_best();
    if (o->k < 1 || o->k > SEARCH_K_MAX) {
        bool ok UNUSED = err_set(err, ERR_INVALID, "k is a number from 1 to %d", SEARCH_K_MAX);
        return NULL;
    }
    if (o->ef < 0 || o->ef > SEARCH_EF_MAX) {
        bool ok UNUSED = err_set(err, ERR_INVALID, "ef is a number from 1 to %d", SEARCH_EF_MAX);
        return NULL;
    }
    CHECK(kernels);
    struct searcher *s = xcalloc(1, sizeof *s);
    *s = (struct searcher){ .index = x, .o = *o, .kernels = kernels, .each = (size_t)MIN((int64_t)o->k, x->count) };
    s->team = team_new(MIN(o->threads > 0 ? o->threads : machine_cores(), THREADS_MAX));
    return s;
}

void searcher_free(struct searcher *s)
{
    if (s == NULL)
        return;
    team_free(s->team);
    free(s);
}

size_t searcher_each(const struct searcher *s) { return s->each; }

bool searcher_is_exact(const struct searcher *s) { return s->o.exact || (s->index->kind == VECTOR_EXACT && s->index->codes.bytes == NULL); }

// --- the final order

static int by_nearness(const void *x, const void *y)
{
    const struct found *a = x, *b = y;
    return a->nearness > b->nearness ? -1 : a->nearness < b->nearness ? 1 : (a->row > b->row) - (a->row < b->row);
}

struct order {
    const struct searcher *s;
    const float *queries;
    const struct top *tops;
    struct found *out;
};

static void order_query(void *arg, size_t q, int member UNUSED)
{
    const struct order *o = arg;
    const struct vector_index *x = o->s->index;
    const struct top *t = &o->tops[q];
    struct found *all = xcalloc(t->len + 1, sizeof *all);
    for (size_t i = 0; i < t->len; i++)
        all[i] = (struct found){ t->at[i].row, metric_nearness(x->metric, o->queries + q * (size_t)x->dims, vector_index_row(x, t->at[i].row),
                                                               (size_t)x->dims) };
    qsort(all, t->len, sizeof *all, by_nearness);
    memcpy(o->out + q * o->s->each, all, o->s->each * sizeof *all);
    free(all);
}

static bool find_candidates(struct searcher *s, const float *queries, size_t count, struct top *tops, struct err *err)
{
    struct exact e = { s->index, s->kernels, s->team, !searcher_is_exact(s) && s->index->codes.bytes };
    return exact_search(&e, queries, count, tops, err);
}

static bool run_chunk(struct searcher *s, const float *queries, size_t count, struct found *out, struct err *err)
{
    size_t keep = (size_t)MIN((int64_t)(s->o.k + SLACK), s->index->count);
    struct near *room = xcalloc(count * keep, sizeof *room);
    struct top *tops = xcalloc(count, sizeof *tops);
    for (size_t q = 0; q < count; q++)
        tops[q] = (struct top){ room + q * keep, 0, keep };
    bool ok = find_candidates(s, queries, count, tops, err);
    if (ok)
        team_run(s->team, count, order_query, &(struct order){ s, queries, tops, out });
    free(tops);
    free(room);
    return ok;
}

bool searcher_run(struct searcher *s, const float *queries, size_t count, struct found *out, struct err *err)
{
    for (size_t first = 0; first < count && s->each; first += CHUNK)
        if (!run_chunk(s, queries + first * (size_t)s->index->dims, MIN((size_t)CHUNK, count - first), out + first * s->each, err))
            return false;
    return true;
}
