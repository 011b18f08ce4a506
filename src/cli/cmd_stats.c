// SPDX-License-Identifier: Apache-2.0
// petri stats: numbers of files of reads, sequences, alignments, variants and features.
#include "base/vec.h"
#include "bio/stats.h"
#include "cli/commands.h"
#include "cli/report.h"

static const struct option options[] = {
    { "reference", OPTION_FILE, "FASTA", "The reference that a CRAM was made with.", .letter = 'r' },
    { "kind", OPTION_TEXT, "KIND", "The files' format, where name and content do not tell." },
    { "threads", OPTION_COUNT, "N", "Threads that unpack BGZF. Default: one per core." },
    { "json", OPTION_FLAG, NULL, "Print JSON: an object, or an array of them for several files." },
};

static int stats_main(struct invocation *in)
{
    struct arguments args;
    struct strbuf text = { 0 };
    struct err err;
    VEC(Value) all = { 0 };
    int code;
    if (!command_arguments(in, 1, SIZE_MAX, &args, &code))
        return code;
    Str kind = arguments_text(&args, "kind");
    struct stats_options o = { .reference = arguments_text(&args, "reference"), .kind = kind_of_name(kind),
                               .threads = (int)MIN(arguments_get(&args, "threads")->integer, 64) };
    if (kind.len && o.kind == KIND_UNKNOWN) {
        err_set(&err, ERR_INVALID, "'--kind " STR_FMT "': expected fasta, fastq, sam, bam, cram, vcf, bed, gff3 or gtf", STR_ARG(kind));
        return command_misuse(in->command, &err);
    }
    for (size_t i = 0; i < args.word_count; i++) {
        Value stats;
        if (!stats_file(in->arena, args.words[i], &o, &stats, &err))
            return report_err(&err);
        vec_push(in->arena, &all, stats);
    }
    if (arguments_flag(&args, "json"))
        return print_json(all.len == 1 ? all.at[0] : value_array(in->arena, all.at, all.len));
    for (size_t i = 0; i < all.len; i++) {
        if (i)
            strbuf_addc(&text, '\n');
        stats_print(all.at[i], &text);
    }
    return print_out(&text);
}

const struct command cmd_stats = {
    .name = "stats",
    .usage = "FILE…",
    .summary = "Numbers of reads, sequences, alignments, variants, features",
    .description = "Reads each FILE once. FASTQ: reads, bases, lengths, Q20 and Q30, GC, an estimate of duplicates. FASTA: sequences, N50. "
                   "SAM, BAM and CRAM: what 'samtools flagstat' counts, insert sizes, mean coverage. VCF: kinds of variants, Ti/Tv, het/hom, lengths "
                   "of indels. BED, GFF3 and GTF: features. Memory stays the same however large a file is. Names of reads and samples are never "
                   "shown.",
    .options = options,
    .option_count = LEN(options),
    .words = "files",
    .main = stats_main,
};
