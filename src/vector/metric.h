// SPDX-License-Identifier: Apache-2.0
#pragma once
// How near two vectors are. Inside, nearer is greater for every metric ("nearness"); what is shown is the score people expect.
#include "base/str.h"

enum metric {
    METRIC_COSINE,                      // score: cosine of the angle; with a vector of zeros 0. Nearness: the score
    METRIC_DOT,                         // score and nearness: the dot product
    METRIC_L2,                          // score: Euclidean distance. Nearness: minus its square
};
const char *metric_name(enum metric m);                 // "cosine", "dot", "l2"
bool metric_find(Str name, enum metric *out);           // false: there is none of that name

// The nearness of two vectors, summed in double in a fixed order: the same bits on every machine. What is shown and what decides the final order.
double metric_nearness(enum metric m, const float *x, const float *y, size_t n);
double metric_score(enum metric m, double nearness);    // what is shown
double metric_norm(const float *x, size_t n);           // Euclidean, summed in double

// The search works with single precision: nearness of x and y = dot(x, y) · weight(x) · weight(y) · scale + offset(x) + offset(y), where weight and
// offset follow from the norm alone.
float metric_weight(enum metric m, float norm);         // cosine: 1 / norm, or 0; else 1
float metric_offset(enum metric m, float norm);         // l2: - norm²; else 0
float metric_scale(enum metric m);                      // l2: 2; else 1
