// SPDX-License-Identifier: Apache-2.0
// A second pass for the few queries that single precision can't decide. Each thread keeps the best of each query in a heap, the farthest on top.
#include "vector/recheck.h"

#include <math.h>

#include "model/team.h"

struct rechecking {
    const struct exact *e;
    const float *queries;               // only those that are looked at
    const double *errors;
    const struct found *known;          // the last of each query's: what a row must come before
    size_t count, each;
    struct found *heaps;                // of each thread, of each query: `each`
    size_t *lens;
};

float recheck_longest(const struct vector_index *x)
{
    float longest = 0;
    for (int64_t row = 0; row < x->count; row++)
        longest = x->norms[row] > longest ? x->norms[row] : longest;
    return longest;
}

// A sum of n products, however it is ordered, is within n units of rounding of the sum of magnitudes, which the lengths bound (Higham, "Accuracy and
// Stability of Numerical Algorithms", 3.1). What weights and offsets add is a few units of them more.
double recheck_error(const struct vector_index *x, float longest, const float *query)
{
    const double unit = 0x1p-24, tiny = (double)x->dims * 0x1p-126, n = (double)x->dims + 16;
    double norm = metric_norm(query, (size_t)x->dims), product = n * unit * norm * (double)longest;
    if (x->metric == METRIC_COSINE)
        return 2 * n * unit;
    if (x->metric == METRIC_DOT)
        return product + tiny;
    return 2 * product + 16 * unit * (norm * norm + (double)longest * (double)longest) + tiny;
}

static bool is_before(struct found a, struct found b) { return a.nearness > b.nearness || (a.nearness == b.nearness && a.row < b.row); }

static void put(struct found *heap, size_t *len, size_t room, struct found f)
{
    if (*len < room) {
        size_t i = (*len)++;
        for (size_t parent; i > 0 && is_before(heap[parent = (i - 1) / 2], f); i = parent)
            heap[i] = heap[parent];
        heap[i] = f;
        return;
    }
    if (!is_before(f, heap[0]))
        return;
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < room; i = child) {
        if (child + 1 < room && is_before(heap[child], heap[child + 1]))
            child++;
        if (!is_before(f, heap[child]))
            break;
        heap[i] = heap[child];
    }
    heap[i] = f;
}

// What single precision says at least of a row whose nearness is this.
static float floor_of(double nearness, double error) { return nextafterf((float)(nearness - error), -INFINITY); }

static float compare(void *arg, int member, size_t query, struct near n)
{
    struct rechecking *r = arg;
    const struct vector_index *x = r->e->index;
    size_t dims = (size_t)x->dims, at = (size_t)member * r->count + query;
    struct found *heap = r->heaps + at * r->each, f = { n.row, 0 };
    f.nearness = metric_nearness(x->metric, r->queries + query * dims, vector_index_row(x, f.row), dims);
    put(heap, &r->lens[at], r->each, f);
    double known = r->known[query].nearness;
    return floor_of(r->lens[at] == r->each ? fmax(known, heap[0].nearness) : known, r->errors[query]);
}

static int nearest_first(const void *x, const void *y)
{
    const struct found *a = x, *b = y;
    return is_before(*a, *b) ? -1 : is_before(*b, *a);
}

// The heaps of all threads become the result.
static void join(struct rechecking *r, size_t query, struct found *out)
{
    struct found *first = r->heaps + query * r->each;
    for (int m = 1; m < team_size(r->e->team); m++) {
        size_t at = (size_t)m * r->count + query;
        for (size_t i = 0; i < r->lens[at]; i++)
            put(first, &r->lens[query], r->each, r->heaps[at * r->each + i]);
    }
    CHECK(r->lens[query] == r->each);   // the candidates of the first pass reach their floor again
    qsort(first, r->each, sizeof *first, nearest_first);
    memcpy(out, first, r->each * sizeof *first);
}

bool recheck(const struct exact *e, float longest, const float *queries, const size_t *which, size_t count, size_t each, struct found *found,
             struct err *err)
{
    size_t dims = (size_t)e->index->dims, members = (size_t)team_size(e->team);
    float *some = xcalloc(count * dims + 1, sizeof *some), *floors = xcalloc(count + 1, sizeof *floors);
    double *errors = xcalloc(count + 1, sizeof *errors);
    struct found *known = xcalloc(count + 1, sizeof *known);
    struct rechecking r = { .e = e, .queries = some, .errors = errors, .known = known, .count = count, .each = each,
                            .heaps = xcalloc(members * count * each + 1, sizeof *r.heaps), .lens = xcalloc(members * count + 1, sizeof *r.lens) };
    for (size_t i = 0; i < count; i++) {
        memcpy(some + i * dims, queries + which[i] * dims, dims * sizeof *some);
        errors[i] = recheck_error(e->index, longest, some + i * dims);
        known[i] = found[which[i] * each + each - 1];
        floors[i] = floor_of(known[i].nearness, errors[i]);
    }
    bool ok = exact_visit(e, some, count, &(struct exact_visit){ floors, compare, &r }, err);
    for (size_t i = 0; i < count && ok; i++)
        join(&r, i, found + which[i] * each);
    free(some);
    free(floors);
    free(errors);
    free(known);
    free(r.heaps);
    free(r.lens);
    return ok;
}
