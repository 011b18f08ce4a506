// SPDX-License-Identifier: Apache-2.0
// Counting an index. What is shown of it is made in stats_show.c.
#include "vector/stats.h"

#include <math.h>

#include "base/arena.h"

enum { BINS = 30, BINS_MAX = 120, LENGTH_BINS_MAX = 200 };
#define LENGTH_MAX ((int64_t)1 << 30)

typedef double number_fn(const struct vector_stats *s, int64_t row);    // NaN: not known

// --- spreads

static int by_number(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return a < b ? -1 : a > b;
}

// `sorted` lies evenly among them all.
static void set_quarters(struct spread *out, double *sorted, size_t count)
{
    if (count == 0)
        return;
    qsort(sorted, count, sizeof *sorted, by_number);
    for (size_t i = 0; i < LEN(out->quarters); i++)
        out->quarters[i] = sorted[(count - 1) * (i + 1) / 4];
}

static struct spread spread_of(const struct vector_stats *s, int64_t rows, number_fn *number)
{
    struct arena scratch = { 0 };
    struct spread out = { 0 };
    int64_t sample = MIN(rows, STATS_QUANTILE_ROWS);
    double *kept = NEW_ARRAY(&scratch, double, (size_t)sample + 1), sum = 0;
    size_t count = 0;
    for (int64_t i = 0; i < rows; i++) {
        double v = number(s, i);
        if (isnan(v))
            continue;
        out.least = out.count ? MIN(out.least, v) : v;
        out.most = out.count ? MAX(out.most, v) : v;
        out.count++, sum += v;
    }
    for (int64_t i = 0; i < sample; i++) {
        double v = number(s, even_row(i, sample, rows));
        if (!isnan(v))
            kept[count++] = v;
    }
    out.mean = out.count ? sum / (double)out.count : 0;
    set_quarters(&out, kept, count);
    arena_release(&scratch);
    return out;
}

// --- histograms

// 1, 2 or 5 times a power of ten, not below `least`.
static double round_width(double least)
{
    double unit = 1;
    while (unit > least && unit > 1e-300)
        unit /= 10;
    while (unit * 10 <= least && unit < 1e300)
        unit *= 10;
    return least <= unit ? unit : least <= 2 * unit ? 2 * unit : least <= 5 * unit ? 5 * unit : 10 * unit;
}

// Twice the middle half's width by the cube root of the count (Freedman & Diaconis 1981): a long tail makes no wide bins.
static struct histogram even_bins(struct arena *a, const struct spread *s)
{
    double middle = 2 * (s->quarters[2] - s->quarters[0]) / cbrt((double)s->count), range = s->most - s->least;
    double width = middle > 0 ? MAX(middle, range / BINS_MAX) : range / BINS;
    width = round_width(MAX(width, MAX(fmax(fabs(s->least), fabs(s->most)) * 1e-5, 1e-9)));       // edges differ in the six digits that are shown
    double start = floor(s->least / width);
    struct histogram h = { .len = (size_t)(floor(s->most / width) - start) + 1 };
    h.edges = NEW_ARRAY(a, double, h.len + 1);
    for (size_t i = 0; i <= h.len; i++)
        h.edges[i] = (start + (double)i) * width;
    return h;
}

// Each edge about a fifth over the last: lengths are shown on a logarithmic axis. Whole numbers all the way, the same on every machine.
static struct histogram length_bins(struct arena *a, const struct spread *s)
{
    struct histogram h = { .edges = NEW_ARRAY(a, double, LENGTH_BINS_MAX + 1) };
    int64_t edge = MAX((int64_t)s->least, 1);
    h.edges[0] = (double)edge;
    while (h.len < LENGTH_BINS_MAX && h.edges[h.len] <= s->most) {
        edge = MAX(edge + 1, edge * 19 / 16);
        h.edges[++h.len] = (double)edge;
    }
    return h;
}

static void count_into(struct arena *a, struct histogram *h, const struct vector_stats *s, int64_t rows, number_fn *number)
{
    h->counts = NEW_ARRAY(a, int64_t, h->len + 1);
    for (int64_t i = 0; i < rows && h->len; i++) {
        double v = number(s, i);
        if (isnan(v))
            continue;
        size_t low = 0, high = h->len;                  // edges[low] <= v < edges[high], or at an end
        while (high - low > 1) {
            size_t middle = (low + high) / 2;
            if (v < h->edges[middle])
                high = middle;
            else
                low = middle;
        }
        h->counts[low]++;
    }
}

// --- identical sequences

struct digest_row {
    uint64_t prefix;
    uint32_t row;
};

static int by_digest(const void *x, const void *y, void *arg)
{
    const struct digest_row *a = x, *b = y;
    const uint8_t *digests = arg;
    if (a->prefix != b->prefix)
        return a->prefix < b->prefix ? -1 : 1;
    return memcmp(digests + (size_t)a->row * 32, digests + (size_t)b->row * 32, 32);
}

static bool is_known(const uint8_t *digest)
{
    static const uint8_t zeros[32];
    return memcmp(digest, zeros, sizeof zeros) != 0;
}

// -1 where one of them is not known.
static int64_t count_distinct(const struct vector_index *x)
{
    struct digest_row *rows = xmalloc((size_t)x->count * sizeof *rows + 1);
    int64_t distinct = x->count > 0;
    for (int64_t i = 0; i < x->count; i++) {
        const uint8_t *digest = x->digests + i * 32;
        rows[i].row = (uint32_t)i;
        memcpy(&rows[i].prefix, digest, sizeof rows[i].prefix);
        if (!is_known(digest)) {
            free(rows);
            return -1;
        }
    }
    if (x->count)
        qsort_r(rows, (size_t)x->count, sizeof *rows, by_digest, (void *)x->digests);
    for (int64_t i = 1; i < x->count; i++)
        distinct += by_digest(&rows[i - 1], &rows[i], (void *)x->digests) != 0;
    free(rows);
    return distinct;
}

// --- lengths, norms

static double length_of(const struct vector_stats *s, int64_t row)
{
    int64_t length = s->index->lengths[row];
    return length < 0 ? (double)NAN : (double)length;
}

static double norm_of(const struct vector_stats *s, int64_t row) { return (double)s->index->norms[row]; }

static bool count_rows(struct arena *a, struct vector_stats *s, struct err *err)
{
    const struct vector_index *x = s->index;
    for (int64_t i = 0; i < x->count; i++) {
        if (!isfinite(x->norms[i]) || x->norms[i] < 0 || x->lengths[i] > LENGTH_MAX)
            return err_set(err, ERR_DAMAGED, STR_FMT ": the %s of vector %lld cannot be right", STR_ARG(x->dir),
                           x->lengths[i] > LENGTH_MAX ? "length" : "norm", (long long)i);
        s->residues += MAX(x->lengths[i], 0);
        s->zero += x->norms[i] == 0;
    }
    s->lengths = spread_of(s, x->count, length_of);
    s->norms = spread_of(s, x->count, norm_of);
    if (s->lengths.count)
        s->length_bins = length_bins(a, &s->lengths);
    if (s->norms.count)
        s->norm_bins = even_bins(a, &s->norms);
    count_into(a, &s->length_bins, s, x->count, length_of);
    count_into(a, &s->norm_bins, s, x->count, norm_of);
    s->distinct = count_distinct(x);
    return true;
}

// --- neighbours

static double distance_of(enum metric m, double nearness)
{
    return m == METRIC_COSINE ? MAX(1 - nearness, 0) : metric_score(m, nearness);
}

const char *stats_distance_name(enum metric m)
{
    static const char *const names[] = { [METRIC_COSINE] = "cosine distance", [METRIC_DOT] = "dot product", [METRIC_L2] = "Euclidean distance" };
    return names[m];
}

struct asked {                          // vectors whose neighbours are wanted
    int64_t *rows;                      // -1: not in the index
    float *vectors;
    size_t count, each;                 // neighbours wanted of each
    struct found *found;                // count × each
    size_t *found_count;
    bool is_exact;
};

static struct asked ask_rows(struct arena *a, const struct vector_index *x, int64_t count)
{
    struct asked q = { .rows = NEW_ARRAY(a, int64_t, (size_t)count + 1), .count = (size_t)count };
    q.vectors = NEW_ARRAY(a, float, q.count * (size_t)x->dims + 1);
    for (int64_t i = 0; i < count; i++) {
        q.rows[i] = even_row(i, count, x->count);
        memcpy(q.vectors + i * x->dims, vector_index_row(x, q.rows[i]), (size_t)x->dims * sizeof *q.vectors);
    }
    return q;
}

static struct asked ask_queries(struct arena *a, const struct queries *given)
{
    struct asked q = { .rows = NEW_ARRAY(a, int64_t, given->count + 1), .vectors = given->vectors, .count = given->count };
    for (size_t i = 0; i < q.count; i++)
        q.rows[i] = -1;
    return q;
}

// Searches for one more than is wanted, and leaves the vector itself out.
static bool find_neighbours(struct arena *a, const struct vector_index *x, struct asked *q, size_t each, int threads, struct err *err)
{
    struct search_options o = { .k = each + 1, .threads = threads };
    struct searcher *s = searcher_new(x, &o, err);
    if (s == NULL)
        return false;
    size_t got = searcher_each(s);
    struct found *all = NEW_ARRAY(a, struct found, q->count * got + 1);
    q->each = each, q->is_exact = searcher_is_exact(s);
    q->found = NEW_ARRAY(a, struct found, q->count * each + 1);
    q->found_count = NEW_ARRAY(a, size_t, q->count + 1);
    for (size_t i = 0; i < q->count; i++)
        if (!vector_is_finite(q->vectors + i * (size_t)x->dims, (size_t)x->dims)) {
            searcher_free(s);
            return err_set(err, ERR_DAMAGED, STR_FMT ": a vector holds a number that is not finite", STR_ARG(x->dir));
        }
    bool ok = searcher_run(s, q->vectors, q->count, all, err);
    for (size_t i = 0; i < q->count && ok; i++)
        for (size_t k = 0; k < got && q->found_count[i] < each; k++)
            if (all[i * got + k].row != q->rows[i])
                q->found[i * each + q->found_count[i]++] = all[i * got + k];
    searcher_free(s);
    return ok;
}

struct nearest_stats {                  // spread_of() and count_into() see it as the stats that it begins with
    struct vector_stats base;
    const struct asked *asked;
};

static double nearest_of(const struct vector_stats *s, int64_t i)
{
    const struct asked *q = ((const struct nearest_stats *)s)->asked;
    return q->found_count[i] ? distance_of(s->index->metric, q->found[(size_t)i * q->each].nearness) : (double)NAN;
}

static bool count_nearest(struct arena *a, struct vector_stats *s, int threads, struct err *err)
{
    int64_t count = MIN(s->index->count, STATS_NEAREST_ROWS);
    struct asked q = ask_rows(a, s->index, count);
    if (!find_neighbours(a, s->index, &q, 1, threads, err))
        return false;
    struct nearest_stats n = { .base = *s, .asked = &q };
    s->nearest_is_exact = q.is_exact;
    s->nearest = spread_of(&n.base, count, nearest_of);
    if (s->nearest.count)
        s->nearest_bins = even_bins(a, &s->nearest);
    count_into(a, &s->nearest_bins, &n.base, count, nearest_of);
    return true;
}

static bool ask_probes(struct arena *a, struct vector_stats *s, const struct stats_options *o, struct err *err)
{
    const struct vector_index *x = s->index;
    if (o->probes && o->probes->count > STATS_PROBES_MAX)
        return err_set(err, ERR_LIMIT, "%zu probes: at most %d are shown; 'petri index search' takes any number", o->probes->count, STATS_PROBES_MAX);
    struct asked q = o->probes ? ask_queries(a, o->probes) : ask_rows(a, x, MIN(x->count, STATS_PROBES));
    if (!find_neighbours(a, x, &q, o->neighbours, o->threads, err))
        return false;
    s->probe_count = q.count;
    s->probes = NEW_ARRAY(a, struct probe, q.count + 1);
    for (size_t i = 0; i < q.count; i++) {
        struct probe *p = &s->probes[i];
        *p = (struct probe){ .row = q.rows[i], .vector = q.vectors + i * (size_t)x->dims, .count = q.found_count[i], .found = q.found + i * q.each };
        if (o->probes)
            p->id = o->probes->ids[i];
        else if (!vector_index_id(x, p->row, &p->id, err))
            return false;
    }
    return true;
}

bool vector_stats(struct arena *a, const struct vector_index *x, const struct stats_options *o, struct vector_stats *out, struct err *err)
{
    *out = (struct vector_stats){ .index = x, .embeddings = value_null };
    if (o->neighbours < 1 || o->neighbours > STATS_NEIGHBOURS_MAX)
        return err_set(err, ERR_INVALID, "expected 1 to %d neighbours", STATS_NEIGHBOURS_MAX);
    return count_rows(a, out, err) && pca_find(a, x, o->threads, &out->pca, err) && count_nearest(a, out, o->threads, err)
        && ask_probes(a, out, o, err);
}
