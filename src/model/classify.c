// SPDX-License-Identifier: Apache-2.0
// Classification tables. Sequences are gathered to a few batches, run, written, forgotten.
#include "model/classify.h"

#include <math.h>

#include "base/arena.h"
#include "base/vec.h"

enum { GROUP_SEQUENCES = 4096, GROUP_TOKENS = 65536 };

struct entry {
    Str id;
    int64_t body, length;               // tokens in the group's
    struct vocab_notes notes;
    bool truncated;
    int64_t windows;
};
struct classifying {
    const struct classify_options *o;
    const struct model_config *config;
    struct encoder *encoder;
    struct batcher *batcher;
    struct length_policy policy;
    struct classify_summary *summary;
    struct arena arena;                 // of the group
    VEC(struct entry) entries;
    VEC(int32_t) tokens;
    VEC(uint8_t) is_residue;
    struct strbuf text;
    double *p;                          // labels
};

static bool is_regression(const struct model_config *c) { return c->labels == 1; }

static void add_label_name(struct strbuf *b, const struct model_config *c, int label)
{
    if (c->label_names)
        strbuf_add(b, c->label_names[label]);
    else
        strbuf_addf(b, "LABEL_%d", label);
}

static void add_header(struct classifying *c)
{
    strbuf_addz(&c->text, c->config->head == HEAD_TOKEN ? "id\tchain\tposition" : "id\tlength");
    strbuf_addz(&c->text, is_regression(c->config) ? "\tvalue" : "\tlabel");
    for (int i = 0; i < c->config->labels && !is_regression(c->config); i++) {
        strbuf_addz(&c->text, "\tp_");
        add_label_name(&c->text, c->config, i);
    }
    strbuf_addz(&c->text, c->config->head == HEAD_TOKEN ? "\n" : "\tflags\n");
}

static void probabilities(const struct model_config *c, const float *logits, double *p)
{
    double most = (double)logits[0], sum = 0;
    for (int i = 1; i < c->labels; i++)
        most = fmax(most, (double)logits[i]);
    for (int i = 0; i < c->labels; i++)
        sum += p[i] = c->multi_label ? 1 / (1 + exp(-(double)logits[i])) : exp((double)logits[i] - most);
    for (int i = 0; i < c->labels && !c->multi_label; i++)
        p[i] /= sum;
}

// The label and its numbers.
static void add_result(struct classifying *c, const float *logits)
{
    const struct model_config *g = c->config;
    if (is_regression(g)) {
        strbuf_addf(&c->text, "\t%.7g", (double)logits[0]);
        return;
    }
    int best = 0, named = 0;
    probabilities(g, logits, c->p);
    for (int i = 1; i < g->labels; i++)
        best = c->p[i] > c->p[best] ? i : best;
    strbuf_addc(&c->text, '\t');
    for (int i = 0; i < g->labels; i++)
        if (g->multi_label ? c->p[i] >= 0.5 : i == best) {
            if (named++)
                strbuf_addc(&c->text, '|');
            add_label_name(&c->text, g, i);
        }
    for (int i = 0; i < g->labels; i++)
        strbuf_addf(&c->text, "\t%.6f", c->p[i]);
}

static void add_chain(struct classifying *c, int chain)
{
    static const char *const both[] = { "H", "L" };
    if (c->o->chain == CHAIN_BOTH && chain < 2)
        strbuf_addf(&c->text, "\t%s", both[chain]);
    else if (c->o->chain == CHAIN_ANY || c->o->chain == CHAIN_BOTH)
        strbuf_addf(&c->text, "\t%d", chain + 1);
    else
        strbuf_addz(&c->text, c->o->chain == CHAIN_HEAVY ? "\tH" : "\tL");
}

static void add_tokens(struct classifying *c, const struct entry *e, const struct batcher_rows *rows)
{
    const uint8_t *is_residue = c->is_residue.at + e->body;
    int64_t position = 0;
    int chain = 0;
    for (int64_t t = 0; t < rows->length; t++) {
        if (!is_residue[t]) {
            chain += t > 0 && is_residue[t - 1], position = 0;
            continue;
        }
        strbuf_add(&c->text, e->id);
        add_chain(c, chain);
        strbuf_addf(&c->text, "\t%lld", (long long)++position);
        add_result(c, rows->first + (size_t)(t + 1) * rows->stride);
        strbuf_addc(&c->text, '\n');
    }
}

static void add_flags(struct classifying *c, const struct entry *e)
{
    size_t start = c->text.len + 1;
    strbuf_addc(&c->text, '\t');
    if (e->truncated)
        strbuf_addz(&c->text, "truncated");
    if (e->windows > 1)
        strbuf_addf(&c->text, "windows=%lld", (long long)e->windows);
    if (e->notes.unknown)
        strbuf_addf(&c->text, "%sunknown=%lld", c->text.len > start ? "," : "", (long long)e->notes.unknown);
    if (c->text.len == start)
        strbuf_addc(&c->text, '-');
}

static bool take_rows(void *arg, size_t index, const struct batcher_rows *rows, struct err *err)
{
    struct classifying *c = arg;
    const struct entry *e = &c->entries.at[index];
    if (c->config->head == HEAD_TOKEN) {
        add_tokens(c, e, rows);
    } else {
        float *logits = xcalloc((size_t)c->config->labels, sizeof *logits);
        encoder_classify_sequence(c->encoder, rows->first, logits);
        strbuf_add(&c->text, e->id);
        strbuf_addf(&c->text, "\t%lld", (long long)e->notes.residues);
        add_result(c, logits);
        add_flags(c, e);
        strbuf_addc(&c->text, '\n');
        free(logits);
    }
    bool ok = c->o->write(c->o->arg, strbuf_str(&c->text), err);
    strbuf_clear(&c->text);
    return ok;
}

static bool run_group(struct classifying *c, struct err *err)
{
    bool ok = true;
    for (size_t i = 0; i < c->entries.len && ok; i++)
        ok = batcher_add(c->batcher, i, c->tokens.at + c->entries.at[i].body, c->entries.at[i].length, err);
    ok = ok && batcher_flush(c->batcher, err);
    c->entries.len = c->tokens.len = c->is_residue.len = 0;
    arena_release(&c->arena);
    return ok;
}

static bool add_sequence(struct classifying *c, const struct seqfile *f, const struct sequence *s, struct err *err)
{
    size_t room = c->tokens.len + 2 * s->residues.len + 1;
    while (c->tokens.cap < room)
        vec_grow(NULL, (void **)&c->tokens.at, &c->tokens.cap, sizeof *c->tokens.at);
    while (c->is_residue.cap < room)
        vec_grow(NULL, (void **)&c->is_residue.at, &c->is_residue.cap, 1);
    struct entry e = { .id = str_copy(&c->arena, s->id), .body = (int64_t)c->tokens.len };
    e.length = vocab_encode(&c->o->checkpoint->vocab, s->residues, c->tokens.at + c->tokens.len, c->is_residue.at + c->is_residue.len, &e.notes);
    bool too_long = e.length > c->policy.longest;
    if (too_long && c->policy.what == TOO_LONG_ERROR)
        return err_set(err, ERR_INVALID, STR_FMT ":%lld: the sequence takes %lld tokens, more than the %lld that this model is run with; choose "
                       "--too-long truncate or --too-long windows", STR_ARG(seqfile_path(f)), (long long)s->line, (long long)e.length,
                       (long long)c->policy.longest);
    e.truncated = too_long && c->policy.what == TOO_LONG_TRUNCATE;
    e.windows = e.truncated ? 1 : window_count(&c->policy, e.length);
    c->tokens.len += (size_t)e.length, c->is_residue.len += (size_t)e.length;
    c->summary->sequences++;
    c->summary->residues += e.notes.residues, c->summary->unknown += e.notes.unknown;
    c->summary->truncated += e.truncated, c->summary->windowed += e.windows > 1;
    vec_push_heap(&c->entries, e);
    return c->entries.len < GROUP_SEQUENCES && c->tokens.len < GROUP_TOKENS ? true : run_group(c, err);
}

static bool run_file(struct classifying *c, Str path, struct err *err)
{
    struct seqfile *f = seqfile_open(path, c->o->chain, err);
    bool end = false, ok = f != NULL;
    struct sequence s;
    while (ok && !end) {
        ok = seqfile_next(f, &s, &end, err);
        if (ok && !end)
            ok = add_sequence(c, f, &s, err);
    }
    seqfile_close(f);
    return ok;
}

static bool prepare(struct classifying *c, struct err *err)
{
    const struct classify_options *o = c->o;
    if (!checkpoint_has_head(o->checkpoint, HEAD_SEQUENCE) && !checkpoint_has_head(o->checkpoint, HEAD_TOKEN))
        return err_set(err, ERR_UNSUPPORTED, STR_FMT " has no classification head: its config.json says no …ForSequenceClassification or "
                       "…ForTokenClassification, or the tensors 'classifier.*' are missing", STR_ARG(o->checkpoint->dir));
    c->policy = o->policy;
    c->policy.longest = o->policy.longest ? o->policy.longest : length_longest(c->config);
    if (config_longest(c->config) != INT32_MAX && c->policy.longest > config_longest(c->config) - 2)
        return err_set(err, ERR_INVALID, "the model's positions end at %lld residues", (long long)config_longest(c->config) - 2);
    if (c->policy.what == TOO_LONG_WINDOWS && c->policy.overlap == 0)
        c->policy.overlap = c->policy.longest / 4;
    c->encoder = encoder_new(o->checkpoint, &o->encoder, err);
    if (c->encoder == NULL)
        return false;
    struct batcher_options b = { .encoder = c->encoder, .vocab = &o->checkpoint->vocab, .layer = c->config->layers, .policy = c->policy,
                                 .values = c->config->head == HEAD_TOKEN ? VALUES_CLASSES : VALUES_HIDDEN, .fn = take_rows, .arg = c };
    c->batcher = batcher_new(&b);
    c->p = xcalloc((size_t)c->config->labels, sizeof *c->p);
    return true;
}

bool classify_run(const struct classify_options *o, struct classify_summary *out, struct err *err)
{
    struct classifying c = { .o = o, .config = &o->checkpoint->config, .summary = out };
    *out = (struct classify_summary){ 0 };
    bool ok = prepare(&c, err);
    if (ok)
        add_header(&c);                                 // written with the first lines: a mistake in the input comes before any output
    for (size_t i = 0; i < o->input_count && ok; i++)
        ok = run_file(&c, o->inputs[i], err);
    ok = ok && run_group(&c, err) && (c.text.len == 0 || o->write(o->arg, strbuf_str(&c.text), err));
    batcher_free(c.batcher);
    encoder_free(c.encoder);
    arena_release(&c.arena);
    strbuf_release(&c.text);
    free(c.entries.at);
    free(c.tokens.at);
    free(c.is_residue.at);
    free(c.p);
    return ok;
}
