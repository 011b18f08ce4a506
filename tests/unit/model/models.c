// SPDX-License-Identifier: Apache-2.0
#include "unit/model/models.h"

#include <math.h>

#include "model/create.h"
#include "model/reference.h"
#include "model/verify.h"
#include "unit/test.h"

struct model_config model_small(const char *like, enum model_head head)
{
    struct model_config c = *config_known(str_of(like));
    c.hidden = c.embedding = 40, c.heads = 5, c.ffn = 72, c.layers = 3, c.head = head;
    c.labels = head == HEAD_SEQUENCE || head == HEAD_TOKEN ? 3 : 0;
    c.max_positions = c.max_positions ? 80 : 0;
    return c;
}

struct model model_make(const struct model_config *c, const struct encoder_options *o)
{
    struct model m = { .checkpoint = NULL };
    struct err err;
    static int number;
    Str dir = str_printf(&m.arena, "%s/model%d", test_dir(), number++);
    EXPECT_OK(create_model(dir, c, 7, &err), err);
    m.checkpoint = checkpoint_open(dir, &err);
    EXPECT_OK(m.checkpoint != NULL, err);
    m.encoder = encoder_new(m.checkpoint, o, &err);
    EXPECT_OK(m.encoder != NULL, err);
    return m;
}

void model_end(struct model *m)
{
    encoder_free(m->encoder);
    checkpoint_close(m->checkpoint);
    arena_release(&m->arena);
}

void model_tokens(int32_t *tokens, int64_t n, int vocab, uint32_t seed)
{
    for (int64_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        tokens[i] = (int32_t)((seed >> 8) % (uint32_t)vocab);
    }
}

// The relative error of the rows of a sequence.
static double error_of(const struct model *m, const float *rows, const double *want, int64_t length)
{
    size_t d = (size_t)m->checkpoint->config.hidden;
    float *got = xcalloc((size_t)length * d, sizeof *got);
    for (int64_t t = 0; t < length; t++)
        memcpy(got + (size_t)t * d, rows + (size_t)t * encoder_stride(m->encoder), d * sizeof *got);
    double error = verify_relative_error(got, want, (size_t)length * d);
    free(got);
    return error;
}

double model_check(struct model *m, const int64_t *lengths, size_t count, int layer, double limit)
{
    double worst = 0;
    int64_t starts[MODEL_CHECK_MAX + 1] = { 0 };
    for (size_t i = 0; i < count; i++)
        starts[i + 1] = starts[i] + lengths[i];
    int32_t *tokens = xcalloc((size_t)starts[count], sizeof *tokens);
    model_tokens(tokens, starts[count], m->checkpoint->config.vocab, 5);
    const float *rows = encoder_run(m->encoder, &(struct batch){ count, starts, tokens }, layer);
    for (size_t i = 0; i < count; i++) {
        double *want = xcalloc((size_t)(lengths[i] * m->checkpoint->config.hidden), sizeof *want);
        reference_run(m->checkpoint, tokens + starts[i], lengths[i], layer, want, NULL);
        double error = error_of(m, rows + (size_t)starts[i] * encoder_stride(m->encoder), want, lengths[i]);
        if (!(error <= limit))
            test_fail(__FILE__, __LINE__, "%s, length %lld, layer %d: relative error %.3g", encoder_kernels(m->encoder), (long long)lengths[i], layer, error);
        worst = fmax(worst, error);
        free(want);
    }
    free(tokens);
    return worst;
}

