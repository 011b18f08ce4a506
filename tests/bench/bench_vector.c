// SPDX-License-Identifier: Apache-2.0
// How fast an index of vectors is searched.
//     bench_vector make FILE.npy ROWS DIMS SEED     writes vectors like embeddings: 10,000 families in 24 hidden directions, turned into DIMS numbers, and a
//                                                   tenth of noise in each number; what is common to all is twice as long as what differs
//     bench_vector search INDEX QUERIES.npy THREADS exact|own ROUNDS      prints one JSON line
// A round is all queries; between rounds the peak of as many cores is measured (independent multiply-adds in registers). What is printed are
// medians, of rounds and of peaks. And how fast the same threads read the vectors and do nothing else, which is what few queries wait for. Seconds are processor time of all threads ("cpu") and wall
// time; on a machine with other work believe the first. FLOP are those of the products alone: 2 · queries · rows · dims.
#include <math.h>
#include <stdatomic.h>

#include "peak.h"

#include "base/arena.h"
#include "model/npy.h"
#include "model/outfile.h"
#include "model/team.h"
#include "vector/queries.h"
#include "vector/search.h"

enum { FAMILIES = 10000, HIDDEN = 24, K = 10 };

static uint64_t state;

static double uniform(void)             // SplitMix64
{
    uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (double)((z ^ z >> 31) >> 11) * 0x1p-53;
}

static float normal(void) { return (float)(sqrt(-2 * log(1 - uniform())) * cos(6.283185307179586 * uniform())); }

static float *normals(size_t n)
{
    float *out = xcalloc(n, sizeof *out);
    for (size_t i = 0; i < n; i++)
        out[i] = normal();
    return out;
}

static bool make(Str path, int64_t rows, size_t dims, uint64_t seed, struct err *err)
{
    char header[NPY_HEADER_MAX];
    struct outfile *o;
    size_t len = npy_header(TENSOR_F32, 2, (const int64_t[]){ rows, (int64_t)dims }, header);
    state = 1;                          // families and directions are the same for every seed
    float *families = normals((size_t)FAMILIES * HIDDEN), *turn = normals(HIDDEN * dims), *common = normals(dims), *row = xcalloc(dims, sizeof *row);
    state = seed << 32;
    bool ok = outfile_open(path, &o, err) && outfile_write(o, header, len, err);
    for (int64_t r = 0; r < rows && ok; r++) {
        const float *family = families + (size_t)(uniform() * FAMILIES) * HIDDEN;
        for (size_t i = 0; i < dims; i++)
            row[i] = 2 * sqrtf(HIDDEN) * common[i] + 0.1f * normal();
        for (size_t h = 0; h < HIDDEN; h++) {
            float value = family[h] + 0.5f * normal();
            for (size_t i = 0; i < dims; i++)
                row[i] += value * turn[h * dims + i];
        }
        ok = outfile_write(o, row, dims * sizeof *row, err);
    }
    ok = ok && outfile_commit(o, err);
    outfile_close(o);
    return ok;
}

// --- reading

struct reading {
    const uint64_t *words;
    size_t count, part;
    atomic_ullong sum;
};

static void read_part(void *arg, size_t item, int member UNUSED)
{
    struct reading *r = arg;
    uint64_t sum = 0;
    for (size_t i = item * r->part; i < MIN(r->count, (item + 1) * r->part); i++)
        sum += r->words[i];
    atomic_fetch_add(&r->sum, sum);
}

// Bytes a second.
static double read_speed(const struct vector_index *x, int threads)
{
    size_t bytes = (size_t)(x->count * x->dims) * sizeof(float);
    struct reading r = { .words = (const void *)x->vectors, .count = bytes / 8, .part = 1 << 15 };
    struct team *team = team_new(threads);
    double best = 0;
    for (int i = 0; i < 3; i++) {
        double start = clock_seconds(CLOCK_MONOTONIC);
        team_run(team, (r.count + r.part - 1) / r.part, read_part, &r);
        best = MAX(best, (double)bytes / (clock_seconds(CLOCK_MONOTONIC) - start));
    }
    team_free(team);
    return best;
}

struct work {                           // a round: all queries
    struct searcher *searcher;
    const struct queries *queries;
    struct found *found;
    struct err *err;
    bool ok;
};

static void run(void *arg)
{
    struct work *w = arg;
    w->ok = w->ok && searcher_run(w->searcher, w->queries->vectors, w->queries->count, w->found, w->err);
}

static bool search(Str dir, Str queries, int threads, bool exact, int count, struct err *err)
{
    struct queries q;
    double opened = clock_seconds(CLOCK_MONOTONIC);
    struct vector_index *x = vector_index_open(dir, err);
    opened = clock_seconds(CLOCK_MONOTONIC) - opened;
    if (x == NULL || !queries_read(x, queries, (Str){ 0 }, threads, &q, err))
        return false;
    struct searcher *s = searcher_new(x, &(struct search_options){ .k = K, .exact = exact, .threads = threads }, err);
    struct found *found = xcalloc(q.count * K, sizeof *found);
    struct work w = { s, &q, found, err, searcher_run(s, q.vectors, MIN(q.count, (size_t)64), found, err) };         // warm
    struct rounds r = measure_rounds(count, threads, run, &w);
    double flops = 2.0 * (double)q.count * (double)x->count * (double)x->dims / r.cpu;
    double vector_bytes = (double)x->count * (double)x->dims * sizeof(float);
    printf("{\"bytes_per_second\": %.4g, \"read_bytes_per_second\": %.4g, ", vector_bytes / r.wall, read_speed(x, threads));
    printf("\"rows\": %lld, \"dims\": %lld, \"queries\": %zu, \"threads\": %d, \"open_ms\": %.3f, \"rounds\": %d, \"wall\": %.4f, \"cpu\": %.4f, "
           "\"peak_gflops\": %.1f, \"gflops_by_cpu\": %.1f, \"fraction\": %.3f, \"queries_per_second\": %.0f, \"queries_per_cpu_second\": %.0f}\n",
           (long long)x->count, (long long)x->dims, q.count, threads, opened * 1e3, count, r.wall, r.cpu, r.peak / 1e9, flops / 1e9,
           flops / r.peak, (double)q.count / r.wall, (double)q.count / r.cpu);
    free(found);
    searcher_free(s);
    queries_release(&q);
    vector_index_close(x);
    return w.ok;
}

int main(int argc, char **argv)
{
    struct err err;
    bool ok;
    if (argc == 6 && strcmp(argv[1], "make") == 0)
        ok = make(str_of(argv[2]), strtoll(argv[3], NULL, 10), strtoul(argv[4], NULL, 10), strtoul(argv[5], NULL, 10), &err);
    else if (argc == 7 && strcmp(argv[1], "search") == 0)
        ok = search(str_of(argv[2]), str_of(argv[3]), (int)strtol(argv[4], NULL, 10), strcmp(argv[5], "exact") == 0,
                    (int)MIN(MAX(strtol(argv[6], NULL, 10), 1), (long)ROUNDS_MAX), &err);
    else
        ok = err_set(&err, ERR_INVALID, "usage: bench_vector make FILE.npy ROWS DIMS SEED | search INDEX QUERIES.npy THREADS exact|own ROUNDS");
    if (!ok)
        fprintf(stderr, "bench_vector: %s\n", err.text);
    return ok ? 0 : 1;
}
