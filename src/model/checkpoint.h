// SPDX-License-Identifier: Apache-2.0
#pragma once
// A model in a folder: configuration, vocabulary, and its tensors by the part they play, whatever the file calls them. Tensors keep the types and
// places they have in the file, which stays mapped until the checkpoint is closed.
#include "base/arena.h"
#include "base/err.h"
#include "base/hash.h"
#include "model/config.h"
#include "model/tensor.h"
#include "model/vocab.h"

struct layer_tensors {                  // of one layer; weights are [out, in] as in PyTorch
    struct tensor query, query_bias, key, key_bias, value, value_bias, out, out_bias;
    struct tensor attention_norm, attention_norm_bias;                  // before attention, or behind its residual
    struct tensor inverse_freq;                                         // [head dim / 2]: rotary, as stored
    struct tensor up, up_bias, down, down_bias;                         // hidden -> ffn -> hidden
    struct tensor ffn_norm, ffn_norm_bias;
};
struct model_tensors {                  // data NULL: the file has none
    struct tensor words, positions, token_types;                        // embedding tables
    struct tensor project, project_bias;                                // RoFormer: embedding width -> hidden
    struct tensor embedding_norm, embedding_norm_bias, final_norm, final_norm_bias;
    struct tensor sinusoids;                                            // RoFormer: [positions, head dim], sines then cosines
    struct tensor lm_dense, lm_dense_bias, lm_norm, lm_norm_bias, lm_decoder, lm_bias;
    struct tensor contact, contact_bias;                                // [1, layers · heads], [1]
    struct tensor pooler, pooler_bias;                                  // BERT's sequence head
    struct tensor class_dense, class_dense_bias, class_out, class_out_bias;
    struct layer_tensors *layers;
};

struct checkpoint {
    struct arena arena;
    Str dir;
    struct model_config config;
    struct vocab vocab;
    struct model_tensors tensors;
    int64_t parameters;                 // elements of all tensors that the file holds and a forward pass may use
    size_t file_count;
    Str *files;                         // the paths of the tensor files
    int64_t bytes;                      // of them together
};

// Opens DIR as Hugging Face lays it out (config.json; model.safetensors, or model.safetensors.index.json and its shards) or with fair-esm's tensor
// names (ESM alone; without config.json the sizes are read off the tensors). Every tensor that the encoder needs must be there, of a
// floating type and of the shape that the configuration says; errors name it. NULL after a failure.
struct checkpoint *checkpoint_open(Str dir, struct err *err);
void checkpoint_close(struct checkpoint *c);            // NULL is fine

// Are all tensors of this head there?
bool checkpoint_has_head(const struct checkpoint *c, enum model_head head);
// The digest of what decides its outputs: configuration, vocabulary and the bytes of the tensor files (all of them are read), by name.
bool checkpoint_digest(const struct checkpoint *c, Hash *out, struct err *err) MUST_CHECK;

// Each tensor that a configuration has, in the order they are written, under the names Hugging Face gives them. For making checkpoints.
typedef bool checkpoint_visit(void *arg, Str name, int rank, const int64_t *shape);
bool checkpoint_each_tensor(struct arena *a, const struct model_config *c, checkpoint_visit *visit, void *arg);
