// SPDX-License-Identifier: Apache-2.0
// Attention of one head of one sequence: where its q, k and v stand, and how they are turned. The arithmetic is the kernels'.
#include "model/encoder_inside.h"

#include <math.h>

void attention_reserve(struct encoder *e, int64_t length)
{
    size_t size = kernels_attention_memory((size_t)length, (size_t)config_head_dim(e->config));
    for (int m = 0; m < team_size(e->team); m++) {
        struct scratch *s = &e->scratch[m];
        if (s->attention_size >= size)
            continue;
        free(s->attention);
        CHECK((s->attention = aligned_alloc(64, (size * sizeof(float) + 63) / 64 * 64)) != NULL);
        s->attention_size = size;
    }
}

void attention_run(struct encoder *e, int layer, size_t sequence, int head, struct scratch *s)
{
    const struct batch *b = e->batch;
    const size_t size = (size_t)config_head_dim(e->config), first = (size_t)b->starts[sequence];
    const size_t length = (size_t)b->starts[sequence + 1] - first;
    float *q = e->qkv + first * e->qkv_stride + (size_t)head * size;
    const bool rotary = e->config->positions != POSITIONS_LEARNED;
    struct attention h = { .length = length, .size = size, .q = q, .k = q + e->padded, .v = q + 2 * e->padded, .stride = e->qkv_stride,
                           .pairs = e->config->positions == POSITIONS_ROTARY_PAIRS, .turn_values = rotary && e->config->rotary_value,
                           .scale = (float)(M_LOG2E / sqrt((double)size)), .out = q, .memory = s->attention };
    if (length == 0)
        return;
    if (rotary)
        h.cosine = e->layers[layer].cosine, h.sine = e->layers[layer].sine, h.angle_stride = (size_t)e->rotary_positions;
    if (e->probe)
        h.probabilities = xmalloc(length * length * sizeof(float));
    e->kernels->attend(&h);
    if (e->probe)
        e->probe(e->probe_arg, layer, head, h.probabilities, length);
    free(h.probabilities);
}
