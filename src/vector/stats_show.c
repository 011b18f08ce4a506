// SPDX-License-Identifier: Apache-2.0
// Text, JSON and tables of an index's numbers. Sections of a report: stats_report.c.
#include "vector/stats_show.h"

#include <math.h>

#include "base/arena.h"
#include "model/outfile.h"
#include "sys/file.h"
#include "value/read.h"

enum { WRITE_AT = 1 << 20 };

void stats_add_number(struct strbuf *out, double v)
{
    if (isfinite(v) && v == floor(v) && fabs(v) < 1e15)
        strbuf_addf(out, "%lld", (long long)v);
    else if (isfinite(v))
        strbuf_addf(out, "%.6g", v);
    else
        strbuf_addz(out, "null");
}

static void add_numbers(struct strbuf *out, const double *v, size_t count)
{
    strbuf_addc(out, '[');
    for (size_t i = 0; i < count; i++) {
        strbuf_addz(out, i ? ", " : "");
        stats_add_number(out, v[i]);
    }
    strbuf_addc(out, ']');
}

static void add_field(struct strbuf *out, const char *name, double v)
{
    strbuf_addf(out, "\"%s\": ", name);
    stats_add_number(out, v);
    strbuf_addz(out, ", ");
}

struct stats_identical stats_identical(const struct vector_stats *s)
{
    int64_t all = s->distinct < 0 ? -1 : s->index->count - s->distinct;
    int64_t once = MIN(value_get_int(s->embeddings, STR("duplicates"), -1), all);
    return (struct stats_identical){ all, once, all >= 0 && once >= 0 ? all - once : -1 };
}

// --- JSON

static void add_spread(struct strbuf *out, const struct spread *s, const struct histogram *h)
{
    strbuf_addf(out, "\"count\": %lld, ", (long long)s->count);
    if (s->count) {
        add_field(out, "least", s->least);
        strbuf_addz(out, "\"quarters\": ");
        add_numbers(out, s->quarters, LEN(s->quarters));
        strbuf_addz(out, ", ");
        add_field(out, "mean", s->mean);
        add_field(out, "most", s->most);
    }
    strbuf_addz(out, "\"edges\": ");
    add_numbers(out, h->edges, h->len ? h->len + 1 : 0);
    strbuf_addz(out, ", \"counts\": [");
    for (size_t i = 0; i < h->len; i++)
        strbuf_addf(out, "%s%lld", i ? ", " : "", (long long)h->counts[i]);
    strbuf_addc(out, ']');
}

static void add_count(struct strbuf *out, const char *name, int64_t count)
{
    if (count >= 0)
        strbuf_addf(out, ", \"%s\": %lld", name, (long long)count);
}

static void add_sequences_json(struct strbuf *out, const struct vector_stats *s)
{
    static const char *const counted[] = { "unknown_letters", "truncated", "windowed" };
    struct stats_identical same = stats_identical(s);
    strbuf_addf(out, " \"sequences\": {\"residues\": %lld", (long long)s->residues);
    add_count(out, "identical", same.all);
    add_count(out, "identical_computed_once", same.once);
    add_count(out, "identical_computed_again", same.again);
    for (size_t i = 0; i < LEN(counted); i++)
        add_count(out, counted[i], value_get_int(s->embeddings, str_of(counted[i]), -1));
    strbuf_addz(out, "},\n");
}

void stats_add_json(struct strbuf *out, const struct vector_stats *s)
{
    const struct vector_index *x = s->index;
    strbuf_addz(out, "{\n \"format\": \"petri-index-stats\",\n \"version\": 1,\n");
    strbuf_addf(out, " \"vectors\": %lld,\n \"dims\": %lld,\n \"zero_vectors\": %lld,\n", (long long)x->count, (long long)x->dims,
                (long long)s->zero);
    strbuf_addf(out, " \"metric\": \"%s\",\n \"kind\": \"%s\",\n", metric_name(x->metric), vector_kind_name(x->kind));
    add_sequences_json(out, s);
    strbuf_addz(out, " \"lengths\": {");
    add_spread(out, &s->lengths, &s->length_bins);
    strbuf_addz(out, "},\n \"norms\": {");
    add_spread(out, &s->norms, &s->norm_bins);
    strbuf_addf(out, "},\n \"nearest\": {\"what\": \"%s\", \"search\": \"%s\", ", stats_distance_name(x->metric),
                s->nearest_is_exact ? "exact" : "approximate");
    add_spread(out, &s->nearest, &s->nearest_bins);
    strbuf_addf(out, "},\n \"map\": {\"vectors\": %lld, ", (long long)s->pca.rows);
    add_field(out, "total_variance", s->pca.total);
    strbuf_addz(out, "\"variance\": ");
    add_numbers(out, s->pca.variance, (size_t)s->pca.components);
    strbuf_addz(out, "}\n}\n");
}

// --- for people

static void add_line(struct strbuf *out, const char *name, const struct spread *s)
{
    if (s->count == 0)
        return;
    strbuf_addf(out, "%-20s", name);
    const double shown[] = { s->least, s->quarters[0], s->quarters[1], s->quarters[2], s->most };
    for (size_t i = 0; i < LEN(shown); i++)
        strbuf_addf(out, "%s%.4g", i ? "  " : "", shown[i] == 0 ? 0.0 : shown[i]);
    strbuf_addz(out, "  (least, quarters, most)\n");
}

void stats_add_text(struct strbuf *out, const struct vector_stats *s)
{
    const struct vector_index *x = s->index;
    struct stats_identical same = stats_identical(s);
    int64_t unknown = value_get_int(s->embeddings, STR("unknown_letters"), -1);
    strbuf_addf(out, "%-20s%lld of %lld numbers, %s, %s\n", "vectors", (long long)x->count, (long long)x->dims,
                metric_name(x->metric), vector_kind_name(x->kind));
    if (s->zero)
        strbuf_addf(out, "%-20s%lld\n", "of zeros", (long long)s->zero);
    if (s->lengths.count)
        strbuf_addf(out, "%-20s%lld\n", "residues", (long long)s->residues);
    add_line(out, "lengths", &s->lengths);
    if (unknown >= 0)
        strbuf_addf(out, "%-20s%lld\n", "unknown letters", (long long)unknown);
    if (same.all >= 0)
        strbuf_addf(out, "%-20s%lld\n", "identical", (long long)same.all);
    if (same.again > 0)
        strbuf_addf(out, "%-20s%lld (in different parts)\n", "  computed again", (long long)same.again);
    add_line(out, "norms", &s->norms);
    add_line(out, "nearest neighbour", &s->nearest);
    if (s->nearest.count)
        strbuf_addf(out, "%-20s%s of %lld vectors, %s\n", "", stats_distance_name(x->metric), (long long)s->nearest.count,
                    s->nearest_is_exact ? "exact" : "approximate");
    for (int i = 0; i < s->pca.components; i++)
        strbuf_addf(out, "component %-10d%.1f %% of the variance\n", i + 1, 100 * s->pca.variance[i] / s->pca.total);
}

// --- files

static bool open_file(struct arena *a, Str folder, const char *name, struct outfile **o, struct err *err)
{
    return outfile_open(str_join_path(a, folder, str_of(name)), o, err);
}

// What was built so far goes out; the buffer is empty then.
static bool flush(struct outfile *o, struct strbuf *text, struct err *err)
{
    bool ok = outfile_write(o, text->data ? text->data : "", text->len, err);
    strbuf_clear(text);
    return ok;
}

static void add_length(struct strbuf *out, int64_t length)
{
    if (length < 0)
        strbuf_addz(out, "\t-");
    else
        strbuf_addf(out, "\t%lld", (long long)length);
}

static bool write_map(struct outfile *o, const struct vector_stats *s, struct strbuf *text, struct err *err)
{
    const struct vector_index *x = s->index;
    bool ok = true;
    strbuf_addz(text, "id\tlength\tx\ty\n");
    for (int64_t i = 0; i < x->count && ok; i++) {
        double at[PCA_COMPONENTS];
        Str id;
        if (!vector_index_id(x, i, &id, err))
            return false;
        pca_place(&s->pca, x->metric, vector_index_row(x, i), x->norms[i], at);
        strbuf_add(text, id);
        add_length(text, x->lengths[i]);
        for (int k = 0; k < PCA_COMPONENTS; k++) {
            strbuf_addc(text, '\t');
            stats_add_number(text, at[k]);
        }
        strbuf_addc(text, '\n');
        ok = text->len < WRITE_AT || flush(o, text, err);
    }
    return ok;
}

static bool write_neighbours(struct outfile *o, const struct vector_stats *s, struct strbuf *text, struct err *err)
{
    bool ok = true;
    strbuf_addz(text, "probe\trank\tid\tscore\tlength\n");
    for (size_t i = 0; i < s->probe_count && ok; i++) {
        for (size_t k = 0; k < s->probes[i].count; k++) {
            const struct found *f = &s->probes[i].found[k];
            Str id;
            if (!vector_index_id(s->index, f->row, &id, err))
                return false;
            strbuf_addf(text, STR_FMT "\t%zu\t" STR_FMT "\t", STR_ARG(s->probes[i].id), k + 1, STR_ARG(id));
            stats_add_number(text, metric_score(s->index->metric, f->nearness));
            add_length(text, s->index->lengths[f->row]);
            strbuf_addc(text, '\n');
        }
        ok = text->len < WRITE_AT || flush(o, text, err);
    }
    return ok;
}

static bool write_json(struct outfile *o UNUSED, const struct vector_stats *s, struct strbuf *text, struct err *err UNUSED)
{
    stats_add_json(text, s);
    return true;
}

typedef bool write_fn(struct outfile *o, const struct vector_stats *s, struct strbuf *text, struct err *err);

static bool write_one(struct arena *a, const struct vector_stats *s, Str folder, const char *name, write_fn *fn, struct err *err)
{
    struct strbuf text = { 0 };
    struct outfile *o = NULL;
    bool ok = open_file(a, folder, name, &o, err) && fn(o, s, &text, err) && flush(o, &text, err) && outfile_commit(o, err);
    outfile_close(o);
    strbuf_release(&text);
    return ok;
}

static bool write_section(struct arena *a, const struct vector_stats *s, const struct stats_files *f, Str folder, int i, struct err *err)
{
    struct strbuf text = { 0 };
    struct outfile *o = NULL;
    const char *name = str_z(a, str_printf(a, "%s.petri-report.json", stats_section_name(i)));
    bool ok = stats_add_section(&text, s, f, i, err);
    if (ok && text.len)
        ok = open_file(a, folder, name, &o, err) && flush(o, &text, err) && outfile_commit(o, err);
    outfile_close(o);
    strbuf_release(&text);
    return ok;
}

bool stats_write(struct arena *a, const struct vector_stats *s, const struct stats_files *f, struct err *err)
{
    Str report = str_join_path(a, f->folder, STR("report"));
    if (!dir_make_all(report, err) || !write_one(a, s, f->folder, "map.tsv", write_map, err) || !write_one(a, s, f->folder, "neighbours.tsv",
        write_neighbours, err) || !write_one(a, s, f->folder, "stats.json", write_json, err))
        return false;
    for (int i = 0; i < STATS_SECTIONS; i++)
        if (!write_section(a, s, f, report, i, err))
            return false;
    return dir_sync(report, err) && dir_sync(f->folder, err);
}
