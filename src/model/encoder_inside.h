// SPDX-License-Identifier: Apache-2.0
#pragma once
// Inside the encoder only: what encoder.c, encoder_load.c, attention.c and heads.c share.
#include "base/arena.h"
#include "model/encoder.h"
#include "model/kernels.h"
#include "model/team.h"

struct linear {                         // y = x w + bias, packed for the kernels
    size_t in, out;                     // widths; `out` is padded in memory
    float *weight;                      // NULL where the 8-bit one is used
    float *bias;                        // padded
    int8_t *weight8;                    // with
    float *column_scale;
    int32_t *column_sum;
};
struct norm {
    float *weight, *bias;               // padded with zeros; weight NULL: there is none
};
struct encoder_layer {
    struct norm attention_norm, ffn_norm;
    struct linear qkv, out, up, down;   // qkv: q, k and v side by side, each padded
    const float *cosine, *sine;         // [positions][head dim / 2]
};
struct scratch {                        // of one member of the team
    float *block;                       // rows × the widest activation
    float *wide;                        // rows × ffn
    uint8_t *bytes;                     // rows × the widest, 8 bits
    float *row_scale;
    float *attention;                   // see attention.c
    size_t attention_size;
};

// Watches attention: the probabilities of one head of one sequence, length × length, row-major.
typedef void attention_probe(void *arg, int layer, int head, const float *probabilities, size_t length);

struct encoder {
    const struct checkpoint *checkpoint;
    const struct model_config *config;
    const struct kernels *kernels;
    enum encoder_arithmetic arithmetic;
    struct team *team;
    struct arena arena;
    size_t stride, ffn_stride, qkv_stride, padded;      // padded: width of each of q, k, v in qkv
    float *words, *positions, *type;    // embedding tables as float; type: row 0 of the token types
    struct norm embedding_norm, final_norm;
    struct linear project;              // in 0: none
    struct encoder_layer *layers;
    struct linear lm_dense, lm_decoder, class_dense, class_out;         // loaded when first used
    struct norm lm_norm;
    bool lm_loaded, class_loaded;
    int64_t rotary_positions;           // rows of the tables
    float **rotary;                     // of each layer: cosines, then sines
    float *x, *qkv;                     // activations of the batch
    int64_t row_capacity;
    struct scratch *scratch;            // one a member
    const struct batch *batch;          // of the running call
    attention_probe *probe;
    void *probe_arg;
};

// Rows of a work item, at most: multiples of every kernel's row tile. Panels of 8-bit weights are short, so fewer rows pay for reading them.
enum { BLOCK_ROWS = 192, BLOCK_ROWS_INT8 = 96 };

// A stride of at least n floats, padded, and no multiple of 128 bytes: rows then spread over all sets of the caches.
static inline size_t spread_stride(size_t n) { return kernel_pad(n) / KERNEL_PAD % 2 ? kernel_pad(n) : kernel_pad(n) + KERNEL_PAD; }

// Loads and packs. `weights` are stacked side by side (q, k, v), each padded; out is the width of one of them.
void linear_load(struct encoder *e, struct linear *l, const struct tensor *const *weights, const struct tensor *const *biases, size_t count);
void norm_load(struct encoder *e, struct norm *n, const struct tensor *weight, const struct tensor *bias);
bool encoder_load(struct encoder *e, struct err *err) MUST_CHECK;
// Tables for at least `positions` positions.
void encoder_make_rotary(struct encoder *e, int64_t positions);

// c = a l (+ c, or gelu) over `rows` rows, by the encoder's arithmetic. Strides in floats.
void linear_run(const struct encoder *e, const struct linear *l, struct scratch *s, const float *a, size_t a_stride, size_t rows, float *c,
                size_t c_stride, enum gemm_finish finish);
// The activation of the feed-forward part over rows that hold a linear layer's result.
void activate(const struct encoder *e, float *x, size_t n);
// Attention of one head of one sequence, `item` = sequence · heads + head: reads its q, k, v, writes the result where its q stood.
void attention_run(struct encoder *e, int layer, size_t item, struct scratch *s);
// Grows the member's attention memory for a sequence of this length.
void attention_reserve(struct encoder *e, int64_t length);
