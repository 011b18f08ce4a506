// SPDX-License-Identifier: Apache-2.0
// Searching: every way against a plain loop in double, with each processor's kernels; graphs that do not depend on threads.
#include <math.h>

#include "base/arena.h"
#include "model/kernels.h"
#include "model/team.h"
#include "unit/test.h"
#include "vector/exact.h"
#include "vector/graph.h"
#include "vector/graph_codes.h"
#include "vector/sample.h"
#include "vector/scan.h"
#include "vector/search.h"
#include "vector/top.h"

static float *numbers(struct arena *a, size_t count, uint64_t seed)
{
    float *out = NEW_ARRAY(a, float, count + 16);
    for (size_t i = 0; i < count; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        out[i] = (float)((double)(seed >> 33) / (double)(1u << 31) * 2 - 1);
    }
    return out;
}

// An exact index in memory; row 3, if there is one, is zeros, and row 7 the same as row 5.
static struct vector_index index_of(struct arena *a, int64_t count, int64_t dims, enum metric metric)
{
    float *vectors = numbers(a, (size_t)(count * dims), 7), *norms = NEW_ARRAY(a, float, (size_t)count + 1);
    size_t row = (size_t)dims * sizeof *vectors;
    if (count > 3)
        memset(vectors + 3 * dims, 0, row);
    if (count > 7)
        memcpy(vectors + 7 * dims, vectors + 5 * dims, row);
    for (int64_t r = 0; r < count; r++)
        norms[r] = (float)metric_norm(vectors + r * dims, (size_t)dims);
    return (struct vector_index){ .dir = STR("memory"), .count = count, .dims = dims, .metric = metric, .vectors = vectors, .norms = norms };
}

static int nearest_first(const void *x, const void *y)
{
    const struct found *a = x, *b = y;
    return a->nearness > b->nearness ? -1 : a->nearness < b->nearness ? 1 : (a->row > b->row) - (a->row < b->row);
}

static struct found *all_in_order(struct arena *a, const struct vector_index *x, const float *query)
{
    struct found *all = NEW_ARRAY(a, struct found, (size_t)x->count + 1);
    for (int64_t r = 0; r < x->count; r++)
        all[r] = (struct found){ r, metric_nearness(x->metric, query, vector_index_row(x, r), (size_t)x->dims) };
    qsort(all, (size_t)x->count, sizeof *all, nearest_first);
    return all;
}

TEST(the_metrics_are_what_they_are_called)
{
    const float x[] = { 3, 4, 0, 0, 0, 0, 0, 0, 0 }, y[] = { 3, 0, 0, 0, 0, 0, 0, 0, 4 }, zero[9] = { 0 };
    EXPECT(metric_nearness(METRIC_DOT, x, y, 9) == 9);
    EXPECT(metric_nearness(METRIC_COSINE, x, y, 9) == 9.0 / 25);
    EXPECT(metric_score(METRIC_L2, metric_nearness(METRIC_L2, x, y, 9)) == sqrt(32));
    EXPECT(metric_nearness(METRIC_COSINE, x, zero, 9) == 0 && metric_nearness(METRIC_COSINE, zero, zero, 9) == 0);
    EXPECT(metric_nearness(METRIC_COSINE, x, x, 9) == 1);
    EXPECT(metric_norm(x, 9) == 5);
}

TEST(the_best_of_many_are_the_same_whatever_their_order_and_the_lower_row_wins_a_tie)
{
    struct near room[3], back[3];
    struct top t = { room, 0, 3 }, u = { back, 0, 3 };
    for (uint32_t i = 0; i < 50; i++) {
        top_offer(&t, (struct near){ (float)(i % 5), i });
        top_offer(&u, (struct near){ (float)((49 - i) % 5), 49 - i });
    }
    uint32_t rows[2] = { 0 };
    for (size_t i = 0; i < 3; i++)
        rows[0] += 1u << t.at[i].row, rows[1] += 1u << u.at[i].row;
    EXPECT_INT(rows[0], 1 << 4 | 1 << 9 | 1 << 14);
    EXPECT_INT(rows[1], rows[0]);
    EXPECT(t.at[0].row == 14 && u.at[0].row == 14);     // the farthest of them stands first
}

// Every query's rows and their order are those of a loop in double.
static void expect_exact(struct arena *a, const struct vector_index *x, const float *queries, size_t count, size_t k)
{
    static const char *const kernels[] = { "plain", "avx2", "avx512" };
    struct err err;
    for (size_t i = 0; i < LEN(kernels); i++) {
        if (!kernels_find(kernels[i]))
            continue;
        struct searcher *s = searcher_new(x, &(struct search_options){ .k = k, .threads = 2, .kernels = kernels[i] }, &err);
        size_t each = searcher_each(s);
        struct found *found = NEW_ARRAY(a, struct found, count * each);
        EXPECT_INT(each, MIN((int64_t)k, x->count));
        EXPECT_OK(searcher_run(s, queries, count, found, &err), err);
        for (size_t q = 0; q < count; q++) {
            const struct found *want = all_in_order(a, x, queries + q * (size_t)x->dims);
            for (size_t n = 0; n < each; n++) {
                EXPECT_INT(found[q * each + n].row, want[n].row);
                EXPECT(found[q * each + n].nearness == want[n].nearness);
            }
        }
        searcher_free(s);
    }
}

TEST(exact_search_finds_what_a_loop_in_double_finds_with_every_kernel_metric_and_width)
{
    static const int64_t sizes[][2] = { { 1, 1 }, { 2, 3 }, { 9, 16 }, { 225, 17 }, { 500, 48 }, { 460, 65 } };
    for (size_t i = 0; i < LEN(sizes); i++)
        for (int metric = METRIC_COSINE; metric <= METRIC_L2; metric++) {
            struct arena a = { 0 };
            struct vector_index x = index_of(&a, sizes[i][0], sizes[i][1], (enum metric)metric);
            float *queries = numbers(&a, (size_t)(70 * x.dims), 11);
            memcpy(queries, vector_index_row(&x, x.count - 1), (size_t)x.dims * sizeof *queries);
            expect_exact(&a, &x, queries, 70, 12);
            expect_exact(&a, &x, queries, 3, 12);
            arena_release(&a);
        }
}

// What all vectors have in common is a thousand times what tells them apart: single precision can't order them.
TEST(exact_search_is_exact_where_single_precision_is_not)
{
    for (int metric = METRIC_COSINE; metric <= METRIC_L2; metric++) {
        struct arena a = { 0 };
        struct vector_index x = index_of(&a, 900, 40, (enum metric)metric);
        float *vectors = (float *)(uintptr_t)x.vectors, *norms = (float *)(uintptr_t)x.norms, *queries = numbers(&a, 40 * 40, 5);
        for (size_t i = 0; i < 900 * 40; i++)
            vectors[i] += 1000;
        for (size_t i = 0; i < 40 * 40; i++)
            queries[i] += 1000;
        for (int64_t r = 0; r < 900; r++)
            norms[r] = (float)metric_norm(vectors + r * 40, 40);
        expect_exact(&a, &x, queries, 40, 10);
        arena_release(&a);
    }
}

TEST(exact_search_finds_the_nearest_of_very_short_and_very_long_vectors)
{
    static const float lengths[] = { 1e-17f, 1e16f };
    for (size_t i = 0; i < LEN(lengths); i++)
        for (int metric = METRIC_COSINE; metric <= METRIC_L2; metric++) {
            struct arena a = { 0 };
            struct vector_index x = index_of(&a, 300, 33, (enum metric)metric);
            float *vectors = (float *)(uintptr_t)x.vectors, *norms = (float *)(uintptr_t)x.norms;
            for (size_t v = 0; v < 300 * 33; v++)
                vectors[v] *= lengths[i];
            for (int64_t r = 0; r < 300; r++)
                norms[r] = (float)metric_norm(vectors + r * 33, 33);
            expect_exact(&a, &x, vectors + 50 * 33, 20, 7);
            arena_release(&a);
        }
}

TEST(many_identical_vectors_come_in_the_order_of_their_rows)
{
    struct arena a = { 0 };
    struct vector_index x = index_of(&a, 700, 24, METRIC_COSINE);
    for (int64_t r = 100; r < 600; r++)
        memcpy((float *)(uintptr_t)x.vectors + r * 24, x.vectors, 24 * sizeof(float)), ((float *)(uintptr_t)x.norms)[r] = x.norms[0];
    expect_exact(&a, &x, x.vectors, 2, 10);
    expect_exact(&a, &x, x.vectors, 40, 650);
    arena_release(&a);
}

TEST(exact_search_names_a_row_that_is_not_finite)
{
    struct arena a = { 0 };
    struct err err;
    struct vector_index x = index_of(&a, 300, 20, METRIC_DOT);
    struct found found[5];
    struct searcher *s = searcher_new(&x, &(struct search_options){ .k = 5, .threads = 2 }, &err);
    ((float *)(uintptr_t)x.vectors)[250 * 20 + 19] = NAN;
    float *query = numbers(&a, 20, 3);
    EXPECT_ERR(searcher_run(s, query, 1, found, &err), err, ERR_DAMAGED);
    EXPECT(str_find(str_of(err.text), STR("row 250")) >= 0);
    searcher_free(s);
    arena_release(&a);
}

TEST(products_of_codes_are_whole_numbers_that_no_kernel_cuts_off)
{
    enum { N = 112, ROWS = 9 };
    static const char *const kernels[] = { "plain", "avx2", "avx512" };
    static const uint32_t which[] = { 8, 0, 3, 3 };
    for (size_t k = 0; k < LEN(kernels); k++)
        for (size_t n = 16; n <= N && kernels_find(kernels[k]); n += 16) {
            uint8_t x[N];
            int8_t rows[ROWS * N];
            int32_t got[LEN(which)];
            for (size_t i = 0; i < N; i++)
                x[i] = i % 3 ? 255 : (uint8_t)(i * 37);
            for (size_t i = 0; i < ROWS * N; i++)
                rows[i] = (int8_t)(i / n == 3 ? -127 : i / n == 8 ? 127 : (int)(i * 91 % 255) - 127);
            scan_find(kernels[k])->code_dots(x, rows, which, LEN(which), n, got);
            for (size_t w = 0; w < LEN(which); w++) {
                int32_t want = 0;
                for (size_t i = 0; i < n; i++)
                    want += x[i] * rows[which[w] * n + i];
                EXPECT_INT(got[w], want);
            }
        }
}

TEST(numbers_that_are_finite_but_whose_products_are_not_give_an_error_and_no_made_up_rows)
{
    static const float norms_of[] = { 1, 1e-44f, NAN, INFINITY };
    int damaged = 0;
    for (size_t i = 0; i < LEN(norms_of); i++)
        for (int metric = METRIC_COSINE; metric <= METRIC_L2; metric++) {
            struct arena a = { 0 };
            struct err err;
            struct vector_index x = index_of(&a, 50, 20, (enum metric)metric);
            struct found found[5];
            struct searcher *s = searcher_new(&x, &(struct search_options){ .k = 5, .threads = 2 }, &err);
            float *query = numbers(&a, 20, 3);
            for (size_t v = 0; v < 50 * 20; v++)
                ((float *)(uintptr_t)x.vectors)[v] = v % 2 ? 3e38f : -3e38f;
            for (size_t v = 0; v < 20; v++)
                query[v] = v % 4 < 2 ? 1e17f : -1e17f;
            for (size_t r = 0; r < 50; r++)
                ((float *)(uintptr_t)x.norms)[r] = norms_of[i];
            bool is_found = searcher_run(s, query, 1, found, &err);         // some products are no numbers, some only too large
            EXPECT(is_found ? isfinite(found[0].nearness) : err.code == ERR_DAMAGED);
            damaged += !is_found;
            searcher_free(s);
            arena_release(&a);
        }
    EXPECT(damaged >= 3);
}

// --- graphs

static struct space space_of(const struct vector_index *x) { return (struct space){ kernels_best(), x->metric, x->vectors, x->norms, x->count, (size_t)x->dims }; }

static struct graph_growth *grow(const struct vector_index *x, const struct graph *old, int64_t old_rows, int m, struct team *team)
{
    struct err err;
    struct space space = space_of(x);
    struct graph_growth *g = graph_grow(&space, old, old_rows, &(struct graph_options){ m, 40, team, NULL, NULL });
    uint32_t *rows = xcalloc((size_t)x->count + 1, sizeof *rows);
    for (int64_t r = old_rows; r < x->count; r++)
        rows[r - old_rows] = (uint32_t)r;
    EXPECT_OK(graph_insert(g, rows, (size_t)(x->count - old_rows), &err), err);
    free(rows);
    return g;
}

static double recall_of(struct arena *a, const struct vector_index *x, const struct graph *g, size_t ef)
{
    struct space space = space_of(x);
    struct walk *w = walk_new(x->count, g->m, ef);
    float *queries = numbers(a, (size_t)(50 * x->dims), 23);
    size_t hits = 0;
    for (size_t q = 0; q < 50; q++) {
        const struct found *want = all_in_order(a, x, queries + q * (size_t)x->dims);
        struct point p = space_point(&space, queries + q * (size_t)x->dims);
        struct walked got = graph_search(g, &space, w, &p, 0, ef);
        EXPECT_INT(got.bad_row, -1);
        for (size_t n = 0; n < got.len && n < 10; n++)
            for (size_t i = 0; i < 10; i++)
                hits += got.at[n].row == want[i].row;
    }
    walk_free(w);
    return (double)hits / 500;
}

TEST(codes_say_nearly_how_near_two_rows_are)
{
    static const double allowed[] = { [METRIC_COSINE] = 0.02, [METRIC_DOT] = 0.3, [METRIC_L2] = 0.6 };      // of lengths of about 4
    for (int metric = METRIC_COSINE; metric <= METRIC_L2; metric++) {
        struct arena a = { 0 };
        struct vector_index x = index_of(&a, 300, 50, (enum metric)metric);
        struct space space = space_of(&x);
        struct team *team = team_new(2);
        struct space_codes *codes = space_codes_new(&space, team);
        struct point p = space_point(&space, vector_index_row(&x, 5));
        uint8_t code[64];
        uint32_t rows[300];
        float nearness[300];
        for (uint32_t r = 0; r < 300; r++)
            rows[r] = r;
        EXPECT_INT(space_codes_stride(codes), 64);
        space_codes_point(codes, 5, code, &p);
        space_codes_nearness(codes, &p, rows, 300, nearness);
        for (uint32_t r = 0; r < 300; r++) {
            double want = metric_nearness(x.metric, vector_index_row(&x, 5), vector_index_row(&x, r), 50);
            EXPECT(fabs((double)nearness[r] - want) < allowed[metric]);
        }
        EXPECT(nearness[5] == nearness[7]);             // identical rows
        space_codes_free(codes);
        team_free(team);
        arena_release(&a);
    }
}

TEST(a_graph_is_the_same_with_any_number_of_threads_and_leads_to_the_neighbours)
{
    for (int metric = METRIC_COSINE; metric <= METRIC_L2; metric++) {
        struct arena a = { 0 };
        struct vector_index x = index_of(&a, 1500, 12, (enum metric)metric);
        struct team *one = team_new(1), *three = team_new(3);
        struct graph_growth *g = grow(&x, NULL, 0, 6, one), *h = grow(&x, NULL, 0, 6, three);
        const struct graph *r = graph_grown(g), *s = graph_grown(h);
        EXPECT_INT(r->entry, s->entry);
        EXPECT_INT(r->upper_count, s->upper_count);
        EXPECT(memcmp(r->links, s->links, 1500 * 13 * sizeof *r->links) == 0);
        EXPECT(memcmp(r->upper, s->upper, (size_t)r->upper_count * 7 * sizeof *r->upper) == 0);
        EXPECT(recall_of(&a, &x, r, 120) > 0.97);
        graph_growth_free(g);
        graph_growth_free(h);
        team_free(one);
        team_free(three);
        arena_release(&a);
    }
}

TEST(vectors_of_8_and_of_16_lanes_grow_the_same_graph)
{
    struct arena a = { 0 };
    struct err err;
    struct vector_index x = index_of(&a, 900, 37, METRIC_COSINE);
    struct team *team = team_new(2);
    struct graph_growth *grown[2] = { NULL };
    static const char *const kernels[] = { "avx2", "avx512" };
    uint32_t rows[900];
    for (uint32_t r = 0; r < 900; r++)
        rows[r] = r;
    for (size_t i = 0; i < 2 && kernels_find(kernels[i]); i++) {
        struct space space = space_of(&x);
        space.kernels = kernels_find(kernels[i]);
        grown[i] = graph_grow(&space, NULL, 0, &(struct graph_options){ 6, 40, team, NULL, NULL });
        EXPECT_OK(graph_insert(grown[i], rows, 900, &err), err);
    }
    if (grown[0] && grown[1])
        EXPECT(memcmp(graph_grown(grown[0])->links, graph_grown(grown[1])->links, 900 * 13 * sizeof(uint32_t)) == 0);
    graph_growth_free(grown[0]);
    graph_growth_free(grown[1]);
    team_free(team);
    arena_release(&a);
}

TEST(a_graph_grows_from_an_older_one)
{
    struct arena a = { 0 };
    struct vector_index x = index_of(&a, 900, 10, METRIC_L2), part = x;
    struct team *team = team_new(2);
    part.count = 500;
    struct graph_growth *first = grow(&part, NULL, 0, 6, team), *second = grow(&x, graph_grown(first), 500, 6, team);
    EXPECT(recall_of(&a, &x, graph_grown(second), 120) > 0.97);
    graph_growth_free(first);
    graph_growth_free(second);
    team_free(team);
    arena_release(&a);
}

TEST(identical_vectors_do_not_cut_others_off)
{
    struct arena a = { 0 };
    struct vector_index x = index_of(&a, 1200, 8, METRIC_COSINE);
    for (int64_t r = 200; r < 900; r++)                 // 700 of one kind, far more than a row has links
        memcpy((float *)(uintptr_t)vector_index_row(&x, r), vector_index_row(&x, 0), 8 * sizeof(float)), ((float *)(uintptr_t)x.norms)[r] = x.norms[0];
    struct team *team = team_new(2);
    struct graph_growth *g = grow(&x, NULL, 0, 6, team);
    struct space space = space_of(&x);
    struct walk *w = walk_new(x.count, 6, 60);
    size_t found = 0;
    for (int64_t r = 900; r < 1200; r++) {              // the others find themselves
        struct point p = space_point(&space, vector_index_row(&x, r));
        struct walked got = graph_search(graph_grown(g), &space, w, &p, 0, 60);
        found += got.len > 0 && got.at[0].row == (uint32_t)r;
    }
    EXPECT(found >= 297);
    walk_free(w);
    graph_growth_free(g);
    team_free(team);
    arena_release(&a);
}

TEST(a_walk_through_links_that_lead_nowhere_stops_and_names_the_row)
{
    struct arena a = { 0 };
    struct vector_index x = index_of(&a, 300, 8, METRIC_DOT);
    struct team *team = team_new(1);
    struct graph_growth *g = grow(&x, NULL, 0, 4, team);
    struct graph graph = *graph_grown(g);
    struct space space = space_of(&x);
    struct walk *w = walk_new(300, 4, 30);
    struct point p = space_point(&space, x.vectors);
    uint32_t *links = (uint32_t *)(uintptr_t)graph.links;
    for (size_t r = 0; r < 300; r++)
        links[r * 9 + 1] = 300;
    EXPECT(graph_search(&graph, &space, w, &p, 0, 30).bad_row >= 0);
    for (size_t r = 0; r < 300; r++)
        links[r * 9] = 9;
    EXPECT(graph_search(&graph, &space, w, &p, 0, 30).bad_row >= 0);
    walk_free(w);
    graph_growth_free(g);
    team_free(team);
    arena_release(&a);
}

TEST(a_sample_is_even_and_its_truth_leaves_out_what_is_held_out)
{
    struct arena a = { 0 };
    struct err err;
    struct vector_index x = index_of(&a, 640, 9, METRIC_L2);
    struct team *team = team_new(2);
    struct sample s;
    sample_draw(&s, 100, 640, 50, true);
    EXPECT_INT(s.count, 50);
    for (size_t i = 0; i < s.count; i++)
        EXPECT(s.rows[i] >= 100 && s.rows[i] < 640 && sample_has(&s, s.rows[i]) && (i == 0 || s.rows[i] > s.rows[i - 1]));
    EXPECT(!sample_has(&s, 0) && !sample_has(&s, s.rows[0] + 1));
    EXPECT_OK(sample_measure(&s, &x, team, &err), err);
    const struct found *want = all_in_order(&a, &x, vector_index_row(&x, s.rows[4]));
    double tenth = 0;
    for (size_t i = 0, n = 0; n < 10; i++)
        if (!sample_has(&s, (uint32_t)want[i].row) && ++n == 10)
            tenth = want[i].nearness;
    EXPECT(s.floor[4] == tenth);
    EXPECT_INT(sample_hits(&s, &x, 4, &(struct near){ 0, s.rows[4] }, 1), 0);
    team_free(team);
    arena_release(&a);
}
