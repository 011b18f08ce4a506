// SPDX-License-Identifier: Apache-2.0
// Grows a graph in batches. Three steps each: candidates (the graph as it was, and the batch itself), the choice among them, links back. Work is
// handed out by row and by target; nothing that a thread does can be seen by another within a step.
#include "vector/graph.h"

#include <math.h>

#include "base/vec.h"
#include "model/room.h"
#include "model/team.h"
#include "vector/graph_codes.h"

enum { BATCH_MAX = 2048, GROUP = 16, TOP_MAX = 15 };

struct edge {                           // `source` was linked to `target`
    uint32_t layer, target, source;
};
struct member {                         // what one thread needs
    struct walk *walk;
    float *product;                     // GROUP × batch
    struct near *candidates;            // of one row: from the graph, then from the batch; or the links of a target and what comes to it
    struct near *room;                  // of a struct top
    uint32_t *chosen, *found;           // found, nearness: of a walk
    float *nearness;
    int64_t bad_row;
};
struct graph_growth {
    struct space space;                 // without codes
    struct space by_codes;
    struct space_codes *codes;
    struct graph_options o;
    uint32_t *links, *upper, *places;
    struct graph graph;
    int64_t inserted;
    struct member *members;
    const uint32_t *batch;              // its rows
    size_t batch_len, padded;
    float *batch_vectors, *packed;
    uint8_t *batch_codes;
    struct point *points;
    VEC(struct edge) edges;
    VEC(size_t) targets;                // where each target's edges begin; and their end
};

// The highest layer of a row, by its number alone (SplitMix64 makes the random number): 0 with probability 1 - 1/m, 1 with 1/m - 1/m² …
static uint32_t layer_of(uint64_t row, int m)
{
    uint64_t z = (row + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    double u = (double)((z ^ z >> 31) >> 11) * 0x1p-53, p = 1.0 / m;
    uint32_t layer = 0;
    for (; layer < TOP_MAX && u < p; layer++)
        p /= m;
    return layer;
}

static uint32_t *links_in(struct graph_growth *g, uint32_t row, uint32_t layer)
{
    size_t m = (size_t)g->o.m;
    return layer ? g->upper + ((size_t)g->places[2 * (size_t)row + 1] + layer - 1) * (m + 1) : g->links + (size_t)row * (2 * m + 1);
}

// --- beginning and end

static void place_rows(struct graph_growth *g, const struct graph *old, int64_t old_rows)
{
    int64_t blocks = old ? old->upper_count : 0, rows = g->space.count;
    g->places = xcalloc((size_t)rows * 2 + 1, sizeof *g->places);
    if (old)
        memcpy(g->places, old->places, (size_t)old_rows * 2 * sizeof *g->places);
    for (int64_t row = old_rows; row < rows; row++) {
        uint32_t top = layer_of((uint64_t)row, g->o.m);
        g->places[2 * row] = top, g->places[2 * row + 1] = top ? (uint32_t)blocks : 0;
        blocks += top;
    }
    g->graph.upper_count = blocks;
}

struct graph_growth *graph_grow(const struct space *s, const struct graph *old, int64_t old_rows, const struct graph_options *o)
{
    struct graph_growth *g = xcalloc(1, sizeof *g);
    size_t m = (size_t)o->m, ef = (size_t)o->ef_construction, threads = (size_t)team_size(o->team);
    *g = (struct graph_growth){ .space = *s, .o = *o, .inserted = old_rows };
    g->graph = (struct graph){ .m = o->m, .entry = old ? old->entry : -1, .top = old ? old->top : 0 };
    place_rows(g, old, old_rows);
    g->links = room_calloc((size_t)s->count * (2 * m + 1) + 1, sizeof *g->links);
    g->upper = xcalloc((size_t)g->graph.upper_count * (m + 1) + 1, sizeof *g->upper);
    if (old) {
        memcpy(g->links, old->links, (size_t)old_rows * (2 * m + 1) * sizeof *g->links);
        memcpy(g->upper, old->upper, (size_t)old->upper_count * (m + 1) * sizeof *g->upper);
    }
    g->graph.links = g->links, g->graph.upper = g->upper, g->graph.places = g->places;
    g->batch_vectors = xcalloc(BATCH_MAX * s->dims, sizeof(float));
    g->packed = xcalloc(kernel_packed_size(s->dims, BATCH_MAX), sizeof(float));
    g->points = xcalloc(BATCH_MAX, sizeof *g->points);
    g->codes = space_codes_new(&g->space, o->team);
    g->by_codes = g->space, g->by_codes.codes = g->codes;
    g->batch_codes = xcalloc(BATCH_MAX, space_codes_stride(g->codes));
    g->members = xcalloc(threads, sizeof *g->members);
    for (size_t i = 0; i < threads; i++) {
        struct member *w = &g->members[i];
        w->walk = walk_new(s->count, o->m, ef);
        w->product = xcalloc(GROUP * BATCH_MAX, sizeof(float));
        w->candidates = xcalloc(MAX(2 * ef, 2 * m + BATCH_MAX) + 1, sizeof *w->candidates);
        w->room = xcalloc(ef, sizeof *w->room);
        w->found = xcalloc(ef, sizeof *w->found), w->nearness = xcalloc(ef, sizeof *w->nearness);
        w->chosen = xcalloc(2 * m + BATCH_MAX + 1, sizeof *w->chosen);
        w->bad_row = -1;
    }
    return g;
}

const struct graph *graph_grown(const struct graph_growth *g) { return &g->graph; }

void graph_growth_free(struct graph_growth *g)
{
    if (g == NULL)
        return;
    for (int i = 0; i < team_size(g->o.team); i++) {
        walk_free(g->members[i].walk);
        free(g->members[i].product);
        free(g->members[i].candidates);
        free(g->members[i].room);
        free(g->members[i].found);
        free(g->members[i].nearness);
        free(g->members[i].chosen);
    }
    free(g->members);
    space_codes_free(g->codes);
    free(g->batch_codes);
    free(g->links);
    free(g->upper);
    free(g->places);
    free(g->batch_vectors);
    free(g->packed);
    free(g->points);
    free(g->edges.at);
    free(g->targets.at);
    free(g);
}

// --- choosing links

static struct point row_point(const struct graph_growth *g, uint32_t row)
{
    const struct space *s = &g->space;
    return (struct point){ .vector = s->vectors + row * s->dims, .weight = metric_weight(s->metric, s->norms[row]),
                           .offset = metric_offset(s->metric, s->norms[row]) };
}

// Of candidates, nearest first, those that are nearer to the row than to every one chosen before (algorithm 4 of the paper): links lead in all
// directions. One that is just as near to a chosen one counts as seen through it, so identical vectors do not fill the list.
static size_t choose(const struct graph_growth *g, const struct near *candidates, size_t count, size_t most, uint32_t *chosen)
{
    size_t len = 0;
    for (size_t i = 0; i < count && len < most; i++) {
        struct point p = row_point(g, candidates[i].row);
        bool is_hidden = false;
        for (size_t c = 0; c < len && !is_hidden; c++) {
            float nearness;
            space_nearness(&g->space, &p, &chosen[c], 1, &nearness);
            is_hidden = nearness >= candidates[i].nearness;
        }
        if (!is_hidden)
            chosen[len++] = candidates[i].row;
    }
    return len;
}

static int by_near(const void *x, const void *y)
{
    const struct near *a = x, *b = y;
    return near_is_before(*a, *b) ? -1 : near_is_before(*b, *a);
}

// --- a row's own links

// The nearest of the batch in this layer behind the candidates that are there.
static size_t add_from_batch(struct graph_growth *g, struct member *w, size_t index, const float *product, uint32_t layer, size_t count)
{
    struct top t = { w->room, 0, (size_t)g->o.ef_construction };
    const struct point *p = &g->points[index];
    float scale = metric_scale(g->space.metric), least = -INFINITY;    // what is farther than ef of the graph will not be chosen from
    if (count == t.room) {
        least = w->candidates[0].nearness;
        for (size_t i = 1; i < count; i++)
            least = MIN(least, w->candidates[i].nearness);
    }
    for (size_t q = 0; q < g->batch_len; q++)
        if (q != index && g->places[2 * (size_t)g->batch[q]] >= layer) {
            float nearness = product[q] * (g->points[q].weight * scale) * p->weight + (g->points[q].offset + p->offset);
            if (nearness >= least && nearness >= top_floor(&t))
                top_offer(&t, (struct near){ nearness, g->batch[q] });
        }
    memcpy(w->candidates + count, w->room, t.len * sizeof *w->room);
    return count + t.len;
}

// From the graph as it stands, with their nearness by the floats.
static size_t find_candidates(struct graph_growth *g, struct member *w, const struct point *p, int layer)
{
    struct walked found = graph_search(&g->graph, &g->by_codes, w->walk, p, layer, (size_t)g->o.ef_construction);
    if (found.bad_row >= 0)
        w->bad_row = found.bad_row;
    for (size_t i = 0; i < found.len; i++)
        w->found[i] = found.at[i].row;
    space_nearness(&g->space, p, w->found, found.len, w->nearness);
    for (size_t i = 0; i < found.len; i++)
        w->candidates[i] = (struct near){ w->nearness[i], w->found[i] };
    return found.len;
}

static void link_row(struct graph_growth *g, struct member *w, size_t index, const float *product)
{
    uint32_t row = g->batch[index];
    size_t ef = (size_t)g->o.ef_construction;
    for (uint32_t layer = g->places[2 * (size_t)row] + 1; layer-- > 0;) {
        size_t count = 0;
        if (g->graph.entry >= 0 && (int)layer <= g->graph.top) {
            count = find_candidates(g, w, &g->points[index], (int)layer);
        }
        count = add_from_batch(g, w, index, product, layer, count);
        qsort(w->candidates, count, sizeof *w->candidates, by_near);
        uint32_t *links = links_in(g, row, layer);
        links[0] = (uint32_t)choose(g, w->candidates, MIN(count, ef), (size_t)g->o.m, links + 1);
    }
}

static void link_group(void *arg, size_t item, int member)
{
    struct graph_growth *g = arg;
    struct member *w = &g->members[member];
    size_t first = item * GROUP, rows = MIN((size_t)GROUP, g->batch_len - first), dims = g->space.dims;
    g->space.kernels->gemm(&(struct gemm){ .rows = rows, .k = dims, .n = g->padded, .a = g->batch_vectors + first * dims, .a_stride = dims,
                                           .b = g->packed, .c = w->product, .c_stride = g->padded, .finish = GEMM_STORE });
    for (size_t i = 0; i < rows; i++)
        link_row(g, w, first + i, w->product + i * g->padded);
}

// --- links back

static int by_target(const void *x, const void *y)
{
    const struct edge *a = x, *b = y;
    if (a->layer != b->layer)
        return a->layer < b->layer ? -1 : 1;
    if (a->target != b->target)
        return a->target < b->target ? -1 : 1;
    return (a->source > b->source) - (a->source < b->source);
}

static void collect_edges(struct graph_growth *g)
{
    g->edges.len = g->targets.len = 0;
    for (size_t i = 0; i < g->batch_len; i++)
        for (uint32_t layer = 0; layer <= g->places[2 * (size_t)g->batch[i]]; layer++) {
            const uint32_t *links = links_in(g, g->batch[i], layer);
            for (uint32_t l = 1; l <= links[0]; l++)
                vec_push_heap(&g->edges, (struct edge){ layer, links[l], g->batch[i] });
        }
    if (g->edges.len)
        qsort(g->edges.at, g->edges.len, sizeof *g->edges.at, by_target);
    for (size_t i = 0; i < g->edges.len; i++)
        if (i == 0 || g->edges.at[i].target != g->edges.at[i - 1].target || g->edges.at[i].layer != g->edges.at[i - 1].layer)
            vec_push_heap(&g->targets, i);
    vec_push_heap(&g->targets, g->edges.len);
}

static void link_back(void *arg, size_t item, int member)
{
    struct graph_growth *g = arg;
    struct member *w = &g->members[member];
    const struct edge *edges = g->edges.at + g->targets.at[item];
    size_t incoming = g->targets.at[item + 1] - g->targets.at[item], cap = (size_t)(edges->layer ? g->o.m : 2 * g->o.m);
    uint32_t *links = links_in(g, edges->target, edges->layer);
    size_t count = links[0];
    memcpy(w->chosen, links + 1, count * sizeof *links);
    for (size_t i = 0; i < incoming; i++) {
        bool is_there = false;          // two rows of a batch may choose each other
        for (size_t l = 0; l < links[0] && !is_there; l++)
            is_there = w->chosen[l] == edges[i].source;
        if (!is_there)
            w->chosen[count++] = edges[i].source;
    }
    if (count > cap) {
        struct point p = row_point(g, edges->target);
        for (size_t i = 0; i < count; i++) {
            w->candidates[i].row = w->chosen[i];
            space_nearness(&g->space, &p, &w->chosen[i], 1, &w->candidates[i].nearness);
        }
        qsort(w->candidates, count, sizeof *w->candidates, by_near);
        count = choose(g, w->candidates, count, cap, w->chosen);
    }
    links[0] = (uint32_t)count;
    memcpy(links + 1, w->chosen, count * sizeof *links);
}

// --- batches

static void prepare_batch(struct graph_growth *g)
{
    size_t dims = g->space.dims;
    g->padded = kernel_pad(g->batch_len);
    for (size_t i = 0; i < g->batch_len; i++) {
        memcpy(g->batch_vectors + i * dims, g->space.vectors + g->batch[i] * dims, dims * sizeof(float));
        g->points[i] = row_point(g, g->batch[i]);
        space_codes_point(g->codes, g->batch[i], g->batch_codes + i * space_codes_stride(g->codes), &g->points[i]);
    }
    kernels_pack(g->batch_vectors, dims, 0, g->batch_len, dims, g->batch_len, g->packed);
}

static bool insert_batch(struct graph_growth *g, struct err *err)
{
    prepare_batch(g);
    team_run(g->o.team, (g->batch_len + GROUP - 1) / GROUP, link_group, g);
    for (int i = 0; i < team_size(g->o.team); i++)
        if (g->members[i].bad_row >= 0)
            return err_set(err, ERR_DAMAGED, "the graph's row %lld has links that lead nowhere, or a vector that is not finite",
                           (long long)g->members[i].bad_row);
    collect_edges(g);
    team_run(g->o.team, g->targets.len - 1, link_back, g);
    for (size_t i = 0; i < g->batch_len; i++) {
        int top = (int)g->places[2 * (size_t)g->batch[i]];
        if (g->graph.entry < 0 || top > g->graph.top)
            g->graph.entry = g->batch[i], g->graph.top = top;
    }
    return true;
}

bool graph_insert(struct graph_growth *g, const uint32_t *rows, size_t count, struct err *err)
{
    for (size_t first = 0; first < count; first += g->batch_len) {
        g->batch = rows + first;
        g->batch_len = MIN((size_t)MIN(MAX(g->inserted / 4, 1), BATCH_MAX), count - first);
        if (!insert_batch(g, err))
            return false;
        g->inserted += (int64_t)g->batch_len;
        if (g->o.progress)
            g->o.progress(g->o.arg, g->inserted);
    }
    return true;
}
