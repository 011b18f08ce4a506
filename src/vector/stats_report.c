// SPDX-License-Identifier: Apache-2.0
// Sections of a report about an index. Their limits stand here: what is marked as a warning, and what as failed.
#include <math.h>

#include "value/read.h"
#include "vector/stats_show.h"

enum { POINTS_SHOWN = 2900, CLASSES = 4, LABEL_MAX = 200 };    // the report draws up to 3,000 points one by one

static const char *const names[STATS_SECTIONS] = { "sequences", "throughput", "embeddings", "neighbours" };

const char *stats_section_name(int i) { return names[i]; }

static void begin_section(struct strbuf *out, int i, const char *title)
{
    strbuf_addf(out, "{\"petri_report\": 1, \"id\": \"%s\", \"title\": \"%s\", \"order\": %d, \"blocks\": [\n", names[i], title, 10 * (i + 1));
}

static void end_section(struct strbuf *out) { strbuf_addz(out, "]}\n"); }

static void add_value(struct strbuf *out, double v, bool is_known)
{
    stats_add_number(out, is_known ? v : (double)NAN);
    strbuf_addz(out, ", ");
}

static void add_histogram(struct strbuf *out, const char *fields, const char *series, const struct histogram *h)
{
    strbuf_addf(out, "{\"kind\": \"histogram\", %s, \"series\": [{\"name\": \"%s\", \"edges\": [", fields, series);
    for (size_t i = 0; i <= h->len && h->len; i++) {
        strbuf_addz(out, i ? ", " : "");
        stats_add_number(out, h->edges[i]);
    }
    strbuf_addz(out, "], \"counts\": [");
    for (size_t i = 0; i < h->len; i++)
        strbuf_addf(out, "%s%lld", i ? ", " : "", (long long)h->counts[i]);
    strbuf_addz(out, "]}]}");
}

// --- sequences

static void add_sequences(struct strbuf *out, const struct vector_stats *s, int i)
{
    struct stats_identical same = stats_identical(s);
    const struct spread *l = &s->lengths;
    int64_t unknown = value_get_int(s->embeddings, STR("unknown_letters"), -1), truncated = value_get_int(s->embeddings, STR("truncated"), -1);
    int64_t windowed = value_get_int(s->embeddings, STR("windowed"), -1);
    begin_section(out, i, "Sequences");
    strbuf_addz(out,
        "{\"kind\": \"table\", \"title\": \"What was embedded\", \"columns\": [{\"id\": \"sequences\", \"title\": \"Sequences\", \"format\": \"integer\"}, "
        "{\"id\": \"residues\", \"title\": \"Residues\", \"format\": \"integer\"}, {\"id\": \"shortest\", \"title\": \"Shortest\", \"format\": \"integer\"}, "
        "{\"id\": \"median\", \"title\": \"Median\", \"format\": \"integer\"}, {\"id\": \"longest\", \"title\": \"Longest\", \"format\": \"integer\"}, "
        "{\"id\": \"identical\", \"title\": \"Identical\", \"format\": \"integer\", \"help\": \"Sequences with the same letters as an earlier one.\"}, "
        "{\"id\": \"unknown\", \"title\": \"Unknown letters\", \"format\": \"integer\", \"help\": \"Letters that the model does not know.\"}, "
        "{\"id\": \"share\", \"title\": \"Of all letters\", \"format\": \"percent\", \"decimals\": 2, \"help\": \"Unknown letters.\", \"warn_above\": 0.01, "
        "\"fail_above\": 0.1}, {\"id\": \"truncated\", \"title\": \"Truncated\", \"format\": \"integer\", \"help\": \"Too long for the model: the rest was left "
        "out.\", \"warn_above\": 0}, {\"id\": \"windowed\", \"title\": \"In windows\", \"format\": \"integer\", \"help\": \"Too long for the model: computed in "
        "windows that overlap, and averaged.\"}],\n \"rows\": [[");
    add_value(out, (double)s->index->count, true);
    add_value(out, (double)s->residues, l->count > 0);
    add_value(out, l->least, l->count > 0);
    add_value(out, l->quarters[1], l->count > 0);
    add_value(out, l->most, l->count > 0);
    add_value(out, (double)same.all, same.all >= 0);
    add_value(out, (double)unknown, unknown >= 0);
    add_value(out, (double)unknown / (double)MAX(s->residues, 1), unknown >= 0 && l->count);
    add_value(out, (double)truncated, truncated >= 0);
    stats_add_number(out, windowed >= 0 ? (double)windowed : (double)NAN);
    strbuf_addz(out, "]]}");
    if (same.all > 0 && same.again >= 0)
        strbuf_addf(out, ",\n{\"kind\": \"note\", \"level\": \"info\", \"text\": \"Of %lld identical sequences %lld stood in one part with the first of them and were "
                    "computed once. %lld stood in another part and were computed again, with the same vector.\"}", (long long)same.all, (long long)same.once,
                    (long long)same.again);
    if (l->count) {
        strbuf_addz(out, ",\n");
        add_histogram(out, "\"title\": \"Lengths\", \"x\": {\"title\": \"length\", \"unit\": \"residues\", \"scale\": \"log\"}, \"y\": {\"title\": \"sequences\"}",
                      "sequences", &s->length_bins);
    }
    end_section(out);
}

static void add_throughput(struct strbuf *out, const struct vector_stats *s, const struct stats_files *f, int i)
{
    begin_section(out, i, "Throughput");
    strbuf_addz(out, "{\"kind\": \"rate\", \"title\": \"How fast it was embedded\", \"step\": ");
    json_write_string(out, f->step);
    strbuf_addf(out, ", \"amounts\": [{\"unit\": \"sequences\", \"value\": %lld}", (long long)s->index->count);
    if (s->residues)
        strbuf_addf(out, ", {\"unit\": \"residues\", \"value\": %lld}", (long long)s->residues);
    strbuf_addz(out, "]}");
    end_section(out);
}

// --- vectors

// The class of a length by the quarters of all lengths.
static int class_of(const struct spread *l, int64_t length)
{
    int c = 0;
    while (c < CLASSES - 1 && (double)length > l->quarters[c])
        c++;
    return c;
}

static void add_class_name(struct strbuf *out, const struct spread *l, int c)
{
    if (l->count == 0)
        strbuf_addz(out, "\"sequences\"");
    else if (c == 0)
        strbuf_addf(out, "\"up to %.0f residues\"", l->quarters[0]);
    else
        strbuf_addf(out, "\"%.0f to %.0f residues\"", l->quarters[c - 1] + 1, c < CLASSES - 1 ? l->quarters[c] : l->most);
}

static bool add_point(struct strbuf *out, const struct vector_stats *s, int64_t row, bool show_ids, bool is_first, struct err *err)
{
    double at[PCA_COMPONENTS];
    const struct vector_index *x = s->index;
    Str id = { 0 };
    if (show_ids && !vector_index_id(x, row, &id, err))
        return false;
    pca_place(&s->pca, x->metric, vector_index_row(x, row), x->norms[row], at);
    strbuf_addz(out, is_first ? "[" : ", [");
    add_value(out, at[0], true);
    stats_add_number(out, at[1]);
    if (show_ids) {
        strbuf_addz(out, ", ");
        json_write_string(out, str_first(id, MIN(id.len, (size_t)LABEL_MAX)));
    }
    strbuf_addz(out, "]");
    return true;
}

// The probes' own places, over all others.
static void add_probes(struct strbuf *out, const struct vector_stats *s, bool show_ids)
{
    strbuf_addz(out, ", {\"name\": \"probes\", \"points\": [");
    for (size_t i = 0; i < MIN(s->probe_count, (size_t)100); i++) {
        double at[PCA_COMPONENTS];
        const struct probe *p = &s->probes[i];
        pca_place(&s->pca, s->index->metric, p->vector, (float)metric_norm(p->vector, (size_t)s->index->dims), at);
        strbuf_addz(out, i ? ", [" : "[");
        add_value(out, at[0], true);
        stats_add_number(out, at[1]);
        if (show_ids) {
            strbuf_addz(out, ", ");
            json_write_string(out, str_first(p->id, MIN(p->id.len, (size_t)LABEL_MAX)));
        }
        strbuf_addz(out, "]");
    }
    strbuf_addz(out, "]}");
}

static bool add_map(struct strbuf *out, const struct vector_stats *s, bool show_ids, struct err *err)
{
    const struct spread *l = &s->lengths;
    int64_t shown = MIN(s->index->count, (int64_t)POINTS_SHOWN);
    strbuf_addf(out, "{\"kind\": \"scatter\", \"id\": \"map\", \"title\": \"Map of the embeddings\", \"help\": \"Each point is a sequence, at its two principal components: the "
                "directions in which the vectors differ most. %lld of %lld are drawn", (long long)shown, (long long)s->index->count);
    strbuf_addf(out, "%s.\", ", l->count ? ", coloured by length" : "");
    for (int i = 0; i < PCA_COMPONENTS; i++)
        strbuf_addf(out, "\"%c\": {\"title\": \"component %d, %.1f %% of the variance\"}, ", "xy"[i], i + 1,
                    s->pca.total > 0 ? 100 * s->pca.variance[i] / s->pca.total : 0.0);
    strbuf_addz(out, "\"series\": [");
    bool is_first_series = true;
    for (int c = 0; c < (l->count ? CLASSES : 1); c++) {
        size_t start = out->len;
        bool is_first = true;
        strbuf_addz(out, is_first_series ? "{\"name\": " : ", {\"name\": ");
        add_class_name(out, l, c);
        strbuf_addz(out, ", \"points\": [");
        for (int64_t i = 0; i < shown; i++) {
            int64_t row = even_row(i, shown, s->index->count);
            if (l->count && class_of(l, s->index->lengths[row]) != c)
                continue;
            if (!add_point(out, s, row, show_ids, is_first, err))
                return false;
            is_first = false;
        }
        strbuf_addz(out, "]}");
        if (is_first)                                   // nobody is in this class
            out->len = start;
        is_first_series = is_first_series && is_first;
    }
    if (s->probe_count && !is_first_series)
        add_probes(out, s, show_ids);
    strbuf_addz(out, "]}");
    return true;
}

static bool add_embeddings(struct strbuf *out, const struct vector_stats *s, const struct stats_files *f, int i, struct err *err)
{
    const struct vector_index *x = s->index;
    struct strbuf fields = { 0 };
    double recall = NAN;
    bool is_known = value_as_double(value_get(value_get(x->manifest, STR("recall")), STR("recall")), &recall);
    begin_section(out, i, "Embeddings");
    strbuf_addz(out,
        "{\"kind\": \"table\", \"title\": \"Vectors and their index\", \"columns\": [{\"id\": \"vectors\", \"title\": \"Vectors\", \"format\": \"integer\"}, "
        "{\"id\": \"dims\", \"title\": \"Numbers each\", \"format\": \"integer\"}, {\"id\": \"zero\", \"title\": \"Of zeros\", \"format\": \"integer\", \"warn_above\": 0, "
        "\"help\": \"Vectors without any direction: sequences without residues, mostly.\"}, {\"id\": \"metric\", \"title\": \"Metric\", \"format\": \"text\"}, "
        "{\"id\": \"search\", \"title\": \"Search\", \"format\": \"text\"}, {\"id\": \"recall\", \"title\": \"Recall\", \"format\": \"percent\", \"warn_below\": 0.9, "
        "\"help\": \"Of approximate search: the share of the true nearest neighbours that it finds, measured when the index was made.\"}],\n \"rows\": [[");
    add_value(out, (double)x->count, true);
    add_value(out, (double)x->dims, true);
    add_value(out, (double)s->zero, true);
    strbuf_addf(out, "\"%s\", \"%s\", ", metric_name(x->metric), vector_kind_name(x->kind));
    stats_add_number(out, is_known ? recall : (double)NAN);
    strbuf_addz(out, "]]},\n");
    if (x->count && !add_map(out, s, f->show_ids, err))
        return false;
    if (s->nearest.count) {
        strbuf_addf(&fields, "\"title\": \"Nearest neighbours\", \"help\": \"%s of a vector and the nearest other one, for %lld vectors that lie evenly among all.\", "
                    "\"x\": {\"title\": \"%s\"}, \"y\": {\"title\": \"vectors\"}", stats_distance_name(x->metric), (long long)s->nearest.count, stats_distance_name(x->metric));
        strbuf_addz(out, ",\n");
        add_histogram(out, strbuf_str(&fields).data, "vectors", &s->nearest_bins);
        strbuf_release(&fields);
    }
    if (s->norms.count) {
        strbuf_addz(out, ",\n");
        add_histogram(out, "\"title\": \"Norms\", \"help\": \"Lengths of the vectors.\", \"x\": {\"title\": \"Euclidean norm\"}, \"y\": {\"title\": \"vectors\"}", "vectors",
                      &s->norm_bins);
    }
    end_section(out);
    return true;
}

// --- neighbours

static bool add_name(struct strbuf *out, const struct vector_stats *s, int64_t row, bool show_ids, struct err *err)
{
    Str id;
    if (show_ids && !vector_index_id(s->index, row, &id, err))
        return false;
    if (show_ids)
        json_write_string(out, str_first(id, MIN(id.len, (size_t)LABEL_MAX)));
    else
        strbuf_addf(out, "\"number %lld\"", (long long)row + 1);
    return true;
}

static bool add_neighbour_row(struct strbuf *out, const struct vector_stats *s, size_t p, size_t rank, bool show_ids, struct err *err)
{
    const struct probe *probe = &s->probes[p];
    const struct found *n = &probe->found[rank];
    if (probe->row >= 0) {
        if (!add_name(out, s, probe->row, show_ids, err))
            return false;
    } else if (show_ids) {
        json_write_string(out, str_first(probe->id, MIN(probe->id.len, (size_t)LABEL_MAX)));
    } else {
        strbuf_addf(out, "\"probe %zu\"", p + 1);
    }
    strbuf_addf(out, ", %zu, ", rank + 1);
    if (!add_name(out, s, n->row, show_ids, err))
        return false;
    strbuf_addz(out, ", ");
    add_value(out, metric_score(s->index->metric, n->nearness), true);
    stats_add_number(out, s->index->lengths[n->row] < 0 ? (double)NAN : (double)s->index->lengths[n->row]);
    return true;
}

static bool add_neighbours(struct strbuf *out, const struct vector_stats *s, const struct stats_files *f, int i, struct err *err)
{
    enum { PROBES_SHOWN = 100 };
    bool is_first = true;
    begin_section(out, i, "Nearest neighbours");
    strbuf_addf(out, "{\"kind\": \"table\", \"title\": \"Of %s\", \"columns\": [{\"id\": \"probe\", \"title\": \"Probe\", \"format\": \"text\"}, {\"id\": \"rank\", "
                "\"title\": \"Rank\", \"format\": \"integer\"}, {\"id\": \"neighbour\", \"title\": \"Neighbour\", \"format\": \"text\"}, {\"id\": \"score\", \"title\": \"Score (%s)\", "
                "\"format\": \"number\", \"decimals\": 4}, {\"id\": \"length\", \"title\": \"Length\", \"format\": \"integer\"}],\n \"rows\": [",
                s->probe_count && s->probes[0].row < 0 ? "the probes" : "some of the sequences", metric_name(s->index->metric));
    for (size_t p = 0; p < MIN(s->probe_count, (size_t)PROBES_SHOWN); p++)
        for (size_t k = 0; k < s->probes[p].count; k++) {
            strbuf_addz(out, is_first ? "[" : ",\n  [");
            if (!add_neighbour_row(out, s, p, k, f->show_ids, err))
                return false;
            strbuf_addz(out, "]");
            is_first = false;
        }
    strbuf_addz(out, "]}");
    end_section(out);
    return true;
}

bool stats_add_section(struct strbuf *out, const struct vector_stats *s, const struct stats_files *f, int i, struct err *err)
{
    switch (i) {
    case 0: add_sequences(out, s, i); return true;
    case 1:
        if (f->step.len)
            add_throughput(out, s, f, i);
        return true;
    case 2: return add_embeddings(out, s, f, i, err);
    default: return add_neighbours(out, s, f, i, err);
    }
}
