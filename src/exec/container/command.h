// SPDX-License-Identifier: Apache-2.0
#pragma once
// Programs that the head itself calls and waits for: the clients of container engines. Never a task.
#include "base/err.h"

struct arena;

enum { COMMAND_OUTPUT_MAX = 16 << 20 };
struct command_result {
    int exit_code;                      // 128 + N: ended by signal N
    Str out, err;                       // the last COMMAND_OUTPUT_MAX bytes at most of `err`; NUL-terminated
};
// Runs argv (argv[0]: a path) with our environment and `input` on its standard input, and waits. `show`: its standard error is
// ours, so that people see how a download goes. The program is killed with us. False: it could not be started, or wrote
// more than COMMAND_OUTPUT_MAX.
bool command_run(struct arena *a, const Str *argv, size_t argc, Str input, bool show, struct command_result *out, struct err *err) MUST_CHECK;
// The part of an engine's complaint that tells something: its last line that is not empty, without "Error: " and the like, cut short.
Str command_complaint(struct arena *a, const struct command_result *r);
