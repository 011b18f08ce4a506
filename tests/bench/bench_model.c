// SPDX-License-Identifier: Apache-2.0
// How near the forward pass comes to what the cores can do: `bench_model MODEL SEQUENCES TOKENS [THREADS [float | int8 | int8-vnni | plain | avx2
// [ROUNDS [padded]]]]` takes every k-th sequence (at most 1,022 residues of each) until there are TOKENS, and prints one JSON line. A round is all
// of them; between rounds the peak of as many cores is measured: independent multiply-adds in registers. What is printed are medians, of rounds
// and of peaks. Seconds are processor time of all threads ("cpu") and wall time; on a machine with other work believe the first. FLOP are those of
// real tokens alone. "int8-vnni" leaves AMX aside. "padded" also runs the same sequences as a library that pads would: batches of 4,096 tokens, each sequence as long as
// its batch's longest.
#include "peak.h"

#include "base/arena.h"
#include "base/vec.h"
#include "model/encoder.h"
#include "model/kernels.h"
#include "model/seqfile.h"

enum { LONGEST = 1022, PADDED_BATCH = 4096 };

struct sequences {
    VEC(int32_t) tokens;
    VEC(int64_t) starts;
};

// --- sequences

static void take_sequence(struct sequences *s, const struct vocab *v, Str residues)
{
    int32_t *body = xcalloc(2 * residues.len + 1, sizeof *body);
    uint8_t *is_residue = xcalloc(2 * residues.len + 1, 1);
    struct vocab_notes notes;
    int64_t n = MIN(vocab_encode(v, residues, body, is_residue, &notes), LONGEST);
    vec_push_heap(&s->tokens, v->cls);
    for (int64_t i = 0; i < n; i++)
        vec_push_heap(&s->tokens, body[i]);
    vec_push_heap(&s->tokens, v->eos);
    vec_push_heap(&s->starts, (int64_t)s->tokens.len);
    free(body);
    free(is_residue);
}

static bool read_sequences(struct sequences *s, const struct vocab *v, Str path, int64_t tokens, struct err *err)
{
    int64_t all = 0, step, number = 0;
    struct sequence q;
    bool end = false, ok = true;
    struct seqfile *f = seqfile_open(path, CHAIN_ANY, err);
    while (f && ok && (ok = seqfile_next(f, &q, &end, err)) && !end)
        all += (int64_t)MIN(q.residues.len, (size_t)LONGEST) + 2;
    seqfile_close(f);
    if (f == NULL || !ok)
        return false;
    step = MAX(all / tokens, 1);
    vec_push_heap(&s->starts, 0);
    f = seqfile_open(path, CHAIN_ANY, err);
    for (end = false; f && (ok = seqfile_next(f, &q, &end, err)) && !end; number++)
        if (number % step == 0)
            take_sequence(s, v, q.residues);
    seqfile_close(f);
    return f != NULL && ok;
}

// The sequences of one batch from the i-th on: how many, and where each starts.
static size_t take_batch(const struct sequences *s, size_t i, int64_t budget, int64_t *starts)
{
    size_t n = 0;
    for (; i + n + 1 < s->starts.len && (n == 0 || s->starts.at[i + n + 1] - s->starts.at[i] <= budget); n++)
        starts[n + 1] = s->starts.at[i + n + 1] - s->starts.at[i];
    return n;
}

// Touches the memory that the batches will use: the system's work with it is part of a start, not of a batch.
static void warm(struct encoder *e, const struct sequences *s, int layers)
{
    int64_t *starts = xcalloc(s->starts.len + 1, sizeof *starts);
    size_t n = take_batch(s, 0, encoder_batch_tokens(e), starts);
    encoder_run(e, &(struct batch){ n, starts, s->tokens.at }, 1);
    encoder_run(e, &(struct batch){ 1, starts, s->tokens.at }, layers);
    free(starts);
}

struct work {                           // a round: all sequences, in batches
    struct encoder *encoder;
    const struct model_config *config;
    const struct sequences *sequences;
    double flop;
};

static void run(void *arg)
{
    struct work *w = arg;
    const struct sequences *s = w->sequences;
    int64_t *starts = xcalloc(s->starts.len + 1, sizeof *starts);
    w->flop = 0;
    for (size_t i = 0, n; i + 1 < s->starts.len; i += n) {
        n = take_batch(s, i, encoder_batch_tokens(w->encoder), starts);
        for (size_t j = 0; j < n; j++)
            w->flop += (double)(starts[j + 1] - starts[j]) * config_flop_per_token(w->config, starts[j + 1] - starts[j]);
        sink = encoder_run(w->encoder, &(struct batch){ n, starts, s->tokens.at + s->starts.at[i] }, w->config->layers)[0];
    }
    free(starts);
}

static void pad(const struct sequences *s, const struct vocab *v, struct sequences *out)
{
    vec_push_heap(&out->starts, 0);
    for (size_t i = 0; i + 1 < s->starts.len;) {
        int64_t longest = 0;
        size_t n = 0;
        for (; i + n + 1 < s->starts.len; n++) {
            int64_t length = s->starts.at[i + n + 1] - s->starts.at[i + n];
            if (n && MAX(longest, length) * (int64_t)(n + 1) > PADDED_BATCH)
                break;
            longest = MAX(longest, length);
        }
        for (; n; n--, i++) {
            for (int64_t t = 0; t < longest; t++)
                vec_push_heap(&out->tokens, s->starts.at[i] + t < s->starts.at[i + 1] ? s->tokens.at[s->starts.at[i] + t] : v->pad);
            vec_push_heap(&out->starts, (int64_t)out->tokens.len);
        }
    }
}

int main(int argc, char **argv)
{
    struct err err;
    struct sequences s = { 0 }, padded = { 0 };
    struct encoder_options o = { .threads = argc > 4 ? (int)strtol(argv[4], NULL, 10) : 1 };
    const char *how = argc > 5 ? argv[5] : "float";
    int count = argc > 6 ? (int)MIN(MAX(strtol(argv[6], NULL, 10), 1), (long)ROUNDS_MAX) : 5;
    o.arithmetic = strncmp(how, "int8", 4) == 0 ? ARITHMETIC_INT8 : ARITHMETIC_FLOAT;
    o.kernels = strcmp(how, "float") == 0 || strcmp(how, "int8") == 0 ? NULL : strcmp(how, "int8-vnni") == 0 ? "avx512" : how;
    if (argc < 4) {
        fprintf(stderr, "usage: bench_model MODEL SEQUENCES TOKENS [THREADS [float | int8 | int8-vnni | plain | avx2 [ROUNDS [padded]]]]\n");
        return 2;
    }
    struct checkpoint *c = checkpoint_open(str_of(argv[1]), &err);
    struct encoder *e = c ? encoder_new(c, &o, &err) : NULL;
    if (e == NULL || !read_sequences(&s, &c->vocab, str_of(argv[2]), strtoll(argv[3], NULL, 10), &err)) {
        fprintf(stderr, "bench_model: %s\n", err.text);
        return 1;
    }
    struct work work = { e, &c->config, &s, 0 }, other = { e, &c->config, &padded, 0 };
    warm(e, &s, c->config.layers);
    struct rounds packed = measure_rounds(count, o.threads, run, &work), long_way = { 0 };
    if (argc > 7 && strcmp(argv[7], "padded") == 0) {
        pad(&s, &c->vocab, &padded);
        long_way = measure_rounds(MIN(count, 3), 0, run, &other);
    }
    double flops = work.flop / packed.cpu;
    printf("{\"kernels\": \"%s\", \"how\": \"%s\", \"threads\": %d, \"tokens\": %zu, \"gflop\": %.1f, \"rounds\": %d, \"wall\": %.3f, \"cpu\": %.3f, "
           "\"peak_gflops\": %.1f, \"gflops_by_cpu\": %.1f, \"fraction\": %.3f, \"tokens_per_cpu_second\": %.0f, \"padded_tokens\": %zu, \"padded_cpu\": %.3f}\n",
           encoder_kernels(e), how, o.threads, s.tokens.len, work.flop / 1e9, count, packed.wall, packed.cpu, packed.peak / 1e9, flops / 1e9,
           flops / packed.peak, (double)s.tokens.len / packed.cpu, padded.tokens.len, long_way.cpu);
    encoder_free(e);
    checkpoint_close(c);
    return 0;
}
