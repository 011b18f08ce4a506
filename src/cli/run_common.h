// SPDX-License-Identifier: Apache-2.0
#pragma once
// What `petri run` and `petri resume` share, from the inputs to the exit code.
#include "cli/arguments.h"
#include "cli/config.h"
#include "value/value.h"

struct journal;
struct workflow;

struct run_plan {
    struct arena *arena;
    Str home, run, outdir;              // outdir absolute
    Str report;                         // absolute: where the report goes at the end; empty: none. Recorded
    const struct workflow *workflow;
    Value inputs;                       // complete
    Str sheet;                          // the sample sheet, as given: rows in messages are its. Recorded; empty: none, or several
    struct config_state config;
    Value settings;                     // those set on the command line: name -> text; recorded for resume
    const Str *argv;                    // as typed, for the record
    size_t argc;
    int64_t subset;
    bool keep_going, no_container;      // recorded, with subset and settings
    bool no_cache, dry_run, quiet, json, keep_attempts;
    bool manifest;                      // leave one beside the outputs; recorded
};

// Loads the configuration, puts the options that name a setting over it (and over the recorded `before`, null if none), and
// sets the log's level. False: *code is the exit code; the mistake is printed.
bool run_configure(struct run_plan *plan, const struct arguments *args, Value before, int *code);
// Makes <home>/runs/<run> and opens its journal. ERR_CONFLICT: there is a run of that name.
bool run_create(struct run_plan *plan, struct journal **journal, struct err *err) MUST_CHECK;
// Opens the journal of a run that exists. Says so on stderr when it had to be mended.
bool run_open(struct run_plan *plan, struct journal **journal, struct err *err) MUST_CHECK;
// Evaluates, runs, exports, records the end, prints. Closes the journal. Returns the exit code.
int run_carry_out(struct run_plan *plan, struct journal *journal);
