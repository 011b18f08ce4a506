// SPDX-License-Identifier: Apache-2.0
#pragma once
// Models with random weights: for tests, for trying a pipeline before the real weights are there, and as the start of training.
#include "base/err.h"
#include "model/config.h"

// Writes config.json, vocab.txt and model.safetensors (float, Hugging Face's names) into `dir`, which is made; files that are there are never
// replaced (ERR_CONFLICT). The same configuration and seed give the same bytes on every machine. Matrices have the variance 1/inputs, so that
// signals neither vanish nor grow; rotary frequencies are rounded to half precision as those of the published ESM-2 models.
bool create_model(Str dir, const struct model_config *c, uint64_t seed, struct err *err) MUST_CHECK;
