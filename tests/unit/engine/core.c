// SPDX-License-Identifier: Apache-2.0
// The pure scheduler, event by event.
#include "engine/core.h"
#include "unit/test.h"

static const struct core_config roomy = { .cores = 2, .memory_bytes = 1000, .disk_bytes = -1, .max_running = 10, .retry_delay = SECOND,
                                          .retry_delay_max = 60 * SECOND, .seed = 7 };
static struct core_effects effects;
static Time now = 1000;

static struct core_task *submit(struct core *c, const char *step, int key, double cores, int64_t memory)
{
    struct core_request r = { .step = str_of(step), .cores = cores, .memory_bytes = memory };
    r.key.bytes[0] = (uint8_t)key;
    struct core_event e = { .kind = CORE_SUBMIT, .request = &r };
    core_step(c, &e, now, &effects);
    return e.task;
}

static void event(struct core *c, enum core_event_kind kind, struct core_task *t)
{
    struct core_event e = { .kind = kind, .task = t };
    core_step(c, &e, now, &effects);
}

static void ended(struct core *c, struct core_task *t, enum core_ended how)
{
    struct core_event e = { .kind = CORE_ENDED, .task = t, .ended = how };
    core_step(c, &e, now, &effects);
}

// The next effect; its kind must be `kind`.
static struct core_effect expect_at(const char *file, int line, enum core_effect_kind kind)
{
    if (effects.len == 0)
        test_fail(file, line, "no effect, expected kind %d", kind);
    struct core_effect e = effects.at[0];
    memmove(effects.at, effects.at + 1, --effects.len * sizeof *effects.at);
    test_expect_int(file, line, "kind of the next effect", e.kind, kind);
    return e;
}
#define EXPECT_EFFECT(kind) expect_at(__FILE__, __LINE__, kind)
#define EXPECT_NOTHING() EXPECT_INT(effects.len, 0)

static struct core_task *running(struct core *c, const char *step, int key)
{
    struct core_task *t = submit(c, step, key, 1, 100);
    EXPECT_EFFECT(CORE_LOOKUP);
    event(c, CORE_UNKNOWN, t);
    EXPECT_EFFECT(CORE_INTEND);
    event(c, CORE_DURABLE, t);
    EXPECT_EFFECT(CORE_START);
    return t;
}

static void finish(struct core *c)
{
    core_free(c);
    free(effects.at);
    effects = (struct core_effects){ 0 };
}

TEST(a_task_starts_only_after_its_intent_is_durable_and_is_told_only_after_its_result_is)
{
    struct core *c = core_new(&roomy);
    struct core_task *t = submit(c, "a", 1, 1, 100);
    EXPECT_EFFECT(CORE_LOOKUP);
    EXPECT_NOTHING();
    event(c, CORE_UNKNOWN, t);
    EXPECT_INT(EXPECT_EFFECT(CORE_INTEND).attempt, 1);
    EXPECT_NOTHING();
    event(c, CORE_DURABLE, t);
    EXPECT_EFFECT(CORE_START);
    ended(c, t, ENDED_SUCCESS);
    EXPECT_EFFECT(CORE_RECORD_DONE);
    EXPECT_NOTHING();
    event(c, CORE_DURABLE, t);
    EXPECT_INT(EXPECT_EFFECT(CORE_TELL).end, CORE_END_DONE);
    core_forget(c, t);
    finish(c);
}

TEST(a_known_result_is_told_as_cached_and_nothing_starts)
{
    struct core *c = core_new(&roomy);
    struct core_task *t = submit(c, "a", 1, 1, 100);
    EXPECT_EFFECT(CORE_LOOKUP);
    event(c, CORE_KNOWN, t);
    EXPECT_EFFECT(CORE_RECORD_CACHED);
    event(c, CORE_DURABLE, t);
    EXPECT(EXPECT_EFFECT(CORE_TELL).cached);
    finish(c);
}

TEST(a_result_found_at_the_last_moment_frees_the_reservation)
{
    struct core *c = core_new(&roomy);
    struct core_task *t = running(c, "a", 1);
    event(c, CORE_KNOWN, t);
    EXPECT_EFFECT(CORE_RECORD_CACHED);
    EXPECT_INT(core_counts(c).running, 0);
    finish(c);
}

TEST(an_ordinary_failure_is_final_without_retries)
{
    struct core *c = core_new(&roomy);
    struct core_task *t = running(c, "a", 1);
    ended(c, t, ENDED_FAILURE);
    EXPECT_EFFECT(CORE_RECORD_FAILED);
    event(c, CORE_DURABLE, t);
    EXPECT_INT(EXPECT_EFFECT(CORE_TELL).end, CORE_END_FAILED);
    finish(c);
}

TEST(a_temporary_failure_is_tried_again_after_a_growing_delay_and_then_given_up)
{
    struct core *c = core_new(&roomy);
    struct core_task *t = running(c, "a", 1);
    Time last = 0;
    for (int attempt = 1; attempt <= TEMPORARY_RETRIES; attempt++) {
        ended(c, t, ENDED_TEMPORARY);
        EXPECT_EFFECT(CORE_RECORD_RETRY);
        EXPECT_NOTHING();
        Time delay = core_wake_at(c) - now;
        EXPECT(delay >= SECOND / 2 && delay > last / 2);
        last = delay;
        now = core_wake_at(c);
        event(c, CORE_TICK, NULL);
        EXPECT_INT(EXPECT_EFFECT(CORE_INTEND).attempt, attempt + 1);
        event(c, CORE_DURABLE, t);
        EXPECT_EFFECT(CORE_START);
    }
    ended(c, t, ENDED_TEMPORARY);
    EXPECT_EFFECT(CORE_RECORD_FAILED);
    finish(c);
}

TEST(a_task_killed_for_memory_gets_more_when_the_policy_says_so_but_never_more_than_there_is)
{
    struct core_config config = roomy;
    config.memory_factor = 4;
    struct core *c = core_new(&config);
    struct core_task *t = running(c, "a", 1);
    int64_t expected[] = { 400, 1000 };
    for (size_t i = 0; i < LEN(expected); i++) {
        ended(c, t, ENDED_MEMORY);
        EXPECT_EFFECT(CORE_RECORD_RETRY);
        EXPECT_INT(core_memory(t), expected[i]);
        now = core_wake_at(c);
        event(c, CORE_TICK, NULL);
        EXPECT_EFFECT(CORE_INTEND);
        event(c, CORE_DURABLE, t);
        EXPECT_EFFECT(CORE_START);
    }
    finish(c);
}

TEST(reservations_hold_back_what_does_not_fit_and_a_giant_runs_alone)
{
    struct core *c = core_new(&roomy);
    struct core_task *small = running(c, "a", 1);
    struct core_task *giant = submit(c, "b", 2, 64, 100);
    EXPECT_EFFECT(CORE_LOOKUP);
    event(c, CORE_UNKNOWN, giant);
    EXPECT_EFFECT(CORE_INTEND);
    event(c, CORE_DURABLE, giant);
    EXPECT_NOTHING();
    ended(c, small, ENDED_SUCCESS);
    EXPECT_EFFECT(CORE_RECORD_DONE);
    EXPECT(EXPECT_EFFECT(CORE_START).task == giant);
    finish(c);
}

TEST(the_next_task_runs_while_the_outputs_of_a_dead_one_are_taken_and_its_disk_stays_reserved)
{
    struct core_config tight = roomy;
    tight.cores = 1, tight.disk_bytes = 100;
    struct core *c = core_new(&tight);
    struct core_task *t[3];
    for (int i = 0; i < 3; i++) {
        struct core_request r = { .step = STR("a"), .cores = 1, .memory_bytes = 900, .disk_bytes = i == 2 ? 60 : 50, .key.bytes = { (uint8_t)i },
                                  .time_limit = i == 0 ? SECOND : 0 };
        struct core_event e = { .kind = CORE_SUBMIT, .request = &r };
        core_step(c, &e, now, &effects);
        EXPECT_EFFECT(CORE_LOOKUP);
        event(c, CORE_UNKNOWN, t[i] = e.task);
        EXPECT_EFFECT(CORE_INTEND);
        event(c, CORE_DURABLE, t[i]);
        if (i == 0)
            EXPECT(EXPECT_EFFECT(CORE_START).task == t[0]);
        EXPECT_NOTHING();
    }
    event(c, CORE_LEFT, t[0]);
    EXPECT(EXPECT_EFFECT(CORE_START).task == t[1]);
    event(c, CORE_LEFT, t[0]);                          // told twice counts once
    event(c, CORE_LEFT, t[1]);
    EXPECT_NOTHING();                                   // the third's disk is not there yet
    EXPECT_INT(core_counts(c).running, 2);
    now += 2 * SECOND;
    event(c, CORE_TICK, NULL);
    EXPECT_NOTHING();                                   // it was dead in time
    event(c, CORE_CANCEL, NULL);
    EXPECT_INT(EXPECT_EFFECT(CORE_TELL).end, CORE_END_CANCELLED);
    EXPECT_NOTHING();                                   // nothing is left to kill
    ended(c, t[0], ENDED_SUCCESS);
    EXPECT_EFFECT(CORE_RECORD_DONE);
    ended(c, t[1], ENDED_FAILURE);
    EXPECT_EFFECT(CORE_RECORD_FAILED);
    EXPECT_INT(core_counts(c).running, 0);
    finish(c);
}

TEST(the_step_with_fewest_tasks_under_way_goes_first)
{
    struct core_config config = roomy;
    config.max_running = 1;
    struct core *c = core_new(&config);
    struct core_task *tasks[128];
    for (int i = 0; i < 100; i++)
        tasks[i] = submit(c, "many", i, 1, 1);
    effects.len = 0;
    for (int i = 0; i < 100; i++)
        event(c, CORE_UNKNOWN, tasks[i]);
    EXPECT_INT(effects.len, 64);        // intents written ahead
    effects.len = 0;
    struct core_task *few = submit(c, "few", 200, 1, 1);
    EXPECT_EFFECT(CORE_LOOKUP);
    event(c, CORE_UNKNOWN, few);
    EXPECT_NOTHING();
    event(c, CORE_DURABLE, tasks[0]);
    EXPECT_EFFECT(CORE_START);
    EXPECT(EXPECT_EFFECT(CORE_INTEND).task == few);
    finish(c);
}

TEST(two_tasks_with_one_key_run_once)
{
    struct core *c = core_new(&roomy);
    struct core_task *first = running(c, "a", 1);
    struct core_task *second = submit(c, "b", 1, 1, 100);
    EXPECT_NOTHING();
    ended(c, first, ENDED_SUCCESS);
    EXPECT_EFFECT(CORE_RECORD_DONE);
    event(c, CORE_DURABLE, first);
    EXPECT(EXPECT_EFFECT(CORE_TELL).task == first);
    EXPECT(EXPECT_EFFECT(CORE_LOOKUP).task == second);
    event(c, CORE_KNOWN, second);
    EXPECT_EFFECT(CORE_RECORD_CACHED);
    finish(c);
}

TEST(a_time_limit_kills_once_and_the_failure_says_so)
{
    struct core *c = core_new(&roomy);
    struct core_request r = { .step = STR("a"), .cores = 1, .time_limit = 5 * SECOND };
    struct core_event e = { .kind = CORE_SUBMIT, .request = &r };
    core_step(c, &e, now, &effects);
    EXPECT_EFFECT(CORE_LOOKUP);
    event(c, CORE_UNKNOWN, e.task);
    EXPECT_EFFECT(CORE_INTEND);
    event(c, CORE_DURABLE, e.task);
    EXPECT_EFFECT(CORE_START);
    now += 5 * SECOND;
    event(c, CORE_TICK, NULL);
    EXPECT(EXPECT_EFFECT(CORE_KILL).timed_out);
    event(c, CORE_TICK, NULL);
    EXPECT_NOTHING();
    ended(c, e.task, ENDED_KILLED);
    EXPECT(EXPECT_EFFECT(CORE_RECORD_FAILED).timed_out);
    event(c, CORE_DURABLE, e.task);
    EXPECT_INT(EXPECT_EFFECT(CORE_TELL).end, CORE_END_FAILED);
    finish(c);
}

TEST(cancel_ends_what_waits_kills_what_runs_and_lets_nothing_new_in)
{
    struct core *c = core_new(&roomy);
    struct core_task *t = running(c, "a", 1);
    struct core_task *waiting = submit(c, "a", 2, 2, 100);
    EXPECT_EFFECT(CORE_LOOKUP);
    event(c, CORE_UNKNOWN, waiting);
    EXPECT_EFFECT(CORE_INTEND);
    event(c, CORE_DURABLE, waiting);
    event(c, CORE_CANCEL, NULL);
    EXPECT_INT(EXPECT_EFFECT(CORE_TELL).end, CORE_END_CANCELLED);
    EXPECT(EXPECT_EFFECT(CORE_KILL).task == t);
    event(c, CORE_CANCEL, NULL);
    EXPECT_NOTHING();
    submit(c, "a", 3, 1, 1);
    EXPECT_INT(EXPECT_EFFECT(CORE_TELL).end, CORE_END_CANCELLED);
    ended(c, t, ENDED_KILLED);
    EXPECT_EFFECT(CORE_RECORD_FAILED);
    event(c, CORE_DURABLE, t);
    EXPECT_INT(EXPECT_EFFECT(CORE_TELL).end, CORE_END_CANCELLED);
    finish(c);
}

TEST(a_task_whose_input_is_being_made_again_is_held_without_a_reservation)
{
    struct core *c = core_new(&roomy);
    struct core_task *t = running(c, "a", 1);
    event(c, CORE_NOT_READY, t);
    EXPECT_INT(core_counts(c).running, 0);
    EXPECT_NOTHING();
    event(c, CORE_READY, t);
    EXPECT_INT(EXPECT_EFFECT(CORE_START).attempt, 1);
    finish(c);
}

TEST(tasks_that_wait_for_lost_inputs_leave_room_for_those_that_make_them)
{
    enum { WAITING = 200 };
    struct core *c = core_new(&roomy);
    struct core_task *held[WAITING];
    for (int i = 0; i < WAITING; i++)
        event(c, CORE_UNKNOWN, held[i] = submit(c, "a", i, 1, 100));
    for (int n = 0; n < WAITING;) {                     // all start, and none is ready
        struct core_effect e = effects.at[0];
        memmove(effects.at, effects.at + 1, --effects.len * sizeof *effects.at);
        n += e.kind == CORE_START;
        if (e.kind != CORE_LOOKUP)
            event(c, e.kind == CORE_START ? CORE_NOT_READY : CORE_DURABLE, e.task);
    }
    EXPECT_NOTHING();
    struct core_request r = { .step = STR("b"), .cores = 1, .memory_bytes = 100, .make_again = true };
    struct core_event e = { .kind = CORE_SUBMIT, .request = &r };
    core_step(c, &e, now, &effects);
    EXPECT_EFFECT(CORE_INTEND);
    event(c, CORE_DURABLE, e.task);
    EXPECT_EFFECT(CORE_START);
    EXPECT_INT(core_counts(c).waiting, WAITING);
    event(c, CORE_READY, held[0]);
    EXPECT(EXPECT_EFFECT(CORE_START).task == held[0]);
    event(c, CORE_STOP, NULL);
    EXPECT_INT(core_counts(c).waiting, 0);
    finish(c);
}

TEST(the_end_of_an_attempt_that_comes_twice_or_late_is_ignored)
{
    struct core *c = core_new(&roomy);
    struct core_task *t = running(c, "a", 1);
    struct core_event first = { .kind = CORE_ENDED, .task = t, .ended = ENDED_TEMPORARY, .attempt = 1 };
    core_step(c, &first, now, &effects);
    EXPECT_EFFECT(CORE_RECORD_RETRY);
    core_step(c, &first, now, &effects);                // twice
    EXPECT_NOTHING();
    now += 60 * SECOND;
    event(c, CORE_TICK, NULL);
    EXPECT_EFFECT(CORE_INTEND);
    event(c, CORE_DURABLE, t);
    EXPECT_INT(EXPECT_EFFECT(CORE_START).attempt, 2);
    first.ended = ENDED_SUCCESS;
    core_step(c, &first, now, &effects);                // late: another attempt runs
    EXPECT_NOTHING();
    ended(c, t, ENDED_SUCCESS);
    EXPECT_EFFECT(CORE_RECORD_DONE);
    finish(c);
}
