// SPDX-License-Identifier: Apache-2.0
#pragma once
// Attention of one head, included by kernels_body.h. Everything lies turned on its side: lanes are queries, so that the maximum and the sum of a
// softmax are those of lanes, no head's width has to be padded, and both products run in the tiles of the linear layers:
//     scores [keys][48 queries]  =  keys [keys × D]  ·  queries [D][48]            rows of a tile are keys
//     result [D][48 queries]     =  values [D × keys]  ·  e^scores [keys][48]      rows of a tile are the head's dimensions
// 48 queries at a time, or a little less where that divides them better. The second product follows the exponentials piece by piece, as long as
// they are in the first cache.

enum { ATTENTION_KEYS = 128, SUM_CHAINS = 4 };

struct side {                           // a head's memory; see kernels_attention_memory()
    size_t key_stride;
    bool turn_values;
    float *keys;                        // [D][key_stride], turned
    float *turned;                      // values [D][key_stride], where they are turned
    const float *values;                // those, or where they stood: [keys][stride]
    size_t value_row, value_step;       // from a dimension to the next, from a key to the next
    float *queries, *result;            // [D][48]
    float *scores;                      // [keys][48]
    float *most, *inverse;              // [48]
};

// 2^x by 2^n times a polynomial in the rest (least relative error, 1 where the rest is 0), for x from -125 up to 0; below as -125. Within 2
// units of the last place.
INLINE vf v_exp2(vf x)
{
    const vf magic = v_set(12582912.0f);                // 1.5 · 2^23: adding it rounds to an integer
    x = v_max(x, v_set(-125.0f));
    vf shifted = x + magic, n = shifted - magic, r = x - n;
    vf p = v_set(1.32647273e-3f);
    p = v_fma(p, r, v_set(9.67151299e-3f));
    p = v_fma(p, r, v_set(5.55073358e-2f));
    p = v_fma(p, r, v_set(2.40222424e-1f));
    p = v_fma(p, r, v_set(6.93147004e-1f));
    p = v_fma(p, r, v_set(1.0f));
    return v_scale(p, n, shifted);
}

typedef float v4 __attribute__((vector_size(16), aligned(4)));

// to[c][r] = from[r][c].
FN void transpose(const float *from, size_t from_stride, size_t rows, size_t columns, float *to, size_t to_stride)
{
    size_t r = 0;
    for (; r + 4 <= rows; r += 4, from += 4 * from_stride, to += 4) {
        size_t c = 0;
        for (; c + 4 <= columns; c += 4) {
            v4 a = *(const v4 *)(from + c), b = *(const v4 *)(from + from_stride + c);
            v4 x = *(const v4 *)(from + 2 * from_stride + c), y = *(const v4 *)(from + 3 * from_stride + c);
            v4 ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), xy = __builtin_shufflevector(x, y, 0, 4, 1, 5);
            *(v4 *)(to + c * to_stride) = __builtin_shufflevector(ab, xy, 0, 1, 4, 5);
            *(v4 *)(to + (c + 1) * to_stride) = __builtin_shufflevector(ab, xy, 2, 3, 6, 7);
            ab = __builtin_shufflevector(a, b, 2, 6, 3, 7), xy = __builtin_shufflevector(x, y, 2, 6, 3, 7);
            *(v4 *)(to + (c + 2) * to_stride) = __builtin_shufflevector(ab, xy, 0, 1, 4, 5);
            *(v4 *)(to + (c + 3) * to_stride) = __builtin_shufflevector(ab, xy, 2, 3, 6, 7);
        }
        for (; c < columns; c++)
            for (size_t i = 0; i < 4; i++)
                to[c * to_stride + i] = from[i * from_stride + c];
    }
    for (; r < rows; r++, from += from_stride, to++)
        for (size_t c = 0; c < columns; c++)
            to[c * to_stride] = from[c];
}

// Scales, and turns by position, what transpose() made: columns of tokens first … first + n.
FN void turn(const struct attention *h, float *x, size_t stride, size_t first, size_t n, float scale, bool by_position)
{
    if (!by_position) {
        for (size_t d = 0; d < h->size; d++)
            for (size_t t = 0; t < n; t += LANES)
                v_store(x + d * stride + t, v_load(x + d * stride + t) * v_set(scale));
        return;
    }
    for (size_t i = 0; i < h->size / 2; i++) {
        float *even = x + (h->pairs ? 2 * i : i) * stride, *odd = x + (h->pairs ? 2 * i + 1 : i + h->size / 2) * stride;
        const float *cosine = h->cosine + i * h->angle_stride + first, *sine = h->sine + i * h->angle_stride + first;
        for (size_t t = 0; t < n; t += LANES) {
            vf a = v_load(even + t) * v_set(scale), b = v_load(odd + t) * v_set(scale);
            v_store(even + t, a * v_load(cosine + t) - b * v_load(sine + t));
            v_store(odd + t, b * v_load(cosine + t) + a * v_load(sine + t));
        }
    }
}

// Where what lies in the head's memory.
static struct side carve(const struct attention *h)
{
    struct side s = { .key_stride = kernel_pad(h->length) + KERNEL_PAD };
    float *at = h->memory;
    s.keys = at, at += h->size * s.key_stride;
    s.turned = at, at += h->size * s.key_stride;
    s.queries = at, at += h->size * KERNEL_PANEL;
    s.result = at, at += h->size * KERNEL_PANEL;
    s.most = at, at += KERNEL_PANEL;
    s.inverse = at, at += KERNEL_PANEL;
    s.scores = at;
    s.turn_values = h->turn_values && h->cosine;
    s.values = s.turn_values ? s.turned : h->v;
    s.value_row = s.turn_values ? s.key_stride : 1, s.value_step = s.turn_values ? 1 : h->stride;
    return s;
}

// Keys on their side and turned; values too where they are turned.
FN void take_keys_and_values(const struct attention *h, const struct side *s)
{
    transpose(h->k, h->stride, h->length, h->size, s->keys, s->key_stride);
    if (h->cosine)
        turn(h, s->keys, s->key_stride, 0, h->length, 1, true);
    if (s->turn_values) {
        transpose(h->v, h->stride, h->length, h->size, s->turned, s->key_stride);
        turn(h, s->turned, s->key_stride, 0, h->length, 1, true);
    }
}

// A block of queries on their side, scaled and turned; zeros where there are fewer than its width.
FN void take_queries(const struct attention *h, const struct side *s, size_t first, size_t count, size_t width)
{
    if (count < width)
        for (size_t d = 0; d < h->size; d++)
            memset(s->queries + d * KERNEL_PANEL, 0, width * sizeof(float));
    transpose(h->q + first * h->stride, h->stride, count, h->size, s->queries, KERNEL_PANEL);
    turn(h, s->queries, KERNEL_PANEL, first, width, h->scale, h->cosine != NULL);
}

// Scores of all keys, and their greatest.
FN void score(const struct attention *h, const struct side *s, size_t width)
{
    for (size_t w = 0; w < width; w += LANES)
        v_store(s->most + w, v_set(-1e30f));
    for (size_t w = 0; w < width; w += WIDE * LANES) {
        struct tile t = { .k = h->size, .a_row = 1, .a_step = s->key_stride, .b = s->queries + w, .b_stride = KERNEL_PANEL,
                          .fetch = (const char *)s->queries, .most = s->most + w, .c_stride = KERNEL_PANEL };
        for (size_t r = 0; r < h->length; r += ROWS) {
            t.a = s->keys + r, t.c = s->scores + r * KERNEL_PANEL + w;
            tiles[MIN((size_t)ROWS, h->length - r)][MIN((size_t)WIDE * LANES, width - w) / LANES](&t);
        }
    }
}

// 2^(score - greatest) of some keys of one vector of queries, and what that adds to their sums: key i to sum i % SUM_CHAINS.
INLINE void exponentials(float *x, size_t keys, vf most, vf sum[SUM_CHAINS])
{
    size_t i = 0;
    for (; i + SUM_CHAINS <= keys; i += SUM_CHAINS)
        UNROLL for (size_t j = 0; j < SUM_CHAINS; j++) {
            vf e = v_exp2(v_load(x + (i + j) * KERNEL_PANEL) - most);
            v_store(x + (i + j) * KERNEL_PANEL, e);
            sum[j] += e;
        }
    for (size_t j = 0; i < keys; i++, j++) {
        vf e = v_exp2(v_load(x + i * KERNEL_PANEL) - most);
        v_store(x + i * KERNEL_PANEL, e);
        sum[j] += e;
    }
}

// Brings the `part`-th of `parts` of the next head's rows near.
INLINE void fetch_next(const struct attention *h, size_t part, size_t parts)
{
    if (h->next == NULL)
        return;
    size_t end = h->next_length * (part + 1) / parts;
    const ptrdiff_t k = h->k - h->q, v = h->v - h->q;
    for (size_t t = h->next_length * part / parts; t < end; t++) {
        const float *q = h->next + t * h->stride;
        for (size_t d = 0; d < h->size + KERNEL_PAD - 1; d += KERNEL_PAD) {
            __builtin_prefetch(q + d, 0, 2);
            __builtin_prefetch(q + k + d, 0, 2);
            __builtin_prefetch(q + v + d, 0, 2);
        }
    }
}

// One piece of keys: exponentials, then their share of the result.
FN void mix(const struct attention *h, const struct side *s, size_t key, size_t keys, size_t width, float *sums)
{
    float *x = s->scores + key * KERNEL_PANEL;
    for (size_t w = 0; w < width; w += LANES) {
        vf sum[SUM_CHAINS];
        for (int j = 0; j < SUM_CHAINS; j++)
            sum[j] = v_load(sums + j * KERNEL_PANEL + w);
        exponentials(x + w, keys, v_load(s->most + w), sum);
        for (int j = 0; j < SUM_CHAINS; j++)
            v_store(sums + j * KERNEL_PANEL + w, sum[j]);
    }
    for (size_t w = 0; w < width; w += WIDE * LANES) {
        struct tile t = { .k = keys, .a_row = s->value_row, .a_step = s->value_step, .b = x + w, .b_stride = KERNEL_PANEL, .more = key > 0,
                          .fetch = (const char *)x, .c_stride = KERNEL_PANEL };
        for (size_t d = 0; d < h->size; d += ROWS) {
            t.a = s->values + key * s->value_step + d * s->value_row, t.c = s->result + d * KERNEL_PANEL + w;
            tiles[MIN((size_t)ROWS, h->size - d)][MIN((size_t)WIDE * LANES, width - w) / LANES](&t);
        }
    }
}

// The probabilities of a block, for who asked for them.
static void show(const struct attention *h, const struct side *s, size_t first, size_t count)
{
    for (size_t q = 0; q < count; q++)
        for (size_t key = 0; key < h->length; key++)
            h->probabilities[(first + q) * h->length + key] = s->scores[key * KERNEL_PANEL + q] * s->inverse[q];
}

// The `part`-th of `parts` blocks of queries: `count` of them from `first` on, `width` with padding.
FN void attend_block(const struct attention *h, const struct side *s, size_t part, size_t parts)
{
    const size_t vectors = kernel_pad(h->length) / KERNEL_PAD, pieces = (h->length + ATTENTION_KEYS - 1) / ATTENTION_KEYS;
    const size_t first = vectors * part / parts * KERNEL_PAD, end = vectors * (part + 1) / parts * KERNEL_PAD;
    const size_t count = MIN(end, h->length) - first, width = end - first;
    float sums[SUM_CHAINS * KERNEL_PANEL] __attribute__((aligned(64))) = { 0 };
    take_queries(h, s, first, count, width);
    score(h, s, width);
    for (size_t i = 0, key = 0; i < pieces; i++, key += ATTENTION_KEYS) {
        fetch_next(h, part * pieces + i, parts * pieces);
        mix(h, s, key, MIN((size_t)ATTENTION_KEYS, h->length - key), width, sums);
    }
    for (size_t w = 0; w < width; w += LANES) {
        vf a = v_load(sums + w) + v_load(sums + 2 * KERNEL_PANEL + w), b = v_load(sums + KERNEL_PANEL + w) + v_load(sums + 3 * KERNEL_PANEL + w);
        vf inverse = v_set(1.0f) / (a + b);
        v_store(s->inverse + w, inverse);
        for (size_t d = 0; d < h->size; d++)
            v_store(s->result + d * KERNEL_PANEL + w, v_load(s->result + d * KERNEL_PANEL + w) * inverse);
    }
    transpose(s->result, KERNEL_PANEL, h->size, count, h->out + first * h->stride, h->stride);
    if (h->probabilities)
        show(h, s, first, count);
}

// See struct kernels. Blocks of queries are of like size: three vectors of 16 queries each, or two.
FN void attend(const struct attention *h)
{
    const size_t vectors = kernel_pad(h->length) / KERNEL_PAD, most = KERNEL_PANEL / KERNEL_PAD, blocks = (vectors + most - 1) / most;
    struct side s = carve(h);
    take_keys_and_values(h, &s);
    for (size_t i = 0; i < blocks; i++)
        attend_block(h, &s, i, blocks);
}
