// SPDX-License-Identifier: Apache-2.0
// Layers by the longest path, order by the mean of the neighbours (Sugiyama's method), places by pulling towards them. For
// tens of nodes; nothing is optimal.
#include "view/report/graph.h"

#include <math.h>

#include "base/base.h"

enum { SWEEPS = 12, PULLS = 24 };
#define PASSING_WIDTH 0.35              // what an edge takes in a layer, in widths of a node

struct places {
    size_t *at;
    size_t len, cap;
};
struct layers {
    struct graph *g;
    struct places *at;                  // by layer, from left to right
    struct places *above, *below;       // neighbours by place
};

struct graph *graph_new(struct arena *a, size_t nodes)
{
    struct graph *g = NEW(a, struct graph);
    *g = (struct graph){ .arena = a, .node_count = nodes };
    return g;
}

void graph_add(struct graph *g, size_t from, size_t to) { vec_push(g->arena, &g->edges, (struct graph_edge){ .from = from, .to = to }); }

// --- no circles

enum mark { UNSEEN, ON_PATH, FINISHED };

// Depth first, with a stack of its own; an edge back to the path is marked by from == to.
static void break_circles(struct graph *g)
{
    uint8_t *marks = NEW_ARRAY(g->arena, uint8_t, g->node_count + 1);
    struct { size_t node, edge; } *stack = arena_array(g->arena, g->node_count + 1, sizeof *stack);
    for (size_t root = 0; root < g->node_count; root++) {
        size_t depth = 0;
        if (marks[root] != UNSEEN)
            continue;
        stack[depth].node = root, stack[depth++].edge = 0;
        marks[root] = ON_PATH;
        while (depth) {
            size_t node = stack[depth - 1].node, i = stack[depth - 1].edge++;
            if (i >= g->edges.len) {
                marks[node] = FINISHED;
                depth--;
                continue;
            }
            struct graph_edge *e = &g->edges.at[i];
            if (e->from != node || e->from == e->to)
                continue;
            if (marks[e->to] == ON_PATH) {
                e->to = e->from;
            } else if (marks[e->to] == UNSEEN) {
                marks[e->to] = ON_PATH;
                stack[depth].node = e->to, stack[depth++].edge = 0;
            }
        }
    }
    size_t kept = 0;
    for (size_t i = 0; i < g->edges.len; i++)
        if (g->edges.at[i].from != g->edges.at[i].to)
            g->edges.at[kept++] = g->edges.at[i];
    g->edges.len = kept;
}

// --- layers

// --- no short cuts

static bool leads_to(const struct graph *g, size_t from, size_t to, size_t without, bool *seen)
{
    seen[from] = true;
    for (size_t i = 0; i < g->edges.len; i++) {
        const struct graph_edge *e = &g->edges.at[i];
        if (i == without || e->from != from || seen[e->to])
            continue;
        if (e->to == to || leads_to(g, e->to, to, without, seen))
            return true;
    }
    return false;
}

// An edge beside a longer way says nothing new: what everything takes (a reference) would be tied to everything.
static void drop_short_cuts(struct graph *g)
{
    enum { EDGES_MAX = 2000 };          // of more, time would grow too fast, and nobody could read them anyway
    bool *seen = NEW_ARRAY(g->arena, bool, g->node_count + 1);
    for (size_t i = g->edges.len <= EDGES_MAX ? g->edges.len : 0; i-- > 0;) {
        memset(seen, 0, g->node_count * sizeof *seen);
        if (!leads_to(g, g->edges.at[i].from, g->edges.at[i].to, i, seen))
            continue;
        memmove(&g->edges.at[i], &g->edges.at[i + 1], (g->edges.len - i - 1) * sizeof *g->edges.at);
        g->edges.len--;
    }
}

static void set_layers(struct graph *g)
{
    bool changed = true;
    for (size_t round = 0; changed && round <= g->node_count; round++) {
        changed = false;
        for (size_t i = 0; i < g->edges.len; i++) {
            size_t from = g->edges.at[i].from, to = g->edges.at[i].to;
            if (g->layer[to] <= g->layer[from])
                g->layer[to] = g->layer[from] + 1, changed = true;
        }
    }
    for (size_t i = 0; i < g->node_count; i++)
        g->layer_count = MAX(g->layer_count, g->layer[i] + 1);
}

static void join(struct layers *l, size_t upper, size_t lower)
{
    vec_push(l->g->arena, &l->below[upper], lower);
    vec_push(l->g->arena, &l->above[lower], upper);
}

static void add_places(struct layers *l)
{
    struct graph *g = l->g;
    size_t next = g->node_count;
    for (size_t i = 0; i < g->node_count; i++)
        vec_push(g->arena, &l->at[g->layer[i]], i);
    for (size_t i = 0; i < g->edges.len; i++) {
        struct graph_edge *e = &g->edges.at[i];
        size_t before = e->from;
        for (size_t layer = g->layer[e->from] + 1; layer < g->layer[e->to]; layer++) {
            g->layer[next] = layer;
            vec_push(g->arena, &e->through, next);
            vec_push(g->arena, &l->at[layer], next);
            join(l, before, next);
            before = next++;
        }
        join(l, before, e->to);
    }
    g->place_count = next;
}

// --- order

static double half_width(const struct graph *g, size_t place) { return place < g->node_count ? 0.5 : PASSING_WIDTH / 2; }

// Side by side, in the order of the layer.
static void pack(struct layers *l, size_t layer)
{
    double at = 0;
    for (size_t i = 0; i < l->at[layer].len; i++) {
        size_t place = l->at[layer].at[i];
        at += half_width(l->g, place);
        l->g->x[place] = at;
        at += half_width(l->g, place);
    }
    for (size_t i = 0; i < l->at[layer].len; i++)
        l->g->x[l->at[layer].at[i]] -= at / 2;
}

static double mean_of(const struct layers *l, const size_t *places, size_t count, double otherwise)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += l->g->x[places[i]];
    return count ? sum / (double)count : otherwise;
}

static void order_layer(struct layers *l, size_t layer, bool by_above, double *wanted)
{
    size_t *places = l->at[layer].at, count = l->at[layer].len;
    for (size_t i = 0; i < count; i++) {
        size_t p = places[i];
        wanted[p] = by_above ? mean_of(l, l->above[p].at, l->above[p].len, l->g->x[p]) : mean_of(l, l->below[p].at, l->below[p].len, l->g->x[p]);
    }
    for (size_t i = 1; i < count; i++) {                // insertion: stable
        size_t p = places[i], k = i;
        for (; k > 0 && wanted[places[k - 1]] > wanted[p]; k--)
            places[k] = places[k - 1];
        places[k] = p;
    }
    pack(l, layer);
}

// --- places

// Moves each towards its neighbours, as far as those beside it allow: rightmost to the right first, then the others to the left.
static void pull_layer(struct layers *l, size_t layer, double *wanted)
{
    struct graph *g = l->g;
    const size_t *places = l->at[layer].at;
    size_t count = l->at[layer].len;
    for (size_t i = 0; i < count; i++) {
        size_t p = places[i];
        double up = mean_of(l, l->above[p].at, l->above[p].len, NAN), down = mean_of(l, l->below[p].at, l->below[p].len, NAN);
        wanted[p] = isnan(up) ? (isnan(down) ? g->x[p] : down) : isnan(down) ? up : (up + down) / 2;
    }
    for (size_t i = count; i-- > 0;) {
        size_t p = places[i];
        double limit = i + 1 < count ? g->x[places[i + 1]] - half_width(g, places[i + 1]) - half_width(g, p) : 1e9;
        if (wanted[p] > g->x[p])
            g->x[p] = MIN(wanted[p], limit);
    }
    for (size_t i = 0; i < count; i++) {
        size_t p = places[i];
        double limit = i ? g->x[places[i - 1]] + half_width(g, places[i - 1]) + half_width(g, p) : -1e9;
        if (wanted[p] < g->x[p])
            g->x[p] = MAX(wanted[p], limit);
    }
}

static void move_to_origin(struct graph *g)
{
    double left = 1e9, right = -1e9;
    for (size_t i = 0; i < g->place_count; i++) {
        left = MIN(left, g->x[i] - half_width(g, i));
        right = MAX(right, g->x[i] + half_width(g, i));
    }
    for (size_t i = 0; i < g->place_count; i++)
        g->x[i] -= left;
    g->width = g->place_count ? right - left : 0;
}

void graph_lay_out(struct graph *g)
{
    break_circles(g);
    drop_short_cuts(g);
    size_t most = g->node_count + 1;
    g->layer = NEW_ARRAY(g->arena, size_t, most);
    set_layers(g);
    for (size_t i = 0; i < g->edges.len; i++)
        most += g->layer[g->edges.at[i].to] - g->layer[g->edges.at[i].from];
    size_t *layer = NEW_ARRAY(g->arena, size_t, most);
    memcpy(layer, g->layer, g->node_count * sizeof *layer);
    g->layer = layer;
    g->x = NEW_ARRAY(g->arena, double, most);
    struct layers l = { .g = g };
    l.at = arena_array(g->arena, g->layer_count + 1, sizeof *l.at);
    l.above = arena_array(g->arena, most, sizeof *l.above);
    l.below = arena_array(g->arena, most, sizeof *l.below);
    double *wanted = NEW_ARRAY(g->arena, double, most);
    add_places(&l);
    for (size_t i = 0; i < g->layer_count; i++)
        pack(&l, i);
    for (int sweep = 0; sweep < SWEEPS; sweep++)
        for (size_t i = 1; i < g->layer_count; i++)
            order_layer(&l, sweep % 2 ? g->layer_count - 1 - i : i, sweep % 2 == 0, wanted);
    for (int pull = 0; pull < PULLS; pull++)
        for (size_t i = 0; i < g->layer_count; i++)
            pull_layer(&l, pull % 2 ? g->layer_count - 1 - i : i, wanted);
    move_to_origin(g);
}
