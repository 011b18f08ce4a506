// SPDX-License-Identifier: Apache-2.0
// petri help: the help of a command, the exit codes, and what the installation puts in place.
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/report.h"

static int print_man(const struct arguments *args)
{
    struct strbuf text = { 0 };
    const struct command *c = args->word_count > 1 ? command_find(args->words[1]) : NULL;
    if (args->word_count > 1 && c == NULL) {
        report_error("there is no command '" STR_FMT "'", STR_ARG(args->words[1]));
        return EXIT_USAGE;
    }
    help_man(c, &text);
    return print_out(&text);
}

static int help_main(struct invocation *in)
{
    struct arguments args;
    struct strbuf text = { 0 };
    int code;
    if (!command_arguments(in, 0, 2, &args, &code))
        return code;
    if (args.word_count == 0)
        return help_print_overview(false);
    if (str_is(args.words[0], "man"))
        return print_man(&args);
    if (str_is(args.words[0], "bash"))
        help_bash(&text);
    else if (str_is(args.words[0], "zsh"))
        help_zsh(&text);
    else if (str_is(args.words[0], "exit-codes"))
        help_exit_codes(&text);
    else if (command_find(args.words[0]))
        help_command(command_find(args.words[0]), &text);
    if (text.len)
        return print_out(&text);
    report_error("help: there is nothing about '" STR_FMT "'", STR_ARG(args.words[0]));
    report_hint("'petri help' lists the commands");
    return EXIT_USAGE;
}

const struct command cmd_help = {
    .name = "help",
    .usage = "[COMMAND | exit-codes | man [COMMAND] | bash | zsh]",
    .summary = "Explain a command, or print man pages and completions",
    .description = "Without an argument the commands are listed. 'petri help COMMAND' is the same as 'petri COMMAND --help'; "
                   "'petri help exit-codes' tells how commands end.\n\n"
                   "'petri help man' prints petri(1), 'petri help man COMMAND' petri-COMMAND(1), 'petri help bash' and 'petri help zsh' "
                   "the completions:\n\n"
                   "  source <(petri help bash)",
    .words = "exit-codes man bash zsh run runs show logs resume cancel validate gc store config",
    .main = help_main,
};
