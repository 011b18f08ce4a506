// SPDX-License-Identifier: Apache-2.0
// Cosine, dot product, Euclidean distance.
#include "vector/metric.h"

#include <math.h>

enum { CHAINS = 8 };                    // sums that run beside each other

static const char *const names[] = { [METRIC_COSINE] = "cosine", [METRIC_DOT] = "dot", [METRIC_L2] = "l2" };

const char *metric_name(enum metric m) { return names[m]; }

bool metric_find(Str name, enum metric *out)
{
    for (size_t i = 0; i < LEN(names); i++)
        if (str_is(name, names[i])) {
            *out = (enum metric)i;
            return true;
        }
    return false;
}

static double join(const double sum[CHAINS])
{
    return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
}

static double dot(const float *x, const float *y, size_t n)
{
    double sum[CHAINS] = { 0 };
    size_t whole = n / CHAINS * CHAINS;
    for (size_t i = 0; i < whole; i += CHAINS)
        for (size_t c = 0; c < CHAINS; c++)
            sum[c] += (double)x[i + c] * (double)y[i + c];
    for (size_t i = whole; i < n; i++)
        sum[i - whole] += (double)x[i] * (double)y[i];
    return join(sum);
}

static double squared_distance(const float *x, const float *y, size_t n)
{
    double sum[CHAINS] = { 0 };
    size_t whole = n / CHAINS * CHAINS;
    for (size_t i = 0; i < whole; i += CHAINS)
        for (size_t c = 0; c < CHAINS; c++) {
            double d = (double)x[i + c] - (double)y[i + c];
            sum[c] += d * d;
        }
    for (size_t i = whole; i < n; i++) {
        double d = (double)x[i] - (double)y[i];
        sum[i - whole] += d * d;
    }
    return join(sum);
}

double metric_norm(const float *x, size_t n) { return sqrt(dot(x, x, n)); }

static double cosine(const float *x, const float *y, size_t n)
{
    enum { FEW = 4 };                   // three sums at once
    double xy[FEW] = { 0 }, xx[FEW] = { 0 }, yy[FEW] = { 0 };
    for (size_t i = 0; i < n; i += FEW)
        for (size_t c = 0; c < MIN((size_t)FEW, n - i); c++) {
            double a = (double)x[i + c], b = (double)y[i + c];
            xy[c] += a * b, xx[c] += a * a, yy[c] += b * b;
        }
    double squares = ((xx[0] + xx[2]) + (xx[1] + xx[3])) * ((yy[0] + yy[2]) + (yy[1] + yy[3]));
    return squares > 0 ? ((xy[0] + xy[2]) + (xy[1] + xy[3])) / sqrt(squares) : 0;
}

double metric_nearness(enum metric m, const float *x, const float *y, size_t n)
{
    return m == METRIC_COSINE ? cosine(x, y, n) : m == METRIC_DOT ? dot(x, y, n) : -squared_distance(x, y, n);
}

double metric_score(enum metric m, double nearness) { return m == METRIC_L2 ? sqrt(-nearness) : nearness; }

float metric_weight(enum metric m, float norm) { return m != METRIC_COSINE ? 1 : norm > 0 ? 1 / norm : 0; }

float metric_offset(enum metric m, float norm) { return m == METRIC_L2 ? -norm * norm : 0; }

float metric_scale(enum metric m) { return m == METRIC_L2 ? 2 : 1; }
