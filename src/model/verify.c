// SPDX-License-Identifier: Apache-2.0
// The checks of `petri model verify`. Tolerances: 2e-5 for float against double; 5 % for outputs that were recorded in bfloat16, which has 8 bits.
#include "model/verify.h"

#include <math.h>

#include "base/arena.h"
#include "model/encoder.h"
#include "model/recorded.h"
#include "model/reference.h"
#include "model/safetensors.h"

#define FLOAT_LIMIT 2e-5
#define RECORDED_LIMIT 0.05
enum { PROBE_TOKENS = 96, AGAINST_ROWS_MAX = 1 << 20 };

struct verifying {
    struct arena *arena;
    struct checkpoint *checkpoint;
    struct encoder *encoder;
    struct verify_report *report;
};

static void add_check(struct verifying *v, enum verify_state state, double error, Str text)
{
    struct verify_report *r = v->report;
    if (state == VERIFY_FAILED)
        r->passed = false;
    if (r->count < VERIFY_CHECKS_MAX)
        r->checks[r->count++] = (struct verify_check){ state, text, error };
}

double verify_relative_error(const float *got, const double *want, size_t n)
{
    double difference = 0, size = 0;
    for (size_t i = 0; i < n; i++) {
        difference += ((double)got[i] - want[i]) * ((double)got[i] - want[i]);
        size += want[i] * want[i];
    }
    return sqrt(difference / (size > 0 ? size : 1));
}

static void add_comparison(struct verifying *v, const char *what, const float *got, const double *want, size_t n, double limit)
{
    double error = verify_relative_error(got, want, n);
    bool passed = error <= limit;                       // false for NaN too
    add_check(v, passed ? VERIFY_PASSED : VERIFY_FAILED, error,
              str_printf(v->arena, "%s: relative difference %.2g, %s %.2g", what, error, passed ? "within" : "over the limit of", limit));
}

// The rows without their padding.
static float *compact(struct arena *a, const struct verifying *v, const float *hidden, size_t rows)
{
    size_t d = (size_t)v->checkpoint->config.hidden, stride = encoder_stride(v->encoder);
    float *out = NEW_ARRAY(a, float, rows * d);
    for (size_t r = 0; r < rows; r++)
        memcpy(out + r * d, hidden + r * stride, d * sizeof *out);
    return out;
}

// --- float against double

static void check_classes(struct verifying *v, const float *hidden, const double *want_hidden, size_t rows)
{
    bool tokens = checkpoint_has_head(v->checkpoint, HEAD_TOKEN);
    size_t n = (tokens ? rows : 1) * (size_t)v->checkpoint->config.labels;
    float *got = NEW_ARRAY(v->arena, float, n);
    double *want = NEW_ARRAY(v->arena, double, n);
    if (tokens)
        encoder_classify_tokens(v->encoder, hidden, rows, got);
    else
        encoder_classify_sequence(v->encoder, hidden, got);
    reference_classify(v->checkpoint, want_hidden, rows, want);
    add_comparison(v, "classification logits, fast kernels against double precision", got, want, n, FLOAT_LIMIT);
}

static void check_arithmetic(struct verifying *v)
{
    const struct model_config *c = &v->checkpoint->config;
    size_t rows = (size_t)MIN(PROBE_TOKENS, config_longest(c)), d = (size_t)c->hidden, vocab = (size_t)c->vocab;
    int32_t *tokens = NEW_ARRAY(v->arena, int32_t, rows);
    int64_t starts[2] = { 0, (int64_t)rows };
    for (size_t i = 0; i < rows; i++)
        tokens[i] = (int32_t)(i * 7 % vocab);           // every kind of token, masks too
    double *want = NEW_ARRAY(v->arena, double, rows * d);
    const float *hidden = encoder_run(v->encoder, &(struct batch){ 1, starts, tokens }, c->layers);
    reference_run(v->checkpoint, tokens, (int64_t)rows, c->layers, want, NULL);
    add_comparison(v, "last hidden state, fast kernels against double precision", compact(v->arena, v, hidden, rows), want, rows * d, FLOAT_LIMIT);
    if (checkpoint_has_head(v->checkpoint, HEAD_SEQUENCE) || checkpoint_has_head(v->checkpoint, HEAD_TOKEN))
        check_classes(v, hidden, want, rows);
    if (!checkpoint_has_head(v->checkpoint, HEAD_MLM))
        return;
    float *logits = NEW_ARRAY(v->arena, float, rows * vocab);
    double *want_logits = NEW_ARRAY(v->arena, double, rows * vocab);
    encoder_mlm(v->encoder, hidden, rows, logits);
    reference_mlm(v->checkpoint, want, rows, want_logits);
    add_comparison(v, "masked-language logits, fast kernels against double precision", logits, want_logits, rows * vocab, FLOAT_LIMIT);
}

// --- the published models

static const struct recorded_model *find_recorded(const struct model_config *c, const char *sha256)
{
    for (size_t i = 0; i < recorded_model_count; i++) {
        const struct model_config *known = config_known(str_of(recorded_models[i].name));
        bool same_sizes = known && c->family == known->family && c->layers == known->layers && c->hidden == known->hidden && c->vocab == known->vocab;
        if (same_sizes && (recorded_models[i].sha256 == NULL || strcmp(recorded_models[i].sha256, sha256) == 0))
            return &recorded_models[i];
    }
    return NULL;
}

static bool sha256_of_file(const struct checkpoint *c, char out[HASH_HEX + 1], struct err *err)
{
    enum { PIECE = 1 << 20 };
    FILE *f = fopen(c->files[0].data, "rbe");
    if (f == NULL)
        return err_errno(err, "cannot read " STR_FMT, STR_ARG(c->files[0]));
    struct sum *s = sum_new(SUM_SHA256);
    char *piece = xmalloc(PIECE);
    for (size_t n; (n = fread(piece, 1, PIECE, f)) > 0;)
        sum_update(s, piece, n);
    bool failed = ferror(f);
    sum_finish(s, out);
    free(piece);
    fclose(f);
    return !failed || err_set(err, ERR_INTERNAL, "reading " STR_FMT " failed", STR_ARG(c->files[0]));
}

struct samples {
    float got[RECORDED_SEQUENCES * RECORDED_PLACES * RECORDED_WIDTH];
    double want[RECORDED_SEQUENCES * RECORDED_PLACES * RECORDED_WIDTH];
    size_t n;
};

static void take(struct samples *s, const float *got, const float *want)
{
    for (size_t i = 0; i < RECORDED_WIDTH; i++) {
        s->got[s->n] = got[i];
        s->want[s->n++] = (double)want[i];
    }
}

static void compare_recorded(struct verifying *v, const struct recorded_model *m)
{
    const struct model_config *c = &v->checkpoint->config;
    struct samples hidden = { .n = 0 }, logits = { .n = 0 };
    int32_t tokens[RECORDED_SEQUENCES * RECORDED_LENGTH];
    int64_t starts[RECORDED_SEQUENCES + 1] = { 0 };
    for (size_t s = 0; s < RECORDED_SEQUENCES; s++) {
        int64_t n = 0;
        for (; n < RECORDED_LENGTH && recorded_tokens[s][n] >= 0; n++)
            tokens[starts[s] + n] = recorded_tokens[s][n];
        starts[s + 1] = starts[s] + n;
    }
    const float *out = encoder_run(v->encoder, &(struct batch){ RECORDED_SEQUENCES, starts, tokens }, c->layers);
    bool has_mlm = checkpoint_has_head(v->checkpoint, HEAD_MLM);
    float *row_logits = NEW_ARRAY(v->arena, float, (size_t)c->vocab);
    for (size_t s = 0; s < RECORDED_SEQUENCES; s++)
        for (size_t p = 0; p < RECORDED_PLACES; p++) {
            const float *row = out + (size_t)(starts[s] + recorded_places[p]) * encoder_stride(v->encoder);
            take(&hidden, row, m->hidden[s][p]);
            if (has_mlm) {
                encoder_mlm(v->encoder, row, 1, row_logits);
                take(&logits, row_logits, m->logits[s][p]);
            }
        }
    add_comparison(v, "last hidden state, against the authors' implementation", hidden.got, hidden.want, hidden.n, RECORDED_LIMIT);
    if (has_mlm)
        add_comparison(v, "masked-language logits, against the authors' implementation", logits.got, logits.want, logits.n, RECORDED_LIMIT);
}

static bool check_recorded(struct verifying *v, struct err *err)
{
    char sha256[HASH_HEX + 1] = "";
    if (v->checkpoint->file_count == 1 && !sha256_of_file(v->checkpoint, sha256, err))
        return false;
    const struct recorded_model *m = find_recorded(&v->checkpoint->config, sha256);
    if (m == NULL) {
        add_check(v, VERIFY_SKIPPED, NAN, str_printf(v->arena, "recorded outputs: these weights are of no model that outputs were recorded of"
                                                     "%s%s", sha256[0] ? ", SHA-256 " : "", sha256));
        return true;
    }
    add_check(v, VERIFY_PASSED, NAN, str_printf(v->arena, "weights: %s%s", m->name, m->sha256 ? ", the published file" : " by its sizes"));
    compare_recorded(v, m);
    return true;
}

// --- a file of outputs

struct against {
    const struct tensor *ids, *mask, *hidden, *logits;
    size_t sequences, length;
};

static const struct tensor *find_output(const struct safetensors *s, const char *prefix, const char *name)
{
    char full[64];
    snprintf(full, sizeof full, "%s%s", prefix, name);
    const struct tensor *t = safetensors_find(s, str_of(full));
    return t ? t : safetensors_find(s, str_of(name));
}

static int64_t int_at(const struct tensor *t, size_t i)
{
    int64_t wide;
    int32_t narrow;
    if (t->type == TENSOR_I64) {
        memcpy(&wide, (const char *)t->data + i * 8, 8);
        return wide;
    }
    memcpy(&narrow, (const char *)t->data + i * 4, 4);
    return narrow;
}

static bool is_table(const struct tensor *t, size_t rows, size_t columns, size_t width)
{
    return t->rank == (width ? 3 : 2) && (size_t)t->shape[0] == rows && (size_t)t->shape[1] == columns && (width == 0 || (size_t)t->shape[2] == width)
        && (width ? tensor_is_float(t) : t->type == TENSOR_I64 || t->type == TENSOR_I32);
}

static bool open_against(const struct verifying *v, const struct safetensors *s, struct against *g, struct err *err)
{
    const struct model_config *c = &v->checkpoint->config;
    g->ids = find_output(s, "input__", "input_ids"), g->mask = find_output(s, "input__", "attention_mask");
    g->hidden = find_output(s, "output__", "last_hidden_state"), g->logits = find_output(s, "output__", "logits");
    if (g->ids == NULL || g->ids->rank != 2 || g->ids->count > AGAINST_ROWS_MAX || (g->ids->type != TENSOR_I64 && g->ids->type != TENSOR_I32))
        return err_set(err, ERR_INVALID, "'input_ids' is missing or no table of integers with at most %d entries", AGAINST_ROWS_MAX);
    g->sequences = (size_t)g->ids->shape[0], g->length = (size_t)g->ids->shape[1];
    if (g->mask && !is_table(g->mask, g->sequences, g->length, 0))
        return err_set(err, ERR_INVALID, "'attention_mask' has not the shape of 'input_ids'");
    if (g->hidden == NULL && g->logits == NULL)
        return err_set(err, ERR_INVALID, "expected 'last_hidden_state' or 'logits'");
    if (g->hidden && !is_table(g->hidden, g->sequences, g->length, (size_t)c->hidden))
        return err_set(err, ERR_INVALID, "'last_hidden_state' is no floating table [%zu, %zu, %d]", g->sequences, g->length, c->hidden);
    if (g->logits && !is_table(g->logits, g->sequences, g->length, (size_t)c->vocab))
        return err_set(err, ERR_INVALID, "'logits' is no floating table [%zu, %zu, %d]", g->sequences, g->length, c->vocab);
    for (size_t i = 0; i < (size_t)g->ids->count; i++)
        if (int_at(g->ids, i) < 0 || int_at(g->ids, i) >= c->vocab)
            return err_set(err, ERR_INVALID, "'input_ids' holds an id outside of the vocabulary of %d", c->vocab);
    return true;
}

// Squares of differences and of the wanted values, over the tokens that are no padding, on whichever side it stands.
static void measure(struct verifying *v, const struct against *g, double sums[4])
{
    const struct model_config *c = &v->checkpoint->config;
    size_t d = (size_t)c->hidden, vocab = (size_t)c->vocab;
    int32_t *tokens = NEW_ARRAY(v->arena, int32_t, g->length + 1);
    size_t *places = NEW_ARRAY(v->arena, size_t, g->length + 1);
    double *want = NEW_ARRAY(v->arena, double, MAX(d, vocab));
    float *logits = NEW_ARRAY(v->arena, float, vocab);
    for (size_t s = 0; s < g->sequences; s++) {
        int64_t n = 0, starts[2] = { 0, 0 };
        for (size_t t = 0; t < g->length; t++)
            if (g->mask == NULL || int_at(g->mask, s * g->length + t))
                tokens[n] = (int32_t)int_at(g->ids, s * g->length + t), places[n++] = t;
        starts[1] = n = MIN(n, config_longest(c));
        const float *out = n ? encoder_run(v->encoder, &(struct batch){ 1, starts, tokens }, c->layers) : NULL;
        for (int64_t t = 0; t < n; t++, out += encoder_stride(v->encoder)) {
            for (size_t k = 0; k < (g->logits ? 2u : 1u); k++) {
                const struct tensor *w = k ? g->logits : g->hidden;
                size_t width = k ? vocab : d;
                if (w == NULL)
                    continue;
                tensor_read_doubles(w, (int64_t)((s * g->length + places[t]) * width), (int64_t)width, want);
                if (k)
                    encoder_mlm(v->encoder, out, 1, logits);
                for (size_t i = 0; i < width; i++) {
                    double difference = (double)(k ? logits[i] : out[i]) - want[i];
                    sums[2 * k] += difference * difference, sums[2 * k + 1] += want[i] * want[i];
                }
            }
        }
    }
}

static bool check_against(struct verifying *v, Str path, struct err *err)
{
    struct safetensors s;
    struct against g;
    double sums[4] = { 0 };
    if (!safetensors_open(v->arena, path, &s, err))
        return false;
    if (!open_against(v, &s, &g, err))
        return err_wrap(err, STR_FMT, STR_ARG(path));
    if (g.logits && !checkpoint_has_head(v->checkpoint, HEAD_MLM))
        g.logits = NULL;
    measure(v, &g, sums);
    for (int k = 0; k < 2; k++)
        if (k ? g.logits : g.hidden) {
            double error = sqrt(sums[2 * k] / (sums[2 * k + 1] > 0 ? sums[2 * k + 1] : 1));
            add_check(v, error <= RECORDED_LIMIT ? VERIFY_PASSED : VERIFY_FAILED, error,
                      str_printf(v->arena, "%s of " STR_FMT ": relative difference %.2g, limit %.2g", k ? "logits" : "last_hidden_state",
                          STR_ARG(path), error,
                                 RECORDED_LIMIT));
        }
    return true;
}

bool verify_model(struct arena *a, Str dir, Str against, struct verify_report *out, struct err *err)
{
    struct verifying v = { .arena = a, .report = out };
    struct encoder_options o = { 0 };
    *out = (struct verify_report){ .passed = true, .kernels = "" };
    v.checkpoint = checkpoint_open(dir, err);
    v.encoder = v.checkpoint ? encoder_new(v.checkpoint, &o, err) : NULL;
    bool ok = v.encoder != NULL;
    if (ok) {
        out->kernels = encoder_kernels(v.encoder);
        check_arithmetic(&v);
    }
    ok = ok && check_recorded(&v, err) && (against.len == 0 || check_against(&v, against, err));
    encoder_free(v.encoder);
    checkpoint_close(v.checkpoint);
    return ok;
}

Value verify_value(struct arena *a, const struct verify_report *r)
{
    static const char *const states[] = { [VERIFY_PASSED] = "passed", [VERIFY_FAILED] = "failed", [VERIFY_SKIPPED] = "skipped" };
    struct value_builder b = value_map_begin(a);
    Value checks[VERIFY_CHECKS_MAX];
    for (size_t i = 0; i < r->count; i++) {
        struct value_builder c = value_map_begin(a);
        value_map_set(&c, STR("state"), value_string(a, str_of(states[r->checks[i].state])));
        value_map_set(&c, STR("text"), value_string(a, r->checks[i].text));
        value_map_set(&c, STR("relative_difference"), isnan(r->checks[i].error) ? value_null : value_float(r->checks[i].error));
        checks[i] = value_map_end(&c);
    }
    value_map_set(&b, STR("kernels"), value_string(a, str_of(r->kernels)));
    value_map_set(&b, STR("passed"), value_bool(r->passed));
    value_map_set(&b, STR("checks"), value_array(a, checks, r->count));
    return value_map_end(&b);
}
