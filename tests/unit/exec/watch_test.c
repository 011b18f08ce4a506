// SPDX-License-Identifier: Apache-2.0
// When an attempt is looked at, ended and killed, and which limit it met: no process, no root, and a clock that is only a number.
#include "exec/watch.h"

#include <signal.h>

#include "unit/test.h"

static const struct sandbox_limits limits = { .memory_bytes = 1000, .asked_memory_bytes = 800, .processes = 10, .file_bytes = 77 };

static struct watch watch_at(Time now, bool kernel_limits_memory)
{
    struct watch w;
    watch_begin(&w, &limits, kernel_limits_memory, now);
    return w;
}

static struct watch_sight sight(int64_t bytes, int64_t processes) { return (struct watch_sight){ .memory_bytes = bytes, .processes = processes }; }

TEST(a_task_of_a_moment_is_never_looked_at_and_a_long_one_ever_less_often)
{
    struct watch w = watch_at(0, true);
    EXPECT(!watch_is_look_due(&w, 20 * MILLISECOND));
    Time now = 0, gap = 0;
    int looks = 0;
    for (; now < 100 * SECOND; looks++) {
        EXPECT(watch_next(&w) > now);
        EXPECT(watch_next(&w) - now >= gap);            // never shorter again
        gap = watch_next(&w) - now;
        now = watch_next(&w);
        EXPECT(watch_is_look_due(&w, now));
        struct watch_sight seen = sight(1, 1);
        watch_look(&w, &seen, now);
    }
    EXPECT(gap == SECOND);
    EXPECT(looks < 110);
}

TEST(who_is_guarded_by_looking_alone_is_looked_at_ten_times_a_second)
{
    struct watch w = watch_at(0, false);
    for (int i = 0; i < 100; i++) {
        struct watch_sight seen = sight(1, 1);
        Time now = watch_next(&w);
        watch_look(&w, &seen, now);
        EXPECT(watch_next(&w) - now <= 100 * MILLISECOND);
    }
}

TEST(too_much_memory_is_killed_at_once_and_the_numbers_are_kept)
{
    struct watch w = watch_at(SECOND, false);
    struct watch_sight seen = sight(1000, 1);
    watch_look(&w, &seen, 2 * SECOND);
    EXPECT(!watch_is_kill_due(&w, 2 * SECOND));         // as much as it may have
    seen = sight(1001, 1);
    watch_look(&w, &seen, 3 * SECOND);
    EXPECT(watch_is_kill_due(&w, 3 * SECOND));
    struct watch_end end = { .oom_peak_bytes = -1, .signal = SIGKILL };
    watch_finish(&w, &end);
    EXPECT_INT(w.limit.kind, LIMIT_MEMORY);
    EXPECT_INT(w.limit.asked, 800);
    EXPECT_INT(w.limit.limit, 1000);
    EXPECT_INT(w.limit.seen, 1001);
}

TEST(where_the_kernel_limits_memory_what_is_seen_kills_nobody_but_a_kill_by_the_kernel_ends_all)
{
    struct watch w = watch_at(0, true);
    struct watch_sight seen = sight(5000, 1);           // file pages that the kernel would take back
    watch_look(&w, &seen, SECOND);
    EXPECT(!watch_is_kill_due(&w, SECOND));
    seen.oom_kills = 1;
    watch_look(&w, &seen, 2 * SECOND);
    EXPECT(watch_is_kill_due(&w, 2 * SECOND));
    struct watch_end end = { .oom_kills = 1, .oom_peak_bytes = 999 };
    watch_finish(&w, &end);
    EXPECT_INT(w.limit.kind, LIMIT_MEMORY);
    EXPECT_INT(w.limit.seen, 1000);                     // never more than it could have
}

TEST(too_many_processes_are_killed_and_no_limit_is_no_limit)
{
    struct watch w = watch_at(0, true);
    struct watch_sight seen = sight(1, 12);             // process 1 of the sandbox is not the task's
    watch_look(&w, &seen, SECOND);
    EXPECT(watch_is_kill_due(&w, SECOND));
    EXPECT_INT(w.limit.kind, LIMIT_PROCESSES);
    struct sandbox_limits none = { 0 };
    watch_begin(&w, &none, false, 0);
    seen = sight(INT64_MAX, 1000000);
    watch_look(&w, &seen, SECOND);
    EXPECT(!watch_is_kill_due(&w, SECOND));
}

TEST(a_cancelled_task_is_asked_once_and_killed_after_its_grace_again_and_again)
{
    struct watch w = watch_at(0, true);
    EXPECT(watch_cancel(&w, 5 * SECOND, SECOND));
    EXPECT(!watch_cancel(&w, 5 * SECOND, 2 * SECOND));  // asked before; its end is not put off
    EXPECT(!watch_is_kill_due(&w, 6 * SECOND - 1));
    EXPECT(watch_is_kill_due(&w, 6 * SECOND));
    EXPECT(!watch_is_kill_due(&w, 6 * SECOND + 1));
    EXPECT(watch_is_kill_due(&w, 7 * SECOND));          // for what was forked meanwhile
}

TEST(a_second_cancel_may_only_bring_the_end_nearer)
{
    struct watch w = watch_at(0, true);
    EXPECT(watch_cancel(&w, 60 * SECOND, SECOND));
    EXPECT(!watch_cancel(&w, 0, 2 * SECOND));
    EXPECT(watch_is_kill_due(&w, 2 * SECOND));
    struct watch other = watch_at(0, true);
    EXPECT(!watch_cancel(&other, 0, 0));                // at once, at the very first moment: no SIGTERM
    EXPECT(watch_is_kill_due(&other, 1));
}

TEST(what_was_refused_is_told_when_nothing_worse_happened)
{
    struct watch w = watch_at(0, true);
    struct watch_end end = { .refused_connections = 3 };
    watch_finish(&w, &end);
    EXPECT_INT(w.limit.kind, LIMIT_NETWORK);
    EXPECT_INT(w.limit.seen, 3);
    end.refused_forks = 2;
    watch_finish(&w, &end);
    EXPECT_INT(w.limit.kind, LIMIT_PROCESSES);
    end.signal = SIGXFSZ;
    watch_finish(&w, &end);
    EXPECT_INT(w.limit.kind, LIMIT_FILE_SIZE);
    EXPECT_INT(w.limit.limit, 77);
    end.oom_kills = 1;
    watch_finish(&w, &end);
    EXPECT_INT(w.limit.kind, LIMIT_MEMORY);
}

TEST(a_task_that_met_no_limit_has_none)
{
    struct watch w = watch_at(0, true);
    struct watch_end end = { .oom_peak_bytes = 10, .signal = SIGKILL };
    watch_finish(&w, &end);
    EXPECT_INT(w.limit.kind, LIMIT_NONE);
}
