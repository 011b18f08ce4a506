// SPDX-License-Identifier: Apache-2.0
#pragma once
// Principal components of the vectors of an index (Pearson 1901, Hotelling 1933): the directions of greatest variance, the eigenvectors of the
// covariance matrix. They are found by the Lanczos method with full reorthogonalisation (Golub & Van Loan, Matrix Computations, 10.1), which
// asks for products with that matrix alone, in double precision, until the residual is below 1e-9 of the greatest eigenvalue. With cosine the vectors
// are brought to length 1 first: the map then shows what the metric sees.
//
// The same index gives the same bits, with any number of threads: sums are taken by blocks of rows, in order. The sign of a component
// is chosen so that its coordinate of greatest size is positive.
#include "base/err.h"
#include "vector/index.h"

struct arena;
enum { PCA_COMPONENTS = 2 };
#define PCA_ROWS_MAX ((int64_t)100000)  // of more rows, so many that lie evenly among them are looked at

struct pca {
    int64_t dims, rows;                 // rows that were looked at
    int components;                     // with a variance over 0; up to PCA_COMPONENTS
    double *center;                     // dims: the mean
    double *axes[PCA_COMPONENTS];       // dims each, of length 1, at right angles; zeros beyond `components`
    double variance[PCA_COMPONENTS], total;             // along each; of all dimensions
    double residual;                    // the greatest |C v - variance v| of the components, of the greatest variance
};
// In `a`. ERR_DAMAGED: a row holds a number that is not finite. No rows: no components.
bool pca_find(struct arena *a, const struct vector_index *x, int threads, struct pca *out, struct err *err) MUST_CHECK;
// Where a vector of `norm` lies on the map.
void pca_place(const struct pca *p, enum metric metric, const float *vector, float norm, double out[PCA_COMPONENTS]);
// Row `i` of `count` that lie evenly among `all`: each of them once where count is all.
static inline int64_t even_row(int64_t i, int64_t count, int64_t all)
{
    return count >= all ? i : (int64_t)((__int128)all * (2 * i + 1) / (2 * count));
}
