// SPDX-License-Identifier: Apache-2.0
#pragma once
// What this machine offers and uses right now.
#include "base/str.h"

// That this process may use: affinity, cgroup quota, and in a task the PETRI_CORES that it is given.
int machine_cores(void);
int64_t machine_memory_bytes(void);                     // physical, or the cgroup's limit if smaller
int64_t disk_free_bytes(Str path);                      // for this user, of the filesystem that holds path; -1: unknown
int64_t disk_bytes(Str path);                           // all that the filesystem that holds path can hold; 0: unknown
Str machine_host(void);                                 // static
