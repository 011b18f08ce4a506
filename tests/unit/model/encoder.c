// SPDX-License-Identifier: Apache-2.0
// Whole models, with random weights of each architecture, against the double-precision forward pass; and the promise that what else is computed
// does not matter.
#include <math.h>

#include "model/batcher.h"
#include "model/create.h"
#include "model/reference.h"
#include "model/verify.h"
#include "sys/file.h"
#include "unit/model/models.h"
#include "unit/test.h"

static void check_family(const char *like)
{
    static const int64_t lengths[] = { 1, 2, 3, 16, 33, 50, 78 };
    static const char *const names[] = { "plain", "avx2", "avx512" };
    struct model_config c = model_small(like, HEAD_MLM);
    for (size_t k = 0; k < LEN(names); k++) {
        struct err err;
        struct model m = model_make(&c, &(struct encoder_options){ .threads = 2 });
        encoder_free(m.encoder);
        m.encoder = encoder_new(m.checkpoint, &(struct encoder_options){ .threads = 2, .kernels = names[k] }, &err);
        for (int layer = 0; m.encoder && layer <= c.layers; layer += 3)
            model_check(&m, lengths, LEN(lengths), layer, 2e-5);
        model_end(&m);
    }
}

TEST(esm2_is_within_2e_5_of_double_precision) { check_family("esm2_t6_8M"); }
TEST(esm1b_is_within_2e_5_of_double_precision) { check_family("esm1b_t33_650M"); }
TEST(bert_is_within_2e_5_of_double_precision) { check_family("antiberty"); }
TEST(roberta_is_within_2e_5_of_double_precision) { check_family("balm"); }
TEST(roformer_is_within_2e_5_of_double_precision) { check_family("antiberta2"); }

TEST(the_8M_model_is_within_2e_5_of_double_precision_at_its_real_sizes)
{
    static const int64_t lengths[] = { 1, 14, 150 };
    struct model_config c = *config_known(STR("esm2_t6_8M"));
    c.layers = 2;
    struct model m = model_make(&c, &(struct encoder_options){ .threads = 2 });
    model_check(&m, lengths, LEN(lengths), 2, 2e-5);
    model_check(&m, (const int64_t[]){ 3, 260 }, 2, 1, 2e-5);           // more keys than a piece holds
    model_end(&m);
}

TEST(relu_tanh_gelu_a_narrow_embedding_and_turned_values_are_right_too)
{
    static const int64_t lengths[] = { 5, 40 };
    for (int i = 0; i < 2; i++) {
        struct model_config c = model_small("antiberta2", HEAD_MLM);
        c.activation = i ? ACTIVATION_RELU : ACTIVATION_GELU_TANH;
        c.embedding = 24, c.rotary_value = true;
        struct model m = model_make(&c, &(struct encoder_options){ .threads = 1 });
        model_check(&m, lengths, LEN(lengths), c.layers, 2e-5);
        model_end(&m);
    }
}

// --- what a sequence's bits depend on

TEST(a_sequence_has_the_same_bits_alone_among_others_in_any_order_and_with_any_threads)
{
    enum { COUNT = 5 };
    static const int64_t lengths[COUNT] = { 3, 61, 17, 200, 40 };
    static const int order[3][COUNT] = { { 0, 1, 2, 3, 4 }, { 4, 2, 0, 1, 3 }, { 3, 3, 1, 1, 2 } };
    struct model_config c = model_small("esm2_t6_8M", HEAD_MLM);
    struct model one = model_make(&c, &(struct encoder_options){ .threads = 1 }), many = model_make(&c, &(struct encoder_options){ .threads = 3 });
    int32_t tokens[COUNT][200], packed[5 * 200];
    float *alone[COUNT];
    size_t row = encoder_stride(one.encoder);
    for (int i = 0; i < COUNT; i++) {
        model_tokens(tokens[i], lengths[i], c.vocab, (uint32_t)i + 1);
        const float *rows = encoder_run(one.encoder, &(struct batch){ 1, (const int64_t[]){ 0, lengths[i] }, tokens[i] }, c.layers);
        alone[i] = xmalloc((size_t)lengths[i] * row * sizeof(float));
        memcpy(alone[i], rows, (size_t)lengths[i] * row * sizeof(float));
    }
    for (int o = 0; o < 3; o++) {
        int64_t starts[COUNT + 1] = { 0 };
        for (int i = 0; i < COUNT; i++) {
            starts[i + 1] = starts[i] + lengths[order[o][i]];
            memcpy(packed + starts[i], tokens[order[o][i]], (size_t)lengths[order[o][i]] * sizeof **tokens);
        }
        const float *rows = encoder_run(many.encoder, &(struct batch){ COUNT, starts, packed }, c.layers);
        for (int i = 0; i < COUNT; i++)
            for (int64_t t = 0; t < lengths[order[o][i]]; t++)
                EXPECT(memcmp(rows + (size_t)(starts[i] + t) * row, alone[order[o][i]] + (size_t)t * row, 40 * sizeof(float)) == 0);
    }
    for (int i = 0; i < COUNT; i++)
        free(alone[i]);
    model_end(&one);
    model_end(&many);
}

// --- heads

TEST(masked_language_logits_and_contacts_are_within_2e_5_of_double_precision)
{
    enum { LENGTH = 30, SIDE = LENGTH - 2 };
    static const char *const families[] = { "esm2_t6_8M", "antiberty", "antiberta2" };
    for (size_t i = 0; i < LEN(families); i++) {
        struct model_config c = model_small(families[i], HEAD_MLM);
        struct model m = model_make(&c, &(struct encoder_options){ .threads = 2 });
        struct err err;
        int32_t tokens[LENGTH];
        double *want = xcalloc((size_t)(LENGTH * c.hidden), 8), *logits = xcalloc((size_t)(LENGTH * c.vocab), 8), contacts[SIDE * SIDE];
        float *got = xcalloc((size_t)(LENGTH * c.vocab), 4), got_contacts[SIDE * SIDE];
        model_tokens(tokens, LENGTH, c.vocab, 3);
        bool esm = c.family == FAMILY_ESM;
        reference_run(m.checkpoint, tokens, LENGTH, c.layers, want, esm ? contacts : NULL);
        reference_mlm(m.checkpoint, want, LENGTH, logits);
        encoder_mlm(m.encoder, encoder_run(m.encoder, &(struct batch){ 1, (const int64_t[]){ 0, LENGTH }, tokens }, c.layers), LENGTH, got);
        EXPECT(verify_relative_error(got, logits, (size_t)(LENGTH * c.vocab)) < 2e-5);
        if (esm) {
            EXPECT_OK(encoder_contacts(m.encoder, tokens, LENGTH, got_contacts, &err), err);
            EXPECT(verify_relative_error(got_contacts, contacts, SIDE * SIDE) < 2e-5);
            EXPECT(got_contacts[1] == got_contacts[SIDE]);
        } else {
            EXPECT_ERR(encoder_contacts(m.encoder, tokens, LENGTH, got_contacts, &err), err, ERR_UNSUPPORTED);
        }
        free(want), free(logits), free(got);
        model_end(&m);
    }
}

TEST(classification_logits_are_within_2e_5_of_double_precision)
{
    enum { LENGTH = 12 };
    static const char *const families[] = { "esm2_t6_8M", "antiberty", "balm", "antiberta2" };
    for (size_t i = 0; i < 2 * LEN(families); i++) {
        bool token = i >= LEN(families);
        struct model_config c = model_small(families[i % LEN(families)], token ? HEAD_TOKEN : HEAD_SEQUENCE);
        struct model m = model_make(&c, &(struct encoder_options){ .threads = 1 });
        int32_t tokens[LENGTH];
        double *want = xcalloc((size_t)(LENGTH * c.hidden), 8), logits[LENGTH * 3];
        float got[LENGTH * 3];
        model_tokens(tokens, LENGTH, c.vocab, 3);
        EXPECT(checkpoint_has_head(m.checkpoint, c.head));
        reference_run(m.checkpoint, tokens, LENGTH, c.layers, want, NULL);
        reference_classify(m.checkpoint, want, LENGTH, logits);
        const float *rows = encoder_run(m.encoder, &(struct batch){ 1, (const int64_t[]){ 0, LENGTH }, tokens }, c.layers);
        if (token)
            encoder_classify_tokens(m.encoder, rows, LENGTH, got);
        else
            encoder_classify_sequence(m.encoder, rows, got);
        EXPECT(verify_relative_error(got, logits, token ? LENGTH * 3 : 3) < 2e-5);
        free(want);
        model_end(&m);
    }
}

TEST(eight_bits_stay_within_five_percent)
{
    static const int64_t lengths[] = { 30, 60 };
    struct model_config c = *config_known(STR("esm2_t6_8M"));
    c.layers = 2;
    struct model m = model_make(&c, &(struct encoder_options){ .threads = 1, .arithmetic = ARITHMETIC_INT8 });
    model_check(&m, lengths, LEN(lengths), 2, 0.05);
    model_end(&m);
}

// --- what is stored decides

TEST(the_stored_rotary_frequencies_are_used_not_recomputed_ones)
{
    struct model_config c = model_small("esm2_t6_8M", HEAD_MLM);
    struct model m = model_make(&c, &(struct encoder_options){ .threads = 1 });
    float stored;
    tensor_read_floats(&m.checkpoint->tensors.layers[0].inverse_freq, 1, 1, &stored);
    EXPECT(fabs((double)stored - pow(10000, -0.25)) > 1e-6);            // rounded to half precision when it was made
    model_check(&m, (const int64_t[]){ 70 }, 1, 3, 2e-5);
    model_end(&m);
}

TEST(a_model_is_made_with_the_same_bytes_every_time_and_never_over_another)
{
    struct model_config c = model_small("esm2_t6_8M", HEAD_MLM);
    struct model a = model_make(&c, &(struct encoder_options){ .threads = 1 }), b = model_make(&c, &(struct encoder_options){ .threads = 1 });
    Hash ha, hb;
    struct err err;
    EXPECT_OK(checkpoint_digest(a.checkpoint, &ha, &err), err);
    EXPECT_OK(checkpoint_digest(b.checkpoint, &hb, &err), err);
    EXPECT(hash_eq(ha, hb));
    EXPECT_ERR(create_model(a.checkpoint->dir, &c, 8, &err), err, ERR_CONFLICT);
    model_end(&a);
    model_end(&b);
}

TEST(a_checkpoint_that_lacks_a_tensor_or_has_it_in_another_shape_is_refused_by_name)
{
    struct model_config c = model_small("esm2_t6_8M", HEAD_NONE);
    struct model m = model_make(&c, &(struct encoder_options){ .threads = 1 });
    struct err err;
    Str path = str_join_path(&m.arena, m.checkpoint->dir, STR("config.json"));
    c.layers = 4;
    EXPECT_OK(file_write_atomic(path, config_write(&m.arena, &c), &err), err);
    EXPECT(checkpoint_open(m.checkpoint->dir, &err) == NULL);
    if (str_find(str_of(err.text), STR("'esm.encoder.layer.3.attention.self.query.weight' is missing")) < 0)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    c.layers = 3, c.ffn = 80;
    EXPECT_OK(file_write_atomic(path, config_write(&m.arena, &c), &err), err);
    EXPECT(checkpoint_open(m.checkpoint->dir, &err) == NULL);
    EXPECT(str_find(str_of(err.text), STR("has the shape [72, 40], but config.json wants [80, 40]")) >= 0);
    model_end(&m);
}

// --- windows

struct seen {
    float *rows;
    int64_t length;
    size_t width;
};

static bool keep_rows(void *arg, size_t index UNUSED, const struct batcher_rows *rows, struct err *err UNUSED)
{
    struct seen *s = arg;
    s->length = rows->length, s->width = rows->width;
    s->rows = xcalloc((size_t)(rows->length + 2) * rows->width, sizeof *s->rows);
    for (int64_t t = 0; t < rows->length + 2; t++)
        memcpy(s->rows + (size_t)t * rows->width, rows->first + (size_t)t * rows->stride, rows->width * sizeof *s->rows);
    return true;
}

static struct seen run_body(struct model *m, const int32_t *body, int64_t length, struct length_policy policy, int64_t budget)
{
    struct seen s = { 0 };
    struct err err;
    struct batcher *b = batcher_new(&(struct batcher_options){ .encoder = m->encoder, .vocab = &m->checkpoint->vocab, .layer = 3, .budget = budget,
                                                               .policy = policy, .fn = keep_rows, .arg = &s });
    EXPECT_OK(batcher_add(b, 0, body, length, &err) && batcher_flush(b, &err), err);
    batcher_free(b);
    return s;
}

TEST(windows_cover_a_long_sequence_and_are_averaged_where_they_overlap)
{
    struct model_config c = model_small("esm2_t6_8M", HEAD_MLM);
    struct model m = model_make(&c, &(struct encoder_options){ .threads = 1 });
    int32_t body[25];
    model_tokens(body, 25, 20, 9);
    struct length_policy p = { TOO_LONG_WINDOWS, 10, 4 };
    EXPECT_INT(window_count(&p, 10), 1);
    EXPECT_INT(window_count(&p, 11), 2);
    EXPECT_INT(window_count(&p, 25), 4);
    EXPECT_INT(window_start(&p, 25, 3), 15);
    struct seen whole = run_body(&m, body, 25, p, 0), small_batches = run_body(&m, body, 25, p, 5);
    struct seen first = run_body(&m, body, 10, p, 0), second = run_body(&m, body + 6, 10, p, 0);
    EXPECT_INT(whole.length, 25);
    EXPECT(memcmp(whole.rows, small_batches.rows, 27 * 40 * sizeof(float)) == 0);
    EXPECT(memcmp(whole.rows + 40, first.rows + 40, 40 * sizeof(float)) == 0);          // residue 0 is in the first window alone
    for (size_t i = 0; i < 40; i++) {                                                   // residue 7 is in the first two
        float mean = (first.rows[8 * 40 + i] + second.rows[2 * 40 + i]) / 2;
        EXPECT(fabsf(whole.rows[8 * 40 + i] - mean) < 1e-6f);
    }
    struct seen cut = run_body(&m, body, 25, (struct length_policy){ TOO_LONG_TRUNCATE, 10, 0 }, 0);
    EXPECT_INT(cut.length, 10);
    EXPECT(memcmp(cut.rows, first.rows, 12 * 40 * sizeof(float)) == 0);
    free(whole.rows), free(small_batches.rows), free(first.rows), free(second.rows), free(cut.rows);
    model_end(&m);
}
