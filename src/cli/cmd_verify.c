// SPDX-License-Identifier: Apache-2.0
// petri verify: are the files what the manifest says? Needs no home folder: the manifest and the files are enough.
#include "base/arena.h"
#include "cli/commands.h"
#include "cli/report.h"
#include "sys/file.h"
#include "view/manifest.h"
#include "view/text.h"

static const struct option options[] = {
    { "root", OPTION_FOLDER, "DIR", "Where the outputs are. Default: the manifest's folder." },
    { "all", OPTION_FLAG, NULL, "Check the inputs, the workflow's files and the tools too, at their places on this machine." },
    { "json", OPTION_FLAG, NULL, "Print the differences as JSON." },
};

static const char *section_name(enum manifest_section section)
{
    static const char *const names[] = { "output", "input", "workflow", "tool" };
    return names[section];
}

static const char *fault_name(enum manifest_fault fault)
{
    static const char *const names[] = { "same", "missing", "size", "bytes", "no file", "unreadable" };
    return names[fault];
}

static bool load(struct arena *a, Str path, struct manifest *m, int *code)
{
    struct diags diags = { .arena = a };
    struct source *source = NEW(a, struct source);
    struct err err;
    source->name = path;
    if (!file_read(a, path, MANIFEST_MAX, &source->text, &err)) {
        *code = report_err(&err);
        return false;
    }
    if (manifest_read(a, source, m, &diags))
        return true;
    report_diags(&diags, false);
    *code = diags_exit_code(&diags);
    return false;
}

static Value check_value(struct arena *a, const struct manifest *m, const struct manifest_check *c)
{
    struct value_builder b = value_map_begin(a);
    Value *items = NEW_ARRAY(a, Value, c->differences.len);
    for (size_t i = 0; i < c->differences.len; i++) {
        const struct manifest_difference *d = &c->differences.at[i];
        struct value_builder item = value_map_begin(a);
        value_map_set(&item, STR("kind"), value_string(a, str_of(section_name(d->file->section))));
        value_map_set(&item, STR("path"), value_string(a, d->file->path));
        value_map_set(&item, STR("fault"), value_string(a, str_of(fault_name(d->fault))));
        value_map_set(&item, STR("text"), value_string(a, d->text));
        items[i] = value_map_end(&item);
    }
    value_map_set(&b, STR("run"), value_string(a, m->run));
    value_map_set(&b, STR("checked"), value_int(c->checked));
    value_map_set(&b, STR("bytes"), value_int(c->bytes));
    value_map_set(&b, STR("differences"), value_array(a, items, c->differences.len));
    return value_map_end(&b);
}

static int print_check(const struct manifest_check *c)
{
    struct strbuf out = { 0 };
    char read[TIME_TEXT];
    for (size_t i = 0; i < c->differences.len; i++) {
        const struct manifest_difference *d = &c->differences.at[i];
        strbuf_addf(&out, "%s ", section_name(d->file->section));
        text_add(&out, d->file->path);
        strbuf_addc(&out, ' ');
        text_add(&out, d->text);
        strbuf_addc(&out, '\n');
    }
    size_text(c->bytes, read);
    if (c->differences.len)
        strbuf_addf(&out, "%zu of %lld files differ from the manifest\n", c->differences.len, (long long)c->checked);
    else
        strbuf_addf(&out, "%lld file%s as the manifest says (%s read)\n", (long long)c->checked, c->checked == 1 ? " is" : "s are", read);
    return print_out(&out);
}

// A manifest that was moved away from its files is the commonest reason for all of them to be missing.
static void hint_root(const struct manifest *m, const struct manifest_check *c, bool has_root)
{
    size_t missing = 0, outputs = 0;
    for (size_t i = 0; i < m->files.len; i++)
        outputs += m->files.at[i].section == MANIFEST_OUTPUTS;
    for (size_t i = 0; i < c->differences.len; i++)
        missing += c->differences.at[i].fault == MANIFEST_MISSING && c->differences.at[i].file->section == MANIFEST_OUTPUTS;
    if (!has_root && missing && missing == outputs && m->outdir.len)
        report_hint("none of them is beside the manifest; they were written to " STR_FMT ": '--root DIR' says where they are", STR_ARG(m->outdir));
}

static int verify_main(struct invocation *in)
{
    struct arguments args;
    struct manifest m;
    struct manifest_check check;
    int code;
    if (!command_arguments(in, 1, 1, &args, &code))
        return code;
    Str path = args.words[0], root = arguments_text(&args, "root");
    if (!load(in->arena, path, &m, &code))
        return code;
    manifest_verify(in->arena, &m, root.len ? root : str_dirname(path), arguments_flag(&args, "all"), &check);
    code = arguments_flag(&args, "json") ? print_json(check_value(in->arena, &m, &check)) : print_check(&check);
    hint_root(&m, &check, root.len > 0);
    return code == EXIT_OK && check.differences.len ? EXIT_FAILED : code;
}

const struct command cmd_verify = {
    .name = "verify",
    .usage = "MANIFEST [--root DIR] [--all] [--json]",
    .summary = "Check files against the manifest of their run",
    .description = "Reads the manifest.json that lies beside a run's outputs, and every output that it names, and says which is missing or has other "
                   "bytes. Exit code 0: all are as they were made; 1: at least one is not. With --all the inputs, the workflow's files and the "
                   "tools are checked too, where the manifest says they were.",
    .options = options,
    .option_count = LEN(options),
    .words = "files",
    .main = verify_main,
};
