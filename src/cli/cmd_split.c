// SPDX-License-Identifier: Apache-2.0
// petri split: FASTA or FASTQ into parts.
#include "bio/split.h"
#include "cli/commands.h"
#include "cli/report.h"

static const struct option options[] = {
    { "outdir", OPTION_FOLDER, "DIR", "Where the parts go; made if it is not there. Default: the current folder.", .letter = 'o' },
    { "count", OPTION_COUNT, "N", "So many records, or pairs, a part.", .letter = 'n' },
    { "size", OPTION_SIZE, "SIZE", "About so many bytes a part, unpacked: '100M'.", .letter = 's' },
    { "parts", OPTION_COUNT, "P", "So many parts, filled in turns.", .letter = 'p' },
    { "name", OPTION_TEXT, "NAME", "What the parts are called in place of FILE's name: NAME.part_001.fasta. Not with a MATE." },
    { "gzip", OPTION_FLAG, NULL, "Pack the parts; --no-gzip: don't. Default: as FILE is.", .can_negate = true },
    { "kind", OPTION_TEXT, "KIND", "fasta or fastq, where name and content do not tell." },
    { "threads", OPTION_COUNT, "N", "Threads that unpack BGZF. Default: one per core." },
    { "force", OPTION_FLAG, NULL, "Write over files that are there." },
    { "json", OPTION_FLAG, NULL, "Print the parts as JSON." },
};

static Value parts_value(struct arena *a, const struct split_result *r)
{
    Value *items = NEW_ARRAY(a, Value, r->len);
    for (size_t i = 0; i < r->len; i++) {
        const struct split_part *p = &r->at[i];
        Value paths[2] = { value_string(a, p->paths[0]), value_string(a, p->paths[1]) };
        struct value_builder b = value_map_begin(a);
        value_map_set(&b, STR("files"), value_array(a, paths, p->paths[1].len ? 2 : 1));
        value_map_set(&b, STR("records"), value_int(p->records));
        value_map_set(&b, STR("bytes"), value_int(p->bytes));
        items[i] = value_map_end(&b);
    }
    return value_array(a, items, r->len);
}

static bool read_options(const struct arguments *args, struct split_options *o, struct err *err)
{
    Str kind = arguments_text(args, "kind"), folder = arguments_text(args, "outdir");
    const struct given *gzip = arguments_get(args, "gzip");
    *o = (struct split_options){ .count = arguments_get(args, "count")->integer, .size = arguments_get(args, "size")->integer,
                                 .parts = arguments_get(args, "parts")->integer, .folder = folder.len ? folder : STR("."),
                                 .pack = gzip->count && gzip->flag, .plain = gzip->count && !gzip->flag, .overwrite = arguments_flag(args, "force"),
                                 .name = arguments_text(args, "name"), .kind = kind_of_name(kind),
                                 .threads = (int)MIN(arguments_get(args, "threads")->integer, 64) };
    for (size_t i = 0; i < args->word_count; i++)
        o->files[i] = args->words[i];
    if ((o->count > 0) + (o->size > 0) + (o->parts > 0) != 1)
        return err_set(err, ERR_INVALID, "expected one of --count, --size and --parts, over 0");
    if (o->name.len && (str_has(o->name, '/') || o->name.data[0] == '.' || o->name.len > 100 || args->word_count > 1))
        return err_set(err, ERR_INVALID, "'--name': expected the beginning of a file's name, without '/', for one FILE");
    if (kind.len && o->kind != KIND_FASTA && o->kind != KIND_FASTQ)
        return err_set(err, ERR_INVALID, "'--kind " STR_FMT "': expected fasta or fastq", STR_ARG(kind));
    return true;
}

static int split_main(struct invocation *in)
{
    struct arguments args;
    struct split_options o;
    struct split_result result;
    struct strbuf text = { 0 };
    struct err err;
    int code;
    if (!command_arguments(in, 1, 2, &args, &code))
        return code;
    if (!read_options(&args, &o, &err))
        return command_misuse(in->command, &err);
    if (!split_run(in->arena, &o, &result, &err))
        return report_err(&err);
    if (arguments_flag(&args, "json"))
        return print_json(parts_value(in->arena, &result));
    for (size_t i = 0; i < result.len; i++)
        for (size_t k = 0; k < 2 && result.at[i].paths[k].len; k++)
            strbuf_addf(&text, STR_FMT "\n", STR_ARG(result.at[i].paths[k]));
    return print_out(&text);
}

const struct command cmd_split = {
    .name = "split",
    .usage = "FILE [MATE] --count N | --size SIZE | --parts P",
    .summary = "Split FASTA or FASTQ into parts",
    .description = "Writes the records of FILE, and those of its MATE beside them, into parts called NAME.part_001.fastq.gz and so on, and prints "
                   "their paths. The same input and options give the same parts. When something goes wrong no part is left.",
    .options = options,
    .option_count = LEN(options),
    .words = "files",
    .main = split_main,
};
