// SPDX-License-Identifier: Apache-2.0
// petri embed: sequences into vectors, in resumable shards.
#include <unistd.h>

#include "base/clock.h"
#include "cli/commands.h"
#include "cli/report.h"
#include "model/embed.h"
#include "model/embed_export.h"
#include "model/embed_merge.h"

static const struct option options[] = {
    { "model", OPTION_FOLDER, "DIR", "The model: see 'petri model'." },
    { "out", OPTION_FOLDER, "DIR", "The folder to make; one that an earlier call began is finished.", .letter = 'o' },
    { "pool", OPTION_TEXT, "KIND", "What to keep of a sequence: mean (of residues, the usual), cls, mean-all (with cls and eos), max; or "
        "per residue: residues, logits, contacts." },
    { "layer", OPTION_COUNT, "N", "Hidden states after N layers; 0 are the embeddings. The last when not given." },
    { "dtype", OPTION_TEXT, "TYPE", "fp16 (the usual) or fp32." },
    { "too-long", OPTION_TEXT, "HOW", "Sequences longer than the model takes: error (the usual), truncate, or windows (averaged where "
        "they overlap)." },
    { "max-length", OPTION_COUNT, "N", "Residues that the model takes at once (its own limit, or 1022)." },
    { "overlap", OPTION_COUNT, "N", "Residues that neighbouring windows share (a quarter of a window)." },
    { "chain", OPTION_TEXT, "CHAIN", "Tables of antibodies: H, L or HL (both, joined as the model wants it)." },
    { "shard-size", OPTION_COUNT, "N", "Sequences in a part (as many as fit 256 MiB, at most 65536)." },
    { "batch-tokens", OPTION_COUNT, "N", "Tokens that are computed together. Results do not depend on it." },
    { "threads", OPTION_COUNT, "N", "Threads (all cores). Results do not depend on it." },
    { "int8", OPTION_FLAG, NULL, "Compute linear layers in 8 bits: faster, less exact." },
    { "export", OPTION_TEXT, "FORMAT", "Also write hdf5, npz, safetensors or tsv into the folder.", .is_repeatable = true },
    { "merge", OPTION_FLAG, NULL, "What is named are folders of embeddings: put their parts together in --out, in this order." },
    { "json", OPTION_FLAG, NULL, "Print the manifest." },
    { "quiet", OPTION_FLAG, NULL, "No progress.", .letter = 'q' },
};

static void show_part(void *arg UNUSED, const struct embed_progress *p)
{
    char took[TIME_TEXT];
    if (p->was_known) {
        fprintf(stderr, "part-%05lld: %lld sequences, finished before\n", (long long)p->part, (long long)p->sequences);
        return;
    }
    time_duration_text((Time)(p->seconds * SECOND), took);
    fprintf(stderr, "part-%05lld: %lld sequences, %lld residues, %s", (long long)p->part, (long long)p->sequences, (long long)p->residues, took);
    fprintf(stderr, p->seconds > 0 && p->tokens ? ", %.0f tokens/s\n" : "\n", (double)p->tokens / p->seconds);
}

static bool choose(Str given, const char *option, const char *const *names, int *out, struct err *err)
{
    struct strbuf list = { 0 };
    if (given.len == 0)
        return true;
    for (int i = 0; names[i]; i++) {
        if (str_is(given, names[i])) {
            *out = i;
            strbuf_release(&list);
            return true;
        }
        strbuf_addf(&list, "%s%s", i ? ", " : "", names[i]);
    }
    err_set(err, ERR_INVALID, "--%s is one of " STR_FMT ", not '" STR_FMT "'", option, STR_ARG(strbuf_str(&list)), STR_ARG(given));
    strbuf_release(&list);
    return false;
}

static bool read_options(const struct arguments *args, struct embed_options *o, struct err *err)
{
    static const char *const types[] = { "fp16", "fp32", NULL }, *const policies[] = { "error", "truncate", "windows", NULL };
    static const char *const chains[] = { "any", "H", "L", "HL", NULL };
    static const char *const kinds[] = { "mean", "cls", "mean-all", "max", "residues", "logits", "contacts", NULL };
    int type = 0, policy = 0, chain = 0, kind = 0;
    if (!choose(arguments_text(args, "dtype"), "dtype", types, &type, err) || !choose(arguments_text(args, "too-long"), "too-long",
        policies, &policy, err)
        || !choose(arguments_text(args, "chain"), "chain", chains, &chain, err) || !choose(arguments_text(args, "pool"), "pool", kinds, &kind, err))
        return false;
    const struct given *layer = arguments_get(args, "layer");
    o->type = type ? TENSOR_F32 : TENSOR_F16;
    o->policy.what = (enum too_long)policy;
    o->chain = (enum seqfile_chain)chain;
    o->kind = (enum embed_kind)kind;
    o->layer = layer->count ? (int)MIN(layer->integer, INT32_MAX) : -1;
    o->policy.longest = arguments_get(args, "max-length")->integer;
    o->policy.overlap = arguments_get(args, "overlap")->integer;
    o->shard_sequences = arguments_get(args, "shard-size")->integer;
    o->batch_tokens = arguments_get(args, "batch-tokens")->integer;
    o->encoder.threads = (int)MIN(arguments_get(args, "threads")->integer, 1024);
    o->encoder.arithmetic = arguments_flag(args, "int8") ? ARITHMETIC_INT8 : ARITHMETIC_FLOAT;
    return true;
}

static void show_summary(const struct embed_options *o, const struct embed_summary *s)
{
    char took[TIME_TEXT];
    time_duration_text((Time)(s->seconds * SECOND), took);
    fprintf(stderr, "%lld sequences, %lld residues in %lld parts in " STR_FMT, (long long)s->sequences, (long long)s->residues, (long long)s->parts,
            STR_ARG(o->out));
    if (s->parts_known)
        fprintf(stderr, " (%lld finished before)", (long long)s->parts_known);
    if (s->tokens && s->seconds > 0)
        fprintf(stderr, "; %s, %.0f tokens/s", took, (double)s->tokens / s->seconds);
    fprintf(stderr, "\n");
    if (s->duplicates)
        fprintf(stderr, "%lld identical sequences were computed once\n", (long long)s->duplicates);
    if (s->unknown)
        fprintf(stderr, "warning: %lld letters are unknown to the model; the flags in ids.tsv say where\n", (long long)s->unknown);
    if (s->truncated)
        fprintf(stderr, "warning: %lld sequences were too long and truncated\n", (long long)s->truncated);
    if (s->windowed)
        fprintf(stderr, "%lld sequences were too long and computed in windows\n", (long long)s->windowed);
}

static bool export_all(struct arena *a, const struct arguments *args, Str dir, struct err *err)
{
    const struct given *formats = arguments_get(args, "export");
    for (size_t i = 0; i < formats->count; i++)
        if (!embed_export(a, dir, formats->texts[i], err))
            return false;
    return true;
}

static int merge_main(struct invocation *in, const struct arguments *args)
{
    Str out = arguments_text(args, "out");
    Value manifest;
    struct err err;
    if (out.len == 0 || arguments_text(args, "model").len) {
        err_set(&err, ERR_INVALID, out.len ? "--merge takes no --model: nothing is computed" : "--out DIR is needed");
        return command_misuse(in->command, &err);
    }
    if (!embed_merge(in->arena, args->words, args->word_count, out, &manifest, &err) || !export_all(in->arena, args, out, &err))
        return report_err(&err);
    if (!arguments_flag(args, "quiet"))
        fprintf(stderr, "%lld sequences of %zu folders in " STR_FMT "\n", (long long)value_get_int(manifest, STR("sequences"), 0),
                args->word_count, STR_ARG(out));
    return arguments_flag(args, "json") ? print_json(manifest) : EXIT_OK;
}

static int embed_main(struct invocation *in)
{
    struct arguments args;
    struct embed_options o = { 0 };
    struct embed_summary summary;
    struct err err;
    int code;
    if (!command_arguments(in, 1, SIZE_MAX, &args, &code))
        return code;
    if (arguments_flag(&args, "merge"))
        return merge_main(in, &args);
    const struct given *formats = arguments_get(&args, "export");
    bool ok = read_options(&args, &o, &err);
    for (size_t i = 0; i < formats->count && ok; i++)
        ok = embed_export_check(formats->texts[i], o.kind, &err);
    o.out = arguments_text(&args, "out");
    if (ok && (arguments_text(&args, "model").len == 0 || o.out.len == 0))
        ok = err_set(&err, ERR_INVALID, "--model DIR and --out DIR are needed");
    if (!ok)
        return command_misuse(in->command, &err);
    struct checkpoint *c = checkpoint_open(arguments_text(&args, "model"), &err);
    if (c == NULL)
        return report_err(&err);
    o.checkpoint = c, o.inputs = args.words, o.input_count = args.word_count;
    o.progress = arguments_flag(&args, "quiet") ? NULL : show_part;
    ok = embed_run(in->arena, &o, &summary, &err) && export_all(in->arena, &args, o.out, &err);
    checkpoint_close(c);
    if (!ok)
        return report_err(&err);
    if (!arguments_flag(&args, "quiet"))
        show_summary(&o, &summary);
    return arguments_flag(&args, "json") ? print_json(summary.manifest) : EXIT_OK;
}

const struct command cmd_embed = {
    .name = "embed",
    .usage = "SEQUENCES… --model DIR --out DIR | --merge FOLDER… --out DIR",
    .summary = "Embed protein sequences with a language model",
    .description = "Reads FASTA, FASTQ or tables (.csv, .tsv; a column 'sequence', or H and L with --chain), plain or gzip, '-' for "
        "standard input, and writes "
                   "part-NNNNN.npy, part-NNNNN.ids.tsv and, last of all, manifest.json into the folder. Memory is constant, whatever the "
                       "number of sequences.\n\n"
                   "Interrupted, the same command goes on: parts that are finished are not made again. A sequence's vector has the same "
                       "bits whatever stands "
                   "beside it, in whatever order, with however many threads.\n\n"
                   "Lower case counts as upper case; letters that the model does not know become its unknown token and are counted; '*' "
                       "at the end is "
                   "left out; ':' separates chains. The flags in ids.tsv say what was met.",
    .options = options,
    .option_count = LEN(options),
    .words = "files",
    .main = embed_main,
};
