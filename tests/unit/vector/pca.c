// SPDX-License-Identifier: Apache-2.0
// Principal components against a covariance matrix that is made in full and iterated upon; and where there are none.
#include "vector/pca.h"

#include <math.h>

#include "base/arena.h"
#include "unit/test.h"

struct cloud {
    struct arena arena;
    struct vector_index index;
    float *vectors, *norms;
};

static void cloud_init(struct cloud *c, int64_t count, int64_t dims, enum metric metric)
{
    *c = (struct cloud){ 0 };
    c->vectors = NEW_ARRAY(&c->arena, float, (size_t)((count + 1) * dims));
    c->norms = NEW_ARRAY(&c->arena, float, (size_t)count + 1);
    c->index = (struct vector_index){ .count = count, .dims = dims, .metric = metric, .vectors = c->vectors, .norms = c->norms, .dir = STR("test") };
}

static void set_norms(struct cloud *c)
{
    for (int64_t i = 0; i < c->index.count; i++)
        c->norms[i] = (float)metric_norm(c->vectors + i * c->index.dims, (size_t)c->index.dims);
}

// A long cloud far from the origin: dimension k is a 1 / (k + 1) as wide as the first, and each mixed with the next.
static void fill(struct cloud *c)
{
    uint32_t state = 12345;
    for (int64_t i = 0; i < c->index.count * c->index.dims; i++) {
        state = state * 1664525 + 1013904223;
        int64_t k = i % c->index.dims;
        c->vectors[i] = (float)((double)state / 0x1p32 - 0.5) / (float)(k + 1) + 3.0f + (k ? 0.4f * c->vectors[i - 1] : 0);
    }
    set_norms(c);
}

// The two greatest eigenvalues and vectors of the covariance matrix, by the power method.
static void iterate(struct cloud *c, double *variance, double *axes)
{
    int64_t n = c->index.count, d = c->index.dims;
    double *mean = NEW_ARRAY(&c->arena, double, (size_t)d), *m = NEW_ARRAY(&c->arena, double, (size_t)(d * d)), *w = NEW_ARRAY(&c->arena, double, (size_t)d);
    for (int64_t i = 0; i < n * d; i++)
        mean[i % d] += (double)c->vectors[i] / (double)n;
    for (int64_t i = 0; i < n; i++)
        for (int64_t x = 0; x < d; x++)
            for (int64_t y = 0; y < d; y++)
                m[x * d + y] += ((double)c->vectors[i * d + x] - mean[x]) * ((double)c->vectors[i * d + y] - mean[y]) / (double)(n - 1);
    for (int which = 0; which < 2; which++) {
        double *v = axes + which * d, length = 0;
        for (int64_t k = 0; k < d; k++)
            v[k] = 1 + (double)k;
        for (int step = 0; step < 3000; step++) {
            length = 0;
            for (int64_t x = 0; x < d; x++) {
                w[x] = 0;
                for (int64_t y = 0; y < d; y++)
                    w[x] += m[x * d + y] * v[y];
                length += w[x] * w[x];
            }
            length = sqrt(length);
            for (int64_t x = 0; x < d; x++)
                v[x] = w[x] / length;
        }
        variance[which] = length;
        for (int64_t x = 0; x < d; x++)
            for (int64_t y = 0; y < d; y++)
                m[x * d + y] -= length * v[x] * v[y];
    }
}

static double product(const double *x, const double *y, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += x[i] * y[i];
    return sum;
}

TEST(components_are_those_of_the_covariance_matrix_made_in_full)
{
    enum { ROWS = 700, DIMS = 130 };                    // two blocks of rows, more dimensions than the first steps look at
    struct cloud c;
    struct pca p;
    struct err err;
    double variance[2], axes[2 * DIMS];
    cloud_init(&c, ROWS, DIMS, METRIC_L2);
    fill(&c);
    iterate(&c, variance, axes);
    EXPECT_OK(pca_find(&c.arena, &c.index, 2, &p, &err), err);
    EXPECT_INT(p.components, 2);
    for (int i = 0; i < 2; i++) {
        EXPECT(fabs(p.variance[i] - variance[i]) < 1e-8 * variance[0]);
        EXPECT(fabs(fabs(product(p.axes[i], axes + i * DIMS, DIMS)) - 1) < 1e-8);
        EXPECT(fabs(product(p.axes[i], p.axes[i], DIMS) - 1) < 1e-12);
    }
    EXPECT(fabs(product(p.axes[0], p.axes[1], DIMS)) < 1e-12 && p.residual <= 1e-9 && p.total > variance[0] + variance[1]);
    arena_release(&c.arena);
}

TEST(components_have_the_same_bits_with_any_number_of_threads_and_a_sign_of_their_own)
{
    struct cloud c;
    struct pca one, three;
    struct err err;
    cloud_init(&c, 3000, 40, METRIC_COSINE);
    fill(&c);
    EXPECT_OK(pca_find(&c.arena, &c.index, 1, &one, &err), err);
    EXPECT_OK(pca_find(&c.arena, &c.index, 3, &three, &err), err);
    for (int i = 0; i < 2; i++) {
        EXPECT(memcmp(one.axes[i], three.axes[i], 40 * sizeof(double)) == 0);
        double most = 0;
        for (int k = 0; k < 40; k++)
            most = fabs(one.axes[i][k]) > fabs(most) ? one.axes[i][k] : most;
        EXPECT(most > 0);
    }
    arena_release(&c.arena);
}

TEST(with_cosine_the_lengths_of_vectors_do_not_count_and_places_are_those_of_unit_vectors)
{
    struct cloud c;
    struct pca p, longer;
    struct err err;
    double at[2], at_longer[2];
    cloud_init(&c, 50, 7, METRIC_COSINE);
    fill(&c);
    EXPECT_OK(pca_find(&c.arena, &c.index, 1, &p, &err), err);
    pca_place(&p, METRIC_COSINE, c.vectors, c.norms[0], at);
    for (int i = 0; i < 50 * 7; i++)
        c.vectors[i] *= i < 7 ? 4 : 2;
    set_norms(&c);
    EXPECT_OK(pca_find(&c.arena, &c.index, 1, &longer, &err), err);
    pca_place(&longer, METRIC_COSINE, c.vectors, c.norms[0], at_longer);
    EXPECT(fabs(p.variance[0] - longer.variance[0]) < 1e-9 && fabs(at[0] - at_longer[0]) < 1e-6 && fabs(at[1] - at_longer[1]) < 1e-6);
    arena_release(&c.arena);
}

TEST(equal_variances_give_two_components_at_right_angles)
{
    struct cloud c;
    struct pca p;
    struct err err;
    cloud_init(&c, 4, 5, METRIC_L2);
    c.vectors[0 * 5 + 1] = 1, c.vectors[1 * 5 + 1] = -1, c.vectors[2 * 5 + 3] = 1, c.vectors[3 * 5 + 3] = -1;
    set_norms(&c);
    EXPECT_OK(pca_find(&c.arena, &c.index, 1, &p, &err), err);
    EXPECT_INT(p.components, 2);
    EXPECT(fabs(p.variance[0] - 2.0 / 3) < 1e-12 && fabs(p.variance[1] - 2.0 / 3) < 1e-12 && fabs(product(p.axes[0], p.axes[1], 5)) < 1e-12);
    EXPECT(fabs(p.axes[0][0]) + fabs(p.axes[0][2]) + fabs(p.axes[0][4]) < 1e-12);
    arena_release(&c.arena);
}

TEST(vectors_on_a_line_have_one_component_and_equal_single_or_no_vectors_have_none)
{
    static const struct { int64_t rows; float step; int components; } cases[] = { { 6, 0.5f, 1 }, { 6, 0, 0 }, { 1, 1, 0 }, { 0, 1, 0 } };
    for (size_t k = 0; k < LEN(cases); k++) {
        struct cloud c;
        struct pca p;
        struct err err;
        double at[2];
        cloud_init(&c, cases[k].rows, 3, METRIC_DOT);
        for (int64_t i = 0; i < cases[k].rows * 3; i++)
            c.vectors[i] = 1 + (float)(i / 3) * cases[k].step;
        set_norms(&c);
        EXPECT_OK(pca_find(&c.arena, &c.index, 2, &p, &err), err);
        EXPECT_INT(p.components, cases[k].components);
        pca_place(&p, METRIC_DOT, c.vectors, 1, at);
        EXPECT(isfinite(at[0]) && at[1] == 0 && isfinite(p.total));
        arena_release(&c.arena);
    }
}

TEST(a_number_that_is_not_finite_is_named_by_its_row)
{
    struct cloud c;
    struct pca p;
    struct err err;
    cloud_init(&c, 20, 3, METRIC_L2);
    c.vectors[17 * 3 + 1] = NAN;
    EXPECT_ERR(pca_find(&c.arena, &c.index, 2, &p, &err), err, ERR_DAMAGED);
    EXPECT(str_find(str_of(err.text), STR("vector 17")) >= 0);
    arena_release(&c.arena);
}

TEST(rows_that_lie_evenly_are_in_order_within_range_and_all_of_them_where_that_many_are_asked_for)
{
    static const int64_t all[] = { 1, 7, 1000, (int64_t)1 << 40 };
    for (size_t k = 0; k < LEN(all); k++) {
        int64_t count = MIN(all[k], 500), last = -1;
        for (int64_t i = 0; i < count; i++) {
            int64_t row = even_row(i, count, all[k]);
            EXPECT(row > last && row < all[k]);
            last = row;
        }
        EXPECT_INT(even_row(count - 1, all[k], all[k]), count - 1);
    }
}
