// SPDX-License-Identifier: Apache-2.0
#pragma once
// Models with random weights for the tests of this folder, and their comparison with double precision.
#include "base/arena.h"
#include "model/encoder.h"

enum { MODEL_CHECK_MAX = 15 };

struct model {
    struct arena arena;
    struct checkpoint *checkpoint;
    struct encoder *encoder;
};

// A small configuration of this family: hidden 40 = 5 heads of 8, so that nothing is a multiple of the vectors.
struct model_config model_small(const char *like, enum model_head head);
// Random weights of seed 7 in a folder of the test's own. The test fails where that fails.
struct model model_make(const struct model_config *c, const struct encoder_options *o);
void model_end(struct model *m);
// n tokens that follow from the seed.
void model_tokens(int32_t *tokens, int64_t n, int vocab, uint32_t seed);
// Sequences of these lengths (at most MODEL_CHECK_MAX, in tokens) as one batch, against double precision after `layer` layers. The test fails where a
// relative error is over the limit; else the worst one is returned.
double model_check(struct model *m, const int64_t *lengths, size_t count, int layer, double limit);
