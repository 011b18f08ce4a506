// SPDX-License-Identifier: Apache-2.0
// Principal components by the Lanczos method. The covariance matrix itself is never made: it would be dims² numbers, and dims times the work.
#include "vector/pca.h"

#include <math.h>
#include <stdatomic.h>

#include "model/team.h"
#include "sys/machine.h"

enum { BLOCK = 512, STEPS_FIRST = 64, STEPS_MAX = 512, SWEEPS_MAX = 60 };
#define SMALL 1e-9                      // a residual that is good enough; a picture needs 1e-4
#define NOTHING 1e-13                   // what rounding leaves

struct lanczos {
    struct arena arena;
    const struct vector_index *index;
    struct team *team;
    struct pca *pca;
    const double *v;                    // what the matrix is multiplied with
    double shift;                       // its product with the mean
    double *partial, *sums;             // by block, and of all: dims sums and one more
    size_t blocks;
    double *basis[STEPS_MAX];           // orthonormal: the space that was looked at so far
    double alpha[STEPS_MAX], beta[STEPS_MAX];           // the matrix in that space, tridiagonal: beta[i] stands between i and i + 1
    int steps;
    double *values, *vectors;           // its eigenvalues, and eigenvectors by column
    uint64_t random;
    atomic_llong bad_row;
};

// --- sums over rows

static double dot_mixed(const float *x, const double *y, int64_t n)
{
    double lanes[4] = { 0 };
    int64_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (int k = 0; k < 4; k++)
            lanes[k] += (double)x[i + k] * y[i + k];
    for (; i < n; i++)
        lanes[0] += (double)x[i] * y[i];
    return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
}

static double dot(const double *x, const double *y, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += x[i] * y[i];
    return sum;
}

static void add_scaled(double *to, double factor, const double *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        to[i] += factor * x[i];
}

static double weight_of(enum metric metric, float norm) { return metric != METRIC_COSINE ? 1 : norm > 0 ? 1 / (double)norm : 0; }

// A block's share: with y the weighted rows, of sum y (y·v - shift) and sum (y·v - shift); without a v, of sum y and sum y·y.
static void add_block(void *arg, size_t item, int member UNUSED)
{
    struct lanczos *l = arg;
    const struct vector_index *x = l->index;
    int64_t dims = x->dims, end = MIN((int64_t)(item + 1) * BLOCK, l->pca->rows);
    double *sums = l->partial + item * (size_t)(dims + 1);
    memset(sums, 0, (size_t)(dims + 1) * sizeof *sums);
    for (int64_t i = (int64_t)item * BLOCK; i < end; i++) {
        int64_t row = even_row(i, l->pca->rows, x->count);
        const float *vector = vector_index_row(x, row);
        double weight = weight_of(x->metric, x->norms[row]), norm = metric_norm(vector, (size_t)dims) * weight, factor = 1;
        if (!isfinite(norm))
            atomic_store(&l->bad_row, (long long)row);
        if (l->v)
            factor = weight * dot_mixed(vector, l->v, dims) - l->shift;
        for (int64_t k = 0; k < dims; k++)
            sums[k] += factor * weight * (double)vector[k];
        sums[dims] += l->v ? factor : norm * norm;
    }
}

static void sum_rows(struct lanczos *l, const double *v)
{
    int64_t width = l->pca->dims + 1;
    l->v = v;
    l->shift = v ? dot(v, l->pca->center, l->pca->dims) : 0;
    team_run(l->team, l->blocks, add_block, l);
    memset(l->sums, 0, (size_t)width * sizeof *l->sums);
    for (size_t b = 0; b < l->blocks; b++)
        add_scaled(l->sums, 1, l->partial + b * (size_t)width, width);
}

// The covariance matrix times v.
static void multiply(struct lanczos *l, const double *v, double *out)
{
    int64_t dims = l->pca->dims;
    sum_rows(l, v);
    for (int64_t k = 0; k < dims; k++)
        out[k] = (l->sums[k] - l->sums[dims] * l->pca->center[k]) / (double)(l->pca->rows - 1);
}

// The mean and the variance of all dimensions together.
static void find_center(struct lanczos *l)
{
    struct pca *p = l->pca;
    sum_rows(l, NULL);
    for (int64_t k = 0; k < p->dims; k++)
        p->center[k] = l->sums[k] / (double)p->rows;
    double squares = l->sums[p->dims], center = (double)p->rows * dot(p->center, p->center, p->dims);
    bool is_nothing = p->rows < 2 || squares - center <= NOTHING * squares;
    p->total = is_nothing ? 0 : (squares - center) / (double)(p->rows - 1);
}

// --- the space

// What lies along the basis is taken out, twice: once leaves what rounding made of it (Parlett: "twice is enough"). Its length.
static double make_orthogonal(const struct lanczos *l, double *w)
{
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < l->steps; i++)
            add_scaled(w, -dot(w, l->basis[i], l->pca->dims), l->basis[i], l->pca->dims);
    return sqrt(dot(w, w, l->pca->dims));
}

static double next_random(uint64_t *state)              // splitmix64 (Steele, Lea & Flood 2014); -1 … 1
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return (double)(int64_t)(z ^ (z >> 31)) / 0x1p63;
}

// w becomes a vector at right angles to the basis; false: the basis fills all dimensions.
static bool begin_anew(struct lanczos *l, double *w)
{
    for (int64_t k = 0; k < l->pca->dims; k++)
        w[k] = next_random(&l->random);
    double before = sqrt(dot(w, w, l->pca->dims)), length = l->steps < l->pca->dims ? make_orthogonal(l, w) : 0;
    for (int64_t k = 0; k < l->pca->dims && length > NOTHING * before; k++)
        w[k] /= length;
    return length > NOTHING * before;
}

// One more vector of the basis; false: there is none. `w` is the last one's product, what is left of it the next one's direction.
static bool extend(struct lanczos *l, double *w)
{
    double *next = NEW_ARRAY(&l->arena, double, (size_t)l->pca->dims);
    double length = l->steps ? l->beta[l->steps - 1] : 0;
    memcpy(next, w, (size_t)l->pca->dims * sizeof *next);
    if (length > NOTHING * l->pca->total) {
        for (int64_t k = 0; k < l->pca->dims; k++)
            next[k] /= length;
    } else {
        if (l->steps)
            l->beta[l->steps - 1] = 0;
        if (!begin_anew(l, next))
            return false;
    }
    l->basis[l->steps] = next;
    multiply(l, next, w);
    l->alpha[l->steps] = dot(w, next, l->pca->dims);
    l->steps++;
    l->beta[l->steps - 1] = make_orthogonal(l, w);
    return true;
}

// --- the small matrix

// A rotation of the rows and columns p and q that makes [p][q] 0 (Golub & Van Loan, 8.5).
static void rotate(double *m, double *v, int n, int p, int q)
{
    double theta = (m[q * n + q] - m[p * n + p]) / (2 * m[p * n + q]);
    double t = (theta < 0 ? -1 : 1) / (fabs(theta) + sqrt(theta * theta + 1)), c = 1 / sqrt(t * t + 1), s = t * c;
    for (int i = 0; i < n; i++) {
        double x = m[i * n + p], y = m[i * n + q];
        m[i * n + p] = c * x - s * y, m[i * n + q] = s * x + c * y;
    }
    for (int i = 0; i < n; i++) {
        double x = m[p * n + i], y = m[q * n + i];
        m[p * n + i] = c * x - s * y, m[q * n + i] = s * x + c * y;
        x = v[p * n + i], y = v[q * n + i];
        v[p * n + i] = c * x - s * y, v[q * n + i] = s * x + c * y;
    }
}

// Eigenvalues and eigenvectors (a row each) of the tridiagonal matrix by Jacobi's rotations.
static void solve_small(struct lanczos *l)
{
    int n = l->steps;
    double *m = NEW_ARRAY(&l->arena, double, (size_t)n * (size_t)n), *v = NEW_ARRAY(&l->arena, double, (size_t)n * (size_t)n);
    for (int i = 0; i < n; i++) {
        m[i * n + i] = l->alpha[i], v[i * n + i] = 1;
        if (i + 1 < n)
            m[i * n + i + 1] = m[(i + 1) * n + i] = l->beta[i];
    }
    bool is_done = false;
    for (int sweep = 0; sweep < SWEEPS_MAX && !is_done; sweep++) {
        is_done = true;
        for (int p = 0; p < n; p++)
            for (int q = p + 1; q < n; q++)
                if (fabs(m[p * n + q]) > 1e-15 * l->pca->total) {
                    rotate(m, v, n, p, q);
                    is_done = false;
                }
    }
    l->values = NEW_ARRAY(&l->arena, double, (size_t)n);
    for (int i = 0; i < n; i++)
        l->values[i] = m[i * n + i];
    l->vectors = v;
}

static int greatest(const struct lanczos *l, int but)
{
    int best = -1;
    for (int i = 0; i < l->steps; i++)
        if (i != but && (best < 0 || l->values[i] > l->values[best]))
            best = i;
    return best;
}

// The components as far as they are known now; true: they are good enough.
static bool find_components(struct lanczos *l)
{
    struct pca *p = l->pca;
    int chosen[PCA_COMPONENTS];
    solve_small(l);
    p->components = 0, p->residual = 0;
    for (int i = 0; i < PCA_COMPONENTS; i++) {
        chosen[i] = greatest(l, i ? chosen[0] : -1);
        if (chosen[i] < 0 || l->values[chosen[i]] <= NOTHING * p->total)
            break;
        p->variance[i] = l->values[chosen[i]];
        p->residual = MAX(p->residual, fabs(l->beta[l->steps - 1] * l->vectors[chosen[i] * l->steps + l->steps - 1]) / p->variance[0]);
        memset(p->axes[i], 0, (size_t)p->dims * sizeof *p->axes[i]);
        for (int k = 0; k < l->steps; k++)
            add_scaled(p->axes[i], l->vectors[chosen[i] * l->steps + k], l->basis[k], p->dims);
        p->components++;
    }
    return p->residual <= SMALL;
}

static void fix_signs(struct pca *p)
{
    for (int i = 0; i < p->components; i++) {
        int64_t at = 0;
        for (int64_t k = 1; k < p->dims; k++)
            at = fabs(p->axes[i][k]) > fabs(p->axes[i][at]) ? k : at;
        double scale = (p->axes[i][at] < 0 ? -1 : 1) / sqrt(dot(p->axes[i], p->axes[i], p->dims));
        for (int64_t k = 0; k < p->dims; k++)
            p->axes[i][k] *= scale;
    }
}

static void run(struct lanczos *l)
{
    double *w = NEW_ARRAY(&l->arena, double, (size_t)l->pca->dims);
    int most = (int)MIN(l->pca->dims, STEPS_MAX), check = MIN(STEPS_FIRST, most);
    bool is_done = false;
    while (!is_done) {
        bool is_full = l->steps == most || !extend(l, w);
        if (!is_full && l->steps < check)
            continue;
        is_done = find_components(l) || is_full;
        check = MIN(check * 2, most);
    }
    fix_signs(l->pca);
}

bool pca_find(struct arena *a, const struct vector_index *x, int threads, struct pca *out, struct err *err)
{
    struct lanczos *l = NEW(a, struct lanczos);
    *out = (struct pca){ .dims = x->dims, .rows = MIN(x->count, PCA_ROWS_MAX), .center = NEW_ARRAY(a, double, (size_t)x->dims + 1) };
    for (int i = 0; i < PCA_COMPONENTS; i++)
        out->axes[i] = NEW_ARRAY(a, double, (size_t)x->dims + 1);
    if (x->count == 0)
        return true;
    *l = (struct lanczos){ .index = x, .pca = out, .blocks = (size_t)((out->rows + BLOCK - 1) / BLOCK), .bad_row = -1, .random = 1 };
    l->partial = NEW_ARRAY(&l->arena, double, l->blocks * (size_t)(x->dims + 1));
    l->sums = NEW_ARRAY(&l->arena, double, (size_t)x->dims + 1);
    l->team = team_new(threads > 0 ? threads : machine_cores());
    find_center(l);
    if (atomic_load(&l->bad_row) < 0 && out->total > 0)
        run(l);
    team_free(l->team);
    long long bad = atomic_load(&l->bad_row);
    arena_release(&l->arena);
    return bad < 0 || err_set(err, ERR_DAMAGED, STR_FMT ": vector %lld holds a number that is not finite", STR_ARG(x->dir), bad);
}

void pca_place(const struct pca *p, enum metric metric, const float *vector, float norm, double out[PCA_COMPONENTS])
{
    double weight = weight_of(metric, norm);
    for (int i = 0; i < PCA_COMPONENTS; i++)
        out[i] = weight * dot_mixed(vector, p->axes[i], p->dims) - dot(p->axes[i], p->center, p->dims);
}
