// SPDX-License-Identifier: Apache-2.0
#pragma once
// The runner's child on its way to be a task.
#include "exec/start.h"

#include <sys/resource.h>
#include <sys/types.h>

struct birth {
    Str payload;                        // of the WIRE_START frame
    struct start start;                 // its head is decoded
    struct rlimit files;                // as the task gets it
    struct arena arena;                 // of the child; ours to release after a vfork
    int mark;                           // for proc_mark()
    int problem_fd;                     // close-on-exec; where the child says why it could not become the task
    pid_t parent;
};
// Starts the process. Returns its id, or -1 and errno.
pid_t birth_give(struct birth *b);
// What the child wrote to the other end of problem_fd, once it is dead; false: nothing, so the command was reached.
bool birth_problem(int fd, struct err *err);
