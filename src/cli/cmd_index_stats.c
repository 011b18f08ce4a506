// SPDX-License-Identifier: Apache-2.0
// petri index stats: what stands in an index of vectors. Reached through cmd_index.c by its first word.
#include "cli/commands.h"
#include "cli/report.h"
#include "sys/file.h"
#include "value/read.h"
#include "vector/stats_show.h"

enum { NEIGHBOURS = 5, MANIFEST_MAX = 512 * 1024 * 1024 };

static const struct option options[] = {
    { "embeddings", OPTION_FOLDER, "DIR", "What the index was made from: its manifest tells of unknown letters and what was cut." },
    { "probes", OPTION_FILE, "QUERIES", "Whose neighbours are shown: as for 'petri index search'. Some of the index when not given." },
    { "model", OPTION_FOLDER, "DIR", "The model, where the probes are sequences." },
    { "neighbours", OPTION_COUNT, "K", "Neighbours of each probe (5).", .letter = 'k' },
    { "outdir", OPTION_FOLDER, "DIR", "Also write stats.json, map.tsv, neighbours.tsv and sections of a report there.", .letter = 'o' },
    { "step", OPTION_TEXT, "NAME", "The workflow's step that embedded: the report tells how fast it was." },
    { "no-ids", OPTION_FLAG, NULL, "No names of sequences in the sections of the report." },
    { "threads", OPTION_COUNT, "N", "Threads (all cores). Results do not depend on it." },
    { "json", OPTION_FLAG, NULL, "Print as JSON." },
};

static bool read_manifest(struct arena *a, Str folder, const struct vector_index *x, Value *out, struct err *err)
{
    Str path = str_join_path(a, folder, STR("manifest.json")), text;
    if (!file_read(a, path, MANIFEST_MAX, &text, err))
        return false;
    if (!json_parse(a, text, out, err))
        return err_wrap(err, STR_FMT, STR_ARG(path));
    if (!str_is(value_get_str(*out, STR("format")), "petri-embeddings"))
        return err_set(err, ERR_INVALID, STR_FMT " is no manifest of embeddings", STR_ARG(path));
    if (value_get_int(*out, STR("sequences"), -1) != x->count)
        return err_set(err, ERR_CONFLICT, STR_FMT " has %lld sequences, but the index %lld: it was made from something else", STR_ARG(folder),
                       (long long)value_get_int(*out, STR("sequences"), -1), (long long)x->count);
    return true;
}

static int show(const struct arguments *args, const struct vector_stats *s)
{
    struct strbuf text = { 0 };
    if (arguments_flag(args, "json"))
        stats_add_json(&text, s);
    else
        stats_add_text(&text, s);
    return print_out(&text);
}

static bool run(const struct arguments *args, const struct vector_index *x, struct queries *probes, struct vector_stats *s, struct err *err)
{
    struct arena *a = args->arena;
    Str queries = arguments_text(args, "probes"), embeddings = arguments_text(args, "embeddings");
    const struct given *k = arguments_get(args, "neighbours");
    struct stats_options o = { .neighbours = k->count ? (size_t)k->integer : NEIGHBOURS, .probes = queries.len ? probes : NULL,
                               .threads = (int)MIN(arguments_get(args, "threads")->integer, 1024) };
    struct stats_files f = { .folder = arguments_text(args, "outdir"), .step = arguments_text(args, "step"),
                             .show_ids = !arguments_flag(args, "no-ids") };
    Value manifest = value_null;
    if (embeddings.len && !read_manifest(a, embeddings, x, &manifest, err))
        return false;
    if (queries.len && !queries_read(x, queries, arguments_text(args, "model"), o.threads, probes, err))
        return false;
    if (!vector_stats(a, x, &o, s, err))
        return false;
    s->embeddings = manifest;
    return f.folder.len == 0 || stats_write(a, s, &f, err);
}

static int stats_main(struct invocation *in)
{
    struct arguments args;
    struct queries probes = { 0 };
    struct vector_stats s;
    struct err err;
    int code;
    if (!command_arguments(in, 1, 1, &args, &code))
        return code;
    struct vector_index *x = vector_index_open(args.words[0], &err);
    if (x == NULL)
        return report_err(&err);
    code = run(&args, x, &probes, &s, &err) ? show(&args, &s) : report_err(&err);
    queries_release(&probes);
    vector_index_close(x);
    return code;
}

const struct command cmd_index_stats = {
    .name = "index stats",
    .usage = "INDEX [--embeddings DIR] [--outdir DIR]",
    .summary = "Tell what stands in an index of vectors",
    .description = "Lengths, identical sequences, norms, how far the nearest neighbour is, and two principal components of the vectors: what a map "
                   "of them shows. The same index gives the same numbers, with any number of threads.\n\n"
                   "Nearest neighbours are looked for from 1,000 vectors that lie evenly among all; components are those of at most 100,000. "
                   "With cosine, distances are 1 - cosine, and the map is that of vectors of length 1.",
    .options = options,
    .option_count = LEN(options),
    .words = "files",
    .main = stats_main,
};
