// SPDX-License-Identifier: Apache-2.0
#pragma once
// Runs attempts on this machine. A small process of its own (`petri attempt --serve`, started at the first submit)
// forks each task, so that measuring does not inherit the head's memory and starting does not depend on its size.
#include "engine/executor.h"
#include "exec/sandbox.h"

#include <sys/types.h>

struct local_step {                     // settings of the steps whose name matches a pattern (fnmatch, '*' crosses '/')
    Str pattern;
    struct sandbox_settings settings;
};
struct containers;
struct local_options {                  // what it points to outlives the executor
    const struct containers *containers;        // for tasks with an image; NULL: none
    bool keep_attempts;
    struct sandbox_settings settings;
    const struct local_step *steps;     // the first that matches counts
    size_t step_count;
};
// home: the .petri folder; attempts live in <home>/attempts/<start of the key>/{out,tmp,in,root,stdout,stderr,owner}.
struct executor *local_executor_new(struct loop *loop, struct store *store, Str home, const struct local_options *options,
                                    struct err *err) MUST_CHECK;

// `petri attempt --serve`: the runner's main, with its socket on fd 3. Returns the exit code.
int attempt_serve(int fd);

// Kills what a head that died without its runner left in <home>/attempts, and removes the folders of attempts of `run`
// (label "<run>-<epoch>-<id>"); called by the head that has taken over the run.
void local_sweep(Str home, Str run);

// How the runner is started. For tests, whose program has no `attempt` command; everybody else leaves it alone.
extern bool (*local_start_runner)(pid_t *pid, int *fd, struct err *err);
