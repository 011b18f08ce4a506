// SPDX-License-Identifier: Apache-2.0
#pragma once
// The same forward pass in double precision, written as plainly as the formulas: what the fast one is measured against, operation by operation and
// as a whole. Slow: for tests and `petri model verify`. One sequence at a time, on one thread, nothing padded.
#include "model/checkpoint.h"

// In place over rows of n.
void reference_norm(double *x, size_t rows, size_t n, const struct tensor *weight, const struct tensor *bias, double eps);
double reference_gelu(double x);
void reference_softmax(double *x, size_t n);            // one row, in place

// Hidden states after `layer` layers: length × hidden doubles. `contacts` (may be NULL, then layer is the last): (length-2)² probabilities.
void reference_run(const struct checkpoint *c, const int32_t *tokens, int64_t length, int layer, double *out, double *contacts);
// Heads over hidden states of the last layer.
void reference_mlm(const struct checkpoint *c, const double *hidden, size_t rows, double *out);
void reference_classify(const struct checkpoint *c, const double *hidden, size_t rows, double *out);   // a sequence head takes row 0 alone
