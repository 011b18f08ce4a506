// SPDX-License-Identifier: Apache-2.0
// petri subset: the first records of a file, a part of them, or those of regions; mates stay together.
#include "bio/subset.h"
#include "cli/commands.h"
#include "cli/report.h"

static const struct option options[] = {
    { "output", OPTION_FILE, "FILE", "Where to write; '-' is standard output. Twice for mates. Packed as BGZF if the name ends in .gz. Default: '-'.",
      .letter = 'o', .is_repeatable = true },
    { "count", OPTION_COUNT, "N", "The first N records, pairs of reads, or names of alignments.", .letter = 'n' },
    { "fraction", OPTION_NUMBER, "F", "A part of the names, from 0 to 1.", .letter = 'f' },
    { "seed", OPTION_COUNT, "N", "Another number chooses other names. Default: 1.", .letter = 's' },
    { "region", OPTION_TEXT, "REGION", "NAME, NAME:START or NAME:START-END, counted from 1. May be repeated.", .letter = 'r', .is_repeatable = true },
    { "regions", OPTION_FILE, "BED", "The regions of a BED file." },
    { "kind", OPTION_TEXT, "KIND", "The file's format, where name and content do not tell." },
    { "threads", OPTION_COUNT, "N", "Threads that unpack BGZF. Default: one per core." },
    { "force", OPTION_FLAG, NULL, "Write over files that are there." },
};

static bool read_regions(struct arena *a, const struct arguments *args, struct regions *out, struct err *err)
{
    const struct given *regions = arguments_get(args, "region");
    Str bed = arguments_text(args, "regions");
    for (size_t i = 0; i < regions->count; i++)
        if (!regions_add(a, out, regions->texts[i], err))
            return false;
    if (bed.len && !regions_add_bed(a, out, bed, err))
        return false;
    if (bed.len && out->len == 0)
        return err_set(err, ERR_INVALID, STR_FMT ": holds no region", STR_ARG(bed));
    regions_sort(out);
    return true;
}

static bool read_options(struct arena *a, const struct arguments *args, struct subset_options *o, struct err *err)
{
    const struct given *outputs = arguments_get(args, "output"), *count = arguments_get(args, "count"), *fraction = arguments_get(args, "fraction");
    const struct given *seed = arguments_get(args, "seed");
    Str kind = arguments_text(args, "kind");
    *o = (struct subset_options){ .count = count->count ? count->integer : -1, .fraction = fraction->count ? fraction->number : 1,
                                  .seed = seed->count ? seed->integer : 1, .overwrite = arguments_flag(args, "force"), .kind = kind_of_name(kind),
                                  .threads = (int)MIN(arguments_get(args, "threads")->integer, 64) };
    for (size_t i = 0; i < args->word_count; i++) {
        o->files[i] = args->words[i];
        o->outputs[i] = i < outputs->count ? outputs->texts[i] : STR("-");
    }
    if (kind.len && o->kind == KIND_UNKNOWN)
        return err_set(err, ERR_INVALID, "'--kind " STR_FMT "': expected fasta, fastq, bam, vcf, bed, gff3 or gtf", STR_ARG(kind));
    if (outputs->count > args->word_count || (args->word_count == 2 && outputs->count != 2))
        return err_set(err, ERR_INVALID, "as many --output are needed as there are files: found %zu and %zu", outputs->count, args->word_count);
    if (o->fraction > 1)
        return err_set(err, ERR_INVALID, "--fraction: expected a number up to 1");
    if (!count->count && !fraction->count && !arguments_get(args, "region")->count && !arguments_get(args, "regions")->count)
        return err_set(err, ERR_INVALID, "expected --count, --fraction, --region or --regions");
    return read_regions(a, args, &o->regions, err);
}

static int subset_main(struct invocation *in)
{
    struct arguments args;
    struct subset_options o;
    struct subset_counts counts;
    struct err err;
    int code;
    if (!command_arguments(in, 1, 2, &args, &code))
        return code;
    if (!read_options(in->arena, &args, &o, &err))
        return command_misuse(in->command, &err);
    if (!subset_run(in->arena, &o, &counts, &err))
        return report_err(&err);
    fprintf(stderr, "%lld of %lld %s\n", (long long)counts.written, (long long)counts.read, args.word_count == 2 ? "pairs" : "records");
    return EXIT_OK;
}

const struct command cmd_subset = {
    .name = "subset",
    .usage = "FILE [MATE] -o FILE [-o FILE]",
    .summary = "Take the first records, a part of them, or regions",
    .description = "Writes a part of FILE in its own format: FASTQ (with MATE: both files, pairs stay pairs), FASTA, BAM, VCF, BED, GFF3 or GTF.\n\n"
                   "--fraction chooses by the record's name and --seed, so mates and all alignments of a read are chosen together, and the same "
                   "names in every file. Options can be combined. Alignments of a region come with their mates, wherever these lie.",
    .options = options,
    .option_count = LEN(options),
    .words = "files",
    .main = subset_main,
};
