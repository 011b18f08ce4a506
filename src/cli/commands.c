// SPDX-License-Identifier: Apache-2.0
// The list of commands and the way into one of them. Nothing is opened or initialised here: `petri --version` must cost nothing.
#include "cli/commands.h"

#include "base/vec.h"
#include "cli/help.h"
#include "cli/report.h"

const struct command *const commands[] = {
    &cmd_run, &cmd_flows, &cmd_runs, &cmd_show, &cmd_logs, &cmd_resume, &cmd_report, &cmd_cancel, &cmd_validate, &cmd_images, &cmd_why, &cmd_diff,
    &cmd_cost, &cmd_export, &cmd_verify, &cmd_gc, &cmd_store,
    &cmd_check, &cmd_stats, &cmd_subset, &cmd_split, &cmd_index,
    &cmd_model, &cmd_embed, &cmd_classify,
    &cmd_config, &cmd_help,
    &cmd_attempt, &cmd_js, NULL,
};
const struct option help_option = { "help", OPTION_FLAG, NULL, "Show this help.", .letter = 'h' };

const struct command *command_find(Str name)
{
    for (const struct command *const *c = commands; *c; c++)
        if (str_is(name, (*c)->name))
            return *c;
    return NULL;
}

int command_misuse(const struct command *command, const struct err *err)
{
    report_error("%s: %s", command->name, err->text);
    report_hint("'petri %s --help' shows what it takes", command->name);
    return EXIT_USAGE;
}

static bool check_word_count(size_t count, size_t min, size_t max, const struct command *command, struct err *err)
{
    if (count < min)
        return err_set(err, ERR_INVALID, "too few arguments: petri %s %s", command->name, command->usage);
    if (count > max)
        return err_set(err, ERR_INVALID, "too many arguments: petri %s %s", command->name, command->usage);
    return true;
}

bool command_arguments(struct invocation *in, size_t min, size_t max, struct arguments *out, int *code)
{
    struct err err;
    size_t used;
    *out = arguments_begin(in->arena, in->command->options, in->command->option_count);
    if (!arguments_read(out, in->argv, in->argc, false, &used, &err)) {
        *code = command_misuse(in->command, &err);
        return false;
    }
    if (out->wants_help) {
        *code = help_print_command(in->command);
        return false;
    }
    if (check_word_count(out->word_count, min, max, in->command, &err))
        return true;
    *code = command_misuse(in->command, &err);
    return false;
}

static int unknown_command(Str name)
{
    Str names[LEN(commands)];
    size_t count = 0;
    for (const struct command *const *c = commands; *c; c++)
        if (!(*c)->is_hidden)
            names[count++] = str_of((*c)->name);
    Str near = str_nearest(name, names, count);
    report_error("there is no command '" STR_FMT "'", STR_ARG(name));
    if (near.len)
        report_hint("did you mean 'petri " STR_FMT "'?", STR_ARG(near));
    else
        report_hint("'petri help' lists the commands");
    return EXIT_USAGE;
}

static int print_version(void)
{
    struct strbuf text = { 0 };
    strbuf_addz(&text, "petri " PETRI_VERSION "\n");
    return print_out(&text);
}

static int dispatch(struct invocation *in)
{
    if (in->argc == 0 && !in->as_cwl_runner) {
        help_print_overview(true);
        return EXIT_USAGE;
    }
    if (in->argc && str_is(in->argv[0], "--version"))
        return print_version();
    if (in->as_cwl_runner) {
        in->command = &cmd_run;
        return in->command->main(in);
    }
    if (str_is(in->argv[0], "--help") || str_is(in->argv[0], "-h"))
        return help_print_overview(false);
    in->command = command_find(in->argv[0]);
    if (in->command == NULL)
        return unknown_command(in->argv[0]);
    in->argv++, in->argc--;
    return in->command->main(in);
}

int cli_main(int argc, char **argv)
{
    struct arena arena = { 0 };
    CHECK(argc > 0);
    Str *args = NEW_ARRAY(&arena, Str, (size_t)argc);
    for (int i = 1; i < argc; i++)
        args[i - 1] = str_of(argv[i]);
    struct invocation in = { .arena = &arena, .argv = args, .argc = (size_t)argc - 1,
                             .as_cwl_runner = str_is(str_basename(str_of(argv[0])), "cwl-runner") };
    int code = dispatch(&in);
    arena_release(&arena);
    return code;
}
