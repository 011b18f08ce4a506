// SPDX-License-Identifier: Apache-2.0
// Attention of one head of one sequence: softmax(q kᵀ) v with exact softmax. q is scaled before it is turned. Keys and values are packed like weights,
// so both products run in the same kernel; the scores of a few rows at a time stay in the cache.
//
// A member's memory, T tokens in the sequence, D the head's size, rows padded to 16:
//     q [T][D] | keys, packed D × T | values, packed T × D | scores [ROWS][T] | result [ROWS][D] | 1/sums [ROWS]
#include "model/encoder_inside.h"

#include <math.h>

enum { SCORE_ROWS = 28 };

struct head {
    size_t length, size, padded_length, padded_size, score_stride;
    float *q, *keys, *values, *scores, *result, *inverse;
};

static size_t carve(struct head *h, float *memory, size_t length, size_t size)
{
    *h = (struct head){ .length = length, .size = size, .padded_length = kernel_pad(length), .padded_size = kernel_pad(size),
                        .score_stride = spread_stride(length) };
    size_t at = 0;
    h->q = memory + at, at += kernel_pad(length * size);
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

// Turns one token's vector of one head by its position.
static void turn(const struct encoder *e, int layer, size_t position, const float *x, size_t size, float *out)
{
    const struct encoder_layer *l = &e->layers[layer];
    size_t half = size / 2;
    const float *cosine = l->cosine + position * half, *sine = l->sine + position * half;
    if (e->config->positions == POSITIONS_ROTARY_HALF) {
        for (size_t i = 0; i < half; i++) {
            float a = x[i], b = x[i + half];
            out[i] = a * cosine[i] - b * sine[i];
            out[i + half] = b * cosine[i] + a * sine[i];
        }
    } else {
        for (size_t i = 0; i < half; i++) {
            float a = x[2 * i], b = x[2 * i + 1];
            out[2 * i] = a * cosine[i] - b * sine[i];
            out[2 * i + 1] = b * cosine[i] + a * sine[i];
        }
    }
}

static void take_queries(const struct encoder *e, int layer, const struct head *h, const float *q)
{
    float scale = (float)(1.0 / sqrt((double)h->size)), scaled[1024];
    bool rotary = e->config->positions != POSITIONS_LEARNED;
    for (size_t t = 0; t < h->length; t++, q += e->qkv_stride) {
        float *out = h->q + t * h->size;
        for (size_t i = 0; i < h->size; i++)
            scaled[i] = q[i] * scale;
        if (rotary)
            turn(e, layer, t, scaled, h->size, out);
        else
            memcpy(out, scaled, h->size * sizeof *out);
    }
}

static void pack_keys(const struct encoder *e, int layer, const struct head *h, const float *k)
{
    float turned[1024];
    bool rotary = e->config->positions != POSITIONS_LEARNED;
    for (size_t t = 0; t < h->padded_length; t++, k += e->qkv_stride) {
        size_t panel = t / KERNEL_PANEL * KERNEL_PANEL, width = MIN((size_t)KERNEL_PANEL, h->padded_length - panel);
        float *out = h->keys + panel * h->size + (t - panel);
        const float *from = k;
        if (rotary && t < h->length)
            turn(e, layer, t, k, h->size, turned), from = turned;
        for (size_t i = 0; i < h->size; i++)
            out[i * width] = t < h->length ? from[i] : 0;
    }
}

static void pack_values(const struct encoder *e, int layer, const struct head *h, const float *v)
{
    float turned[1024];
    for (size_t t = 0; t < h->length; t++, v += e->qkv_stride) {
        const float *from = v;
        if (e->config->rotary_value && e->config->positions != POSITIONS_LEARNED)
            turn(e, layer, t, v, h->size, turned), from = turned;
        for (size_t c = 0; c < h->padded_size; c += KERNEL_PANEL) {
            size_t width = MIN((size_t)KERNEL_PANEL, h->padded_size - c), real = MIN(width, h->size - c);
            float *out = h->values + c * h->length + t * width;
            memcpy(out, from + c, real * sizeof *out);
            memset(out + real, 0, (width - real) * sizeof *out);
        }
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
    take_queries(e, layer, &h, q);
    pack_keys(e, layer, &h, q + e->padded);
    pack_values(e, layer, &h, q + 2 * e->padded);
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
