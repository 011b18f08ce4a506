// SPDX-License-Identifier: Apache-2.0
#pragma once
// Which processes belong to which task, and what they use. See proctree.c for how a process is known.
#include "base/vec.h"
#include "base/str.h"

#include <sys/types.h>

// The names in the environment by which a task's processes are found when their runner is gone.
#define PROC_MARKER "PETRI_ATTEMPT"

// Numbers every process that descends from the caller of proc_mark(). Only in a runner that runs in no task itself;
// elsewhere proc_marks_init() turns marks off and proc_mark_of() is -1.
enum { PROC_MARKS = 32768 };
void proc_marks_init(void);
void proc_mark(int number);             // in the process that becomes a task; inherited across fork, exec, setsid
int proc_mark_of(pid_t pid);            // -1: none, gone, or of another user

typedef VEC(pid_t) PidList;
// The direct children of this (single-threaded) process, with those not yet waited for. at: heap; free it.
void proc_children(PidList *out);
struct proc_use {
    int64_t cpu_ticks, memory_bytes;
};
// One look at all processes of the machine.
struct proc_table;
struct proc_table *proc_table_new(void);
void proc_table_free(struct proc_table *t);
// `root` and everything below it, appended to *out (heap); what they use is added to *use. Both may be NULL.
void proc_table_tree(const struct proc_table *t, pid_t root, PidList *out, struct proc_use *use);

struct proc_look {
    int64_t memory_bytes;               // what they share is counted once
    int64_t virtual_bytes;              // address space
    int64_t count;
};
// Adds to *look what `root` and everything below it hold now. Looks at nothing but them. What they share is counted exactly
// when `exact`, which takes longer.
void proc_tree_look(pid_t root, bool exact, struct proc_look *look);
// Bytes that `pid` and the children that it has waited for passed through system calls that read and write, from /proc/PID/io. It may be
// dead, but not yet waited for. False: not to be known (another user's; a kernel without this accounting).
bool proc_chars(pid_t pid, int64_t *got, int64_t *put);

// True if the environment that `pid` was started with has PROC_MARKER with this label (or one that starts with it).
bool proc_has_label(pid_t pid, Str label, bool is_prefix);
// Kills all processes with such a label, again and again until none is left (at most 10 s). Returns how many are left.
size_t proc_kill_labelled(const Str *labels, size_t count, bool is_prefix);
