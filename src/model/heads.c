// SPDX-License-Identifier: Apache-2.0
// What stands on the last hidden states: masked-language logits, classification of sequences and of tokens, contacts from attention. Heads always
// compute in float, also where the encoder's layers are in 8 bits.
#include "model/encoder_inside.h"

#include <math.h>

static void load_one(struct encoder *e, struct linear *l, const struct tensor *weight, const struct tensor *bias)
{
    enum encoder_arithmetic layers = e->arithmetic;
    e->arithmetic = ARITHMETIC_FLOAT;
    linear_load(e, l, &weight, &bias, 1);
    e->arithmetic = layers;
}

static void gelu_rows(const struct encoder *e, float *x, size_t n)
{
    if (e->config->activation == ACTIVATION_GELU)
        e->kernels->gelu(x, n);
    else
        activate(e, x, n);
}

static void load_mlm(struct encoder *e)
{
    const struct model_tensors *t = &e->checkpoint->tensors;
    if (e->lm_loaded)
        return;
    CHECK(checkpoint_has_head(e->checkpoint, HEAD_MLM));
    load_one(e, &e->lm_dense, &t->lm_dense, &t->lm_dense_bias);
    load_one(e, &e->lm_decoder, t->lm_decoder.data ? &t->lm_decoder : &t->words, &t->lm_bias);
    norm_load(e, &e->lm_norm, &t->lm_norm, &t->lm_norm_bias);
    e->lm_loaded = true;
}

void encoder_mlm(struct encoder *e, const float *hidden, size_t count, float *out)
{
    load_mlm(e);
    size_t width = (size_t)e->config->embedding, stride = e->lm_dense.out, logits = e->lm_decoder.out, vocab = (size_t)e->config->vocab;
    float *middle = xcalloc(BLOCK_ROWS * stride, sizeof *middle), *last = xcalloc(BLOCK_ROWS * logits, sizeof *last);
    for (size_t r = 0; r < count; r += BLOCK_ROWS) {
        size_t rows = MIN((size_t)BLOCK_ROWS, count - r);
        linear_run(e, &e->lm_dense, NULL, hidden + r * e->stride, e->stride, rows, middle, stride, GEMM_BIAS);
        gelu_rows(e, middle, rows * stride);
        e->kernels->layer_norm(middle, stride, middle, stride, rows, width, e->lm_norm.weight, e->lm_norm.bias, (float)e->config->norm_eps);
        linear_run(e, &e->lm_decoder, NULL, middle, stride, rows, last, logits, GEMM_BIAS);
        for (size_t i = 0; i < rows; i++)
            memcpy(out + (r + i) * vocab, last + i * logits, vocab * sizeof *out);
    }
    free(middle);
    free(last);
}

static void load_class(struct encoder *e)
{
    const struct model_tensors *t = &e->checkpoint->tensors;
    if (e->class_loaded)
        return;
    CHECK(checkpoint_has_head(e->checkpoint, e->config->head) && t->class_out.data);
    load_one(e, &e->class_out, &t->class_out, &t->class_out_bias);
    if (e->config->head == HEAD_SEQUENCE && e->config->family == FAMILY_BERT)
        load_one(e, &e->class_dense, &t->pooler, &t->pooler_bias);
    else if (e->config->head == HEAD_SEQUENCE)
        load_one(e, &e->class_dense, &t->class_dense, &t->class_dense_bias);
    e->class_loaded = true;
}

void encoder_classify_sequence(struct encoder *e, const float *row, float *out)
{
    load_class(e);
    size_t width = e->class_dense.out;
    float *middle = xcalloc(width, sizeof *middle), *last = xcalloc(e->class_out.out, sizeof *last);
    linear_run(e, &e->class_dense, NULL, row, e->stride, 1, middle, width, GEMM_BIAS);
    if (e->config->family == FAMILY_ROFORMER)
        gelu_rows(e, middle, width);
    else
        for (size_t i = 0; i < width; i++)
            middle[i] = tanhf(middle[i]);
    linear_run(e, &e->class_out, NULL, middle, width, 1, last, e->class_out.out, GEMM_BIAS);
    memcpy(out, last, (size_t)e->config->labels * sizeof *out);
    free(middle);
    free(last);
}

void encoder_classify_tokens(struct encoder *e, const float *hidden, size_t count, float *out)
{
    load_class(e);
    size_t labels = (size_t)e->config->labels, stride = e->class_out.out;
    float *last = xcalloc(count * stride, sizeof *last);
    linear_run(e, &e->class_out, NULL, hidden, e->stride, count, last, stride, GEMM_BIAS);
    for (size_t r = 0; r < count; r++)
        memcpy(out + r * labels, last + r * stride, labels * sizeof *out);
    free(last);
}

// --- contacts

// Logistic regression over the attention of every head, symmetrised and corrected by the average product (APC), specials left out. Head by head, so
// that one map is in memory at a time.
struct contacts {
    const float *weights;               // of layer · heads + head
    int heads;
    size_t residues;
    double *logits;                     // residues²
    double *sums;                       // residues
};

static void add_head(void *arg, int layer, int head, const float *p, size_t length)
{
    struct contacts *c = arg;
    double weight = (double)c->weights[layer * c->heads + head], total = 0;
    size_t n = c->residues;
    for (size_t i = 0; i < n; i++) {
        c->sums[i] = 0;
        for (size_t j = 0; j < n; j++)
            c->sums[i] += (double)p[(i + 1) * length + j + 1] + (double)p[(j + 1) * length + i + 1];
        total += c->sums[i];
    }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            double both = (double)p[(i + 1) * length + j + 1] + (double)p[(j + 1) * length + i + 1];
            c->logits[i * n + j] += weight * (both - c->sums[i] * c->sums[j] / total);
        }
}

bool encoder_contacts(struct encoder *e, const int32_t *tokens, int64_t length, float *out, struct err *err)
{
    const struct model_tensors *t = &e->checkpoint->tensors;
    if (t->contact.data == NULL || t->contact_bias.data == NULL)
        return err_set(err, ERR_UNSUPPORTED, STR_FMT " has no contact head (contact_head.regression)", STR_ARG(e->checkpoint->dir));
    if (length < 3)
        return err_set(err, ERR_INVALID, "contacts need at least one residue");
    float *weights = xmalloc((size_t)t->contact.count * sizeof *weights), bias;
    struct contacts c = { weights, e->config->heads, (size_t)length - 2, NULL, NULL };
    c.logits = xcalloc(c.residues * c.residues, sizeof *c.logits);
    c.sums = xcalloc(c.residues, sizeof *c.sums);
    tensor_read_floats(&t->contact, 0, t->contact.count, weights);
    tensor_read_floats(&t->contact_bias, 0, 1, &bias);
    e->probe = add_head, e->probe_arg = &c;
    encoder_run(e, &(struct batch){ 1, (const int64_t[]){ 0, length }, tokens }, e->config->layers);
    e->probe = NULL;
    for (size_t i = 0; i < c.residues * c.residues; i++)
        out[i] = (float)(1 / (1 + exp(-(c.logits[i] + (double)bias))));
    free(c.logits);
    free(c.sums);
    free(weights);
    return true;
}
