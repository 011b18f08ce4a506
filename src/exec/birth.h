// SPDX-License-Identifier: Apache-2.0
#pragma once
// The runner's child on its way to be a task.
#include "exec/cgroup.h"
#include "exec/shown.h"
#include "exec/start.h"

#include <sys/resource.h>
#include <sys/types.h>

struct birth {
    Str payload;                        // of the WIRE_START frame
    struct start start;                 // its head is decoded; start.sandbox.kind is not AUTO any more
    struct shown shown;                 // what the sandbox bwrap shows
    const struct cgroup *group;         // to be in; NULL: none
    struct rlimit files;                // as the task gets it, unless it has a limit of its own
    struct arena arena;                 // of the child; ours to release after a vfork
    int mark;                           // for proc_mark()
    const char *life;                   // the lifeline of a container: its path
    int report_fd;                      // close-on-exec; where the child says why it could not become the task, or how it ended
    pid_t parent;
};
// What the child wrote to the other end of report_fd.
struct birth_report {
    struct err err;                     // code ERR_NONE: the command was reached
    bool has_status;                    // a process 1 of its own waited for the command …
    int status;                         // … which ended so
    int64_t refused;                    // … and tried this often to use a network that was not there
    char hidden[1024];                  // a path that the command names and the sandbox does not show, or empty
};
// Starts the process. Returns its id, or -1 and errno.
pid_t birth_give(struct birth *b);
// Once the child is dead.
void birth_read(int fd, struct birth_report *out);
