// SPDX-License-Identifier: Apache-2.0
// Attention of one head of one sequence: where its q, k and v stand, and how they are turned. The arithmetic is the kernels'.
#include "model/encoder_inside.h"

#include <math.h>

#include "model/room.h"

void attention_reserve(struct encoder *e, int64_t length)
{
    size_t size = kernels_attention_memory((size_t)length, (size_t)config_head_dim(e->config));
    for (int m = 0; m < team_size(e->team); m++) {
        struct scratch *s = &e->scratch[m];
        if (s->attention_size >= size)
            continue;
        free(s->attention);
        s->attention = room_new(size * sizeof(float));
        s->attention_size = size;
    }
}

// Where q of a head of a sequence stands; its k and v stand `padded` floats on each.
static float *head_of(const struct encoder *e, size_t sequence, int head)
{
    return e->qkv + (size_t)e->batch->starts[sequence] * e->qkv_stride + (size_t)head * (size_t)config_head_dim(e->config);
}

static size_t length_of(const struct batch *b, size_t sequence) { return (size_t)(b->starts[sequence + 1] - b->starts[sequence]); }

void attention_run(struct encoder *e, int layer, size_t item, struct scratch *s)
{
    const struct batch *b = e->batch;
    const size_t size = (size_t)config_head_dim(e->config), heads = (size_t)e->config->heads, sequence = item / heads;
    const size_t length = length_of(b, sequence), next = item + (size_t)team_size(e->team);
    float *q = head_of(e, sequence, (int)(item % heads));
    const bool rotary = e->config->positions != POSITIONS_LEARNED;
    struct attention h = { .length = length, .size = size, .q = q, .k = q + e->padded, .v = q + 2 * e->padded, .stride = e->qkv_stride,
                           .pairs = e->config->positions == POSITIONS_ROTARY_PAIRS, .turn_values = rotary && e->config->rotary_value,
                           .scale = (float)(M_LOG2E / sqrt((double)size)), .out = q, .memory = s->attention };
    if (length == 0)
        return;
    if (rotary)
        h.cosine = e->layers[layer].cosine, h.sine = e->layers[layer].sine, h.angle_stride = (size_t)e->rotary_positions;
    if (next / heads < b->count)
        h.next = head_of(e, next / heads, (int)(next % heads)), h.next_length = length_of(b, next / heads);
    if (e->probe)
        h.probabilities = xmalloc(length * length * sizeof(float));
    e->kernels->attend(&h);
    if (e->probe)
        e->probe(e->probe_arg, layer, (int)(item % heads), h.probabilities, length);
    free(h.probabilities);
}
