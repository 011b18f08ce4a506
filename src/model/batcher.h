// SPDX-License-Identifier: Apache-2.0
#pragma once
// Sequences of any length through the encoder in batches of a token budget: cuts what is too long into windows, puts cls and eos around each piece,
// runs full batches, and gives back each sequence's rows, in the order they were added, windows put together again.
#include "model/encoder.h"

enum too_long { TOO_LONG_ERROR, TOO_LONG_TRUNCATE, TOO_LONG_WINDOWS };
struct length_policy {
    enum too_long what;
    int64_t longest;                    // tokens of a piece without cls and eos
    int64_t overlap;                    // of neighbouring windows; under `longest`
};
enum batcher_values { VALUES_HIDDEN, VALUES_LOGITS, VALUES_CLASSES };   // rows of hidden states, of vocabulary logits, of token class logits

struct batcher_rows {                   // one sequence
    const float *first;                 // the row of cls; the body follows, then eos, `stride` floats apart
    size_t stride, width;
    int64_t length;                     // of the body that was computed
};
// Called once for each sequence; the rows are valid until it returns.
typedef bool batcher_fn(void *arg, size_t index, const struct batcher_rows *rows, struct err *err);

struct batcher_options {
    struct encoder *encoder;
    const struct vocab *vocab;
    int layer;
    enum batcher_values values;
    int64_t budget;                     // tokens of a batch; 0: encoder_batch_tokens()
    struct length_policy policy;
    batcher_fn *fn;
    void *arg;
};
struct batcher;
// Never NULL.
struct batcher *batcher_new(const struct batcher_options *o);
// Adds a sequence's body; it is copied. Longer ones than `longest` are cut (TRUNCATE) or windowed; with ERROR they must not come here. May
// run a batch.
bool batcher_add(struct batcher *b, size_t index, const int32_t *body, int64_t length, struct err *err) MUST_CHECK;
bool batcher_flush(struct batcher *b, struct err *err) MUST_CHECK;
void batcher_free(struct batcher *b);                   // NULL is fine
int64_t batcher_tokens(const struct batcher *b);        // that went through the encoder so far, with cls and eos

// What a model takes: its own limit, or 1022 residues where it has none (as ESM-2 was trained).
int64_t length_longest(const struct model_config *c);
// How many windows cover a body of this length, and where window i begins.
int64_t window_count(const struct length_policy *p, int64_t length);
int64_t window_start(const struct length_policy *p, int64_t length, int64_t i);
