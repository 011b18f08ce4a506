// SPDX-License-Identifier: Apache-2.0
#pragma once
// A workflow's inputs as options of the command line: --threshold 3 --reads a.fq --reads b.fq --paired --no-trim. An input whose
// name Petri uses itself is reached as --input.NAME, as is every other.
#include "cli/arguments.h"
#include "value/value.h"

struct workflow;

// Adds the workflow's inputs to the options of `args`. Returns how many options there were before.
size_t inputs_extend(struct arguments *args, const struct workflow *w);
// What was given, as a map: name -> string, bool, or array of strings. `own`: what inputs_extend() returned.
// ERR_INVALID: an input that takes one value was given several.
bool inputs_given(const struct arguments *args, size_t own, const struct workflow *w, Value *out, struct err *err) MUST_CHECK;
// The one sheet that was given for a list of records, as it was typed; empty: none, or several.
Str inputs_sheet(const struct workflow *w, Value given);
// The options of required inputs that are not among `given` (a map), in words: "--reads, --input.name"; empty: none.
Str inputs_missing(struct arena *a, const struct workflow *w, Value given, const struct option *own, size_t own_count);
// The workflow's own part of the help: its doc, and its inputs with types, defaults and docs. `word`: what the user calls the workflow.
void inputs_help(struct arena *a, const struct workflow *w, Str word, const struct option *own, size_t own_count, struct strbuf *out);
