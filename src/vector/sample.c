// SPDX-License-Identifier: Apache-2.0
// A sample of rows, and the truth about them.
#include "vector/sample.h"

#include "vector/exact.h"

enum { SLACK = 32 };

void sample_draw(struct sample *s, int64_t first, int64_t end, int64_t count, bool is_held_out)
{
    *s = (struct sample){ .is_held_out = is_held_out, .count = (size_t)MIN(MIN(count, end - first), SAMPLE_MAX) };
    for (size_t i = 0; i < s->count; i++)
        s->rows[i] = (uint32_t)(first + (end - first) * (int64_t)(2 * i + 1) / (int64_t)(2 * s->count));
}

bool sample_has(const struct sample *s, uint32_t row)
{
    size_t low = 0, high = s->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (s->rows[middle] < row)
            low = middle + 1;
        else
            high = middle;
    }
    return low < s->count && s->rows[low] == row;
}

static bool is_left_out(const struct sample *s, size_t i, uint32_t row) { return s->is_held_out ? sample_has(s, row) : row == s->rows[i]; }

static double nearness_of(const struct sample *s, const struct vector_index *x, size_t i, uint32_t row)
{
    return metric_nearness(x->metric, vector_index_row(x, s->rows[i]), vector_index_row(x, row), (size_t)x->dims);
}

static int greater_first(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a < b) - (a > b);
}

static void set_floor(struct sample *s, const struct vector_index *x, size_t i, const struct top *t)
{
    double *all = xcalloc(t->len + 1, sizeof *all);
    size_t len = 0;
    for (size_t n = 0; n < t->len; n++)
        if (!is_left_out(s, i, t->at[n].row))
            all[len++] = nearness_of(s, x, i, t->at[n].row);
    qsort(all, len, sizeof *all, greater_first);
    CHECK(len >= s->k);
    s->floor[i] = s->k ? all[s->k - 1] : 0;
    free(all);
}

bool sample_measure(struct sample *s, const struct vector_index *x, struct team *team, struct err *err)
{
    size_t dims = (size_t)x->dims, left_out = s->is_held_out ? s->count : 1;
    size_t room = (size_t)MIN(x->count, (int64_t)(SAMPLE_K + left_out + SLACK));
    float *queries = xcalloc(s->count * dims + 1, sizeof *queries);
    struct near *at = xcalloc(s->count * room + 1, sizeof *at);
    struct top tops[SAMPLE_MAX];
    struct exact e = { x, kernels_best(), team, false };
    s->k = (size_t)MIN((int64_t)SAMPLE_K, MAX(x->count - (int64_t)left_out, 0));
    for (size_t i = 0; i < s->count; i++) {
        memcpy(queries + i * dims, vector_index_row(x, s->rows[i]), dims * sizeof *queries);
        tops[i] = (struct top){ at + i * room, 0, room };
    }
    bool ok = exact_search(&e, queries, s->count, tops, err);
    for (size_t i = 0; i < s->count && ok; i++)
        set_floor(s, x, i, &tops[i]);
    free(queries);
    free(at);
    return ok;
}

size_t sample_hits(const struct sample *s, const struct vector_index *x, size_t i, const struct near *found, size_t len)
{
    size_t hits = 0;
    for (size_t n = 0; n < len && hits < s->k; n++)
        hits += !is_left_out(s, i, found[n].row) && nearness_of(s, x, i, found[n].row) >= s->floor[i];
    return hits;
}
