// SPDX-License-Identifier: Apache-2.0
// Every length: the forward pass beside double precision for sequences of 1 to 1,022 residues, packed in many mixes. `make lengths` runs it:
//     lengths MODEL STEP [THREADS]
// MODEL is a folder (petri model init). Lengths are taken STEP apart, and the longest; a batch holds neighbours in an order by chance, up to 4,096 tokens.
// Prints the worst relative difference of a sequence's last hidden states, and of a token's, a line a batch where that is a new worst one. The exit code is 1
// where a sequence is over 2e-5. What takes the time is double precision (reference.c, here with sums in several lanes: it only has to be far more exact).
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "base/arena.h"
#include "model/encoder.h"
#include "model/reference.h"

enum { LONGEST = 1022, BATCH_TOKENS = 4096, BATCH_MAX = 64 };
static const double LIMIT = 2e-5;

struct worst {
    double sequence, token;
    int64_t sequence_length, token_length;
    int64_t sequences, tokens, batches;
};

static uint32_t state = 1;
static uint32_t next(void) { return (state = state * 1664525u + 1013904223u) >> 8; }

static double squares(const double *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i] * x[i];
    return sum;
}

// One sequence; rows is not kept.
static void compare(const struct checkpoint *c, const int32_t *tokens, int64_t length, const float *rows, size_t stride, struct worst *w)
{
    size_t d = (size_t)c->config.hidden;
    double *want = xcalloc((size_t)length * d, sizeof *want), *row = xcalloc(d, sizeof *row), off = 0, all = 0;
    reference_run(c, tokens, length, c->config.layers, want, NULL);
    for (int64_t t = 0; t < length; t++) {
        for (size_t i = 0; i < d; i++)
            row[i] = (double)rows[(size_t)t * stride + i] - want[(size_t)t * d + i];
        double one = squares(row, d), size = squares(want + (size_t)t * d, d);
        off += one, all += size;
        if (!(sqrt(one / size) <= w->token))
            w->token = sqrt(one / size), w->token_length = length - 2;
    }
    if (!(sqrt(off / all) <= w->sequence))
        w->sequence = sqrt(off / all), w->sequence_length = length - 2;
    w->sequences++, w->tokens += length;
    free(want);
    free(row);
}

static void run_batch(const struct checkpoint *c, struct encoder *e, const int64_t *lengths, size_t count, struct worst *w)
{
    int64_t starts[BATCH_MAX + 1] = { 0 };
    for (size_t i = 0; i < count; i++)
        starts[i + 1] = starts[i] + lengths[i];
    int32_t *tokens = xcalloc((size_t)starts[count], sizeof *tokens);
    for (int64_t i = 0; i < starts[count]; i++)
        tokens[i] = (int32_t)(next() % (uint32_t)c->config.vocab);
    const float *rows = encoder_run(e, &(struct batch){ count, starts, tokens }, c->config.layers);
    struct worst before = *w;
    for (size_t i = 0; i < count; i++)
        compare(c, tokens + starts[i], lengths[i], rows + (size_t)starts[i] * encoder_stride(e), encoder_stride(e), w);
    w->batches++;
    if (w->sequence > before.sequence || w->token > before.token)
        printf("batch %lld, %zu sequences: worst of a sequence %.3g (%lld residues), of a token %.3g (among %lld)\n", (long long)w->batches, count,
               w->sequence, (long long)w->sequence_length, w->token, (long long)w->token_length);
    fflush(stdout);
    free(tokens);
}

static size_t choose_lengths(int64_t step, int64_t *out)
{
    size_t n = 0;
    for (int64_t i = 1; i < LONGEST; i += step)
        out[n++] = i + 2;
    out[n++] = LONGEST + 2;
    for (size_t i = n; i > 1; i--) {
        size_t j = next() % i;
        int64_t kept = out[i - 1];
        out[i - 1] = out[j], out[j] = kept;
    }
    return n;
}

static void run_all(const struct checkpoint *c, struct encoder *e, int64_t step, struct worst *w)
{
    int64_t lengths[LONGEST + 1];
    size_t n = choose_lengths(step, lengths), from = 0;
    while (from < n) {
        size_t count = 0;
        for (int64_t tokens = 0; from + count < n && count < BATCH_MAX && tokens + lengths[from + count] <= BATCH_TOKENS; count++)
            tokens += lengths[from + count];
        run_batch(c, e, lengths + from, count, w);
        from += count;
    }
}

int main(int argc, char **argv)
{
    int64_t step = argc > 2 ? strtoll(argv[2], NULL, 10) : 0;
    struct err err;
    struct worst w = { 0 };
    if (argc < 3 || argc > 4 || step < 1 || step > LONGEST) {
        fprintf(stderr, "usage: lengths MODEL STEP [THREADS]\n");
        return 2;
    }
    const struct encoder_options o = { .threads = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 0 };
    struct checkpoint *c = checkpoint_open(str_of(argv[1]), &err);
    struct encoder *e = c ? encoder_new(c, &o, &err) : NULL;
    if (e == NULL) {
        fprintf(stderr, "lengths: %s\n", err.text);
        return 2;
    }
    run_all(c, e, step, &w);
    printf("%s, %s: %lld sequences of 1 to %d residues in %lld batches, %lld tokens: worst relative difference %.3g of a sequence (%lld residues), %.3g "
           "of a token (limit %.0e), %.0f s of processor time\n", argv[1], encoder_kernels(e), (long long)w.sequences,
           LONGEST, (long long)w.batches, (long long)w.tokens, w.sequence, (long long)w.sequence_length, w.token, LIMIT,
           (double)clock() / CLOCKS_PER_SEC);
    encoder_free(e);
    checkpoint_close(c);
    return w.sequence <= LIMIT ? 0 : 1;
}
