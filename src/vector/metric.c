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

double metric_nearness(enum metric m, const float *x, const float *y, size_t n)
{
    if (m == METRIC_DOT)
        return dot(x, y, n);
    if (m == METRIC_L2)
        return -squared_distance(x, y, n);
    double squares = dot(x, x, n) * dot(y, y, n);
    return squares > 0 ? dot(x, y, n) / sqrt(squares) : 0;
}

double metric_score(enum metric m, double nearness) { return m == METRIC_L2 ? sqrt(-nearness) : nearness; }

float metric_weight(enum metric m, float norm) { return m != METRIC_COSINE ? 1 : norm > 0 ? 1 / norm : 0; }

float metric_offset(enum metric m, float norm) { return m == METRIC_L2 ? -norm * norm : 0; }

float metric_scale(enum metric m) { return m == METRIC_L2 ? 2 : 1; }
