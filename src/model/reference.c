// SPDX-License-Identifier: Apache-2.0
// The forward pass in double precision. It shares no code with the encoder but the checkpoint, so that they can't be wrong together.
// Two things are float by definition: the rotary angle (position times stored frequency) and RoFormer's table of sines.
#include "model/reference.h"

#include <math.h>

#include "base/arena.h"

static double *doubles(size_t n) { return xcalloc(n, sizeof(double)); }

static double *tensor_doubles(const struct tensor *t)
{
    double *out = doubles((size_t)t->count);
    tensor_read_doubles(t, 0, t->count, out);
    return out;
}

// out[rows × out_width] = x[rows × in] weightᵀ + bias; weight is [out, in].
static void linear(const double *x, size_t rows, size_t in, const struct tensor *weight, const struct tensor *bias, double *out)
{
    size_t width = (size_t)weight->shape[0];
    double *w = doubles(in), *b = bias->data ? tensor_doubles(bias) : doubles(width);
    for (size_t o = 0; o < width; o++) {
        tensor_read_doubles(weight, (int64_t)(o * in), (int64_t)in, w);
        for (size_t r = 0; r < rows; r++) {
            double sum = b[o];
            for (size_t i = 0; i < in; i++)
                sum += x[r * in + i] * w[i];
            out[r * width + o] = sum;
        }
    }
    free(w);
    free(b);
}

void reference_norm(double *x, size_t rows, size_t n, const struct tensor *weight, const struct tensor *bias, double eps)
{
    double *w = tensor_doubles(weight), *b = tensor_doubles(bias);
    for (size_t r = 0; r < rows; r++, x += n) {
        double mean = 0, variance = 0;
        for (size_t i = 0; i < n; i++)
            mean += x[i];
        mean /= (double)n;
        for (size_t i = 0; i < n; i++)
            variance += (x[i] - mean) * (x[i] - mean);
        variance /= (double)n;
        for (size_t i = 0; i < n; i++)
            x[i] = (x[i] - mean) / sqrt(variance + eps) * w[i] + b[i];
    }
    free(w);
    free(b);
}

double reference_gelu(double x) { return 0.5 * x * (1 + erf(x * M_SQRT1_2)); }

void reference_softmax(double *x, size_t n)
{
    double most = x[0], sum = 0;
    for (size_t i = 1; i < n; i++)
        most = fmax(most, x[i]);
    for (size_t i = 0; i < n; i++)
        sum += x[i] = exp(x[i] - most);
    for (size_t i = 0; i < n; i++)
        x[i] /= sum;
}

static void activation(const struct model_config *c, double *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        switch (c->activation) {
        case ACTIVATION_GELU: x[i] = reference_gelu(x[i]); break;
        case ACTIVATION_GELU_TANH: x[i] = 0.5 * x[i] * (1 + tanh(sqrt(2 / M_PI) * (x[i] + 0.044715 * x[i] * x[i] * x[i]))); break;
        case ACTIVATION_RELU: x[i] = fmax(x[i], 0); break;
        }
}

static void add_row(const struct tensor *table, int64_t row, double *x, double *scratch)
{
    tensor_read_doubles(table, row * table->shape[1], table->shape[1], scratch);
    for (int64_t i = 0; i < table->shape[1]; i++)
        x[i] += scratch[i];
}

static void embed(const struct checkpoint *c, const int32_t *tokens, size_t length, double *out)
{
    const struct model_config *g = &c->config;
    const struct model_tensors *t = &c->tensors;
    size_t width = (size_t)g->embedding, masked = 0;
    double *x = g->embedding == g->hidden ? out : doubles(length * width), *scratch = doubles(width);
    for (size_t i = 0; i < length; i++)
        masked += tokens[i] == g->mask_id;
    for (size_t i = 0; i < length; i++) {
        double *row = x + i * width, scale = g->token_dropout ? (1 - 0.15 * 0.8) / (1 - (double)masked / (double)length) : 1;
        memset(row, 0, width * sizeof *row);
        if (!(g->token_dropout && tokens[i] == g->mask_id))
            add_row(&t->words, tokens[i], row, scratch);
        for (size_t j = 0; j < width; j++)
            row[j] *= scale;
        if (t->positions.data)
            add_row(&t->positions, (int64_t)i + g->position_offset, row, scratch);
        if (t->token_types.data)
            add_row(&t->token_types, 0, row, scratch);
    }
    if (t->embedding_norm.data)
        reference_norm(x, length, width, &t->embedding_norm, &t->embedding_norm_bias, g->norm_eps);
    if (x != out) {
        linear(x, length, width, &t->project, &t->project_bias, out);
        free(x);
    }
    free(scratch);
}

// Turns every head of every row by the row's position.
static void rotate(const struct checkpoint *c, int layer, double *x, size_t length)
{
    const struct model_config *g = &c->config;
    size_t size = (size_t)config_head_dim(g), half = size / 2;
    double *old = doubles(size), *frequency = doubles(size);
    for (size_t p = 0; p < length; p++) {
        if (g->positions == POSITIONS_ROTARY_PAIRS)
            tensor_read_doubles(&c->tensors.sinusoids, (int64_t)(p * size), (int64_t)size, frequency);
        else
            tensor_read_doubles(&c->tensors.layers[layer].inverse_freq, 0, (int64_t)half, frequency);
        for (int h = 0; h < g->heads; h++) {
            double *v = x + p * (size_t)g->hidden + (size_t)h * size;
            memcpy(old, v, size * sizeof *old);
            for (size_t i = 0; i < half; i++) {
                bool pairs = g->positions == POSITIONS_ROTARY_PAIRS;
                double angle = (double)((float)p * (float)frequency[i]);
                double sine = pairs ? frequency[i] : sin(angle), cosine = pairs ? frequency[half + i] : cos(angle);
                size_t a = pairs ? 2 * i : i, b = pairs ? 2 * i + 1 : i + half;
                v[a] = old[a] * cosine - old[b] * sine;
                v[b] = old[b] * cosine + old[a] * sine;
            }
        }
    }
    free(old);
    free(frequency);
}

static void add_contacts(const struct checkpoint *c, int layer, int head, const double *p, size_t length, double *logits)
{
    size_t n = length - 2;
    double weight, *sums = doubles(n), total = 0, *s = doubles(n * n);
    tensor_read_doubles(&c->tensors.contact, (int64_t)layer * c->config.heads + head, 1, &weight);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            s[i * n + j] = p[(i + 1) * length + j + 1] + p[(j + 1) * length + i + 1];
            sums[i] += s[i * n + j], total += s[i * n + j];
        }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            logits[i * n + j] += weight * (s[i * n + j] - sums[i] * sums[j] / total);
    free(sums);
    free(s);
}

static void attention(const struct checkpoint *c, int layer, const double *q, const double *k, const double *v, size_t length, double *out,
    double *contacts)
{
    size_t d = (size_t)c->config.hidden, size = (size_t)config_head_dim(&c->config);
    double *p = doubles(length * length);
    memset(out, 0, length * d * sizeof *out);
    for (int h = 0; h < c->config.heads; h++) {
        size_t at = (size_t)h * size;
        for (size_t i = 0; i < length; i++) {
            for (size_t j = 0; j < length; j++) {
                p[i * length + j] = 0;
                for (size_t x = 0; x < size; x++)
                    p[i * length + j] += q[i * d + at + x] * k[j * d + at + x];
                p[i * length + j] /= sqrt((double)size);
            }
            reference_softmax(p + i * length, length);
            for (size_t j = 0; j < length; j++)
                for (size_t x = 0; x < size; x++)
                    out[i * d + at + x] += p[i * length + j] * v[j * d + at + x];
        }
        if (contacts)
            add_contacts(c, layer, h, p, length, contacts);
    }
    free(p);
}

struct rows {                           // of one layer
    double *h, *q, *k, *v, *mixed, *wide;
};

static void run_layer(const struct checkpoint *c, int layer, double *x, size_t length, struct rows *r, double *contacts)
{
    const struct model_config *g = &c->config;
    const struct layer_tensors *t = &c->tensors.layers[layer];
    size_t d = (size_t)g->hidden, f = (size_t)g->ffn;
    memcpy(r->h, x, length * d * sizeof *x);
    if (g->norm_first)
        reference_norm(r->h, length, d, &t->attention_norm, &t->attention_norm_bias, g->norm_eps);
    linear(r->h, length, d, &t->query, &t->query_bias, r->q);
    linear(r->h, length, d, &t->key, &t->key_bias, r->k);
    linear(r->h, length, d, &t->value, &t->value_bias, r->v);
    if (g->positions != POSITIONS_LEARNED) {
        rotate(c, layer, r->q, length);
        rotate(c, layer, r->k, length);
        if (g->rotary_value)
            rotate(c, layer, r->v, length);
    }
    attention(c, layer, r->q, r->k, r->v, length, r->mixed, contacts);
    linear(r->mixed, length, d, &t->out, &t->out_bias, r->h);
    for (size_t i = 0; i < length * d; i++)
        x[i] += r->h[i];
    if (!g->norm_first)
        reference_norm(x, length, d, &t->attention_norm, &t->attention_norm_bias, g->norm_eps);
    memcpy(r->h, x, length * d * sizeof *x);
    if (g->norm_first)
        reference_norm(r->h, length, d, &t->ffn_norm, &t->ffn_norm_bias, g->norm_eps);
    linear(r->h, length, d, &t->up, &t->up_bias, r->wide);
    activation(g, r->wide, length * f);
    linear(r->wide, length, f, &t->down, &t->down_bias, r->h);
    for (size_t i = 0; i < length * d; i++)
        x[i] += r->h[i];
    if (!g->norm_first)
        reference_norm(x, length, d, &t->ffn_norm, &t->ffn_norm_bias, g->norm_eps);
}

void reference_run(const struct checkpoint *c, const int32_t *tokens, int64_t length, int layer, double *out, double *contacts)
{
    size_t n = (size_t)length, d = (size_t)c->config.hidden, residues = n > 2 ? n - 2 : 0;
    struct rows r = { doubles(n * d), doubles(n * d), doubles(n * d), doubles(n * d), doubles(n * d), doubles(n * (size_t)c->config.ffn) };
    double bias = 0;
    if (contacts)
        memset(contacts, 0, residues * residues * sizeof *contacts);
    embed(c, tokens, n, out);
    for (int l = 0; l < layer; l++)
        run_layer(c, l, out, n, &r, contacts);
    if (layer == c->config.layers && c->tensors.final_norm.data)
        reference_norm(out, n, d, &c->tensors.final_norm, &c->tensors.final_norm_bias, c->config.norm_eps);
    if (contacts)
        tensor_read_doubles(&c->tensors.contact_bias, 0, 1, &bias);
    for (size_t i = 0; contacts && i < residues * residues; i++)
        contacts[i] = 1 / (1 + exp(-(contacts[i] + bias)));
    free(r.h), free(r.q), free(r.k), free(r.v), free(r.mixed), free(r.wide);
}

void reference_mlm(const struct checkpoint *c, const double *hidden, size_t rows, double *out)
{
    const struct model_tensors *t = &c->tensors;
    size_t width = (size_t)c->config.embedding;
    double *middle = doubles(rows * width);
    linear(hidden, rows, (size_t)c->config.hidden, &t->lm_dense, &t->lm_dense_bias, middle);
    activation(&c->config, middle, rows * width);
    reference_norm(middle, rows, width, &t->lm_norm, &t->lm_norm_bias, c->config.norm_eps);
    linear(middle, rows, width, t->lm_decoder.data ? &t->lm_decoder : &t->words, &t->lm_bias, out);
    free(middle);
}

void reference_classify(const struct checkpoint *c, const double *hidden, size_t rows, double *out)
{
    const struct model_tensors *t = &c->tensors;
    size_t d = (size_t)c->config.hidden;
    bool pooled = c->config.family == FAMILY_BERT;
    if (c->config.head == HEAD_TOKEN) {
        linear(hidden, rows, d, &t->class_out, &t->class_out_bias, out);
        return;
    }
    double *middle = doubles(d);
    linear(hidden, 1, d, pooled ? &t->pooler : &t->class_dense, pooled ? &t->pooler_bias : &t->class_dense_bias, middle);
    if (c->config.family == FAMILY_ROFORMER)
        activation(&c->config, middle, d);
    else
        for (size_t i = 0; i < d; i++)
            middle[i] = tanh(middle[i]);
    linear(middle, 1, d, &t->class_out, &t->class_out_bias, out);
    free(middle);
}
