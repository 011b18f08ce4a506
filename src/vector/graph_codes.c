// SPDX-License-Identifier: Apache-2.0
// With u and v two vectors less the center c: x·y = c·c + c·u + c·v + u·v, and |x - y|² = |u|² + |v|² - 2 u·v. The last product alone is one of
// codes.
#include "vector/graph_codes.h"

#include "model/room.h"
#include "model/team.h"
#include "vector/scan.h"

enum { BLOCK = 256, CENTER_ROWS = 16384 };

struct term {                           // of a row
    float scale, add, weight;
    int32_t sum;                        // of its code
};
struct space_codes {
    const struct space *space;
    const struct scan_kernels *kernels;
    size_t stride;
    int8_t *bytes;                      // count × stride, zero at 0
    struct term *terms;
    float *center, common;              // common: c·c, or 0 with l2
    struct {
        float *u, *scale;               // BLOCK × stride, BLOCK
        uint8_t *codes;
    } *members;
};

static float dot(const float *x, const float *y, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)y[i];
    return (float)sum;
}

// Of rows that lie evenly: it need not be that of all.
static void find_center(struct space_codes *c)
{
    const struct space *s = c->space;
    int64_t rows = MIN(s->count, (int64_t)CENTER_ROWS);
    double *sum = xcalloc(s->dims, sizeof *sum);
    for (int64_t i = 0; i < rows; i++) {
        const float *row = s->vectors + (size_t)(i * s->count / rows) * s->dims;
        for (size_t d = 0; d < s->dims; d++)
            sum[d] += (double)row[d];
    }
    for (size_t d = 0; d < s->dims && rows; d++)
        c->center[d] = (float)(sum[d] / (double)rows);
    c->common = s->metric == METRIC_L2 ? 0 : dot(c->center, c->center, s->dims);
    free(sum);
}

static void encode_block(void *arg, size_t item, int member)
{
    struct space_codes *c = arg;
    const struct space *s = c->space;
    float *u = c->members[member].u, *scale = c->members[member].scale;
    uint8_t *codes = c->members[member].codes;
    size_t first = item * BLOCK, rows = MIN((size_t)BLOCK, (size_t)s->count - first);
    for (size_t r = 0; r < rows; r++)
        for (size_t d = 0; d < s->dims; d++)
            u[r * c->stride + d] = s->vectors[(first + r) * s->dims + d] - c->center[d];
    s->kernels->quantise(u, c->stride, codes, c->stride, rows, s->dims, scale);
    for (size_t r = 0; r < rows; r++) {
        int8_t *to = c->bytes + (first + r) * c->stride;
        const float *v = u + r * c->stride;
        struct term *t = &c->terms[first + r];
        *t = (struct term){ scale[r], s->metric == METRIC_L2 ? -dot(v, v, s->dims) / 2 : dot(c->center, v, s->dims),
                            metric_weight(s->metric, s->norms[first + r]), 0 };
        for (size_t i = 0; i < c->stride; i++) {
            to[i] = (int8_t)(codes[r * c->stride + i] ^ 0x80);
            t->sum += to[i];
        }
    }
}

struct space_codes *space_codes_new(const struct space *s, struct team *team)
{
    struct space_codes *c = xcalloc(1, sizeof *c);
    size_t members = (size_t)team_size(team);
    *c = (struct space_codes){ .space = s, .kernels = scan_find(s->kernels->name), .stride = kernel_pad(s->dims) };
    c->bytes = room_calloc((size_t)s->count + 1, c->stride);
    c->terms = room_calloc((size_t)s->count + 1, sizeof *c->terms);
    c->center = xcalloc(s->dims, sizeof *c->center);
    c->members = xcalloc(members, sizeof *c->members);
    for (size_t i = 0; i < members; i++) {
        c->members[i].u = xcalloc(BLOCK * c->stride, sizeof(float)), c->members[i].scale = xcalloc(BLOCK, sizeof(float));
        c->members[i].codes = xcalloc(BLOCK, c->stride);
    }
    find_center(c);
    team_run(team, ((size_t)s->count + BLOCK - 1) / BLOCK, encode_block, c);
    for (size_t i = 0; i < members; i++) {
        free(c->members[i].u);
        free(c->members[i].scale);
        free(c->members[i].codes);
    }
    free(c->members);
    return c;
}

void space_codes_free(struct space_codes *c)
{
    if (c == NULL)
        return;
    free(c->bytes);
    free(c->terms);
    free(c->center);
    free(c);
}

size_t space_codes_stride(const struct space_codes *c) { return c->stride; }

void space_codes_point(const struct space_codes *c, uint32_t row, uint8_t *code, struct point *p)
{
    const int8_t *bytes = c->bytes + row * c->stride;
    for (size_t i = 0; i < c->stride; i++)
        code[i] = (uint8_t)bytes[i] ^ 0x80;
    p->code = code, p->code_scale = c->terms[row].scale, p->code_add = c->terms[row].add;
}

void space_codes_nearness(const struct space_codes *c, const struct point *p, const uint32_t *which, size_t count, float *nearness)
{
    enum { AT_ONCE = 64 };
    float scale = metric_scale(c->space->metric);
    int32_t sums[AT_ONCE];
    for (size_t first = 0; first < count; first += AT_ONCE) {
        size_t some = MIN((size_t)AT_ONCE, count - first);
        c->kernels->code_dots(p->code, c->bytes, which + first, some, c->stride, sums);
        for (size_t i = 0; i < some; i++) {
            const struct term *t = &c->terms[which[first + i]];
            float product = (float)(sums[i] - 128 * t->sum) * (p->code_scale * t->scale);
            nearness[first + i] = (c->common + (p->code_add + t->add) + product) * (p->weight * t->weight * scale);
        }
    }
}

void space_codes_fetch(const struct space_codes *c, uint32_t row)
{
    __builtin_prefetch(&c->terms[row]);
    for (size_t i = 0; i < c->stride; i += 64)
        __builtin_prefetch(c->bytes + row * c->stride + i);
}
