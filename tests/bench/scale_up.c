// SPDX-License-Identifier: Apache-2.0
// Many vectors from few: each of the base vectors, and variants of it that differ as vectors of mutated sequences differ from those of the sequences.
//     scale_up BASE.npy MUTANTS.npy ROWS.txt OUT.npy COUNT SEED
// BASE and MUTANTS are float; line i of ROWS.txt is the row of BASE whose sequence mutant i was made of. Variant = base + cos(t) · d + sin(t) · e, d and e the
// differences of two mutants by chance, t an angle by chance: the variants' covariance is that of the differences. Prints one line of JSON: how long
// differences are beside the distance of two base vectors by chance.
#include <math.h>
#include <stdio.h>

#include "base/arena.h"
#include "model/npy.h"
#include "model/outfile.h"
#include "sys/file.h"

enum { FILE_MAX = 1 << 30, PAIRS = 10000 };

static uint64_t state;

static uint64_t next(void)              // SplitMix64
{
    uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static double uniform(void) { return (double)(next() >> 11) * 0x1p-53; }

struct rows {
    size_t count, dims;
    float *at;
};

static bool read_rows(struct arena *a, const char *path, struct rows *out, struct err *err)
{
    struct tensor t;
    Str bytes;
    if (!file_read(a, str_of(path), FILE_MAX, &bytes, err) || !npy_parse(bytes, &t, err))
        return false;
    if (t.rank != 2 || !tensor_is_float(&t))
        return err_set(err, ERR_INVALID, "%s: expected a table of floating numbers", path);
    *out = (struct rows){ (size_t)t.shape[0], (size_t)t.shape[1], xcalloc((size_t)t.count + 1, sizeof(float)) };
    tensor_read_floats(&t, 0, t.count, out->at);
    return true;
}

// Mutants become what they differ by.
static bool subtract(struct arena *a, const char *path, const struct rows *base, struct rows *mutants, struct err *err)
{
    Str text;
    if (!file_read(a, str_of(path), FILE_MAX, &text, err))
        return false;
    for (size_t i = 0; i < mutants->count; i++) {
        char *end;
        Str line = str_cut(&text, '\n');
        size_t row = strtoul(str_z(a, line), &end, 10);
        if (line.len == 0 || *end || row >= base->count)
            return err_set(err, ERR_INVALID, "%s:%zu: expected a row of the base", path, i + 1);
        for (size_t d = 0; d < base->dims; d++)
            mutants->at[i * base->dims + d] -= base->at[row * base->dims + d];
    }
    return true;
}

static double length_of(const float *x, const float *y, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += ((double)x[i] - (double)(y ? y[i] : 0)) * ((double)x[i] - (double)(y ? y[i] : 0));
    return sqrt(sum);
}

static void tell(const struct rows *base, const struct rows *differences)
{
    double differ = 0, apart = 0;
    for (size_t i = 0; i < differences->count; i++)
        differ += length_of(differences->at + i * base->dims, NULL, base->dims) / (double)differences->count;
    for (size_t i = 0; i < PAIRS; i++)
        apart += length_of(base->at + next() % base->count * base->dims, base->at + next() % base->count * base->dims, base->dims) / PAIRS;
    printf("{\"base\": %zu, \"dims\": %zu, \"mutants\": %zu, \"difference\": %.4g, \"apart\": %.4g}\n", base->count, base->dims, differences->count, differ, apart);
}

static bool write_all(const char *path, const struct rows *base, const struct rows *d, size_t count, struct err *err)
{
    char header[NPY_HEADER_MAX];
    struct outfile *o;
    size_t n = base->dims, len = npy_header(TENSOR_F32, 2, (const int64_t[]){ (int64_t)count, (int64_t)n }, header);
    float *row = xcalloc(n, sizeof *row);
    bool ok = outfile_open(str_of(path), &o, err) && outfile_write(o, header, len, err);
    for (size_t i = 0; i < count && ok; i++) {
        const float *from = base->at + i % base->count * n, *one = d->at + next() % d->count * n, *other = d->at + next() % d->count * n;
        double angle = 6.283185307179586 * uniform();
        float c = i < base->count ? 0 : (float)cos(angle), s = i < base->count ? 0 : (float)sin(angle);
        for (size_t k = 0; k < n; k++)
            row[k] = from[k] + c * one[k] + s * other[k];
        ok = outfile_write(o, row, n * sizeof *row, err);
    }
    ok = ok && outfile_commit(o, err);
    outfile_close(o);
    free(row);
    return ok;
}

int main(int argc, char **argv)
{
    struct arena a = { 0 };
    struct err err;
    struct rows base, mutants;
    if (argc != 7) {
        fprintf(stderr, "usage: scale_up BASE.npy MUTANTS.npy ROWS.txt OUT.npy COUNT SEED\n");
        return 2;
    }
    state = strtoul(argv[6], NULL, 10);
    bool ok = read_rows(&a, argv[1], &base, &err) && read_rows(&a, argv[2], &mutants, &err);
    if (ok && (base.dims != mutants.dims || base.count == 0 || mutants.count == 0))
        ok = err_set(&err, ERR_INVALID, "%s and %s: expected rows of one width", argv[1], argv[2]);
    ok = ok && subtract(&a, argv[3], &base, &mutants, &err);
    if (ok)
        tell(&base, &mutants);
    ok = ok && write_all(argv[4], &base, &mutants, strtoul(argv[5], NULL, 10), &err);
    if (!ok)
        fprintf(stderr, "scale_up: %s\n", err.text);
    return ok ? 0 : 1;
}
