// SPDX-License-Identifier: Apache-2.0
// The first look comes when most tasks of a moment are over, the next ones at growing distances: a long task is not looked
// at more often than a short one. Where only looking enforces the limit of memory, it must not take longer to notice than
// a program takes to fill a machine.
#include "exec/watch.h"

#include <signal.h>

#define FIRST_LOOK (30 * MILLISECOND)
#define LONGEST_GAP (1 * SECOND)
#define LONGEST_GAP_ON_GUARD (100 * MILLISECOND)
#define KILL_AGAIN (20 * MILLISECOND)

void watch_begin(struct watch *w, const struct sandbox_limits *limits, bool kernel_limits_memory, Time now)
{
    *w = (struct watch){ .limits = *limits, .kernel_limits_memory = kernel_limits_memory, .peak_bytes = -1, .peak_virtual_bytes = -1 };
    w->look_gap = FIRST_LOOK;
    w->look_at = now + FIRST_LOOK;
}

bool watch_cancel(struct watch *w, Time grace, Time now)
{
    bool is_first = !w->is_cancelled && grace > 0;
    Time kill_at = MAX(now + grace, 1);
    w->kill_at = w->kill_at ? MIN(w->kill_at, kill_at) : kill_at;
    w->is_cancelled = true;
    return is_first;
}

bool watch_is_kill_due(struct watch *w, Time now)
{
    if (!w->kill_at || w->kill_at > now)
        return false;
    w->kill_at = now + KILL_AGAIN;
    return true;
}

bool watch_is_look_due(const struct watch *w, Time now) { return !w->is_over_limit && w->look_at <= now; }

static void exceed(struct watch *w, enum attempt_limit_kind kind, int64_t limit, int64_t seen, Time now)
{
    w->is_over_limit = true;
    w->limit = (struct attempt_limit){ kind, kind == LIMIT_MEMORY ? w->limits.asked_memory_bytes : limit, limit, seen };
    w->kill_at = w->kill_at ? MIN(w->kill_at, now) : MAX(now, 1);
}

void watch_look(struct watch *w, const struct watch_sight *seen, Time now)
{
    const struct sandbox_limits *limits = &w->limits;
    bool is_on_guard = limits->memory_bytes > 0 && !w->kernel_limits_memory;
    w->peak_bytes = MAX(w->peak_bytes, seen->memory_bytes);
    w->peak_virtual_bytes = MAX(w->peak_virtual_bytes, seen->virtual_bytes);
    w->look_gap = MIN(w->look_gap + w->look_gap / 2, is_on_guard ? LONGEST_GAP_ON_GUARD : LONGEST_GAP);
    w->look_at = now + w->look_gap;
    if (seen->oom_kills > 0)            // one of its processes; the others would go on with half of the work
        exceed(w, LIMIT_MEMORY, limits->memory_bytes, MAX(seen->memory_bytes, 0), now);
    else if (is_on_guard && seen->memory_bytes > limits->memory_bytes)
        exceed(w, LIMIT_MEMORY, limits->memory_bytes, seen->memory_bytes, now);
    else if (limits->processes > 0 && seen->processes > limits->processes + 1)
        exceed(w, LIMIT_PROCESSES, limits->processes, seen->processes, now);
}

Time watch_next(const struct watch *w)
{
    Time next = w->is_over_limit ? INT64_MAX : w->look_at;
    return w->kill_at ? MIN(next, w->kill_at) : next;
}

void watch_finish(struct watch *w, const struct watch_end *end)
{
    const struct sandbox_limits *limits = &w->limits;
    if (end->oom_kills > 0) {
        int64_t seen = MIN(MAX(end->oom_peak_bytes, w->peak_bytes), limits->memory_bytes);
        w->limit = (struct attempt_limit){ LIMIT_MEMORY, limits->asked_memory_bytes, limits->memory_bytes, MAX(seen, 0) };
    } else if (w->is_over_limit) {
        return;
    } else if (end->signal == SIGXFSZ) {
        w->limit = (struct attempt_limit){ LIMIT_FILE_SIZE, limits->file_bytes, limits->file_bytes, limits->file_bytes };
    } else if (end->refused_forks > 0) {
        w->limit = (struct attempt_limit){ LIMIT_PROCESSES, limits->processes, limits->processes, end->refused_forks };
    } else if (end->refused_connections > 0) {
        w->limit = (struct attempt_limit){ LIMIT_NETWORK, 0, 0, end->refused_connections };
    }
}
