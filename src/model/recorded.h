// SPDX-License-Identifier: Apache-2.0
#pragma once
// Outputs of published models, recorded with the implementation of their authors on another machine: some numbers of each, enough to tell whether a
// download is complete and computed right. Taken from the test data of FastPLMs (github.com/Synthyra/FastPLMs, tests/goldens, Apache-2.0), which ran
// fair-esm 2.0.1 in bfloat16 on PyTorch 2.13: they agree with exact arithmetic to two digits or three.
#include "base/base.h"

enum { RECORDED_SEQUENCES = 3, RECORDED_LENGTH = 63, RECORDED_PLACES = 4, RECORDED_WIDTH = 24 };

struct recorded_model {
    const char *name;                   // of the configuration: "esm2_t6_8M"
    const char *sha256;                 // of its model.safetensors; NULL: in shards
    // The hidden state and the logits of token `recorded_places[i]` of each sequence: the first RECORDED_WIDTH numbers.
    float hidden[RECORDED_SEQUENCES][RECORDED_PLACES][RECORDED_WIDTH];
    float logits[RECORDED_SEQUENCES][RECORDED_PLACES][RECORDED_WIDTH];
};
extern const int recorded_places[RECORDED_PLACES];
extern const int32_t recorded_tokens[RECORDED_SEQUENCES][RECORDED_LENGTH];     // -1 behind the end of a shorter one
extern const struct recorded_model recorded_models[];
extern const size_t recorded_model_count;
