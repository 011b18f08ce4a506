// SPDX-License-Identifier: Apache-2.0
// The walk through a graph. The graph may be a stranger's file: every row and block is checked before it is followed.
#include "vector/graph.h"

#include <math.h>

#include "model/room.h"
#include "vector/graph_codes.h"

#define EXPANDED 0x80000000u            // on a row of the pool: its links were followed (rows are under 2^31)

struct walk {
    uint16_t *seen, round;              // seen[row] == round: met in this search
    int64_t rows;
    struct near *pool;                  // the nearest so far, sorted
    size_t len, ef;
    uint32_t *fresh;                    // links not met before
    float *nearness;
    int64_t bad_row;
};

struct point space_point(const struct space *s, const float *vector)
{
    float norm = (float)metric_norm(vector, s->dims);
    return (struct point){ .vector = vector, .weight = metric_weight(s->metric, norm), .offset = metric_offset(s->metric, norm) };
}

void space_nearness(const struct space *s, const struct point *p, const uint32_t *which, size_t count, float *nearness)
{
    float scale = metric_scale(s->metric);
    s->kernels->dots(p->vector, s->vectors, s->dims, which, count, s->dims, nearness);
    for (size_t i = 0; i < count; i++) {
        float norm = s->norms[which[i]];
        nearness[i] = nearness[i] * (metric_weight(s->metric, norm) * scale) * p->weight + (metric_offset(s->metric, norm) + p->offset);
    }
}

// By what the space has for walks.
static void walk_nearness(const struct space *s, const struct point *p, const uint32_t *which, size_t count, float *nearness)
{
    if (s->codes)
        space_codes_nearness(s->codes, p, which, count, nearness);
    else
        space_nearness(s, p, which, count, nearness);
}

struct walk *walk_new(int64_t rows, int m, size_t ef_max)
{
    struct walk *w = xcalloc(1, sizeof *w);
    *w = (struct walk){ .rows = rows, .bad_row = -1 };
    w->seen = room_calloc((size_t)rows + 1, sizeof *w->seen);
    w->pool = xcalloc(ef_max + 1, sizeof *w->pool);
    w->fresh = xcalloc((size_t)(2 * m) + 1, sizeof *w->fresh);
    w->nearness = xcalloc((size_t)(2 * m) + 1, sizeof *w->nearness);
    return w;
}

void walk_free(struct walk *w)
{
    if (w == NULL)
        return;
    free(w->seen);
    free(w->pool);
    free(w->fresh);
    free(w->nearness);
    free(w);
}

// Puts a row into the pool, in order; its place, or the pool's length if it is too far.
static size_t pool_insert(struct walk *w, struct near n)
{
    size_t low = 0, high = w->len;
    if (w->len == w->ef && !near_is_before(n, (struct near){ w->pool[w->len - 1].nearness, w->pool[w->len - 1].row & ~EXPANDED }))
        return w->len;
    while (low < high) {
        size_t middle = (low + high) / 2;
        struct near there = { w->pool[middle].nearness, w->pool[middle].row & ~EXPANDED };
        if (near_is_before(there, n))
            low = middle + 1;
        else
            high = middle;
    }
    w->len = MIN(w->len + 1, w->ef);
    memmove(w->pool + low + 1, w->pool + low, (w->len - 1 - low) * sizeof *w->pool);
    w->pool[low] = n;
    return low;
}

// The links of a row in a layer; NULL: the row is not in it, which no sound graph says.
static const uint32_t *links_of(const struct graph *g, uint32_t row, int layer, size_t *cap)
{
    *cap = (size_t)(layer ? g->m : 2 * g->m);
    if (layer == 0)
        return g->links + (size_t)row * (2 * (size_t)g->m + 1);
    int64_t block = (int64_t)g->places[2 * (size_t)row + 1] + layer - 1;
    if ((int64_t)g->places[2 * (size_t)row] < layer || block >= g->upper_count)
        return NULL;
    return g->upper + (size_t)block * ((size_t)g->m + 1);
}

// Brings a row's links in layer 0 near.
static void fetch_links(const struct graph *g, uint32_t row)
{
    size_t width = 2 * (size_t)g->m + 1;
    for (size_t i = 0; i < width; i += 16)
        __builtin_prefetch(g->links + (size_t)row * width + i);
}

// Follows the links of a row; the lowest place at which something was put into the pool.
static size_t expand(const struct graph *g, const struct space *s, struct walk *w, const struct point *p, uint32_t row, int layer)
{
    size_t cap, fresh = 0, lowest = SIZE_MAX;
    const uint32_t *links = links_of(g, row, layer, &cap);
    if (links == NULL || links[0] > cap) {
        w->bad_row = row;
        return lowest;
    }
    for (uint32_t i = 1; i <= links[0]; i++)
        if (links[i] < w->rows)
            __builtin_prefetch(&w->seen[links[i]]);
    for (uint32_t i = 1; i <= links[0]; i++) {
        if (links[i] >= w->rows) {
            w->bad_row = row;
            return lowest;
        }
        if (w->seen[links[i]] == w->round)
            continue;
        w->seen[links[i]] = w->round;
        if (s->codes)
            space_codes_fetch(s->codes, links[i]);
        else
            __builtin_prefetch(s->norms + links[i]);
        w->fresh[fresh++] = links[i];
    }
    if (fresh)
        walk_nearness(s, p, w->fresh, fresh, w->nearness);
    for (size_t i = 0; i < fresh; i++) {
        if (!isfinite(w->nearness[i])) {
            w->bad_row = w->fresh[i];
            return lowest;
        }
        size_t place = pool_insert(w, (struct near){ w->nearness[i], w->fresh[i] });
        lowest = MIN(lowest, place);
    }
    return lowest;
}

static void new_round(struct walk *w)
{
    if (++w->round == 0) {
        memset(w->seen, 0, (size_t)w->rows * sizeof *w->seen);
        w->round = 1;
    }
}

// From what is in the pool on, until all in it were expanded.
static void search_layer(const struct graph *g, const struct space *s, struct walk *w, const struct point *p, int layer, size_t ef)
{
    w->ef = ef;
    w->len = MIN(w->len, ef);
    new_round(w);
    for (size_t i = 0; i < w->len; i++) {
        w->pool[i].row &= ~EXPANDED;
        w->seen[w->pool[i].row] = w->round;
    }
    for (size_t at = 0; at < w->len && w->bad_row < 0;) {
        uint32_t row = w->pool[at].row;
        if (row & EXPANDED) {
            at++;
            continue;
        }
        w->pool[at].row |= EXPANDED;
        if (layer == 0 && at + 1 < w->len)              // most often the next one
            fetch_links(g, w->pool[at + 1].row & ~EXPANDED);
        size_t lowest = expand(g, s, w, p, row, layer);
        at = MIN(at + 1, lowest);
    }
}

struct walked graph_search(const struct graph *g, const struct space *s, struct walk *w, const struct point *p, int layer, size_t ef)
{
    w->bad_row = -1, w->len = 0;
    if (g->entry < 0)
        return (struct walked){ w->pool, 0, -1 };
    uint32_t entry = (uint32_t)g->entry;
    walk_nearness(s, p, &entry, 1, w->nearness);
    if (!isfinite(w->nearness[0]))
        return (struct walked){ w->pool, 0, g->entry };
    w->pool[0] = (struct near){ w->nearness[0], entry };
    w->len = 1;
    for (int l = g->top; l > layer && w->bad_row < 0; l--)
        search_layer(g, s, w, p, l, 1);
    if (w->bad_row < 0)
        search_layer(g, s, w, p, layer, ef);
    for (size_t i = 0; i < w->len; i++)
        w->pool[i].row &= ~EXPANDED;
    return (struct walked){ w->pool, w->len, w->bad_row };
}
