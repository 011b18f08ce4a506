// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a model is: its sizes and the switches in which the families differ. Read from config.json as Hugging Face writes it, or taken from the
// table of known sizes.
#include "base/err.h"

struct arena;

enum model_family { FAMILY_ESM, FAMILY_BERT, FAMILY_ROBERTA, FAMILY_ROFORMER };
enum model_positions {
    POSITIONS_LEARNED,                  // a table, added to the embeddings
    POSITIONS_ROTARY_HALF,              // q and k turned; dimension i with i + half (GPT-NeoX, ESM-2)
    POSITIONS_ROTARY_PAIRS,             // q and k turned; dimension 2i with 2i + 1 (RoFormer)
};
enum model_activation { ACTIVATION_GELU, ACTIVATION_GELU_TANH, ACTIVATION_RELU };
enum model_head { HEAD_NONE, HEAD_MLM, HEAD_SEQUENCE, HEAD_TOKEN };

struct model_config {
    enum model_family family;
    enum model_positions positions;
    enum model_activation activation;
    enum model_head head;               // what "architectures" says; the tensors decide what there is
    int hidden, layers, heads, ffn, vocab;
    int embedding;                      // width of the embedding table: RoFormer may have a narrower one; else `hidden`
    int max_positions;                  // rows of the position table; 0: no limit of the model's own
    int position_offset;                // learned positions count from here: the padding id + 1 (ESM, RoBERTa) or 0 (BERT)
    int token_types;                    // rows of the token type table; 0: none
    int labels;                         // of a classification head; 0: none said
    Str *label_names;                   // `labels` of them, or NULL
    bool multi_label;                   // probabilities by sigmoid, each on its own
    double norm_eps;
    bool norm_first;                    // layer norm before attention and feed-forward (ESM), or behind the residual (BERT)
    bool embedding_norm, final_norm;
    bool token_dropout;                 // ESM: embeddings scaled by 0.88, zero where masked
    bool rotary_value;                  // RoFormer: the values are turned too
    int pad_id, mask_id;                // -1: none
    Str name;                           // "esm2_t6_8M", or as the file says; may be empty
};

enum { CONFIG_DIM_MAX = 1 << 16, CONFIG_LAYERS_MAX = 1024, CONFIG_VOCAB_MAX = 1 << 20, CONFIG_LABELS_MAX = 10000 };

// Reads config.json. The first mistake is the error, with its place (`name` is shown as the file's name): unknown model types, sizes out of range or
// that do not fit together, unknown activations.
bool config_parse(struct arena *a, Str name, Str text, struct model_config *out, struct err *err) MUST_CHECK;
// config.json of this configuration, as Hugging Face's library reads it.
Str config_write(struct arena *a, const struct model_config *c);

// The sizes of a known model ("esm2_t33_650M"); NULL: none of that name.
const struct model_config *config_known(Str name);
size_t config_known_count(void);
Str config_known_name(size_t i);

int config_head_dim(const struct model_config *c);      // hidden / heads
int64_t config_longest(const struct model_config *c);   // tokens in one sequence, specials included; INT32_MAX: no limit
// FLOP of one forward pass for one token among `length`, embeddings and heads not counted: 2 L (4 d^2 + 2 d f) + 4 L T d.
double config_flop_per_token(const struct model_config *c, int64_t length);
