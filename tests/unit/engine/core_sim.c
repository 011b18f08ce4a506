// SPDX-License-Identifier: Apache-2.0
// The scheduler under a random world: tasks end in every way, answers come late and in any order, results appear from
// elsewhere. Checked at each step: intent before start, durable before told, one at a time per key, limits, told exactly once;
// and when everything is answered, everything ends. A failing seed prints itself.
#include "engine/core.h"
#include "unit/test.h"

enum { TASKS = 300, SEEDS = 200 };

struct sim_task {
    struct core_task *core;
    int key;
    double cores;
    int64_t memory;
    bool intent_durable, running, finished, told;
    int runs_done;
};
struct world {
    uint64_t random;
    struct core *core;
    struct core_effects effects;
    struct core_effect pending[TASKS * 4];
    size_t pending_count;
    struct sim_task tasks[TASKS];
    bool key_known[TASKS], key_foreign[TASKS], key_running[TASKS];
    double cores_used;
    Time now;
    int told;
};

static uint64_t draw(struct world *w, uint64_t below)
{
    w->random ^= w->random << 13, w->random ^= w->random >> 7, w->random ^= w->random << 17;
    return w->random % below;
}

static void answer(struct world *w, enum core_event_kind kind, struct core_task *t, enum core_ended ended)
{
    struct core_event e = { .kind = kind, .task = t, .ended = ended };
    core_step(w->core, &e, w->now, &w->effects);
}

static void started(struct world *w, struct sim_task *t)
{
    EXPECT(t->intent_durable && !t->running && !t->told);
    EXPECT(!w->key_running[t->key]);
    EXPECT(!w->key_known[t->key] || t->runs_done == 0);
    t->running = true;
    w->key_running[t->key] = true;
    bool was_alone = w->cores_used == 0;
    w->cores_used += t->cores;
    EXPECT(was_alone || w->cores_used <= 4 + 1e-6);
}

static void stopped(struct world *w, struct sim_task *t)
{
    t->running = false;
    w->key_running[t->key] = false;
    w->cores_used -= t->cores;
    if (w->cores_used < 1e-9)
        w->cores_used = 0;
}

static void carry_out(struct world *w, struct core_effect e)
{
    struct sim_task *t = core_owner(e.task);
    switch (e.kind) {
    case CORE_LOOKUP: answer(w, w->key_known[t->key] ? CORE_KNOWN : CORE_UNKNOWN, e.task, 0); break;
    case CORE_INTEND: t->intent_durable = true; answer(w, CORE_DURABLE, e.task, 0); break;
    case CORE_START:
        if (w->key_known[t->key]) {
            answer(w, CORE_KNOWN, e.task, 0);
            break;
        }
        started(w, t);
        w->pending[w->pending_count++] = e;             // answered some time by ENDED
        break;
    case CORE_KILL: break;
    case CORE_RECORD_DONE:
        EXPECT(!w->key_known[t->key] || w->key_foreign[t->key]);
        w->key_known[t->key] = true;
        t->finished = true;
        answer(w, CORE_DURABLE, e.task, 0);
        break;
    case CORE_RECORD_CACHED: t->finished = true; answer(w, CORE_DURABLE, e.task, 0); break;
    case CORE_RECORD_RETRY: t->intent_durable = false; break;
    case CORE_RECORD_FAILED: answer(w, CORE_DURABLE, e.task, 0); break;
    case CORE_TELL:
        EXPECT(!t->told);
        EXPECT(e.end != CORE_END_DONE || t->finished);
        t->told = true;
        w->told++;
        core_forget(w->core, e.task);
        break;
    }
}

static void end_one(struct world *w)
{
    size_t i = draw(w, w->pending_count);
    struct core_effect e = w->pending[i];
    w->pending[i] = w->pending[--w->pending_count];
    struct sim_task *t = core_owner(e.task);
    stopped(w, t);
    static const enum core_ended ways[] = { ENDED_SUCCESS, ENDED_SUCCESS, ENDED_SUCCESS, ENDED_FAILURE, ENDED_TEMPORARY, ENDED_MEMORY, ENDED_PERMANENT };
    enum core_ended way = ways[draw(w, LEN(ways))];
    t->runs_done += way == ENDED_SUCCESS;
    EXPECT(t->runs_done <= 1);
    answer(w, CORE_ENDED, e.task, way);
}

static void submit_all(struct world *w)
{
    static const Str steps[] = { STR_CONST("a"), STR_CONST("b"), STR_CONST("c") };
    for (int i = 0; i < TASKS; i++) {
        struct sim_task *t = &w->tasks[i];
        t->key = (int)draw(w, TASKS * 3 / 4);
        t->cores = (double)(1 + draw(w, 8)) / 2;
        t->memory = (int64_t)draw(w, 50);
        struct core_request r = { .step = steps[draw(w, LEN(steps))], .cores = t->cores, .memory_bytes = t->memory, .owner = t,
                                  .time_limit = draw(w, 5) == 0 ? SECOND : 0 };
        memcpy(r.key.bytes, &t->key, sizeof t->key);
        struct core_event e = { .kind = CORE_SUBMIT, .request = &r };
        core_step(w->core, &e, w->now, &w->effects);
    }
}

static void run_seed(uint64_t seed)
{
    struct world *w = xcalloc(1, sizeof *w);
    struct core_config config = { .cores = 4, .memory_bytes = 100, .disk_bytes = -1, .max_running = 6, .retries = (int)(seed % 3), .memory_factor = 2,
                                  .retry_delay = MILLISECOND, .retry_delay_max = SECOND, .seed = seed };
    w->random = seed * 2654435761u + 1;
    w->core = core_new(&config);
    w->now = 1;
    submit_all(w);
    for (int step = 0; w->told < TASKS; step++) {
        if (step > TASKS * 200)
            test_fail(__FILE__, __LINE__, "seed %llu does not end: %d of %d told", (unsigned long long)seed, w->told, TASKS);
        while (w->effects.len) {        // in order
            struct core_effect e = w->effects.at[0];
            memmove(w->effects.at, w->effects.at + 1, --w->effects.len * sizeof e);
            carry_out(w, e);
        }
        if (draw(w, 50) == 0) {         // another head finishes something
            int key = (int)draw(w, TASKS * 3 / 4);
            w->key_known[key] = w->key_foreign[key] = true;
        }
        if (w->pending_count && draw(w, 3))
            end_one(w);
        Time wake = core_wake_at(w->core);
        w->now = wake > w->now ? wake : w->now + MILLISECOND;
        answer(w, CORE_TICK, NULL, 0);
    }
    EXPECT_INT(core_counts(w->core).running, 0);
    EXPECT_INT(core_counts(w->core).waiting, 0);
    core_free(w->core);
    free(w->effects.at);
    free(w);
}

TEST(in_a_random_world_every_task_is_told_once_and_no_promise_is_broken)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        run_seed(seed);
}
