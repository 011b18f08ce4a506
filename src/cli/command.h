// SPDX-License-Identifier: Apache-2.0
#pragma once
// A command is one row: its --help, its man page and its completions are made from it. commands.c lists them all.
#include "base/arena.h"
#include "base/err.h"
#include "cli/arguments.h"

struct invocation {
    struct arena *arena;                // until the program ends
    const struct command *command;
    const Str *argv;                    // what stands behind the command's name
    size_t argc;
    bool as_cwl_runner;                 // the program was called by the name cwl-runner
};
struct command {
    const char *name;
    const char *usage;                  // "WORKFLOW [INPUTS] [--INPUT VALUE …]"
    const char *summary;                // one line, no full stop
    const char *description;            // paragraphs of any length, separated by an empty line; wrapped where shown
    const struct option *options;
    size_t option_count;
    int (*main)(struct invocation *in); // returns the exit code
    const char *words;                  // for completion: "runs", "files", or the words themselves; NULL: nothing
    bool is_hidden;                     // for Petri itself
};

extern const struct command *const commands[];          // NULL-terminated
const struct command *command_find(Str name);           // NULL: none; hidden ones are found
extern const struct option help_option;                 // every command has it: -h, --help

// The whole program. argv[0] decides between petri and cwl-runner.
int cli_main(int argc, char **argv);

// Reads the command line by the command's options. True: go on. False: *code is what to exit with; help or the mistake
// is printed already. At least `min` and at most `max` words.
bool command_arguments(struct invocation *in, size_t min, size_t max, struct arguments *out, int *code);
int command_misuse(const struct command *command, const struct err *err);       // prints the mistake; EXIT_USAGE
