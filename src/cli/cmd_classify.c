// SPDX-License-Identifier: Apache-2.0
// petri classify: a table of labels and probabilities for sequences or their residues.
#include <unistd.h>

#include "cli/commands.h"
#include "cli/report.h"
#include "model/classify.h"
#include "model/outfile.h"
#include "sys/file.h"

static const struct option options[] = {
    { "model", OPTION_FOLDER, "DIR", "A model with a sequence or token head." },
    { "output", OPTION_FILE, "FILE", "Write the table there, whole or not at all, in place of standard output.", .letter = 'o' },
    { "chain", OPTION_TEXT, "CHAIN", "Tables of antibodies: H, L or HL (both, joined as the model wants it)." },
    { "too-long", OPTION_TEXT, "HOW", "Sequences longer than the model takes: error (the usual), truncate, or windows (averaged where "
        "they overlap)." },
    { "max-length", OPTION_COUNT, "N", "Residues that the model takes at once (its own limit, or 1022)." },
    { "threads", OPTION_COUNT, "N", "Threads (all cores). Results do not depend on it." },
    { "int8", OPTION_FLAG, NULL, "Compute linear layers in 8 bits: faster, less exact." },
    { "quiet", OPTION_FLAG, NULL, "No summary.", .letter = 'q' },
};

static bool to_output(void *arg, Str text, struct err *err) { return outfile_write(arg, text.data, text.len, err); }

static bool to_stdout(void *arg UNUSED, Str text, struct err *err)
{
    return fwrite(text.data, 1, text.len, stdout) == text.len || err_errno(err, "writing to standard output");
}

static bool choose(Str given, const char *what, const char *const *names, int *out, struct err *err)
{
    for (int i = 0; names[i] && given.len; i++)
        if (str_is(given, names[i])) {
            *out = i;
            return true;
        }
    return given.len == 0 || err_set(err, ERR_INVALID, "--%s is %s, not '" STR_FMT "'", what, names[0][0] == 'e'
        ? "error, truncate or windows" : "H, L or HL",
                                     STR_ARG(given));
}

static int classify(struct classify_options *o, Str file, bool quiet)
{
    struct classify_summary s;
    struct outfile *out = NULL;
    struct err err;
    bool ok = file.len == 0 || outfile_open(file, &out, &err);
    o->write = out ? to_output : to_stdout, o->arg = out;
    ok = ok && classify_run(o, &s, &err);
    ok = ok && (out == NULL || (outfile_commit(out, &err) && dir_sync(str_dirname(file), &err)));
    ok = ok && (fflush(stdout) == 0 || err_errno(&err, "writing to standard output"));
    outfile_close(out);
    if (!ok)
        return report_err(&err);
    if (!quiet)
        fprintf(stderr, "%lld sequences, %lld residues%s\n", (long long)s.sequences, (long long)s.residues,
                s.truncated ? "; warning: some were too long and truncated" : "");
    if (!quiet && s.unknown)
        fprintf(stderr, "warning: %lld letters are unknown to the model\n", (long long)s.unknown);
    return EXIT_OK;
}

static int classify_main(struct invocation *in)
{
    static const char *const policies[] = { "error", "truncate", "windows", NULL }, *const chains[] = { "any", "H", "L", "HL", NULL };
    struct arguments args;
    struct classify_options o = { 0 };
    struct err err;
    int code, policy = 0, chain = 0;
    if (!command_arguments(in, 1, SIZE_MAX, &args, &code))
        return code;
    bool ok = choose(arguments_text(&args, "too-long"), "too-long", policies, &policy, &err)
        && choose(arguments_text(&args, "chain"), "chain", chains, &chain, &err);
    if (ok && arguments_text(&args, "model").len == 0)
        ok = err_set(&err, ERR_INVALID, "--model DIR is needed");
    if (!ok)
        return command_misuse(in->command, &err);
    struct checkpoint *c = checkpoint_open(arguments_text(&args, "model"), &err);
    if (c == NULL)
        return report_err(&err);
    o.checkpoint = c, o.inputs = args.words, o.input_count = args.word_count, o.chain = (enum seqfile_chain)chain;
    o.policy = (struct length_policy){ (enum too_long)policy, arguments_get(&args, "max-length")->integer, 0 };
    o.encoder.threads = (int)MIN(arguments_get(&args, "threads")->integer, 1024);
    o.encoder.arithmetic = arguments_flag(&args, "int8") ? ARITHMETIC_INT8 : ARITHMETIC_FLOAT;
    code = classify(&o, arguments_text(&args, "output"), arguments_flag(&args, "quiet"));
    checkpoint_close(c);
    return code;
}

const struct command cmd_classify = {
    .name = "classify",
    .usage = "SEQUENCES… --model DIR [-o FILE]",
    .summary = "Classify protein sequences or their residues",
    .description = "Runs a model with a classification head (…ForSequenceClassification, …ForTokenClassification) and prints a table: a "
        "line a sequence, or a "
                   "line a residue, with the label and the probability of each.\n\n"
                   "Input is FASTA, FASTQ or a table (.csv, .tsv) as for 'petri embed'. Antibody tables have the columns H and L (or "
                       "sequence_H, h_sequence, "
                   "heavy …): --chain H, L or HL chooses; in FASTA, ':' separates chains.",
    .options = options,
    .option_count = LEN(options),
    .words = "files",
    .main = classify_main,
};
