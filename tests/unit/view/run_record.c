// SPDX-License-Identifier: Apache-2.0
#include "view/run_record.h"

#include "engine/record.h"
#include "unit/test.h"
#include "view/cost.h"
#include "view/openlineage.h"
#include "view/trace.h"

#define HEX "5b4b3e31fa19b2461d4cc2be4c3f78030be2a70cd574c12bb37d992f59c264f2"
#define RUN "{\"workflow\":\"/w/a.cwl\",\"host\":\"h\",\"user\":\"u\",\"epoch\":1,\"time\":1000000000,\"inputs\":{\"x\":1}}"
#define INTENT(n) "{\"task\":1,\"attempt\":" #n ",\"name\":\"t\",\"step\":\"s\",\"key\":\"k\",\"time\":2000000000,\"cores\":2,\"memory\":1073741824," \
    "\"labels\":{\"sample\":\"A\"},\"inputs\":[[\"in/0/a\",\"" HEX "\",3]]}"
#define DONE(n) "{\"task\":1,\"attempt\":" #n ",\"name\":\"t\",\"step\":\"s\",\"key\":\"k\",\"time\":9000000000,\"exit\":0,\"out_bytes\":5," \
    "\"outputs\":[[\"o\",\"" HEX "\",5]],\"measured\":{\"started\":3000000000,\"ended\":5000000000,\"wall\":2000000000,\"user\":1000000000," \
    "\"system\":0,\"peak_memory\":7,\"read\":0,\"written\":0}}"

static void add(struct run_record *r, enum record_type type, const char *payload)
{
    EXPECT_OK(run_record_add(r, (uint8_t)type, str_of(payload)), r->err);
}

static const struct recorded_task *task(const struct run_record *r, const char *name)
{
    const struct recorded_task *t = map_find(&r->tasks, str_of(name));
    EXPECT(t != NULL);
    return t;
}

TEST(a_task_that_was_tried_again_has_two_attempts_and_the_state_of_the_last)
{
    struct arena a = { 0 };
    struct run_record *r = run_record_new(&a, STR("r"));
    add(r, RECORD_RUN, RUN);
    add(r, RECORD_INTENT, INTENT(1));
    add(r, RECORD_FAILED, "{\"task\":1,\"attempt\":1,\"name\":\"t\",\"step\":\"s\",\"key\":\"k\",\"time\":4,\"why\":\"w\",\"retry\":true,\"signal\":9}");
    add(r, RECORD_INTENT, INTENT(2));
    add(r, RECORD_DONE, DONE(2));
    run_record_finish(r, false);
    const struct recorded_task *t = task(r, "t");
    EXPECT_INT(t->attempts.len, 2);
    EXPECT_INT(t->state, RECORDED_DONE);
    EXPECT_INT(t->attempts.at[0].state, RECORDED_FAILED);
    EXPECT_INT(t->attempts.at[0].signal, 9);
    EXPECT(t->attempts.at[0].is_retried);
    EXPECT_STR(t->sample, STR("A"));
    EXPECT_INT(t->inputs.at[0].size + t->outputs.at[0].size, 8);
    EXPECT_INT(run_record_last(r)->retried, 1);
    EXPECT_INT(run_record_last(r)->failed, 0);
    arena_release(&a);
}

TEST(what_ran_when_its_head_died_is_lost_and_what_a_resume_found_is_known)
{
    struct arena a = { 0 };
    struct run_record *r = run_record_new(&a, STR("r"));
    add(r, RECORD_RUN, RUN);
    add(r, RECORD_INTENT, INTENT(1));
    add(r, RECORD_RUN, RUN);
    EXPECT_INT(task(r, "t")->state, RECORDED_LOST);
    EXPECT(!recorded_task_is_current(r, task(r, "t")));
    add(r, RECORD_CACHED, "{\"task\":1,\"name\":\"t\",\"step\":\"s\",\"key\":\"k\",\"time\":7,\"from\":{\"run\":\"q\",\"task\":\"t\",\"host\":\"h2\"}}");
    add(r, RECORD_END, "{\"status\":\"done\",\"time\":8}");
    run_record_finish(r, false);
    const struct recorded_attempt *last = recorded_task_last(task(r, "t"));
    EXPECT_INT(last->cache, RECORDED_CACHE_HIT);
    EXPECT_STR(last->from_run, STR("q"));
    EXPECT_STR(last->from_host, STR("h2"));
    EXPECT(recorded_task_is_current(r, task(r, "t")));
    EXPECT_INT(r->status, RUN_DONE);
    arena_release(&a);
}

TEST(what_an_older_journal_does_not_say_is_unknown)
{
    struct arena a = { 0 };
    struct run_record *r = run_record_new(&a, STR("r"));
    add(r, RECORD_RUN, "{}");
    add(r, RECORD_DONE, "{\"name\":\"t\",\"step\":\"s\"}");
    run_record_finish(r, false);
    const struct recorded_attempt *at = recorded_task_last(task(r, "t"));
    EXPECT_INT(at->measured.wall, -1);
    EXPECT_INT(at->measured.peak_memory_bytes, -1);
    EXPECT_INT(at->measured.io_wait, -1);
    EXPECT_INT(at->exit_code, -1);
    EXPECT_INT(task(r, "t")->inputs.len, 0);
    EXPECT(value_is_null(run_record_last(r)->inputs));
    arena_release(&a);
}

TEST(records_before_a_start_and_fields_of_other_kinds_change_nothing)
{
    static const char *const odd[] = { "{}", "[]", "7", "null", "{\"name\":7,\"step\":[],\"attempt\":\"x\",\"inputs\":{},\"outputs\":[1,[2],[null,null]],"
                                       "\"labels\":9,\"measured\":[],\"from\":3,\"files\":7,\"program\":[]}" };
    struct arena a = { 0 };
    struct run_record *r = run_record_new(&a, STR("r"));
    for (int started = 0; started < 2; started++) {
        for (uint8_t type = started ? RECORD_STEP : RECORD_STEP; type <= RECORD_TOOL + 3; type++)
            for (size_t i = 0; i < LEN(odd); i++)
                EXPECT_OK(run_record_add(r, type, str_of(odd[i])), r->err);
        if (!started) {
            EXPECT_INT(r->tasks.len, 0);
            add(r, RECORD_RUN, RUN);
        }
    }
    run_record_finish(r, true);
    EXPECT_INT(r->starts.len, 1);
    struct strbuf out = { 0 };
    trace_write(r, NULL, &out);
    openlineage_write(r, &out);
    strbuf_release(&out);
    arena_release(&a);
}

TEST(an_attempt_costs_what_it_reserved_for_as_long_as_it_ran)
{
    static const struct price_table prices = { .currency = STR_CONST("EUR"), .core_hour = 3600, .gib_hour = 1800 };
    struct arena a = { 0 };
    struct run_record *r = run_record_new(&a, STR("r"));
    add(r, RECORD_RUN, RUN);
    add(r, RECORD_INTENT, INTENT(1));
    add(r, RECORD_DONE, DONE(1));
    run_record_finish(r, false);
    struct cost c = cost_of_task(task(r, "t"), &prices, 0);
    EXPECT_INT(c.wall, 2 * SECOND);
    EXPECT_INT((int64_t)(c.money * 1000 + 0.5), 5000);  // two cores for two seconds at 1, one GiB for two seconds at 0.5
    const struct run_cost *run = cost_of_run(&a, r, &prices, 0);
    EXPECT_INT(run->samples.len, 1);
    EXPECT_STR(run->samples.at[0].name, STR("A"));
    arena_release(&a);
}

TEST(an_attempt_that_nobody_measured_counts_as_such)
{
    static const struct price_table prices = { .core_hour = 1 };
    struct arena a = { 0 };
    struct run_record *r = run_record_new(&a, STR("r"));
    add(r, RECORD_RUN, RUN);
    add(r, RECORD_INTENT, INTENT(1));
    run_record_finish(r, false);
    struct cost c = cost_of_task(task(r, "t"), &prices, 99 * SECOND);
    EXPECT_INT(c.attempts, 1);
    EXPECT_INT(c.unmeasured, 1);
    EXPECT(!(c.money > 0));
    run_record_finish(r, true);
    arena_release(&a);
}

TEST(money_has_two_decimals_or_as_many_as_two_digits_need)
{
    static const struct { double money; const char *want; } cases[] = {
        { 0, "0.00 EUR" }, { 12.345, "12.35 EUR" }, { 0.5, "0.50 EUR" }, { 0.0123, "0.012 EUR" }, { 0.00001234, "0.000012 EUR" },
        { 1e-9, "< 0.000001 EUR" },
    };
    static const struct price_table prices = { .currency = STR_CONST("EUR") };
    struct arena a = { 0 };
    for (size_t i = 0; i < LEN(cases); i++)
        EXPECT_STR(money_text(&a, cases[i].money, &prices), str_of(cases[i].want));
    arena_release(&a);
}
