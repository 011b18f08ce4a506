// SPDX-License-Identifier: Apache-2.0
#pragma once
// What everything in the container uses: for inside.c alone. From the container's own control group where there is one (version 2
// or 1), from the processes otherwise; a group that others are in too is never read as ours.
#include <stdint.h>

struct use {
    int version;                        // of the control group: 2, 1; 0: none of our own
    int64_t user_ns, system_ns;
    int64_t peak_bytes;                 // memory that could not be given back: without the page cache; -1: not known
    int64_t read_bytes, written_bytes;
    int64_t read_chars, written_chars;  // through system calls; -1: not known
    int64_t peak_virtual_bytes;         // address space of all processes; -1: not known
    int64_t oom_kills;                  // how often the kernel killed for the container's limit
    int64_t limit_bytes;                // of memory, as the group has it; -1: none or not known
    int64_t user_before_ns, system_before_ns;           // spent in the group before us
};
void use_begin(struct use *u);          // before the command starts
void use_sample(struct use *u);         // looks at the memory; now and then, since groups remember only with their page cache
void use_finish(struct use *u);         // every other process must be dead and waited for
void use_signal_children(int number);   // to what has us as its parent: orphans too, since we adopt them
