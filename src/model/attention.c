// SPDX-License-Identifier: Apache-2.0
// Attention of one head of one sequence: softmax(q kᵀ) v with exact softmax. q is scaled before it is turned. Keys and values are packed
// like weights,
// so both products run in the same kernel; the scores of a few rows at a time stay in the cache.
//
// A member's memory, T tokens in the sequence, D the head's size, rows padded to 16:
//     q [T][D] | k or v turned [T][D] | keys, packed D × T | values, packed T × D | scores [ROWS][T] | result [ROWS][D] | 1/sums [ROWS]
#include "model/encoder_inside.h"

#include <math.h>

enum { SCORE_ROWS = 28 };

struct head {
    size_t length, size, padded_length, padded_size, score_stride;
    float *q, *turned, *keys, *values, *scores, *result, *inverse;
};

static size_t carve(struct head *h, float *memory, size_t length, size_t size)
{
    *h = (struct head){ .length = length, .size = size, .padded_length = kernel_pad(length), .padded_size = kernel_pad(size),
                        .score_stride = spread_stride(length) };
    size_t at = 0;
    h->q = memory + at, at += kernel_pad(length * size);
    h->turned = memory + at, at += kernel_pad(length * size) + KERNEL_PANEL;
    h->keys = memory + at, at += kernel_pad(size * h->padded_length);
    h->values = memory + at, at += kernel_pad(length * h->padded_size);
    h->scores = memory + at, at += SCORE_ROWS * h->score_stride;
    h->result = memory + at, at += SCORE_ROWS * h->padded_size;
    h->inverse = memory + at, at += kernel_pad(SCORE_ROWS);
    return at;
}

void attention_reserve(struct encoder *e, int64_t length)
{
    struct head h;
    size_t size = carve(&h, NULL, (size_t)length, (size_t)config_head_dim(e->config));
    for (int m = 0; m < team_size(e->team); m++) {
        struct scratch *s = &e->scratch[m];
        if (s->attention_size >= size)
            continue;
        free(s->attention);
        CHECK((s->attention = aligned_alloc(64, (size * sizeof(float) + 63) / 64 * 64)) != NULL);
        s->attention_size = size;
    }
}

// One of q, k and v of a head, turned by position where it has to be.
static void take(const struct encoder *e, int layer, const struct head *h, const float *x, float scale, bool turn, float *out)
{
    const struct encoder_layer *l = &e->layers[layer];
    if (turn) {
        e->kernels->rotate(&(struct rotation){ x, l->cosine, l->sine, e->qkv_stride, h->length, h->size / 2, out, scale,
                                               e->config->positions == POSITIONS_ROTARY_PAIRS });
        return;
    }
    for (size_t t = 0; t < h->length; t++, x += e->qkv_stride, out += h->size)
        for (size_t i = 0; i < h->size; i++)
            out[i] = x[i] * scale;
}

// What stands behind the head's columns comes along: it makes columns of the result that nobody reads.
static void pack_values(const struct head *h, const float *v, size_t stride)
{
    for (size_t c = 0; c < h->padded_size; c += KERNEL_PAD) {
        size_t panel = c / KERNEL_PANEL * KERNEL_PANEL, width = MIN((size_t)KERNEL_PANEL, h->padded_size - panel);
        float *out = h->values + panel * h->length + (c - panel);
        const float *from = v + c;
        for (size_t t = 0; t < h->length; t++, from += stride, out += width)
            memcpy(out, from, KERNEL_PAD * sizeof *out);
    }
}

static void show_probabilities(const struct encoder *e, int layer, int head, const struct head *h)
{
    struct gemm scores = { .rows = 1, .k = h->size, .n = h->padded_length, .a_stride = h->size, .b = h->keys, .c = h->scores,
                           .c_stride = h->score_stride, .finish = GEMM_STORE };
    float *all = xmalloc(h->length * h->length * sizeof *all);
    for (size_t r = 0; r < h->length; r++) {
        scores.a = h->q + r * h->size;
        e->kernels->gemm(&scores);
        e->kernels->softmax(h->scores, h->score_stride, 1, h->length, h->inverse);
        for (size_t c = 0; c < h->length; c++)
            all[r * h->length + c] = h->scores[c] * h->inverse[0];
    }
    e->probe(e->probe_arg, layer, head, all, h->length);
    free(all);
}

void attention_run(struct encoder *e, int layer, size_t sequence, int head, struct scratch *s)
{
    const struct batch *b = e->batch;
    struct head h;
    size_t size = (size_t)config_head_dim(e->config), first = (size_t)b->starts[sequence], length = (size_t)b->starts[sequence + 1] - first;
    float *q = e->qkv + first * e->qkv_stride + (size_t)head * size;
    if (length == 0)
        return;
    carve(&h, s->attention, length, size);
    bool rotary = e->config->positions != POSITIONS_LEARNED, turn_values = rotary && e->config->rotary_value;
    take(e, layer, &h, q, (float)(1.0 / sqrt((double)size)), rotary, h.q);
    take(e, layer, &h, q + e->padded, 1, rotary, h.turned);
    kernels_pack(h.turned, size, 0, h.padded_length, size, length, h.keys);
    if (turn_values)
        take(e, layer, &h, q + 2 * e->padded, 1, true, h.turned);
    pack_values(&h, turn_values ? h.turned : q + 2 * e->padded, turn_values ? size : e->qkv_stride);
    for (size_t r = 0; r < length; r += SCORE_ROWS) {
        size_t rows = MIN((size_t)SCORE_ROWS, length - r);
        struct gemm scores = { .rows = rows, .k = size, .n = h.padded_length, .a = h.q + r * size, .a_stride = size, .b = h.keys, .c = h.scores,
                               .c_stride = h.score_stride, .finish = GEMM_STORE };
        struct gemm mix = { .rows = rows, .k = length, .n = h.padded_size, .a = h.scores, .a_stride = h.score_stride, .b = h.values,
                            .c = h.result, .c_stride = h.padded_size, .finish = GEMM_STORE };
        e->kernels->gemm(&scores);
        e->kernels->softmax(h.scores, h.score_stride, rows, length, h.inverse);
        e->kernels->gemm(&mix);
        for (size_t i = 0; i < rows; i++)
            for (size_t c = 0; c < size; c++)
                q[(r + i) * e->qkv_stride + c] = h.result[i * h.padded_size + c] * h.inverse[i];
    }
    if (e->probe)
        show_probabilities(e, layer, head, &h);
}
