// SPDX-License-Identifier: Apache-2.0
// petri check: says what is wrong with files of reads, alignments, variants, features and samples.
#include "bio/check.h"
#include "cli/commands.h"
#include "cli/report.h"

static const struct option options[] = {
    { "reference", OPTION_FILE, "FASTA", "The reference that names, lengths and bases must agree with.", .letter = 'r' },
    { "pair", OPTION_FLAG, NULL, "The FASTQ files are mates, two by two. Without it those are whose names differ in a 1 and a 2 (a_R1.fq, a_R2.fq); "
                                 "--no-pair: each stands for itself.", .can_negate = true },
    { "interleaved", OPTION_FLAG, NULL, "In each FASTQ, mates stand one behind the other." },
    { "kind", OPTION_TEXT, "KIND", "The files' format, where name and content do not tell: fasta, fastq, qual, sam, bam, cram, vcf, bcf, gff3, "
                                   "gtf, bed or sheet." },
    { "sheet", OPTION_FLAG, NULL, "The files are sample sheets (--kind sheet)." },
    { "sheet-only", OPTION_FLAG, NULL, "Check a sample sheet without reading the files it names." },
    { "lenient", OPTION_FLAG, NULL, "What widely used programs get wrong is a warning." },
    { "refuse", OPTION_TEXT, "CODES", "Warnings of these codes, with commas between, are errors: --refuse line-ends,fasta-lines." },
    { "max-faults", OPTION_COUNT, "N", "Show at most N faults of a kind in a file; all are counted. Default: 5." },
    { "threads", OPTION_COUNT, "N", "Threads that unpack BGZF. Default: one per core." },
    { "digest", OPTION_FLAG, NULL, "With --json: the digest of each file." },
    { "json", OPTION_FLAG, NULL, "Print what was found as JSON." },
    { "quiet", OPTION_FLAG, NULL, "Print faults alone.", .letter = 'q' },
};

static bool read_options(const struct arguments *args, struct check_options *o, struct err *err)
{
    Str kind = arguments_text(args, "kind");
    const struct given *faults = arguments_get(args, "max-faults"), *pair = arguments_get(args, "pair");
    *o = (struct check_options){
        .files = args->words, .file_count = args->word_count, .reference = arguments_text(args, "reference"),
        .pair = arguments_flag(args, "pair"), .no_pair = pair->count && !pair->flag, .interleaved = arguments_flag(args, "interleaved"),
        .sheet_only = arguments_flag(args, "sheet-only"), .lenient = arguments_flag(args, "lenient"), .hash = arguments_flag(args, "digest"),
        .refused = arguments_text(args, "refuse"),
        .kept_per_code = faults->count ? (size_t)MIN(faults->integer, 1000000) : 5,
        .threads = (int)MIN(arguments_get(args, "threads")->integer, 64),
        .kind = arguments_flag(args, "sheet") ? KIND_SHEET : kind_of_name(kind),
    };
    if (kind.len && o->kind == KIND_UNKNOWN)
        return err_set(err, ERR_INVALID, "'--kind " STR_FMT "': expected fasta, fastq, qual, sam, bam, cram, vcf, bcf, gff3, gtf, bed or sheet",
                       STR_ARG(kind));
    if (o->pair && o->interleaved)
        return err_set(err, ERR_INVALID, "--pair and --interleaved do not go together");
    if (o->pair && o->file_count % 2)
        return err_set(err, ERR_INVALID, "--pair needs an even number of files, found %zu", o->file_count);
    return true;
}

static int check_main(struct invocation *in)
{
    struct arguments args;
    struct check_options o;
    struct check_report report;
    struct strbuf text = { 0 };
    struct err err;
    int code;
    if (!command_arguments(in, 1, SIZE_MAX, &args, &code))
        return code;
    if (!read_options(&args, &o, &err))
        return command_misuse(in->command, &err);
    if (!check_run(in->arena, &o, &report, &err))
        return report_err(&err);
    if (arguments_flag(&args, "json")) {
        code = print_json(check_value(&report, in->arena));
        return code ? code : report.errors ? EXIT_FAILED : EXIT_OK;
    }
    check_print_faults(&report, &text);
    if (text.len)
        fwrite(text.data, 1, text.len, stderr);
    strbuf_clear(&text);
    if (!arguments_flag(&args, "quiet"))
        check_print_summary(&report, &text);
    code = print_out(&text);
    return code ? code : report.errors ? EXIT_FAILED : EXIT_OK;
}

const struct command cmd_check = {
    .name = "check",
    .usage = "FILE…",
    .summary = "Check files of reads, alignments, variants, features, samples",
    .description = "Reads each FILE to its end and says what is wrong with it, with its line, and between files: mates that do not match, names "
                   "that the reference does not have. Formats: FASTA, FASTQ, SAM, BAM, CRAM, VCF, BCF, GFF3, GTF, BED and sample sheets (CSV or "
                   "TSV), plain, gzip or BGZF. Memory stays the same however large a file is. Sequences and names of reads and samples are never "
                   "shown.\n\nThe exit code is 0 when there is no error; warnings do not count.",
    .options = options,
    .option_count = LEN(options),
    .words = "files",
    .main = check_main,
};
