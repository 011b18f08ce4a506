// SPDX-License-Identifier: Apache-2.0
// The forward pass. A layer is two phases, each spread over the team:
//     heads of sequences:   attention, in place of q
//     blocks of rows:       output projection added to x, norm, feed-forward added to x; then the next layer's norm, q, k and v in one product
// Before the first come its q, k and v. A block's activations stay in the cache through a phase. Training stands on the same phases backwards: see
// docs/internals/model.md.
#include "model/encoder_inside.h"

#include <math.h>

#include "model/room.h"
#include "sys/machine.h"

enum { BATCH_TOKENS_MAX = 8192, BATCH_BYTES = 384 * 1024 * 1024, THREADS_MAX = 256 };

static void scratch_make(struct encoder *e)
{
    size_t widest = MAX(MAX(e->stride, e->ffn_stride), e->qkv_stride);
    e->scratch = xcalloc((size_t)team_size(e->team), sizeof *e->scratch);
    for (int m = 0; m < team_size(e->team); m++) {
        struct scratch *s = &e->scratch[m];
        s->block = room_new(BLOCK_ROWS * widest * sizeof(float));
        s->wide = room_new(BLOCK_ROWS * e->ffn_stride * sizeof(float));
        memset(s->block, 0, BLOCK_ROWS * widest * sizeof(float));
        memset(s->wide, 0, BLOCK_ROWS * e->ffn_stride * sizeof(float));
        if (e->arithmetic == ARITHMETIC_INT8) {
            s->bytes = xcalloc(BLOCK_ROWS, widest);
            s->row_scale = xcalloc(BLOCK_ROWS, sizeof(float));
        }
    }
}

struct encoder *encoder_new(const struct checkpoint *c, const struct encoder_options *o, struct err *err)
{
    struct encoder *e = xcalloc(1, sizeof *e);
    int threads = o->threads > 0 ? o->threads : machine_cores();
    e->checkpoint = c, e->config = &c->config, e->arithmetic = o->arithmetic;
    e->kernels = o->kernels ? kernels_find(o->kernels) : o->arithmetic == ARITHMETIC_INT8 ? kernels_best_int8() : kernels_best();
    if (e->kernels == NULL) {
        bool failed UNUSED = err_set(err, ERR_UNSUPPORTED, "this processor has no '%s' kernels", o->kernels);
        free(e);
        return NULL;
    }
    e->team = team_new(MIN(MAX(threads, 1), THREADS_MAX));
    if (encoder_load(e, err)) {
        scratch_make(e);
        return e;
    }
    encoder_free(e);
    return NULL;
}

void encoder_free(struct encoder *e)
{
    if (e == NULL)
        return;
    for (int m = 0; e->scratch && m < team_size(e->team); m++) {
        free(e->scratch[m].block);
        free(e->scratch[m].wide);
        free(e->scratch[m].bytes);
        free(e->scratch[m].row_scale);
        free(e->scratch[m].attention);
    }
    for (int l = 0; e->rotary && l < e->config->layers; l++)
        free(e->rotary[l]);
    team_free(e->team);
    free(e->scratch);
    free(e->x);
    free(e->qkv);
    arena_release(&e->arena);
    free(e);
}

const char *encoder_kernels(const struct encoder *e) { return e->kernels->name; }

const char *encoder_arithmetic_name(const struct encoder_options *o)
{
    static const char *const names[2][2] = { { "plain32", "fused32" }, { "plain-int8", "fused-int8" } };
    const struct kernels *k = o->kernels ? kernels_find(o->kernels) : kernels_best();
    return names[o->arithmetic == ARITHMETIC_INT8][k && k->is_fused];
}

const struct model_config *encoder_config(const struct encoder *e) { return e->config; }

size_t encoder_stride(const struct encoder *e) { return e->stride; }

int64_t encoder_batch_tokens(const struct encoder *e)
{
    int64_t row = (int64_t)((e->stride + e->qkv_stride) * sizeof(float));
    return MAX(MIN(BATCH_TOKENS_MAX, BATCH_BYTES / row), 256);
}

void linear_run(const struct encoder *e, const struct linear *l, struct scratch *s, const float *a, size_t a_stride, size_t rows, float *c,
                size_t c_stride, enum gemm_finish finish)
{
    if (l->weight) {
        e->kernels->gemm(&(struct gemm){ rows, l->in, l->out, a, a_stride, l->weight, l->bias, c, c_stride, finish });
        return;
    }
    size_t stride = kernel_pad(l->in);
    e->kernels->quantise(a, a_stride, s->bytes, stride, rows, l->in, s->row_scale);
    e->kernels->gemm_int8(&(struct gemm_int8){ rows, stride, l->out, s->bytes, stride, s->row_scale, l->weight8, l->column_sum, l->column_scale,
                                               l->bias, c, c_stride, finish });
}

void activate(const struct encoder *e, float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = e->config->activation == ACTIVATION_RELU ? MAX(x[i], 0.0f)
             : 0.5f * x[i] * (1.0f + tanhf(0.7978845608028654f * (x[i] + 0.044715f * x[i] * x[i] * x[i])));
}

static void run_norm(const struct encoder *e, const struct norm *n, const float *x, size_t x_stride, float *out, size_t out_stride,
    size_t rows, size_t width)
{
    e->kernels->layer_norm(x, x_stride, out, out_stride, rows, width, n->weight, n->bias, (float)e->config->norm_eps);
}

// --- embeddings

// One sequence's rows: table rows, ESM's token dropout scale, positions, token type 0, norm. Where the embedding is narrower than
// the model, they go to where q, k and v will stand, and are projected from there.
static void embed_sequence(void *arg, size_t sequence, int member UNUSED)
{
    struct encoder *e = arg;
    const struct model_config *c = e->config;
    const int64_t first = e->batch->starts[sequence], end = e->batch->starts[sequence + 1];
    size_t width = (size_t)c->embedding, from = kernel_pad(width), stride = e->project.in ? e->qkv_stride : e->stride;
    float *out = (e->project.in ? e->qkv : e->x) + (size_t)first * stride, ratio = 0;
    for (int64_t t = first; t < end && c->token_dropout; t++)
        ratio += e->batch->tokens[t] == c->mask_id;
    ratio /= (float)(end - first);
    for (int64_t t = first; t < end; t++, out += stride) {
        const float *word = e->words + (size_t)e->batch->tokens[t] * from;
        bool masked = c->token_dropout && e->batch->tokens[t] == c->mask_id;
        memset(out, 0, stride * sizeof *out);
        for (size_t i = 0; i < width; i++) {
            out[i] = masked ? 0 : word[i];
            if (c->token_dropout)
                out[i] = out[i] * (float)(1.0 - 0.15 * 0.8) / (1.0f - ratio);
        }
        const float *position = e->positions ? e->positions + (size_t)(t - first + c->position_offset) * from : NULL;
        for (size_t i = 0; i < width && e->type; i++)
            out[i] += e->type[i];
        for (size_t i = 0; i < width && position; i++)
            out[i] += position[i];
        if (e->embedding_norm.weight)
            run_norm(e, &e->embedding_norm, out, stride, out, stride, 1, width);
    }
}

// --- phases over blocks of rows

struct phase {
    struct encoder *e;
    const struct encoder_layer *layer;
    int number;
    bool last;                          // of the layers that are wanted
    size_t rows, block;
};

// Rows of a work item: the items are alike, and as many for each member, at least a few.
static size_t block_of(const struct encoder *e, size_t rows)
{
    const size_t most = e->arithmetic == ARITHMETIC_INT8 ? BLOCK_ROWS_INT8 : BLOCK_ROWS;
    size_t tile = e->kernels->row_tile, team = (size_t)team_size(e->team), share = (rows + most * team - 1) / (most * team);
    size_t items = MAX(share, (size_t)4) * team, block = (rows + items - 1) / items;
    return (block + tile - 1) / tile * tile;
}

static void project_block(void *arg, size_t item, int member)
{
    const struct phase *p = arg;
    struct encoder *e = p->e;
    size_t first = item * p->block, rows = MIN(p->block, p->rows - first);
    linear_run(e, &e->project, &e->scratch[member], e->qkv + first * e->qkv_stride, e->qkv_stride, rows, e->x + first * e->stride,
        e->stride, GEMM_BIAS);
}

static void attend_in_block(void *arg, size_t item, int member)
{
    const struct phase *p = arg;
    struct encoder *e = p->e;
    struct scratch *s = &e->scratch[member];
    size_t first = item * p->block, rows = MIN(p->block, p->rows - first);
    const float *x = e->x + first * e->stride;
    if (e->config->norm_first) {
        run_norm(e, &p->layer->attention_norm, x, e->stride, s->block, e->stride, rows, (size_t)e->config->hidden);
        x = s->block;
    }
    linear_run(e, &p->layer->qkv, s, x, e->stride, rows, e->qkv + first * e->qkv_stride, e->qkv_stride, GEMM_BIAS);
}

static void feed_forward_block(void *arg, size_t item, int member)
{
    const struct phase *p = arg;
    struct encoder *e = p->e;
    const struct encoder_layer *l = p->layer;
    struct scratch *s = &e->scratch[member];
    size_t first = item * p->block, rows = MIN(p->block, p->rows - first), d = (size_t)e->config->hidden;
    float *x = e->x + first * e->stride, *h = x;
    bool gelu = e->config->activation == ACTIVATION_GELU;
    linear_run(e, &l->out, s, e->qkv + first * e->qkv_stride, e->qkv_stride, rows, x, e->stride, GEMM_BIAS_ADD);
    if (e->config->norm_first)
        h = s->block, run_norm(e, &l->ffn_norm, x, e->stride, h, e->stride, rows, d);
    else
        run_norm(e, &l->attention_norm, x, e->stride, x, e->stride, rows, d);
    linear_run(e, &l->up, s, h, e->stride, rows, s->wide, e->ffn_stride, gelu ? GEMM_BIAS_GELU : GEMM_BIAS);
    if (!gelu)
        activate(e, s->wide, rows * e->ffn_stride);
    linear_run(e, &l->down, s, s->wide, e->ffn_stride, rows, x, e->stride, GEMM_BIAS_ADD);
    if (!e->config->norm_first)
        run_norm(e, &l->ffn_norm, x, e->stride, x, e->stride, rows, d);
}

// From one attention to the next: a block's rows stay in the cache.
static void between_block(void *arg, size_t item, int member)
{
    const struct phase *p = arg;
    struct phase next = *p;
    next.layer++;
    feed_forward_block(arg, item, member);
    if (!p->last)
        attend_in_block(&next, item, member);
}

static void attend_head(void *arg, size_t item, int member)
{
    const struct phase *p = arg;
    attention_run(p->e, p->number, item, &p->e->scratch[member]);
}

static void run_layers(struct phase *p, int layers)
{
    struct encoder *e = p->e;
    size_t blocks = (p->rows + p->block - 1) / p->block, heads = e->batch->count * (size_t)e->config->heads;
    p->layer = &e->layers[0];
    team_run(e->team, blocks, attend_in_block, p);
    for (p->number = 0; p->number < layers; p->number++) {
        p->layer = &e->layers[p->number], p->last = p->number + 1 == layers;
        if (e->probe)
            for (size_t i = 0; i < heads; i++)          // who watches is told in order
                attend_head(p, i, 0);
        else
            team_run(e->team, heads, attend_head, p);
        team_run(e->team, blocks, between_block, p);
    }
}

static void reserve(struct encoder *e, const struct batch *b)
{
    int64_t rows = b->starts[b->count], longest = 0;
    for (size_t i = 0; i < b->count; i++)
        longest = MAX(longest, b->starts[i + 1] - b->starts[i]);
    CHECK(longest <= config_longest(e->config));
    encoder_make_rotary(e, longest);
    attention_reserve(e, longest);
    if (rows <= e->row_capacity)
        return;
    free(e->x);
    free(e->qkv);
    rows = rows > encoder_batch_tokens(e) / 2 ? MAX(rows, encoder_batch_tokens(e)) : rows;      // the next batch may be a little larger
    e->row_capacity = rows;
    e->x = room_new((size_t)rows * e->stride * sizeof(float));
    e->qkv = room_new((size_t)rows * e->qkv_stride * sizeof(float));
}

const float *encoder_run(struct encoder *e, const struct batch *b, int layer)
{
    struct phase p = { .e = e, .rows = (size_t)b->starts[b->count] };
    CHECK(layer >= 0 && layer <= e->config->layers);
    e->batch = b;
    reserve(e, b);
    p.block = block_of(e, p.rows);
    team_run(e->team, b->count, embed_sequence, e);
    if (p.rows && e->project.in)
        team_run(e->team, (p.rows + p.block - 1) / p.block, project_block, &p);
    if (p.rows && layer > 0)
        run_layers(&p, layer);
    if (layer == e->config->layers && e->final_norm.weight)
        run_norm(e, &e->final_norm, e->x, e->stride, e->x, e->stride, p.rows, (size_t)e->config->hidden);
    return e->x;
}
