// SPDX-License-Identifier: Apache-2.0
// Inserts rows in their order, the sample last, and measures in between.
#include "vector/build_graph.h"

#include "base/arena.h"
#include "base/vec.h"
#include "model/team.h"
#include "vector/sample.h"
#include "vector/writer.h"

static const int64_t efs[] = { 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512 };
enum { EF_MOST = 512 };

struct measuring {
    const struct graph *graph;
    const struct space *space;
    const struct vector_index *rows;
    const struct sample *sample;
    struct walk **walks;                // of each member
    size_t ef;
    size_t hits[SAMPLE_MAX];
};

static void search_one(void *arg, size_t i, int member)
{
    struct measuring *m = arg;
    struct point p = space_point(m->space, vector_index_row(m->rows, m->sample->rows[i]));
    struct walked found = graph_search(m->graph, m->space, m->walks[member], &p, 0, m->ef);
    size_t left_out = m->sample->is_held_out ? 0 : 1;   // the row itself is found too
    m->hits[i] = sample_hits(m->sample, m->rows, i, found.at, MIN(found.len, m->sample->k + left_out));
}

static double recall_at(struct measuring *m, struct team *team, int64_t ef)
{
    size_t hits = 0;
    m->ef = (size_t)ef;
    team_run(team, m->sample->count, search_one, m);
    for (size_t i = 0; i < m->sample->count; i++)
        hits += m->hits[i];
    return (double)hits / (double)(m->sample->count * m->sample->k);
}

static Value recall_value(struct arena *a, const struct sample *s, int64_t ef, double recall, const Value *curve, size_t points)
{
    struct value_builder b = value_map_begin(a);
    value_map_set(&b, STR("k"), value_int((int64_t)s->k));
    value_map_set(&b, STR("sample"), value_int((int64_t)s->count));
    value_map_set(&b, STR("held_out"), value_bool(s->is_held_out));
    value_map_set(&b, STR("ef"), value_int(ef));
    value_map_set(&b, STR("recall"), value_float(recall));
    value_map_set(&b, STR("measured"), value_array(a, curve, points));
    return value_map_end(&b);
}

static bool measure(const struct graph_making *g, struct arena *a, const struct graph *graph, const struct space *space, struct sample *s, Value *out,
                    struct err *err)
{
    int threads = team_size(g->team);
    struct measuring m = { .graph = graph, .space = space, .rows = g->rows, .sample = s };
    Value curve[LEN(efs)];
    size_t points = 0, chosen = 0;
    double recall[LEN(efs)] = { 0 };
    *out = value_null;
    if (!sample_measure(s, g->rows, g->team, err))
        return false;
    if (s->k == 0 || s->count == 0)
        return true;
    m.walks = xcalloc((size_t)threads, sizeof(struct walk *));
    for (int i = 0; i < threads; i++)
        m.walks[i] = walk_new(g->rows->count, g->m, EF_MOST);
    do {
        recall[points] = recall_at(&m, g->team, efs[points]);
        struct value_builder b = value_map_begin(a);
        value_map_set(&b, STR("ef"), value_int(efs[points]));
        value_map_set(&b, STR("recall"), value_float(recall[points]));
        curve[points] = value_map_end(&b);
    } while (recall[points++] < 0.995 && points < LEN(efs));
    while (chosen + 1 < points && recall[chosen] < RECALL_GOAL)
        chosen++;
    *out = recall_value(a, s, efs[chosen], recall[chosen], curve, points);
    for (int i = 0; i < threads; i++)
        walk_free(m.walks[i]);
    free(m.walks);
    return true;
}

// Which rows are measured with: new ones that are put in last; where few are new, any, after all are in.
static void draw(const struct graph_making *g, struct sample *s)
{
    int64_t old = g->old ? g->old->count : 0, count = g->rows->count, added = count - old;
    bool is_held_out = old == 0 || added >= 2 * SAMPLE_MAX;
    sample_draw(s, is_held_out ? old : 0, count, is_held_out ? MIN(added / 2, SAMPLE_MAX) : SAMPLE_MAX, is_held_out);
}

static bool insert_all(const struct graph_making *g, struct arena *a, struct graph_growth *growth, const struct space *space, Value *recall,
                       struct err *err)
{
    struct sample s;
    int64_t old = g->old ? g->old->count : 0;
    uint32_t *rows = xcalloc((size_t)(g->rows->count - old) + 1, sizeof *rows);
    size_t count = 0;
    draw(g, &s);
    for (int64_t row = old; row < g->rows->count; row++)
        if (!s.is_held_out || !sample_has(&s, (uint32_t)row))
            rows[count++] = (uint32_t)row;
    bool ok = graph_insert(growth, rows, count, err) && measure(g, a, graph_grown(growth), space, &s, recall, err)
        && (!s.is_held_out || graph_insert(growth, s.rows, s.count, err));
    free(rows);
    return ok;
}

static Value hnsw_value(struct arena *a, const struct graph_making *g, const struct graph *graph)
{
    struct value_builder b = value_map_begin(a);
    value_map_set(&b, STR("m"), value_int(g->m));
    value_map_set(&b, STR("ef_construction"), value_int(g->ef_construction));
    value_map_set(&b, STR("entry"), value_int(graph->entry));
    value_map_set(&b, STR("top_layer"), value_int(graph->top));
    return value_map_end(&b);
}

bool graph_make(const struct graph_making *g, struct writer *w, Value *hnsw, Value *recall, struct err *err)
{
    const struct vector_index *x = g->rows;
    struct space space = { kernels_best(), x->metric, x->vectors, x->norms, x->count, (size_t)x->dims };
    struct graph_options o = { g->m, g->ef_construction, g->team, g->progress, g->arg };
    if (g->old && !graph_check(g->old, err))
        return false;
    struct graph_growth *growth = graph_grow(&space, g->old ? &g->old->graph : NULL, g->old ? g->old->count : 0, &o);
    bool ok = insert_all(g, w->arena, growth, &space, recall, err);
    const struct graph *made = graph_grown(growth);
    ok = ok && writer_array(w, "links", TENSOR_U32, x->count, 2 * g->m + 1, made->links, err)
        && writer_array(w, "places", TENSOR_U32, x->count, 2, made->places, err)
        && writer_array(w, "upper", TENSOR_U32, made->upper_count, g->m + 1, made->upper, err);
    *hnsw = hnsw_value(w->arena, g, made);
    graph_growth_free(growth);
    return ok;
}

// --- a stranger's graph

static bool are_links_sound(const struct graph *g, int64_t count, const uint32_t *links, uint32_t cap, uint32_t layer)
{
    if (links[0] > cap)
        return false;
    for (uint32_t i = 1; i <= links[0]; i++)
        if (links[i] >= count || g->places[2 * (size_t)links[i]] < layer)
            return false;
    return true;
}

bool graph_check(const struct vector_index *x, struct err *err)
{
    const struct graph *g = &x->graph;
    size_t m = (size_t)g->m;
    int64_t blocks = 0;
    for (int64_t row = 0; row < x->count; row++) {
        uint32_t top = g->places[2 * row];
        if (top > 63 || (top && g->places[2 * row + 1] != blocks) || (blocks += top) > g->upper_count)
            return err_set(err, ERR_DAMAGED, STR_FMT ": 'places' of row %lld are not those of a graph", STR_ARG(x->dir), (long long)row);
    }
    if (blocks != g->upper_count || (x->count && g->places[2 * g->entry] != (uint32_t)g->top))
        return err_set(err, ERR_DAMAGED, STR_FMT ": 'upper' or 'hnsw.entry' do not go with 'places'", STR_ARG(x->dir));
    for (int64_t row = 0; row < x->count; row++) {
        bool is_sound = are_links_sound(g, x->count, g->links + (size_t)row * (2 * m + 1), (uint32_t)(2 * m), 0);
        for (uint32_t layer = 1; layer <= g->places[2 * row] && is_sound; layer++)
            is_sound = are_links_sound(g, x->count, g->upper + ((size_t)g->places[2 * row + 1] + layer - 1) * (m + 1), (uint32_t)m, layer);
        if (!is_sound)
            return err_set(err, ERR_DAMAGED, STR_FMT ": 'links' or 'upper' of row %lld lead to no row of their layer", STR_ARG(x->dir),
                           (long long)row);
    }
    return true;
}
