// SPDX-License-Identifier: Apache-2.0
// petri index build, add, search, export: nearest neighbours of embeddings. Reached through cmd_index.c by their first word.
#include "base/clock.h"
#include "base/vec.h"
#include "cli/commands.h"
#include "cli/report.h"
#include "vector/build.h"
#include "vector/export.h"
#include "vector/queries.h"
#include "vector/search.h"

enum { PRINT_AT_ONCE = 4096 };          // queries

#define THREADS_OPTION { "threads", OPTION_COUNT, "N", "Threads (all cores). Results do not depend on it." }
#define QUIET_OPTION { "quiet", OPTION_FLAG, NULL, "Say nothing but mistakes.", .letter = 'q' }

// --- build, add

static const struct option build_options[] = {
    { "out", OPTION_FOLDER, "INDEX", "The folder to make.", .letter = 'o' },
    { "metric", OPTION_TEXT, "METRIC", "What near means: cosine (the usual), dot, or l2 (Euclidean distance)." },
    { "kind", OPTION_TEXT, "KIND", "exact; hnsw (a graph: approximate and faster); auto (the usual): exact up to 200,000 vectors, hnsw beyond." },
    { "int8", OPTION_FLAG, NULL, "Keep 8-bit vectors too: exact search finds candidates in them and orders them by the floats." },
    { "m", OPTION_COUNT, "M", "hnsw: links of a vector, twice as many in the lowest layer (16)." },
    { "ef-construction", OPTION_COUNT, "N", "hnsw: candidates that are looked at to place a vector (128)." },
    THREADS_OPTION,
    { "json", OPTION_FLAG, NULL, "Print the manifest." },
    QUIET_OPTION,
};
static const struct option add_options[] = {
    THREADS_OPTION,
    { "json", OPTION_FLAG, NULL, "Print the manifest." },
    QUIET_OPTION,
};

static bool read_build_options(const struct arguments *args, struct build_options *o, struct err *err)
{
    Str metric = arguments_text(args, "metric"), kind = arguments_text(args, "kind");
    o->out = arguments_text(args, "out");
    o->is_auto = kind.len == 0 || str_is(kind, "auto");
    o->int8 = arguments_flag(args, "int8");
    o->m = (int)MIN(arguments_get(args, "m")->integer, INT32_MAX);
    o->ef_construction = (int)MIN(arguments_get(args, "ef-construction")->integer, INT32_MAX);
    if (o->out.len == 0)
        return err_set(err, ERR_INVALID, "--out INDEX is needed");
    if (metric.len && !metric_find(metric, &o->metric))
        return err_set(err, ERR_INVALID, "--metric is cosine, dot or l2, not '" STR_FMT "'", STR_ARG(metric));
    if (!o->is_auto && !vector_kind_find(kind, &o->kind))
        return err_set(err, ERR_INVALID, "--kind is auto, exact or hnsw, not '" STR_FMT "'", STR_ARG(kind));
    return true;
}

static int show_built(const struct build_options *o, const struct build_summary *s, const struct arguments *args, Time took)
{
    Value m = s->manifest;
    char text[TIME_TEXT];
    time_duration_text(took, text);
    Value recall = value_get(m, STR("recall"));
    double found;
    if (!arguments_flag(args, "quiet")) {
        fprintf(stderr, "%lld vectors of %lld numbers in " STR_FMT " (%lld new), %s, %s; %s\n", (long long)value_get_int(m, STR("count"), 0),
                (long long)value_get_int(m, STR("dims"), 0), STR_ARG(o->out), (long long)s->added, value_get_str(m, STR("kind")).data,
                value_get_str(m, STR("metric")).data, text);
        if (s->zero && str_is(value_get_str(m, STR("metric")), "cosine"))
            fprintf(stderr, "warning: %lld vectors are all zeros; their cosine with anything counts as 0\n", (long long)s->zero);
        if (value_as_double(value_get(recall, STR("recall")), &found))
            fprintf(stderr, "recall@%lld against exact search %.3f, measured on %lld vectors\n", (long long)value_get_int(recall, STR("k"), 0), found,
                    (long long)value_get_int(recall, STR("sample"), 0));
    }
    return arguments_flag(args, "json") ? print_json(m) : EXIT_OK;
}

static int build_main(struct invocation *in)
{
    struct arguments args;
    struct build_options o = { .metric = METRIC_COSINE };
    struct build_summary summary;
    struct err err;
    int code;
    if (!command_arguments(in, 1, SIZE_MAX, &args, &code))
        return code;
    if (!read_build_options(&args, &o, &err))
        return command_misuse(in->command, &err);
    o.inputs = args.words, o.input_count = args.word_count;
    o.threads = (int)MIN(arguments_get(&args, "threads")->integer, 1024);
    Time start = time_steady();
    return index_build(in->arena, &o, &summary, &err) ? show_built(&o, &summary, &args, time_steady() - start) : report_err(&err);
}

static int add_main(struct invocation *in)
{
    struct arguments args;
    struct build_options o = { 0 };
    struct build_summary summary;
    struct err err;
    int code;
    if (!command_arguments(in, 2, SIZE_MAX, &args, &code))
        return code;
    o.out = args.words[0], o.inputs = args.words + 1, o.input_count = args.word_count - 1;
    o.threads = (int)MIN(arguments_get(&args, "threads")->integer, 1024);
    Time start = time_steady();
    return index_add(in->arena, &o, &summary, &err) ? show_built(&o, &summary, &args, time_steady() - start) : report_err(&err);
}

const struct command cmd_index_build = {
    .name = "index build",
    .usage = "EMBEDDINGS… --out INDEX",
    .summary = "Make an index of embeddings",
    .description = "EMBEDDINGS are folders of 'petri embed' with one vector a sequence, made alike, or .npy files [rows, width]; several are joined "
                   "in order. INDEX is a folder; docs/index.md tells what is in it. The same input gives the same bytes, with any number of threads.",
    .options = build_options,
    .option_count = LEN(build_options),
    .words = "files",
    .main = build_main,
};
const struct command cmd_index_add = {
    .name = "index add",
    .usage = "INDEX EMBEDDINGS…",
    .summary = "Add embeddings to an index",
    .description = "The embeddings must be of the model, layer, pooling and width that the index has. Killed at any instant, the folder holds the "
                   "old index or the new one. Who has the old one open goes on with it.",
    .options = add_options,
    .option_count = LEN(add_options),
    .words = "files",
    .main = add_main,
};

// --- search

static const struct option search_options[] = {
    { "model", OPTION_FOLDER, "DIR", "The model that the index was made with; needed where QUERIES are sequences." },
    { "k", OPTION_COUNT, "K", "Neighbours of each query (10).", .letter = 'k' },
    { "ef", OPTION_COUNT, "N", "hnsw: candidates that are kept; more are slower and find more." },
    { "exact", OPTION_FLAG, NULL, "Look at every vector, also where the index has a graph or 8-bit vectors." },
    THREADS_OPTION,
    { "json", OPTION_FLAG, NULL, "Print JSON in place of a table." },
    { "quiet", OPTION_FLAG, NULL, "No summary; what an approximate search may miss is told all the same.", .letter = 'q' },
};

struct search {
    const struct vector_index *index;
    struct searcher *searcher;
    const struct queries *queries;
    struct arena *arena;
    bool json;
    VEC(Value) values;                  // of the queries, for JSON
    struct strbuf text;
};

static bool add_line(struct search *s, size_t query, size_t rank, const struct found *f, struct err *err)
{
    Str id;
    int64_t length = s->index->lengths[f->row];
    if (!vector_index_id(s->index, f->row, &id, err))
        return false;
    strbuf_addf(&s->text, STR_FMT "\t%zu\t" STR_FMT "\t%.8g\t", STR_ARG(s->queries->ids[query]), rank + 1, STR_ARG(id),
                metric_score(s->index->metric, f->nearness));
    return length < 0 ? strbuf_addz(&s->text, "-\n") : strbuf_addf(&s->text, "%lld\n", (long long)length);
}

static bool neighbour_value(struct search *s, size_t rank, const struct found *f, Value *out, struct err *err)
{
    struct arena *a = s->arena;
    Str id;
    int64_t length = s->index->lengths[f->row];
    struct value_builder b = value_map_begin(a);
    if (!vector_index_id(s->index, f->row, &id, err))
        return false;
    value_map_set(&b, STR("rank"), value_int((int64_t)rank + 1));
    value_map_set(&b, STR("id"), value_string(a, id));
    value_map_set(&b, STR("score"), value_float(metric_score(s->index->metric, f->nearness)));
    value_map_set(&b, STR("length"), length < 0 ? value_null : value_int(length));
    value_map_set(&b, STR("row"), value_int(f->row));
    *out = value_map_end(&b);
    return true;
}

static bool add_query(struct search *s, size_t query, const struct found *found, struct err *err)
{
    size_t each = searcher_each(s->searcher);
    if (!s->json) {
        for (size_t i = 0; i < each; i++)
            if (!add_line(s, query, i, &found[i], err))
                return false;
        return true;
    }
    struct value_builder b = value_map_begin(s->arena);
    Value *all = NEW_ARRAY(s->arena, Value, each + 1);
    for (size_t i = 0; i < each; i++)
        if (!neighbour_value(s, i, &found[i], &all[i], err))
            return false;
    value_map_set(&b, STR("query"), value_string(s->arena, s->queries->ids[query]));
    value_map_set(&b, STR("neighbours"), value_array_of(s->arena, all, each));
    vec_push(s->arena, &s->values, value_map_end(&b));
    return true;
}

static bool run_search(struct search *s, Time *took, struct err *err)
{
    size_t each = searcher_each(s->searcher), dims = (size_t)s->index->dims;
    struct found *found = xcalloc(PRINT_AT_ONCE * each + 1, sizeof *found);
    bool ok = true;
    if (!s->json)
        strbuf_addz(&s->text, "query\trank\tid\tscore\tlength\n");
    for (size_t first = 0; first < s->queries->count && ok; first += PRINT_AT_ONCE) {
        size_t count = MIN((size_t)PRINT_AT_ONCE, s->queries->count - first);
        Time start = time_steady();
        ok = searcher_run(s->searcher, s->queries->vectors + first * dims, count, found, err);
        *took += time_steady() - start;
        for (size_t q = 0; q < count && ok; q++)
            ok = add_query(s, first + q, found + q * each, err);
        if (ok && s->text.len && fwrite(s->text.data, 1, s->text.len, stdout) != s->text.len)
            ok = err_set(err, ERR_UNAVAILABLE, "cannot write to standard output");
        strbuf_clear(&s->text);
    }
    free(found);
    return ok;
}

static const char *way_of(const struct searcher *s) { return searcher_is_exact(s) ? "exact" : searcher_uses_codes(s) ? "int8" : "hnsw"; }

// Recall as it was measured when the index was made, with the ef of this search: at the greatest measured one that is not over it. False: at none.
static bool find_recall(const struct search *s, double *recall, int64_t *ef)
{
    Value r = value_get(s->index->manifest, STR("recall")), measured = value_get(r, STR("measured"));
    *ef = 0;
    if (searcher_uses_codes(s->searcher))
        return value_as_double(value_get(r, STR("recall")), recall);
    for (size_t i = 0; i < value_len(measured); i++) {
        int64_t at = value_get_int(value_at(measured, i), STR("ef"), INT64_MAX);
        if (at <= searcher_ef(s->searcher) && at > *ef && value_as_double(value_get(value_at(measured, i), STR("recall")), recall))
            *ef = at;
    }
    return *ef > 0;
}

static Value recall_value(const struct search *s)
{
    Value r = value_get(s->index->manifest, STR("recall"));
    struct value_builder b = value_map_begin(s->arena);
    double recall;
    int64_t ef;
    if (!find_recall(s, &recall, &ef))
        return value_null;
    value_map_set(&b, STR("k"), value_get(r, STR("k")));
    if (ef)
        value_map_set(&b, STR("ef"), value_int(ef));
    value_map_set(&b, STR("recall"), value_float(recall));
    value_map_set(&b, STR("sample"), value_get(r, STR("sample")));
    value_map_set(&b, STR("held_out"), value_get(r, STR("held_out")));
    return value_map_end(&b);
}

static Value search_value(const struct search *s)
{
    struct arena *a = s->arena;
    struct value_builder b = value_map_begin(a);
    value_map_set(&b, STR("vectors"), value_int(s->index->count));
    value_map_set(&b, STR("metric"), value_string(a, str_of(metric_name(s->index->metric))));
    value_map_set(&b, STR("search"), value_string(a, str_of(way_of(s->searcher))));
    if (searcher_ef(s->searcher))
        value_map_set(&b, STR("ef"), value_int(searcher_ef(s->searcher)));
    if (!searcher_is_exact(s->searcher))
        value_map_set(&b, STR("recall"), recall_value(s));
    value_map_set(&b, STR("queries"), value_array(a, s->values.at, s->values.len));
    return value_map_end(&b);
}

static void tell_recall(const struct search *s)
{
    Value r = value_get(s->index->manifest, STR("recall"));
    double recall;
    int64_t ef;
    if (searcher_is_exact(s->searcher))
        return;
    if (!find_recall(s, &recall, &ef)) {
        fprintf(stderr, "approximate: its recall was not measured (%s); --exact looks at every vector\n",
                value_is_null(r) ? "the index is too small" : "ef is under the smallest one that was");
        return;
    }
    fprintf(stderr, "approximate: recall@%lld against exact search %.3f", (long long)value_get_int(r, STR("k"), 0), recall);
    if (ef)
        fprintf(stderr, " at ef %lld", (long long)ef);
    fprintf(stderr, ", measured on %lld vectors%s when the index was made\n", (long long)value_get_int(r, STR("sample"), 0),
            value_is_same(value_get(r, STR("held_out")), value_bool(true)) ? " that it did not hold yet" : " of its own");
}

static int finish_search(struct search *s, Time took, bool is_quiet)
{
    char text[TIME_TEXT];
    time_duration_text(took, text);
    int code = s->json ? print_json(search_value(s)) : print_out(&s->text);
    if (code == EXIT_OK && !is_quiet)
        fprintf(stderr, "%zu quer%s, %s search of %lld vectors, %s; %s\n", s->queries->count, s->queries->count == 1 ? "y" : "ies",
                way_of(s->searcher), (long long)s->index->count, metric_name(s->index->metric), text);
    if (code == EXIT_OK)
        tell_recall(s);
    return code;
}

static int search_main(struct invocation *in)
{
    struct arguments args;
    struct queries queries = { 0 };
    struct err err;
    int code;
    Time took = 0;
    if (!command_arguments(in, 2, 2, &args, &code))
        return code;
    const struct given *k = arguments_get(&args, "k");
    struct search_options o = { .k = k->count ? (size_t)k->integer : 10, .ef = arguments_get(&args, "ef")->integer,
                                .exact = arguments_flag(&args, "exact"), .threads = (int)MIN(arguments_get(&args, "threads")->integer, 1024) };
    struct vector_index *x = vector_index_open(args.words[0], &err);
    if (x == NULL)
        return report_err(&err);
    struct search s = { .index = x, .queries = &queries, .arena = in->arena, .json = arguments_flag(&args, "json") };
    bool ok = (s.searcher = searcher_new(x, &o, &err)) && queries_read(x, args.words[1], arguments_text(&args, "model"), o.threads, &queries, &err);
    if (ok) {
        ok = run_search(&s, &took, &err);
        code = ok ? finish_search(&s, took, arguments_flag(&args, "quiet")) : report_err(&err);
    } else {
        code = report_err(&err);
    }
    queries_release(&queries);
    strbuf_release(&s.text);
    searcher_free(s.searcher);
    vector_index_close(x);
    return code;
}

const struct command cmd_index_search = {
    .name = "index search",
    .usage = "INDEX QUERIES [--model DIR]",
    .summary = "Find the nearest neighbours of sequences or vectors",
    .description = "QUERIES are sequences (FASTA, FASTQ, a table; they are embedded as the vectors of the index were, with the same model), a folder "
                   "of 'petri embed', or a .npy file [rows, width].\n\n"
                   "Prints a table: query, rank, id, score, length (residues of the neighbour). The score is the cosine, the dot product, or with l2 "
                   "the Euclidean distance. Of equally near vectors the one that was added first comes first.",
    .options = search_options,
    .option_count = LEN(search_options),
    .words = "files",
    .main = search_main,
};

// --- export

static const struct option export_options[] = {
    { "format", OPTION_TEXT, "FORMAT", "faiss (IndexFlat or IndexHNSWFlat) or hnswlib (needs an hnsw index)." },
    { "out", OPTION_FILE, "FILE", "The file to write; FILE.ids.txt beside it has the id of each row.", .letter = 'o' },
};

static int export_main(struct invocation *in)
{
    struct arguments args;
    struct err err;
    int code;
    if (!command_arguments(in, 1, 1, &args, &code))
        return code;
    Str format = arguments_text(&args, "format"), path = arguments_text(&args, "out");
    bool ok = format.len && path.len ? index_export_check(format, &err)
                                     : err_set(&err, ERR_INVALID, "--format faiss|hnswlib and --out FILE are needed");
    if (!ok)
        return command_misuse(in->command, &err);
    struct vector_index *x = vector_index_open(args.words[0], &err);
    ok = x && index_export(in->arena, x, format, path, &err);
    vector_index_close(x);
    return ok ? EXIT_OK : report_err(&err);
}

const struct command cmd_index_export = {
    .name = "index export",
    .usage = "INDEX --format faiss|hnswlib --out FILE",
    .summary = "Write an index for FAISS or hnswlib",
    .description = "The file opens with faiss.read_index() or hnswlib.Index.load_index(). Rows and labels are the index's rows, from 0. With cosine "
                   "the vectors are written normalised: search FAISS with normalised queries, hnswlib with the space 'cosine'.",
    .options = export_options,
    .option_count = LEN(export_options),
    .words = "files",
    .main = export_main,
};
