// SPDX-License-Identifier: Apache-2.0
// petri index: the indexes of FASTA, alignments, variants and features; and, told by their first word, the commands of cmd_index_vectors.c.
#include "bio/index.h"
#include "cli/commands.h"
#include "cli/report.h"

static const struct option options[] = {
    { "kind", OPTION_TEXT, "KIND", "The files' format, where name and content do not tell." },
    { "csi", OPTION_FLAG, NULL, "CSI in place of BAI and TBI: for sequences over 512 Mbp." },
    { "threads", OPTION_COUNT, "N", "Threads that unpack. Default: one." },
    { "force", OPTION_FLAG, NULL, "Write over a FILE.gz that is there." },
};

// Of vectors: "index WORD". A file of such a name is ./WORD.
static const struct command *const of_vectors[] = { &cmd_index_build, &cmd_index_add, &cmd_index_search, &cmd_index_export,
                                                  &cmd_index_stats };

static const struct command *find_of_vectors(const struct invocation *in)
{
    for (size_t i = 0; i < LEN(of_vectors) && in->argc; i++)
        if (str_is(in->argv[0], of_vectors[i]->name + strlen("index ")))
            return of_vectors[i];
    return NULL;
}

static int index_main(struct invocation *in)
{
    const struct command *of_vector = find_of_vectors(in);
    if (of_vector) {
        in->command = of_vector;
        in->argv++, in->argc--;
        return of_vector->main(in);
    }
    struct arguments args;
    struct strbuf text = { 0 };
    struct err err;
    int code;
    if (!command_arguments(in, 1, SIZE_MAX, &args, &code))
        return code;
    Str kind = arguments_text(&args, "kind");
    struct index_options o = { .kind = kind_of_name(kind), .overwrite = arguments_flag(&args, "force"), .csi = arguments_flag(&args, "csi"),
                               .threads = (int)MIN(arguments_get(&args, "threads")->integer, 64) };
    if (kind.len && o.kind == KIND_UNKNOWN) {
        err_set(&err, ERR_INVALID, "'--kind " STR_FMT "': expected fasta, sam, bam, cram, vcf, bcf, bed, gff3 or gtf", STR_ARG(kind));
        return command_misuse(in->command, &err);
    }
    for (size_t i = 0; i < args.word_count; i++) {
        struct index_result result;
        if (!index_file(in->arena, args.words[i], &o, &result, &err)) {
            print_out(&text);
            return report_err(&err);
        }
        if (!str_eq(result.indexed, args.words[i]))
            strbuf_addf(&text, STR_FMT "\n", STR_ARG(result.indexed));
        for (size_t k = 0; k < 2 && result.indexes[k].len; k++)
            strbuf_addf(&text, STR_FMT "\n", STR_ARG(result.indexes[k]));
    }
    return print_out(&text);
}

const struct command cmd_index = {
    .name = "index",
    .usage = "FILE… | build|add|search|export|stats …",
    .summary = "Make the indexes of files; search embeddings",
    .description = "Makes the index that other programs want beside FILE, and prints the paths of what was made: .fai of FASTA; .bai of BAM, "
                   ".crai of CRAM; .csi of BCF; .tbi of VCF, BED, GFF3 and GTF packed as BGZF. Plain text formats are packed to FILE.gz first; "
                   "FILE stays. Alignments, variants and features must be sorted.\n\n"
                   "'petri index build', 'add', 'search', 'export' and 'stats' make and use indexes of embeddings, for nearest neighbours: "
                   "'petri index build --help' and so on tell more.",
    .options = options,
    .option_count = LEN(options),
    .words = "files",
    .main = index_main,
};
