// SPDX-License-Identifier: Apache-2.0
#pragma once
// Is this model what it says, and does this machine compute it right? The fast forward pass against the double-precision one, and both
// against outputs
// that the published model gave elsewhere.
#include "base/err.h"
#include "value/value.h"

struct arena;

enum verify_state { VERIFY_PASSED, VERIFY_FAILED, VERIFY_SKIPPED };
enum { VERIFY_CHECKS_MAX = 16 };
struct verify_check {
    enum verify_state state;
    Str text;                           // a sentence with the numbers
    double error;                       // relative; NaN where nothing was measured
};
struct verify_report {
    bool passed;                        // nothing failed
    struct verify_check checks[VERIFY_CHECKS_MAX];
    size_t count;
    const char *kernels;                // that were tried: "avx512", "avx2" or "plain"
};
// `against`: a safetensors file with input_ids [n, T] and last_hidden_state [n, T, width] or logits [n, T, vocabulary], and attention_mask
// if there is padding (names may begin with "input__" and "output__"); empty: none. False: the model or the file can't be read.
bool verify_model(struct arena *a, Str dir, Str against, struct verify_report *out, struct err *err) MUST_CHECK;
Value verify_value(struct arena *a, const struct verify_report *r);

// ‖got - want‖ / ‖want‖ over n elements.
double verify_relative_error(const float *got, const double *want, size_t n);
