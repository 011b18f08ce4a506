// SPDX-License-Identifier: Apache-2.0
#pragma once
// Helper programs of our own (the attempt runner, the JavaScript child), each on one end of a stream socket.
#include "base/err.h"

#include <sys/types.h>

// Starts this same program with `argv` (argv[0] is a label, NULL-terminated) and the other end of a socketpair as
// file descriptor 3; stdin /dev/null; stderr inherited; every other descriptor closed on exec. The child is killed
// when this process dies (PR_SET_PDEATHSIG) if `die_with_parent`, and leads a new session, so that the terminal's Ctrl-C does not reach it.
bool process_start_self(const char *const *argv, bool die_with_parent, pid_t *pid, int *fd, struct err *err) MUST_CHECK;
