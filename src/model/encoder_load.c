// SPDX-License-Identifier: Apache-2.0
// From a checkpoint's tensors to what the kernels read: floats, padded, packed once. The mapped file is read front to back and not needed again
// but for the double-precision reference.
#include "model/encoder_inside.h"

#include <math.h>

#include "model/room.h"

enum { ROTARY_HALF_MAX = 512 };         // config.c takes no wider heads

static void free_room(void *arg) { free(arg); }

// Freed with the encoder.
static void *room(struct encoder *e, size_t bytes)
{
    void *at = room_new(bytes);
    arena_defer(&e->arena, free_room, at);
    return at;
}

// The same, zeroed.
static void *memory(struct encoder *e, size_t bytes)
{
    return memset(room(e, bytes), 0, bytes);
}

struct packing {
    const struct encoder *e;
    struct linear *l;
    const struct tensor *const *weights;
    size_t part;                        // columns of one of the stacked weights, padded
};

// One output channel in 8 bits.
static void quantise_channel(struct linear *l, const float *row, size_t k, size_t column, int8_t *out)
{
    float largest = 0;
    int32_t sum = 0;
    for (size_t i = 0; i < k; i++)
        largest = MAX(largest, fabsf(row[i]));
    l->column_scale[column] = largest / 127.0f;
    for (size_t i = 0; i < k; i++) {
        out[i] = (int8_t)(largest > 0 ? lrintf(row[i] * (127.0f / largest)) : 0);
        sum += out[i];
    }
    l->column_sum[column] = sum;
}

// Where a panel's columns lie as floats, side by side in one weight's file; NULL where they don't.
static const float *in_place(const struct packing *p, size_t first, size_t count)
{
    const struct tensor *t = p->weights[first / p->part];
    const size_t row = first % p->part;
    const float *data = t->data;
    bool whole = p->e->arithmetic == ARITHMETIC_FLOAT && row + count <= (size_t)t->shape[0];
    return whole && t->type == TENSOR_F32 && (uintptr_t)t->data % _Alignof(float) == 0 ? data + row * p->l->in : NULL;
}

// A panel may hold columns of two of the stacked weights. Its columns are read as rows of the weight that they are; those of the padding are zero.
static void pack_panel(void *arg, size_t panel, int member UNUSED)
{
    struct packing *p = arg;
    struct linear *l = p->l;
    size_t first = panel * KERNEL_PANEL, count = MIN((size_t)KERNEL_PANEL, l->out - first), k = l->in, k8 = kernel_pad(k);
    const float *there = in_place(p, first, count);
    if (there) {
        kernels_pack(there, k, 0, count, k, count, l->weight + first * k);
        return;
    }
    float *plain = xcalloc(KERNEL_PANEL * k, sizeof *plain);
    for (size_t c = 0; c < count; c++) {
        const struct tensor *t = p->weights[(first + c) / p->part];
        size_t row = (first + c) % p->part;
        if (row < (size_t)t->shape[0])
            tensor_read_floats(t, (int64_t)(row * k), (int64_t)k, plain + c * k);
    }
    if (p->e->arithmetic == ARITHMETIC_FLOAT) {
        kernels_pack(plain, k, 0, count, k, count, l->weight + first * k);
    } else {
        int8_t *bytes = xcalloc(KERNEL_PANEL * k8, 1);
        for (size_t c = 0; c < count; c++)
            quantise_channel(l, plain + c * k, k, first + c, bytes + c * k8);
        kernels_pack_int8(bytes, k8, k8, count, l->weight8 + first * k8);
        free(bytes);
    }
    free(plain);
}

void linear_load(struct encoder *e, struct linear *l, const struct tensor *const *weights, const struct tensor *const *biases, size_t count)
{
    size_t rows = (size_t)weights[0]->shape[0], part = kernel_pad(rows);
    struct packing p = { e, l, weights, part };
    l->in = (size_t)weights[0]->shape[1];
    l->out = part * count;
    l->bias = memory(e, l->out * sizeof *l->bias);
    for (size_t i = 0; i < count; i++)
        if (biases[i]->data)
            tensor_read_floats(biases[i], 0, biases[i]->count, l->bias + i * part);
    if (e->arithmetic == ARITHMETIC_FLOAT) {            // all of a weight is written by those who pack it, each page by the thread that does
        l->weight = room(e, kernel_packed_size(l->in, l->out) * sizeof *l->weight);
    } else {
        l->weight8 = room(e, kernel_packed_size(kernel_pad(l->in), l->out));
        l->column_scale = memory(e, l->out * sizeof *l->column_scale);
        l->column_sum = memory(e, l->out * sizeof *l->column_sum);
    }
    team_run(e->team, (l->out + KERNEL_PANEL - 1) / KERNEL_PANEL, pack_panel, &p);
}

static float *padded_vector(struct encoder *e, const struct tensor *t)
{
    float *v = memory(e, kernel_pad((size_t)t->count) * sizeof *v);
    tensor_read_floats(t, 0, t->count, v);
    return v;
}

void norm_load(struct encoder *e, struct norm *n, const struct tensor *weight, const struct tensor *bias)
{
    if (weight->data == NULL)
        return;
    n->weight = padded_vector(e, weight);
    n->bias = padded_vector(e, bias);
}

// An embedding table with rows of `stride` floats.
static float *table(struct encoder *e, const struct tensor *t, size_t stride)
{
    int64_t rows = t->shape[0], width = t->shape[1];
    float *out = memory(e, (size_t)rows * stride * sizeof *out);
    for (int64_t r = 0; r < rows; r++)
        tensor_read_floats(t, r * width, width, out + (size_t)r * stride);
    return out;
}

static void load_layer(struct encoder *e, struct encoder_layer *l, const struct layer_tensors *t)
{
    const struct tensor *const in[] = { &t->query, &t->key, &t->value }, *const in_bias[] = { &t->query_bias, &t->key_bias, &t->value_bias };
    linear_load(e, &l->qkv, in, in_bias, LEN(in));
    linear_load(e, &l->out, (const struct tensor *[]){ &t->out }, (const struct tensor *[]){ &t->out_bias }, 1);
    linear_load(e, &l->up, (const struct tensor *[]){ &t->up }, (const struct tensor *[]){ &t->up_bias }, 1);
    linear_load(e, &l->down, (const struct tensor *[]){ &t->down }, (const struct tensor *[]){ &t->down_bias }, 1);
    norm_load(e, &l->attention_norm, &t->attention_norm, &t->attention_norm_bias);
    norm_load(e, &l->ffn_norm, &t->ffn_norm, &t->ffn_norm_bias);
}

bool encoder_load(struct encoder *e, struct err *err)
{
    const struct model_config *c = e->config;
    const struct model_tensors *t = &e->checkpoint->tensors;
    size_t word_stride = kernel_pad((size_t)c->embedding);
    e->stride = spread_stride((size_t)c->hidden);
    e->ffn_stride = spread_stride((size_t)c->ffn);
    e->padded = kernel_pad((size_t)c->hidden);
    e->qkv_stride = spread_stride(MAX(3 * e->padded, word_stride));
    if (c->positions == POSITIONS_ROTARY_PAIRS && t->sinusoids.data == NULL)
        return err_set(err, ERR_INVALID, "the table of positions is missing");
    e->words = table(e, &t->words, word_stride);
    if (t->positions.data)
        e->positions = table(e, &t->positions, word_stride);
    if (t->token_types.data)
        e->type = table(e, &t->token_types, word_stride);
    norm_load(e, &e->embedding_norm, &t->embedding_norm, &t->embedding_norm_bias);
    norm_load(e, &e->final_norm, &t->final_norm, &t->final_norm_bias);
    if (t->project.data)
        linear_load(e, &e->project, (const struct tensor *[]){ &t->project }, (const struct tensor *[]){ &t->project_bias }, 1);
    e->layers = NEW_ARRAY(&e->arena, struct encoder_layer, (size_t)c->layers);
    e->rotary = NEW_ARRAY(&e->arena, float *, (size_t)c->layers);
    for (int l = 0; l < c->layers; l++)
        load_layer(e, &e->layers[l], &t->layers[l]);
    return true;
}

// --- rotary tables

// The angle is the float product of position and stored frequency, as the reference implementation computes it; sine and cosine are then
// rounded once.
static void fill_from_frequencies(float *cosine, float *sine, const float *frequency, size_t half, int64_t positions)
{
    for (size_t i = 0; i < half; i++)
        for (int64_t p = 0; p < positions; p++) {
            float angle = (float)p * frequency[i];
            *cosine++ = (float)cos((double)angle);
            *sine++ = (float)sin((double)angle);
        }
}

static void fill_from_sinusoids(float *cosine, float *sine, const struct tensor *t, size_t half, int64_t positions)
{
    float row[2 * ROTARY_HALF_MAX];
    for (int64_t p = 0; p < MIN(t->shape[0], positions); p++) {
        tensor_read_floats(t, p * t->shape[1], (int64_t)(2 * half), row);
        for (size_t i = 0; i < half; i++)
            sine[i * (size_t)positions + (size_t)p] = row[i], cosine[i * (size_t)positions + (size_t)p] = row[half + i];
    }
}

static bool same_frequencies(const struct tensor *a, const struct tensor *b)
{
    return a->type == b->type && a->count == b->count && memcmp(a->data, b->data, (size_t)a->count * tensor_type_bytes(a->type)) == 0;
}

void encoder_make_rotary(struct encoder *e, int64_t positions)
{
    const struct model_config *c = e->config;
    const struct model_tensors *t = &e->checkpoint->tensors;
    size_t half = (size_t)config_head_dim(c) / 2;
    if (c->positions == POSITIONS_LEARNED || positions <= e->rotary_positions)
        return;
    positions = (int64_t)spread_stride((size_t)(c->positions == POSITIONS_ROTARY_PAIRS ? t->sinusoids.shape[0] : (positions + 255) / 256 * 256));
    for (int l = 0; l < c->layers; l++) {
        bool shared = l > 0 && (c->positions == POSITIONS_ROTARY_PAIRS || same_frequencies(&t->layers[l].inverse_freq,
            &t->layers[l - 1].inverse_freq));
        size_t size = (size_t)positions * half;
        if (!shared) {
            e->rotary[l] = xrealloc(e->rotary[l], 2 * size * sizeof(float));
            memset(e->rotary[l], 0, 2 * size * sizeof(float));
            float frequency[ROTARY_HALF_MAX];
            if (c->positions == POSITIONS_ROTARY_PAIRS) {
                fill_from_sinusoids(e->rotary[l], e->rotary[l] + size, &t->sinusoids, half, positions);
            } else {
                tensor_read_floats(&t->layers[l].inverse_freq, 0, (int64_t)half, frequency);
                fill_from_frequencies(e->rotary[l], e->rotary[l] + size, frequency, half, positions);
            }
        }
        e->layers[l].cosine = shared ? e->layers[l - 1].cosine : e->rotary[l];
        e->layers[l].sine = shared ? e->layers[l - 1].sine : e->rotary[l] + size;
    }
    e->rotary_positions = positions;
}
