// SPDX-License-Identifier: Apache-2.0
#pragma once
// The sandbox "bwrap": Linux namespaces, as bubblewrap makes them, made by Petri itself, since a bare node may lack the
// program. In a user namespace of its own, so that root and ordinary users have the same; without capabilities.
#include "exec/shown.h"
#include "exec/start.h"

#include <sys/types.h>

// As fork(), into new namespaces: user, mount, process ids, IPC, and network unless `network`. The child is process 1 of
// its own and must call isolate_init() next. -1: errno says why the machine does not allow it.
pid_t isolate_fork(bool network);
// In the child, first of all: who it is, and its loopback. Files can still be made as before.
bool isolate_init(bool network, struct err *err) MUST_CHECK;
// The attempt is staged: from here on only its own places and what `shown` lists can be seen.
bool isolate_root(struct arena *a, const struct start *s, const struct shown *shown, struct err *err) MUST_CHECK;
// The last of it: no capability, no way to gain one, no system call that only harm needs.
bool isolate_lock(struct err *err) MUST_CHECK;
// Adds what the administrator can do about it to the error of an isolate_fork() that failed.
void isolate_explain(struct err *err);
// Can this machine do it? Tries it in a child. err: why not, and what to do about it.
bool isolate_probe(struct err *err) MUST_CHECK;

// Makes the mount at `path` and those below it read-only, one by one: for kernels that cannot do it in one call.
bool isolate_read_only_each(const char *path, struct err *err) MUST_CHECK;
