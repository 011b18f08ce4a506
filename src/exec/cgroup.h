// SPDX-License-Identifier: Apache-2.0
#pragma once
// Control groups for attempts, version 2 or 1, where this user may make them: limits that hold for all processes of a
// task together. Where there are none, the runner looks at the processes from time to time instead (attempt.c).
#include "base/clock.h"
#include "base/err.h"

struct sandbox_limits;
enum cgroup_part { CGROUP_MEMORY, CGROUP_PIDS, CGROUP_CPU, CGROUP_UNIFIED, CGROUP_PARTS };
struct cgroups {                        // of the runner
    char *folders[CGROUP_PARTS];        // in which groups may be made; NULL: nowhere. Version 2: all are the same
    bool is_v2;                         // memory, pids and cpu are version 2's
};
struct cgroup {                         // of one attempt
    const struct cgroups *all;
    char *folders[CGROUP_PARTS];        // NULL: not needed, or not to be had
};
struct cgroup_use {
    int64_t peak_bytes;                 // memory at the most, with what files it had cached; -1: not known
    int64_t anonymous_bytes;            // memory now, without those; -1: not known
    int64_t oom_kills, refused_forks;   // how often
    Time io_wait;                       // time in which something waited for a disk; -1: not known
};

// Looks where groups can be made, by making one and entering it in a child. Takes away what dead runners left there.
void cgroups_find(struct cgroups *g);
void cgroups_release(struct cgroups *g);
// A group with these limits (0: none), named after `number`. NULL when there is nothing that it could do.
struct cgroup *cgroup_new(const struct cgroups *g, const struct sandbox_limits *limits, int number);
bool cgroup_enter(const struct cgroup *c, struct err *err) MUST_CHECK; // in the process that is to be in it
bool cgroup_limits_memory(const struct cgroup *c);
void cgroup_read(const struct cgroup *c, struct cgroup_use *out);
void cgroup_free(struct cgroup *c);     // NULL is allowed; its processes must be dead
