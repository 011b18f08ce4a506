// SPDX-License-Identifier: Apache-2.0
#pragma once
// The forward pass of a transformer encoder over packed sequences: no padding between them, each attends to itself alone and counts its positions
// from its own beginning. ESM-2 and ESM-1b (norm first), BERT, RoBERTa and RoFormer (norm last).
//
// Activations are float, row-major, a row a token: `rows × stride`, the stride a multiple of 16 floats, what lies beyond the width zero.
// Promise: the rows of a sequence have the same bits whatever else is in the batch, in whatever order, with however many threads.
#include "base/err.h"
#include "model/checkpoint.h"

struct encoder;
struct team;

enum encoder_arithmetic { ARITHMETIC_FLOAT, ARITHMETIC_INT8 };
struct encoder_options {
    int threads;                        // 0: as many as the process may use
    enum encoder_arithmetic arithmetic; // INT8: the linear layers' products in 8 bits; attention, norms and sums stay float
    const char *kernels;                // NULL: the best of this processor; else their name ("plain"), for tests
};
// Packs the checkpoint's weights; it must outlive the encoder. NULL after a failure.
struct encoder *encoder_new(const struct checkpoint *c, const struct encoder_options *o, struct err *err);
void encoder_free(struct encoder *e);                   // NULL is fine
const char *encoder_kernels(const struct encoder *e);   // "avx512", "avx2" or "plain"
// Names what decides the bits of results besides the model, for the kernels that these options give: "fused32", "plain32", "fused-int8",
// "plain-int8".
const char *encoder_arithmetic_name(const struct encoder_options *o);
const struct model_config *encoder_config(const struct encoder *e);
size_t encoder_stride(const struct encoder *e);         // of the rows of the hidden states, in floats
// How many tokens a batch should hold for this model, so that the activations stay within a few hundred megabytes.
int64_t encoder_batch_tokens(const struct encoder *e);

struct batch {
    size_t count;                       // sequences
    const int64_t *starts;              // count + 1: sequence i is tokens[starts[i]] … tokens[starts[i + 1] - 1]
    const int32_t *tokens;              // ids with cls and eos, each under the vocabulary's size
};
// The hidden states after `layer` layers (0: the embeddings; layers: the last ones, with the final norm where the model has one). They
// stay valid until the next call. A sequence must not be longer than config_longest(). One call at a time.
const float *encoder_run(struct encoder *e, const struct batch *b, int layer);

// Heads, over hidden states of the last layer: rows first … first+count of encoder_run()'s result. Which heads there are: checkpoint_has_head().
// Logits over the vocabulary: count × vocab floats.
void encoder_mlm(struct encoder *e, const float *hidden, size_t count, float *out);
// Logits of the sequence head for one sequence, from the row of its first token: labels floats.
void encoder_classify_sequence(struct encoder *e, const float *row, float *out);
void encoder_classify_tokens(struct encoder *e, const float *hidden, size_t count, float *out);        // count × labels

// Probabilities that residues i and j touch, for one sequence whose tokens begin with cls and end with eos: (length-2)² floats, symmetric.
// Takes a forward pass of its own. The checkpoint must have a contact head.
bool encoder_contacts(struct encoder *e, const int32_t *tokens, int64_t length, float *out, struct err *err) MUST_CHECK;
