// SPDX-License-Identifier: Apache-2.0
#pragma once
// Help, man pages and completions, all from the commands' rows.
#include "cli/command.h"

void help_overview(struct strbuf *out);                 // what `petri --help` shows
void help_command(const struct command *c, struct strbuf *out);         // what `petri NAME --help` shows
void help_options(const struct option *options, size_t count, struct strbuf *out);     // the list alone
void help_exit_codes(struct strbuf *out);               // a table, from exit_meanings
// `text` in lines of at most 80 columns, each behind `indent` spaces; an empty line separates paragraphs, and a line that
// begins with a space is kept as it is.
void help_wrap(Str text, size_t indent, struct strbuf *out);

void help_man(const struct command *c, struct strbuf *out);            // petri-NAME(1); NULL: petri(1)
// Completion scripts, to be sourced.
void help_bash(struct strbuf *out);
void help_zsh(struct strbuf *out);

// The same on the screen. Both return the exit code: stdout may be closed.
int help_print_overview(bool to_stderr);
int help_print_command(const struct command *c);
