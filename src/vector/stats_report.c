// SPDX-License-Identifier: Apache-2.0
// Sections of a report about an index. Their limits stand here: what is marked as a warning, and what as failed.
#include <math.h>

#include "base/arena.h"
#include "value/read.h"
#include "vector/stats_show.h"

enum { POINTS_SHOWN = 1500, CLASSES = 4, LABEL_MAX = 200 };    // more would hide each other

static const char *const names[STATS_SECTIONS] = { "sequences", "throughput", "embeddings", "neighbours" };

const char *stats_section_name(int i) { return names[i]; }

struct column {                         // of a table: see docs/report-sections.md
    const char *id, *title, *format, *help, *more;      // help and more may be NULL; more: limits, as fields
};
struct chart {
    const char *title, *help, *x, *y;   // help may be NULL; x and y: fields of the axes
};

static void begin_section(struct strbuf *out, int i, const char *title)
{
    strbuf_addf(out, "{\"petri_report\": 1, \"id\": \"%s\", \"title\": \"%s\", \"order\": %d, \"blocks\": [\n", names[i], title, 10 * (i + 1));
}

static void end_section(struct strbuf *out) { strbuf_addz(out, "]}\n"); }

// Up to where its rows begin; end_table() follows them.
static void begin_table(struct strbuf *out, const char *title, const struct column *columns, size_t count)
{
    strbuf_addf(out, "{\"kind\": \"table\", \"title\": \"%s\", \"columns\": [", title);
    for (size_t i = 0; i < count; i++) {
        const struct column *c = &columns[i];
        strbuf_addf(out, "%s\n  {\"id\": \"%s\", \"title\": \"%s\", \"format\": \"%s\"", i ? "," : "", c->id, c->title, c->format);
        if (c->help)
            strbuf_addf(out, ", \"help\": \"%s\"", c->help);
        strbuf_addf(out, "%s%s}", c->more ? ", " : "", c->more ? c->more : "");
    }
    strbuf_addz(out, "],\n \"rows\": [");
}

static void end_table(struct strbuf *out) { strbuf_addz(out, "]}"); }

static void add_row(struct strbuf *out, const double *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        strbuf_addz(out, i ? ", " : "[");
        stats_add_number(out, values[i]);
    }
    strbuf_addc(out, ']');
}

// 1,234,567, as tables show it.
static const char *grouped(char out[32], double count)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%.0f", count), at = 0;
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = 0;
    return out;
}

static double known(int64_t count) { return count < 0 ? (double)NAN : (double)count; }

static void add_histogram(struct strbuf *out, const struct chart *c, const char *series, const struct histogram *h)
{
    strbuf_addf(out, ",\n{\"kind\": \"histogram\", \"title\": \"%s\", ", c->title);
    if (c->help)
        strbuf_addf(out, "\"help\": \"%s\", ", c->help);
    strbuf_addf(out, "\"x\": {%s}, \"y\": {%s}, \"series\": [{\"name\": \"%s\", \"edges\": ", c->x, c->y, series);
    add_row(out, h->edges, h->len + 1);
    strbuf_addz(out, ", \"counts\": [");
    for (size_t i = 0; i < h->len; i++)
        strbuf_addf(out, "%s%lld", i ? ", " : "", (long long)h->counts[i]);
    strbuf_addz(out, "]}]}");
}

// --- sequences

static const struct column sequence_columns[] = {
    { "sequences", "Sequences", "integer", NULL, NULL },
    { "residues", "Residues", "integer", NULL, NULL },
    { "shortest", "Shortest", "integer", NULL, NULL },
    { "median", "Median", "integer", NULL, NULL },
    { "longest", "Longest", "integer", NULL, NULL },
    { "identical", "Identical", "integer", "Sequences with the same letters as an earlier one.", NULL },
    { "unknown", "Unknown letters", "integer", "Letters that the model does not know.", NULL },
    { "share", "Of all letters", "percent", "Unknown letters.", "\"decimals\": 2, \"warn_above\": 0.01, \"fail_above\": 0.1" },
    { "truncated", "Truncated", "integer", "Too long for the model: the rest was left out.", "\"warn_above\": 0" },
    { "windowed", "In windows", "integer", "Too long for the model: computed in windows that overlap, and averaged.", NULL },
};

static void add_identical_note(struct strbuf *out, struct stats_identical same)
{
    strbuf_addf(out, ",\n{\"kind\": \"note\", \"level\": \"info\", \"text\": \"Of %lld identical sequences %lld stood in one part ",
                (long long)same.all, (long long)same.once);
    strbuf_addf(out, "with the first of them and were computed once. %lld stood in another part and were computed again, with the same vector.\"}",
                (long long)same.again);
}

static void add_sequences(struct strbuf *out, const struct vector_stats *s, int i)
{
    struct stats_identical same = stats_identical(s);
    const struct spread *l = &s->lengths;
    bool has = l->count > 0;
    int64_t unknown = value_get_int(s->embeddings, STR("unknown_letters"), -1);
    const double row[] = {
        (double)s->index->count, has ? (double)s->residues : (double)NAN, has ? l->least : (double)NAN, has ? l->quarters[1] : (double)NAN,
        has ? l->most : (double)NAN, known(same.all), known(unknown),
        unknown >= 0 && has ? (double)unknown / (double)MAX(s->residues, 1) : (double)NAN,
        known(value_get_int(s->embeddings, STR("truncated"), -1)), known(value_get_int(s->embeddings, STR("windowed"), -1)),
    };
    static const struct chart lengths = { "Lengths", NULL, "\"title\": \"length\", \"unit\": \"residues\", \"scale\": \"log\"",
                                          "\"title\": \"sequences\"" };
    begin_section(out, i, "Sequences");
    begin_table(out, "What was embedded", sequence_columns, LEN(sequence_columns));
    add_row(out, row, LEN(row));
    end_table(out);
    if (same.all > 0 && same.again >= 0)
        add_identical_note(out, same);
    if (has)
        add_histogram(out, &lengths, "sequences", &s->length_bins);
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
    char from[32], to[32];
    grouped(to, c < CLASSES - 1 ? l->quarters[c] : l->most);
    if (l->count == 0)
        strbuf_addz(out, "\"sequences\"");
    else if (c == 0)
        strbuf_addf(out, "\"up to %s residues\"", to);
    else
        strbuf_addf(out, "\"%s to %s residues\"", grouped(from, l->quarters[c - 1] + 1), to);
}

static void add_labelled(struct strbuf *out, const double at[PCA_COMPONENTS], Str label)
{
    add_row(out, at, PCA_COMPONENTS);
    if (label.len == 0)
        return;
    out->len--;                                         // the label stands inside
    strbuf_addz(out, ", ");
    json_write_string(out, str_first(label, LABEL_MAX));
    strbuf_addc(out, ']');
}

static bool add_point(struct strbuf *out, const struct vector_stats *s, int64_t row, bool show_ids, bool is_first, struct err *err)
{
    double at[PCA_COMPONENTS];
    const struct vector_index *x = s->index;
    Str id = { 0 };
    if (show_ids && !vector_index_id(x, row, &id, err))
        return false;
    pca_place(&s->pca, x->metric, vector_index_row(x, row), x->norms[row], at);
    strbuf_addz(out, is_first ? "" : ", ");
    add_labelled(out, at, id);
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
        strbuf_addz(out, i ? ", " : "");
        add_labelled(out, at, show_ids ? p->id : (Str){ 0 });
    }
    strbuf_addz(out, "]}");
}

static bool add_map(struct strbuf *out, const struct vector_stats *s, bool show_ids, struct err *err)
{
    const struct spread *l = &s->lengths;
    char drawn[32], all[32];
    int64_t shown = MIN(s->index->count, (int64_t)POINTS_SHOWN);
    strbuf_addz(out, ",\n{\"kind\": \"scatter\", \"id\": \"map\", \"title\": \"Map of the embeddings\", ");
    strbuf_addf(out, "\"help\": \"Each point is a sequence, at its two principal components: the directions in which the vectors differ "
                "most. %s of %s are drawn", grouped(drawn, (double)shown), grouped(all, (double)s->index->count));
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

static const struct column vector_columns[] = {
    { "vectors", "Vectors", "integer", NULL, NULL },
    { "dims", "Numbers each", "integer", NULL, NULL },
    { "zero", "Of zeros", "integer", "Vectors without any direction: of sequences without residues, mostly.", "\"warn_above\": 0" },
    { "recall", "Recall", "percent", "Of approximate search: the share of the true nearest neighbours that it finds, as measured when it was made.",
      "\"warn_below\": 0.9" },
};

static void add_nearest(struct strbuf *out, struct arena *a, const struct vector_stats *s)
{
    const char *what = stats_distance_name(s->index->metric);
    char count[32];
    struct chart c = { .title = "Nearest neighbours", .y = "\"title\": \"vectors\"", .x = str_z(a, str_printf(a, "\"title\": \"%s\"", what)) };
    c.help = str_z(a, str_printf(a, "The %s of a vector and the nearest other one, from %s vectors that lie evenly among all.", what,
                                 grouped(count, (double)s->nearest.count)));
    add_histogram(out, &c, "vectors", &s->nearest_bins);
}

static bool add_embeddings(struct strbuf *out, const struct vector_stats *s, const struct stats_files *f, int i, struct err *err)
{
    static const struct chart norms = { "Norms", "How long the vectors are.", "\"title\": \"Euclidean norm\"", "\"title\": \"vectors\"" };
    const struct vector_index *x = s->index;
    struct arena scratch = { 0 };
    double recall = NAN;
    bool is_measured = value_as_double(value_get(value_get(x->manifest, STR("recall")), STR("recall")), &recall);
    const double row[] = { (double)x->count, (double)x->dims, (double)s->zero, is_measured ? recall : (double)NAN };
    begin_section(out, i, "Embeddings");
    Str title = str_printf(&scratch, "Vectors and their index: %s, %s", metric_name(x->metric), vector_kind_name(x->kind));
    begin_table(out, title.data, vector_columns, LEN(vector_columns));
    add_row(out, row, LEN(row));
    end_table(out);
    bool ok = x->count == 0 || add_map(out, s, f->show_ids, err);
    if (s->nearest.count)
        add_nearest(out, &scratch, s);
    if (s->norms.count)
        add_histogram(out, &norms, "vectors", &s->norm_bins);
    end_section(out);
    arena_release(&scratch);
    return ok;
}

// --- neighbours

static bool add_name(struct strbuf *out, const struct vector_stats *s, int64_t row, bool show_ids, struct err *err)
{
    Str id;
    if (show_ids && !vector_index_id(s->index, row, &id, err))
        return false;
    if (show_ids)
        json_write_string(out, str_first(id, LABEL_MAX));
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
        json_write_string(out, str_first(probe->id, LABEL_MAX));
    } else {
        strbuf_addf(out, "\"probe %zu\"", p + 1);
    }
    strbuf_addf(out, ", %zu, ", rank + 1);
    if (!add_name(out, s, n->row, show_ids, err))
        return false;
    strbuf_addz(out, ", ");
    stats_add_number(out, metric_score(s->index->metric, n->nearness));
    strbuf_addz(out, ", ");
    stats_add_number(out, known(s->index->lengths[n->row]));
    return true;
}

static const struct column neighbour_columns[] = {
    { "probe", "Probe", "text", NULL, NULL },
    { "rank", "Rank", "integer", NULL, NULL },
    { "neighbour", "Neighbour", "text", NULL, NULL },
    { "score", "Score", "number", "By the metric of the index: the cosine, the dot product, or the Euclidean distance.", "\"decimals\": 4" },
    { "length", "Length", "integer", "Residues of the neighbour.", NULL },
};

static bool add_neighbours(struct strbuf *out, const struct vector_stats *s, const struct stats_files *f, int i, struct err *err)
{
    enum { PROBES_SHOWN = 100 };
    bool is_first = true, are_given = s->probe_count && s->probes[0].row < 0;
    begin_section(out, i, "Nearest neighbours");
    begin_table(out, are_given ? "Of the probes" : "Of some of the sequences", neighbour_columns, LEN(neighbour_columns));
    for (size_t p = 0; p < MIN(s->probe_count, (size_t)PROBES_SHOWN); p++)
        for (size_t k = 0; k < s->probes[p].count; k++) {
            strbuf_addz(out, is_first ? "[" : ",\n  [");
            if (!add_neighbour_row(out, s, p, k, f->show_ids, err))
                return false;
            strbuf_addz(out, "]");
            is_first = false;
        }
    end_table(out);
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
