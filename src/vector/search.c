// SPDX-License-Identifier: Apache-2.0
// Chooses the way, and makes the final order.
#include "vector/search.h"

#include <math.h>
#include <stdatomic.h>

#include "model/team.h"
#include "sys/machine.h"
#include "vector/exact.h"
#include "vector/graph.h"
#include "vector/recheck.h"
#include "vector/scan.h"

enum { SLACK = 32, THREADS_MAX = 256, EF_UNMEASURED = 64 };
enum { CHUNK = 4096, CANDIDATES_MAX = 1 << 22 };        // queries at once, and about as many candidates of them: memory

struct searcher {
    const struct vector_index *index;
    struct search_options o;
    struct team *team;
    const struct kernels *kernels;
    size_t each;
    int64_t ef;
    float longest;                      // of exact search: recheck_longest()
    struct walk **walks;                // of each of the team; NULL: not needed so far
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
    s->walks = xcalloc((size_t)team_size(s->team), sizeof *s->walks);
    int64_t own = value_get_int(value_get(x->manifest, STR("recall")), STR("ef"), EF_UNMEASURED);
    s->ef = MAX(o->ef ? o->ef : MIN(MAX(own, 1), SEARCH_EF_MAX), (int64_t)s->each + (int64_t)s->each / 2);
    return s;
}

void searcher_free(struct searcher *s)
{
    if (s == NULL)
        return;
    for (int i = 0; i < team_size(s->team); i++)
        walk_free(s->walks[i]);
    free(s->walks);
    team_free(s->team);
    free(s);
}

size_t searcher_each(const struct searcher *s) { return s->each; }

int64_t searcher_ef(const struct searcher *s) { return s->index->kind == VECTOR_HNSW && !s->o.exact ? s->ef : 0; }

bool searcher_uses_codes(const struct searcher *s) { return s->index->kind == VECTOR_EXACT && s->index->codes.bytes && !s->o.exact; }

bool searcher_is_exact(const struct searcher *s) { return searcher_ef(s) == 0 && !searcher_uses_codes(s); }

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
    bool *unsure;                       // NULL: not asked
    atomic_bool is_short;               // too few rows came: what is said of them is no number
};

static void order_query(void *arg, size_t q, int member UNUSED)
{
    struct order *o = arg;
    const struct vector_index *x = o->s->index;
    const struct top *t = &o->tops[q];
    if (t->len < o->s->each) {
        atomic_store(&o->is_short, true);
        return;
    }
    struct found *all = xcalloc(t->len + 1, sizeof *all);
    for (size_t i = 0; i < t->len; i++)
        all[i] = (struct found){ t->at[i].row, metric_nearness(x->metric, o->queries + q * (size_t)x->dims, vector_index_row(x, t->at[i].row),
                                                               (size_t)x->dims) };
    qsort(all, t->len, sizeof *all, by_nearness);
    memcpy(o->out + q * o->s->each, all, o->s->each * sizeof *all);
    if (o->unsure && (int64_t)t->len < x->count)
        o->unsure[q] = !recheck_is_sure(all, o->s->each, top_floor(t), recheck_error(x, o->s->longest, o->queries + q * (size_t)x->dims));
    free(all);
}

struct walking {
    struct searcher *s;
    const float *queries;
    struct top *tops;
    atomic_llong bad_row;
};

static void walk_query(void *arg, size_t q, int member)
{
    struct walking *w = arg;
    struct searcher *s = w->s;
    struct space space = { s->kernels, s->index->metric, s->index->vectors, s->index->norms, s->index->count, (size_t)s->index->dims };
    struct point p = space_point(&space, w->queries + q * space.dims);
    if (s->walks[member] == NULL)
        s->walks[member] = walk_new(space.count, s->index->graph.m, (size_t)s->ef);
    struct walked found = graph_search(&s->index->graph, &space, s->walks[member], &p, 0, (size_t)s->ef);
    if (found.bad_row >= 0)
        atomic_store(&w->bad_row, found.bad_row);
    struct top *t = &w->tops[q];
    t->len = MIN(found.len, t->room);
    memcpy(t->at, found.at, t->len * sizeof *t->at);
}

// Through the graph; the few queries for which it gives too few rows get all of them looked at.
static bool walk(struct searcher *s, const float *queries, size_t count, struct top *tops, struct err *err)
{
    struct walking w = { .s = s, .queries = queries, .tops = tops };
    struct exact e = { s->index, s->kernels, s->team, false };
    atomic_init(&w.bad_row, -1);
    team_run(s->team, count, walk_query, &w);
    long long bad = atomic_load(&w.bad_row);
    if (bad >= 0)
        return err_set(err, ERR_DAMAGED, STR_FMT ": the links of row %lld lead nowhere, or its vector is not finite", STR_ARG(s->index->dir), bad);
    for (size_t q = 0; q < count; q++)
        if (tops[q].len < s->each && !exact_search(&e, queries + q * (size_t)s->index->dims, 1, &tops[q], err))
            return false;
    return true;
}

static bool find_candidates(struct searcher *s, const float *queries, size_t count, struct top *tops, struct err *err)
{
    if (s->index->kind == VECTOR_HNSW && !s->o.exact)
        return walk(s, queries, count, tops, err);
    struct exact e = { s->index, s->kernels, s->team, searcher_uses_codes(s) };
    return exact_search(&e, queries, count, tops, err);
}

// The final order; where the candidates may not be the right ones, with a second look.
static bool order(struct searcher *s, const float *queries, size_t count, const struct top *tops, struct found *out, struct err *err)
{
    struct order o = { s, queries, tops, out, searcher_is_exact(s) ? xcalloc(count, sizeof *o.unsure) : NULL, false };
    size_t *which = xcalloc(count, sizeof *which), unsure = 0;
    if (o.unsure && s->longest == 0)
        s->longest = recheck_longest(s->index);
    team_run(s->team, count, order_query, &o);
    for (size_t q = 0; q < count && o.unsure; q++)
        if (o.unsure[q])
            which[unsure++] = q;
    struct exact e = { s->index, s->kernels, s->team, false };
    bool ok = !o.is_short || err_set(err, ERR_DAMAGED, STR_FMT ": its norms or 8-bit vectors are not those of its vectors", STR_ARG(s->index->dir));
    ok = ok && (unsure == 0 || recheck(&e, s->longest, queries, which, unsure, s->each, out, err));
    free(o.unsure);
    free(which);
    return ok;
}

static bool run_chunk(struct searcher *s, const float *queries, size_t count, struct found *out, struct err *err)
{
    size_t wanted = searcher_uses_codes(s) ? exact_code_candidates(s->o.k) : s->o.k + SLACK;
    size_t keep = (size_t)MIN((int64_t)wanted, s->index->count);
    struct near *room = xcalloc(count * keep, sizeof *room);
    struct top *tops = xcalloc(count, sizeof *tops);
    for (size_t q = 0; q < count; q++)
        tops[q] = (struct top){ room + q * keep, 0, keep };
    bool ok = find_candidates(s, queries, count, tops, err) && order(s, queries, count, tops, out, err);
    free(tops);
    free(room);
    return ok;
}

bool searcher_run(struct searcher *s, const float *queries, size_t count, struct found *out, struct err *err)
{
    size_t chunk = MAX(MIN((size_t)CHUNK, CANDIDATES_MAX / (s->each + SLACK)), (size_t)SCAN_PANEL_MAX);
    for (size_t first = 0; first < count && s->each; first += chunk)
        if (!run_chunk(s, queries + first * (size_t)s->index->dims, MIN(chunk, count - first), out + first * s->each, err))
            return false;
    return true;
}
