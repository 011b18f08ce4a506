// SPDX-License-Identifier: Apache-2.0
#pragma once
// When an attempt is to be looked at, asked to end, and killed; and which limit it met. Pure: time and what was seen come
// in, so that it can be tested without processes. Times are steady; the runner does what it says.
#include "engine/executor.h"
#include "exec/sandbox.h"

struct watch {
    struct sandbox_limits limits;
    bool kernel_limits_memory;          // a control group does: looking is for the report
    bool is_cancelled;                  // by the head
    bool is_over_limit;                 // killed by us, see `limit`
    Time kill_at;                       // 0: never
    Time look_at, look_gap;
    int64_t peak_bytes;                 // most that was seen at once; -1: never looked
    int64_t peak_virtual_bytes;         // likewise
    struct attempt_limit limit;
};
struct watch_sight {                    // of all processes of the attempt together
    int64_t memory_bytes, virtual_bytes, processes;     // -1: not known
    int64_t oom_kills;                  // by the kernel, for the attempt's own limit
};
struct watch_end {                      // what is known once all are dead
    int64_t oom_kills, oom_peak_bytes;  // the most that the kernel let it have; -1: not known
    int64_t refused_forks, refused_connections;
    int signal;                         // that ended the command; 0: none
};

// A new attempt, started now.
void watch_begin(struct watch *w, const struct sandbox_limits *limits, bool kernel_limits_memory, Time now);
// The head wants it to end within `grace`. True: it has not been asked before, and SIGTERM is due.
bool watch_cancel(struct watch *w, Time grace, Time now);
// Is SIGKILL due, for the first time or again, since something may have been forked meanwhile?
bool watch_is_kill_due(struct watch *w, Time now);
bool watch_is_look_due(const struct watch *w, Time now);
void watch_look(struct watch *w, const struct watch_sight *seen, Time now);
// When the next of these is due; INT64_MAX: never.
Time watch_next(const struct watch *w);
// Sets `limit` to the one that the attempt met, if it met one.
void watch_finish(struct watch *w, const struct watch_end *end);
