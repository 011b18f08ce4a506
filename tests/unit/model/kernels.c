// SPDX-License-Identifier: Apache-2.0
// Each kernel of each kind against double precision, and the promise that a row's bits depend on that row alone.
#include <math.h>

#include "model/kernels.h"
#include "model/reference.h"
#include "unit/test.h"

static const char *const names[] = { "plain", "avx2", "avx512", "amx" };

static uint32_t state = 1;

static float noise(void)                                // in [-1, 1)
{
    state = state * 1664525u + 1013904223u;
    return (float)(state >> 8) / (float)(1 << 23) - 1;
}

static float *noises(size_t n)
{
    float *out = xmalloc(n * sizeof *out);
    for (size_t i = 0; i < n; i++)
        out[i] = noise();
    return out;
}

struct product {                        // a[rows × k] · w[n × k]ᵀ
    size_t rows, k, n;
    float *a, *w, *bias, *packed;
};

static struct product make_product(size_t rows, size_t k, size_t n)
{
    struct product p = { rows, k, n, noises(rows * k), noises(n * k), xcalloc(kernel_pad(n), 4), xcalloc(kernel_packed_size(k, n), 4) };
    for (size_t i = 0; i < n; i++)
        p.bias[i] = noise();
    kernels_pack(p.w, k, 0, kernel_pad(n), k, n, p.packed);
    return p;
}

static void free_product(struct product *p)
{
    free(p->a);
    free(p->w);
    free(p->bias);
    free(p->packed);
}

static float *multiply(const struct kernels *kernels, const struct product *p, size_t first, size_t rows, enum gemm_finish finish)
{
    size_t stride = kernel_pad(p->n);
    float *c = xcalloc(rows * stride, sizeof *c);
    for (size_t i = 0; i < rows * stride; i++)
        c[i] = 0.25f;
    kernels->gemm(&(struct gemm){ rows, p->k, stride, p->a + first * p->k, p->k, p->packed, p->bias, c, stride, finish });
    return c;
}

static double exact(const struct product *p, size_t row, size_t column, enum gemm_finish finish)
{
    double sum = 0;
    for (size_t i = 0; i < p->k; i++)
        sum += (double)p->a[row * p->k + i] * (double)p->w[column * p->k + i];
    if (finish != GEMM_STORE)
        sum += (double)p->bias[column];
    return finish == GEMM_BIAS_GELU ? reference_gelu(sum) : finish == GEMM_BIAS_ADD ? sum + 0.25 : sum;
}

static void check_product(const struct kernels *kernels, size_t rows, size_t k, size_t n)
{
    struct product p = make_product(rows, k, n);
    for (int finish = GEMM_STORE; finish <= GEMM_BIAS_ADD; finish++) {
        float *c = multiply(kernels, &p, 0, rows, (enum gemm_finish)finish);
        for (size_t r = 0; r < rows; r++)
            for (size_t i = 0; i < n; i++) {
                double want = exact(&p, r, i, (enum gemm_finish)finish), got = (double)c[r * kernel_pad(n) + i];
                if (!(fabs(got - want) <= 1e-7 * (double)k + 1e-6))
                    test_fail(__FILE__, __LINE__, "%s %zu×%zu×%zu finish %d: row %zu column %zu is %.9g, not %.9g", kernels->name, rows, k, n, finish, r, i, got, want);
            }
        free(c);
    }
    free_product(&p);
}

TEST(products_are_right_for_every_shape_of_tile_and_panel)
{
    static const size_t rows[] = { 1, 2, 5, 6, 7, 13, 14, 15, 29 }, ks[] = { 1, 3, 24, 129 }, ns[] = { 1, 16, 17, 33, 48, 80 };
    for (size_t m = 0; m < LEN(names); m++)
        for (size_t r = 0; kernels_find(names[m]) && r < LEN(rows); r++)
            for (size_t k = 0; k < LEN(ks); k++)
                for (size_t n = 0; n < LEN(ns); n++)
                    check_product(kernels_find(names[m]), rows[r], ks[k], ns[n]);
}

TEST(a_row_of_a_product_has_the_same_bits_alone_and_among_others)
{
    struct product p = make_product(31, 77, 50);
    for (size_t m = 0; m < LEN(names); m++) {
        const struct kernels *kernels = kernels_find(names[m]);
        if (kernels == NULL)
            continue;
        float *all = multiply(kernels, &p, 0, p.rows, GEMM_BIAS_GELU);
        for (size_t r = 0; r < p.rows; r++) {
            float *one = multiply(kernels, &p, r, 1, GEMM_BIAS_GELU);
            EXPECT(memcmp(one, all + r * kernel_pad(p.n), p.n * sizeof *one) == 0);
            free(one);
        }
        free(all);
    }
    free_product(&p);
}

TEST(avx2_and_avx512_give_the_same_bits)
{
    const struct kernels *narrow = kernels_find("avx2"), *wide = kernels_find("avx512");
    if (narrow == NULL || wide == NULL)
        test_skip("this processor has not both");
    struct product p = make_product(23, 200, 70);
    float *a = multiply(narrow, &p, 0, 23, GEMM_BIAS_GELU), *b = multiply(wide, &p, 0, 23, GEMM_BIAS_GELU);
    size_t stride = kernel_pad(p.n), bytes = 23 * stride * sizeof(float);
    EXPECT(memcmp(a, b, bytes) == 0);
    narrow->layer_norm(a, stride, a, stride, 23, 70, p.bias, p.bias, 1e-5f);
    wide->layer_norm(b, stride, b, stride, 23, 70, p.bias, p.bias, 1e-5f);
    EXPECT(memcmp(a, b, bytes) == 0);
    free(a);
    free(b);
    free_product(&p);
}

static struct tensor vector(const float *at, size_t n)
{
    return (struct tensor){ .type = TENSOR_F32, .rank = 1, .shape = { (int64_t)n }, .data = at, .count = (int64_t)n };
}

TEST(layer_norm_is_within_1e_6_of_double_precision_and_leaves_the_padding_zero)
{
    static const size_t widths[] = { 1, 15, 16, 17, 24, 320 };
    for (size_t m = 0; m < LEN(names); m++)
        for (size_t w = 0; kernels_find(names[m]) && w < LEN(widths); w++) {
            size_t n = widths[w], padded = kernel_pad(n);
            float *x = xcalloc(padded, 4), *weight = xcalloc(padded, 4), *bias = xcalloc(padded, 4), *out = noises(padded);
            double *want = xcalloc(n, 8);
            for (size_t i = 0; i < n; i++)
                want[i] = (double)(x[i] = 100 + noise()), weight[i] = noise(), bias[i] = noise();
            struct tensor tw = vector(weight, n), tb = vector(bias, n);
            reference_norm(want, 1, n, &tw, &tb, 1e-5);
            kernels_find(names[m])->layer_norm(x, padded, out, padded, 1, n, weight, bias, 1e-5f);
            for (size_t i = 0; i < n; i++)
                EXPECT(fabs((double)out[i] - want[i]) < 1e-4);          // the mean is 100 times the spread: 1e-6 of it
            for (size_t i = n; i < padded; i++)
                EXPECT(out[i] == 0);
            free(x), free(weight), free(bias), free(out), free(want);
        }
}

TEST(gelu_is_within_2e_7_of_the_exact_one)
{
    float x[16];
    for (size_t m = 0; m < LEN(names); m++)
        for (double at = -20; kernels_find(names[m]) && at < 20; at += 0.0037) {
            for (int i = 0; i < 16; i++)
                x[i] = (float)at;
            double want = reference_gelu((double)x[0]);
            kernels_find(names[m])->gelu(x, 16);
            EXPECT(fabs((double)x[0] - want) <= 2e-7 * fmax(1, fabs(at)));
        }
}

// One divides by an instruction, the other by a reciprocal that it makes exact.
TEST(gelu_has_the_same_bits_with_8_and_16_lanes_for_numbers_of_every_size)
{
    enum { EACH = 4096, APART = 1021 };
    static float x[EACH], y[EACH];
    const struct kernels *narrow = kernels_find("avx2"), *wide = kernels_find("avx512");
    if (narrow == NULL || wide == NULL)
        test_skip("this processor has not both");
    for (uint64_t first = 0; first < (uint64_t)1 << 32; first += (uint64_t)EACH * APART) {
        for (uint32_t i = 0; i < EACH; i++) {
            uint32_t bits = (uint32_t)first + i * APART;
            memcpy(&x[i], &bits, sizeof bits);
            x[i] = isnan(x[i]) ? 0 : x[i];
        }
        memcpy(y, x, sizeof y);
        wide->gelu(x, EACH);
        narrow->gelu(y, EACH);
        EXPECT(memcmp(x, y, sizeof x) == 0);
    }
}

// --- attention

struct head {
    size_t length, size, stride, angles;
    float *rows;                        // q | k | v, `stride` floats a token; what stands between is not theirs
    float *cosine, *sine;
    bool pairs, turn_values;
};

// `spread` is the size of the scores, about.
static struct head make_head(size_t length, size_t size, float spread, bool rotary)
{
    struct head h = { .length = length, .size = size, .stride = 3 * size + 5, .angles = kernel_pad(length) };
    h.rows = noises(length * h.stride);
    for (size_t i = 0; i < length * h.stride; i++)
        h.rows[i] *= sqrtf(spread);
    h.cosine = rotary ? noises(size / 2 * h.angles) : NULL;
    h.sine = rotary ? noises(size / 2 * h.angles) : NULL;
    return h;
}

static void free_head(struct head *h)
{
    free(h->rows);
    free(h->cosine);
    free(h->sine);
}

// The result, length × size; probabilities may be NULL.
static float *attend(const struct kernels *k, const struct head *h, float *probabilities)
{
    float *rows = xmalloc(h->length * h->stride * sizeof *rows), *out = xmalloc(h->length * h->size * sizeof *out);
    float *memory = aligned_alloc(64, (kernels_attention_memory(h->length, h->size) * sizeof *memory + 63) / 64 * 64);
    memcpy(rows, h->rows, h->length * h->stride * sizeof *rows);
    memset(memory, 0xff, kernels_attention_memory(h->length, h->size) * sizeof *memory);        // NaN everywhere
    struct attention head = { .length = h->length, .size = h->size, .q = rows, .k = rows + h->size, .v = rows + 2 * h->size, .stride = h->stride,
                              .cosine = h->cosine, .sine = h->sine, .angle_stride = h->angles, .pairs = h->pairs, .turn_values = h->turn_values,
                              .scale = (float)(M_LOG2E / sqrt((double)h->size)), .out = rows, .memory = memory, .next = rows,
                              .next_length = h->length, .probabilities = probabilities };
    k->attend(&head);
    for (size_t t = 0; t < h->length; t++) {
        memcpy(out + t * h->size, rows + t * h->stride, h->size * sizeof *out);
        if (memcmp(rows + t * h->stride + h->size, h->rows + t * h->stride + h->size, (h->stride - h->size) * sizeof *rows) != 0)
            test_fail(__FILE__, __LINE__, "%s: attention wrote beside its result", k->name);
    }
    free(rows);
    free(memory);
    return out;
}

// One of q, k, v in double precision, turned.
static double *turned(const struct head *h, size_t which, bool turn)
{
    double *out = xmalloc(h->length * h->size * sizeof *out);
    for (size_t t = 0; t < h->length; t++)
        for (size_t i = 0; i < h->size; i++) {
            size_t half = h->size / 2, pair = h->pairs ? i / 2 : i % half, first = h->pairs ? 2 * pair : pair, second = h->pairs ? first + 1 : pair + half;
            const float *x = h->rows + t * h->stride + which * h->size;
            double a = (double)x[first], b = (double)x[second];
            out[t * h->size + i] = !turn || !h->cosine ? (double)x[i]
                : i == first ? a * (double)h->cosine[pair * h->angles + t] - b * (double)h->sine[pair * h->angles + t]
                             : b * (double)h->cosine[pair * h->angles + t] + a * (double)h->sine[pair * h->angles + t];
        }
    return out;
}

static void check_head(const struct kernels *kernels, const struct head *h, double limit)
{
    const size_t n = h->length, d = h->size;
    float *shown = xmalloc(n * n * sizeof *shown), *got = attend(kernels, h, shown);
    double *q = turned(h, 0, true), *k = turned(h, 1, true), *v = turned(h, 2, h->turn_values), *p = xmalloc(n * sizeof *p);
    for (size_t t = 0; t < n; t++) {
        for (size_t j = 0; j < n; j++) {
            p[j] = 0;
            for (size_t i = 0; i < d; i++)
                p[j] += q[t * d + i] * k[j * d + i] / sqrt((double)d);
        }
        reference_softmax(p, n);
        for (size_t j = 0; j < n; j++)
            EXPECT(fabs((double)shown[t * n + j] - p[j]) <= limit);
        for (size_t i = 0; i < d; i++) {
            double want = 0;
            for (size_t j = 0; j < n; j++)
                want += p[j] * v[j * d + i];
            if (!(fabs((double)got[t * d + i] - want) <= limit))
                test_fail(__FILE__, __LINE__, "%s: %zu tokens of %zu: token %zu, dimension %zu is %.9g, not %.9g", kernels->name, n, d, t, i,
                          (double)got[t * d + i], want);
        }
    }
    free(q), free(k), free(v), free(p), free(got), free(shown);
}

TEST(attention_is_within_1e_6_of_double_precision_for_any_length_and_width_of_a_head)
{
    static const size_t lengths[] = { 1, 2, 7, 8, 9, 15, 16, 17, 33, 48, 49, 64, 130, 300 }, sizes[] = { 2, 6, 8, 16, 24, 34 };
    for (size_t m = 0; m < LEN(names); m++)
        for (size_t l = 0; kernels_find(names[m]) && l < LEN(lengths); l++)
            for (size_t i = 0; i < LEN(sizes); i++) {
                struct head h = make_head(lengths[l], sizes[i], 1, i % 2);
                h.pairs = l % 2, h.turn_values = l % 3 == 0;
                check_head(kernels_find(names[m]), &h, 1e-6);
                free_head(&h);
            }
}

TEST(attention_stays_right_where_scores_lie_hundreds_apart)
{
    for (size_t m = 0; m < LEN(names); m++) {
        struct head h = make_head(70, 16, 300, false);
        if (kernels_find(names[m]))
            check_head(kernels_find(names[m]), &h, 2e-3);       // a score of 1,000 has an error of 1e-4 of itself
        free_head(&h);
    }
}

TEST(avx2_and_avx512_attend_with_the_same_bits)
{
    const struct kernels *narrow = kernels_find("avx2"), *wide = kernels_find("avx512");
    if (narrow == NULL || wide == NULL)
        test_skip("this processor has not both");
    for (size_t length = 1; length < 200; length += 13) {
        struct head h = make_head(length, 24, 20, true);
        float *a = attend(narrow, &h, NULL), *b = attend(wide, &h, NULL);
        EXPECT(memcmp(a, b, length * h.size * sizeof *a) == 0);
        free(a), free(b);
        free_head(&h);
    }
}

TEST(attention_turns_halves_and_pairs)
{
    float rows[] = { 0, 0, 0, 0, 1, 2, 3, 4 }, cosine[32] = { 0 }, sine[32] = { 0 }, memory[2048] __attribute__((aligned(64)));
    cosine[16] = sine[0] = 1;           // the first pair is turned by a quarter, the second is not
    for (size_t m = 0; m < LEN(names); m++)
        for (int pairs = 0; kernels_find(names[m]) && pairs < 2; pairs++) {
            float out[4];               // of one token that looks at itself alone: its value, turned
            EXPECT(kernels_attention_memory(1, 4) <= LEN(memory));
            kernels_find(names[m])->attend(&(struct attention){ .length = 1, .size = 4, .q = rows, .k = rows, .v = rows + 4, .stride = 4, .cosine = cosine,
                .sine = sine, .angle_stride = 16, .pairs = pairs, .turn_values = true, .scale = 1, .out = out, .memory = memory });
            const float want[2][4] = { { -3, 2, 1, 4 }, { -2, 1, 3, 4 } };
            EXPECT(memcmp(out, want[pairs], sizeof out) == 0);
        }
}

TEST(products_of_8_bits_are_exact_sums_and_come_within_2_percent_of_the_real_product)
{
    enum { ROWS = 19, K = 128, N = 40 };
    for (size_t m = 0; m < LEN(names); m++) {
        const struct kernels *k = kernels_find(names[m]);
        float a[ROWS * K], row_scale[ROWS], column_scale[48] = { 0 }, bias[48] = { 0 }, c[ROWS * 48], w[N * K];
        uint8_t bytes[ROWS * K] __attribute__((aligned(64)));
        int8_t q[N * K], packed[48 * K] __attribute__((aligned(64)));
        int32_t sums[48] = { 0 };
        if (k == NULL)
            continue;
        for (size_t i = 0; i < ROWS * K; i++)
            a[i] = noise();
        for (size_t n = 0; n < N; n++) {
            column_scale[n] = 1 / 127.0f;
            for (size_t i = 0; i < K; i++) {
                w[n * K + i] = noise();
                q[n * K + i] = (int8_t)lrintf(w[n * K + i] * 127);
                sums[n] += q[n * K + i];
            }
        }
        kernels_pack_int8(q, K, K, N, packed);
        k->quantise(a, K, bytes, K, ROWS, K, row_scale);
        k->gemm_int8(&(struct gemm_int8){ ROWS, K, 48, bytes, K, row_scale, packed, sums, column_scale, bias, c, 48, GEMM_BIAS });
        double worst = 0, size = 0;
        for (size_t r = 0; r < ROWS; r++)
            for (size_t n = 0; n < N; n++) {
                int64_t whole = 0;
                double real = 0;
                for (size_t i = 0; i < K; i++) {
                    whole += ((int64_t)bytes[r * K + i] - 128) * q[n * K + i];
                    real += (double)a[r * K + i] * (double)w[n * K + i];
                }
                EXPECT(fabsf(c[r * 48 + n] - (float)whole * row_scale[r] * column_scale[n]) <= 1e-5f * fabsf(c[r * 48 + n]));
                worst = fmax(worst, fabs((double)c[r * 48 + n] - real)), size = fmax(size, fabs(real));
            }
        EXPECT(worst < 0.02 * size);
    }
}

// The result of one 8-bit product of any bytes, rows × 16 · wide columns; freed by the caller.
static float *product_of_bytes(const struct kernels *kernels, size_t rows, size_t k, size_t n, enum gemm_finish finish)
{
    uint8_t *a = xcalloc(rows, k);
    int8_t *b = xcalloc(n, k);
    float *row_scale = xcalloc(rows, sizeof *row_scale), *scale = xcalloc(n, sizeof *scale), *bias = xcalloc(n, sizeof *bias);
    float *c = xcalloc(rows * n, sizeof *c);
    int32_t *column_sum = xcalloc(n, sizeof *column_sum);
    state = 7;
    for (size_t i = 0; i < rows * k; i++)
        a[i] = (uint8_t)(i % 5 ? 128 + (int)(noise() * 127) : i % 2 * 255);
    for (size_t i = 0; i < n * k; i++)
        b[i] = (int8_t)(i % 7 ? (int)(noise() * 127) : i % 2 ? 127 : -127);
    for (size_t i = 0; i < rows; i++)
        row_scale[i] = noise();
    for (size_t i = 0; i < n; i++)
        scale[i] = noise(), bias[i] = noise(), column_sum[i] = (int32_t)i * 100;
    for (size_t i = 0; i < rows * n; i++)
        c[i] = noise();
    kernels->gemm_int8(&(struct gemm_int8){ rows, k, n, a, k, row_scale, b, column_sum, scale, bias, c, n, finish });
    free(a), free(b), free(row_scale), free(scale), free(bias), free(column_sum);
    return c;
}

TEST(products_of_8_bits_have_the_same_bits_with_matrix_tiles_and_with_vectors)
{
    const struct kernels *vectors = kernels_find("avx512"), *tiles = kernels_find("amx");
    if (vectors == NULL || tiles == NULL)
        test_skip("this processor has no AMX, or the system does not lend it");
    static const size_t row_counts[] = { 1, 15, 16, 17, 40 }, ks[] = { 4, 16, 60, 64, 80, 128, 320, 484 }, ns[] = { 16, 32, 48, 64, 96, 112 };
    for (size_t r = 0; r < LEN(row_counts); r++)
        for (size_t k = 0; k < LEN(ks); k++)
            for (size_t n = 0; n < LEN(ns); n++) {
                enum gemm_finish finish = (enum gemm_finish[]){ GEMM_BIAS, GEMM_BIAS_GELU, GEMM_BIAS_ADD }[(r + k + n) % 3];
                float *a = product_of_bytes(vectors, row_counts[r], ks[k], ns[n], finish);
                float *b = product_of_bytes(tiles, row_counts[r], ks[k], ns[n], finish);
                if (memcmp(a, b, row_counts[r] * ns[n] * sizeof *a) != 0)
                    test_fail(__FILE__, __LINE__, "%zu rows, k = %zu, %zu columns differ", row_counts[r], ks[k], ns[n]);
                free(a), free(b);
            }
}

TEST(the_best_kernels_are_named_and_unknown_names_find_none)
{
    EXPECT(kernels_find("neon") == NULL);
    EXPECT(kernels_find(kernels_best()->name) == kernels_best());
}

// --- dot products and floors

TEST(dot_products_of_rows_are_those_of_doubles_and_the_same_with_8_and_16_lanes)
{
    enum { N = 333, ROWS = 5 };
    static float x[N], rows[ROWS * N], got[2][ROWS];
    const uint32_t which[ROWS] = { 4, 0, 0, 2, 1 };
    for (size_t i = 0; i < N; i++)
        x[i] = (float)sin((double)i);
    for (size_t i = 0; i < ROWS * N; i++)
        rows[i] = (float)cos((double)(i * i));
    for (size_t n = 1; n <= N; n += n < 70 ? 1 : 53) {
        for (size_t k = 0; k < LEN(names); k++) {
            const struct kernels *kernels = kernels_find(names[k]);
            if (kernels == NULL)
                continue;
            kernels->dots(x, rows, N, which, ROWS, n, got[k == 2]);
            for (size_t r = 0; r < ROWS; r++) {
                double want = 0;
                for (size_t i = 0; i < n; i++)
                    want += (double)x[i] * (double)rows[which[r] * N + i];
                EXPECT(fabs((double)got[k == 2][r] - want) < 1e-5);
            }
        }
        if (kernels_find("avx512"))
            EXPECT(memcmp(got[0], got[1], sizeof got[0]) == 0);
    }
}
