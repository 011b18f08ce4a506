// SPDX-License-Identifier: Apache-2.0
// Batches by token budget. The rows of a windowed sequence are averages over the windows that cover them, equally weighted; those of cls and eos are
// averages over all windows.
#include "model/batcher.h"

#include "base/vec.h"

enum { LONGEST_DEFAULT = 1022 };

struct piece {
    size_t index;
    int64_t total, window, windows, start;              // total: length of the sequence's body
};
struct batcher {
    struct batcher_options o;
    int64_t tokens_done;
    VEC(int32_t) tokens;
    VEC(int64_t) starts;                // of pieces, and the end
    VEC(struct piece) pieces;
    float *values;                      // of the batch, where they are not the hidden states themselves
    size_t values_cap;
    float *sum;                         // of the windowed sequence that is being put together: (total + 2) × width
    size_t sum_cap;
};

int64_t length_longest(const struct model_config *c)
{
    int64_t longest = config_longest(c);
    return longest == INT32_MAX ? LONGEST_DEFAULT : MAX(longest - 2, 1);
}

int64_t window_count(const struct length_policy *p, int64_t length)
{
    int64_t step = p->longest - p->overlap;
    return length <= p->longest ? 1 : 1 + (length - p->longest + step - 1) / step;
}

int64_t window_start(const struct length_policy *p, int64_t length, int64_t i)
{
    return MIN(i * (p->longest - p->overlap), MAX(length - p->longest, 0));            // the last one ends with the sequence
}

struct batcher *batcher_new(const struct batcher_options *o)
{
    struct batcher *b = xcalloc(1, sizeof *b);
    b->o = *o;
    b->o.budget = o->budget > 0 ? o->budget : encoder_batch_tokens(o->encoder);
    vec_push_heap(&b->starts, 0);
    return b;
}

void batcher_free(struct batcher *b)
{
    if (b == NULL)
        return;
    free(b->tokens.at);
    free(b->starts.at);
    free(b->pieces.at);
    free(b->values);
    free(b->sum);
    free(b);
}

int64_t batcher_tokens(const struct batcher *b) { return b->tokens_done; }

static void add_piece(struct batcher *b, struct piece piece, const int32_t *body, int64_t length)
{
    vec_push_heap(&b->tokens, b->o.vocab->cls);
    for (int64_t i = 0; i < length; i++)
        vec_push_heap(&b->tokens, body[i]);
    vec_push_heap(&b->tokens, b->o.vocab->eos);
    vec_push_heap(&b->starts, (int64_t)b->tokens.len);
    vec_push_heap(&b->pieces, piece);
}

bool batcher_add(struct batcher *b, size_t index, const int32_t *body, int64_t length, struct err *err)
{
    const struct length_policy *p = &b->o.policy;
    int64_t windows = 1;
    if (length > p->longest) {
        CHECK(p->what != TOO_LONG_ERROR);
        if (p->what == TOO_LONG_TRUNCATE)
            length = p->longest;
        windows = window_count(p, length);
    }
    for (int64_t w = 0; w < windows; w++) {
        int64_t start = window_start(p, length, w), n = MIN(length, p->longest);
        if (b->tokens.len && (int64_t)b->tokens.len + n + 2 > b->o.budget && !batcher_flush(b, err))
            return false;
        add_piece(b, (struct piece){ index, length, w, windows, start }, body + start, n);
    }
    return true;
}

// How many windows cover place i.
static int64_t coverage(const struct length_policy *p, const struct piece *piece, int64_t i)
{
    int64_t covered = 0;
    for (int64_t w = 0; w < piece->windows; w++) {
        int64_t start = window_start(p, piece->total, w);
        covered += start <= i && i < start + p->longest;
    }
    return covered;
}

static void add_row(float *sum, const float *row, size_t width, float weight)
{
    for (size_t i = 0; i < width; i++)
        sum[i] += row[i] * weight;
}

// Adds a window's rows; the last one completes the sequence.
static bool add_window(struct batcher *b, const struct piece *piece, const struct batcher_rows *rows, struct err *err)
{
    size_t width = rows->width, size = (size_t)(piece->total + 2) * width;
    if (piece->window == 0) {
        if (size > b->sum_cap)
            b->sum = xrealloc(b->sum, size * sizeof *b->sum), b->sum_cap = size;
        memset(b->sum, 0, size * sizeof *b->sum);
    }
    float all = 1.0f / (float)piece->windows;
    add_row(b->sum, rows->first, width, all);
    for (int64_t i = 0; i < rows->length; i++)
        add_row(b->sum + (size_t)(piece->start + i + 1) * width, rows->first + (size_t)(i + 1) * rows->stride, width,
                1.0f / (float)coverage(&b->o.policy, piece, piece->start + i));
    add_row(b->sum + (size_t)(piece->total + 1) * width, rows->first + (size_t)(rows->length + 1) * rows->stride, width, all);
    if (piece->window + 1 < piece->windows)
        return true;
    return b->o.fn(b->o.arg, piece->index, &(struct batcher_rows){ b->sum, width, width, piece->total }, err);
}

static struct batcher_rows values_of(struct batcher *b, const float *hidden, size_t rows)
{
    const struct model_config *c = encoder_config(b->o.encoder);
    size_t width = b->o.values == VALUES_LOGITS ? (size_t)c->vocab : (size_t)c->labels, stride = encoder_stride(b->o.encoder);
    if (b->o.values == VALUES_HIDDEN)
        return (struct batcher_rows){ hidden, stride, (size_t)c->hidden, 0 };
    if (rows * width > b->values_cap)
        b->values_cap = rows * width, b->values = xrealloc(b->values, b->values_cap * sizeof *b->values);
    if (b->o.values == VALUES_LOGITS)
        encoder_mlm(b->o.encoder, hidden, rows, b->values);
    else
        encoder_classify_tokens(b->o.encoder, hidden, rows, b->values);
    return (struct batcher_rows){ b->values, width, width, 0 };
}

bool batcher_flush(struct batcher *b, struct err *err)
{
    struct batch batch = { b->pieces.len, b->starts.at, b->tokens.at };
    bool ok = true;
    if (batch.count == 0)
        return true;
    const float *hidden = encoder_run(b->o.encoder, &batch, b->o.layer);
    struct batcher_rows rows = values_of(b, hidden, b->tokens.len);
    const float *base = rows.first;
    for (size_t i = 0; i < batch.count && ok; i++) {
        const struct piece *piece = &b->pieces.at[i];
        rows.first = base + (size_t)b->starts.at[i] * rows.stride;
        rows.length = b->starts.at[i + 1] - b->starts.at[i] - 2;
        ok = piece->windows > 1 ? add_window(b, piece, &rows, err) : b->o.fn(b->o.arg, piece->index, &rows, err);
    }
    b->tokens_done += (int64_t)b->tokens.len;
    b->tokens.len = b->pieces.len = 0, b->starts.len = 1;
    return ok;
}
