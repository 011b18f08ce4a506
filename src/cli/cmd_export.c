// SPDX-License-Identifier: Apache-2.0
// petri export: the record of a run in the forms that others read.
#include "base/arena.h"
#include "cli/commands.h"
#include "cli/home.h"
#include "cli/report.h"
#include "sys/file.h"
#include "value/read.h"
#include "view/manifest.h"
#include "view/openlineage.h"
#include "view/rocrate.h"
#include "view/trace.h"

static const struct option options[] = {
    { "format", OPTION_TEXT, "FORMAT", "manifest, trace, openlineage or ro-crate.", .letter = 'f' },
    { "out", OPTION_FILE, "PATH", "Write there, not to standard output; for ro-crate a folder.", .letter = 'o' },
    { "license", OPTION_TEXT, "URL", "ro-crate: the license of what is in it." },
};

static int put(Str out, struct strbuf *text)
{
    struct err err;
    if (out.len == 0)
        return print_out(text);
    bool written = file_write_atomic(out, strbuf_str(text), &err);
    strbuf_release(text);
    return written ? EXIT_OK : report_err(&err);
}

static int export_manifest(struct arena *a, const struct run_record *r, const struct arguments *args)
{
    struct strbuf text = { 0 };
    strbuf_add(&text, manifest_text(a, r));
    return put(arguments_text(args, "out"), &text);
}

static int export_trace(struct arena *a UNUSED, const struct run_record *r, const struct arguments *args)
{
    struct strbuf text = { 0 };
    trace_write(r, NULL, &text);
    return put(arguments_text(args, "out"), &text);
}

static int export_openlineage(struct arena *a UNUSED, const struct run_record *r, const struct arguments *args)
{
    struct strbuf text = { 0 };
    openlineage_write(r, &text);
    return put(arguments_text(args, "out"), &text);
}

// The workflow's files into the crate, as they were when it ran.
static bool copy_sources(struct arena *a, const struct crate *crate, struct err *err)
{
    for (size_t i = 0; i < crate->sources.len; i++) {
        const struct crate_source *s = &crate->sources.at[i];
        Str to = str_join_path(a, crate->folder, s->to), bytes;
        if (!file_read(a, s->from, MANIFEST_MAX, &bytes, err))
            return err_wrap(err, "the workflow is part of a crate");
        if (!hash_eq(hash_bytes(bytes.data, bytes.len), s->hash))
            return err_set(err, ERR_CONFLICT, STR_FMT " was changed since the run: a crate of it would not hold what ran", STR_ARG(s->from));
        if (!dir_make_all(str_dirname(to), err) || !file_write_atomic(to, bytes, err))
            return false;
    }
    return true;
}

static int export_crate(struct arena *a, const struct run_record *r, const struct arguments *args)
{
    Str out = arguments_text(args, "out");
    struct crate crate = { .folder = out.len ? path_absolute(a, out) : run_record_last(r)->outdir, .license = arguments_text(args, "license") };
    struct strbuf text = { 0 };
    struct err err;
    json_write(&text, crate_value(a, r, &crate), 2);
    strbuf_addc(&text, '\n');
    if (out.len && (!dir_make_all(crate.folder, &err) || !copy_sources(a, &crate, &err))) {
        strbuf_release(&text);
        return report_err(&err);
    }
    return put(out.len ? str_join_path(a, crate.folder, STR("ro-crate-metadata.json")) : out, &text);
}

static const struct format {
    const char *name;
    int (*make)(struct arena *a, const struct run_record *r, const struct arguments *args);
} formats[] = {
    { "manifest", export_manifest }, { "trace", export_trace }, { "openlineage", export_openlineage }, { "ro-crate", export_crate },
};

static const struct format *find_format(Str name, struct err *err)
{
    Str names[LEN(formats)];
    for (size_t i = 0; i < LEN(formats); i++) {
        if (str_is(name, formats[i].name))
            return &formats[i];
        names[i] = str_of(formats[i].name);
    }
    Str near = str_nearest(name, names, LEN(names));
    if (name.len == 0)
        err_set(err, ERR_INVALID, "which form? --format manifest, trace, openlineage or ro-crate");
    else
        err_set(err, ERR_INVALID, "--format: there is no '" STR_FMT "'%s" STR_FMT "%s; expected manifest, trace, openlineage or ro-crate",
                STR_ARG(name), near.len ? ": did you mean '" : "", STR_ARG(near), near.len ? "'?" : "");
    return NULL;
}

static int export_main(struct invocation *in)
{
    struct arguments args;
    struct run_record *record;
    struct err err;
    Str home, run;
    int code;
    if (!command_arguments(in, 1, 1, &args, &code))
        return code;
    const struct format *format = find_format(arguments_text(&args, "format"), &err);
    if (format == NULL)
        return command_misuse(in->command, &err);
    if (!home_require(in->arena, &home, &err) || !run_find(in->arena, home, args.words[0], &run, &err)
        || !run_record_read(in->arena, run_folder(in->arena, home, run), &record, &err))
        return report_err(&err);
    return format->make(in->arena, record, &args);
}

const struct command cmd_export = {
    .name = "export",
    .usage = "RUN --format FORMAT [--out PATH]",
    .summary = "Write a run's record in a form that others read",
    .description = "All forms are made of the run's journal, at any time, also while it runs:\n\n"
                   "  manifest     what went in, by what, and what came out (JSON)\n"
                   "  trace        a line for every attempt, in Nextflow's columns (TSV)\n"
                   "  openlineage  OpenLineage events, one JSON object a line\n"
                   "  ro-crate     a Workflow Run RO-Crate\n\n"
                   "For ro-crate --out names a folder, which gets ro-crate-metadata.json and the workflow's files: best the folder with the outputs, "
                   "which are then part of the crate.\n\n"
                   "RUN may be the beginning of a name, or 'last'.",
    .options = options,
    .option_count = LEN(options),
    .words = "runs",
    .main = export_main,
};
