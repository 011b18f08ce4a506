// SPDX-License-Identifier: Apache-2.0
#include "view/run_summary.h"

#include "engine/record.h"
#include "unit/test.h"

#define START "{\"run\":\"r\",\"workflow\":\"/w/a.cwl\",\"inputs\":{\"x\":1},\"options\":{\"subset\":2},\"outdir\":\"/out\",\"time\":1000000000}"

static void add(struct run_summary *s, enum record_type type, const char *payload)
{
    EXPECT_OK(run_summary_add(s, (uint8_t)type, str_of(payload)), s->err);
}

TEST(a_record_that_is_no_json_is_refused_with_its_type)
{
    struct arena a = { 0 };
    struct run_summary *s = run_summary_new(&a, RUN_BRIEF);
    EXPECT(!run_summary_add(s, RECORD_RUN, STR("{")));
    EXPECT(str_find(str_of(s->err.text), STR("type 1")) >= 0);
    arena_release(&a);
}

TEST(a_folder_without_a_journal_holds_no_run)
{
    struct arena a = { 0 };
    struct run_summary *s;
    struct err err;
    EXPECT_ERR(run_summary_read(&a, str_of(test_dir()), RUN_BRIEF, &s, &err), err, ERR_NOT_FOUND);
    arena_release(&a);
}

TEST(a_run_without_an_end_is_running_or_interrupted_by_whether_it_has_a_writer)
{
    struct arena a = { 0 };
    struct run_summary *s = run_summary_new(&a, RUN_BRIEF);
    add(s, RECORD_RUN, START);
    run_summary_finish(s, true);
    EXPECT_INT(s->status, RUN_RUNNING);
    EXPECT_INT(run_summary_duration(s, 4 * SECOND), 3 * SECOND);
    run_summary_finish(s, false);
    EXPECT_INT(s->status, RUN_INTERRUPTED);
    EXPECT_INT(run_summary_duration(s, 4 * SECOND), 0);
    arena_release(&a);
}

TEST(the_end_record_decides_the_status)
{
    static const struct { const char *end; enum run_status want; } cases[] = {
        { "{\"status\":\"done\",\"time\":3000000000}", RUN_DONE },
        { "{\"status\":\"failed\",\"error\":\"e\",\"place\":\"f:1:2\"}", RUN_FAILED },
        { "{\"status\":\"cancelled\"}", RUN_CANCELLED },
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        struct arena a = { 0 };
        struct run_summary *s = run_summary_new(&a, RUN_STEPS);
        add(s, RECORD_RUN, START);
        add(s, RECORD_END, cases[i].end);
        run_summary_finish(s, true);                    // whoever holds the lock is about to go
        EXPECT_INT(s->status, cases[i].want);
        EXPECT(strlen(run_status_name(s->status)) > 0);
        EXPECT_STR(s->outdir, STR("/out"));
        arena_release(&a);
    }
}

TEST(a_new_start_forgets_the_end_and_the_counts_of_the_one_before)
{
    struct arena a = { 0 };
    struct run_summary *s = run_summary_new(&a, RUN_TASKS);
    add(s, RECORD_RUN, START);
    add(s, RECORD_INTENT, "{\"task\":1,\"name\":\"t\",\"step\":\"s\",\"key\":\"k\"}");
    add(s, RECORD_FAILED, "{\"name\":\"t\",\"step\":\"s\",\"key\":\"k\",\"why\":\"exit code 1\",\"retry\":false}");
    add(s, RECORD_END, "{\"status\":\"failed\",\"time\":1}");
    add(s, RECORD_RUN, "{\"workflow\":\"/w/b.cwl\",\"time\":5000000000}");
    run_summary_finish(s, false);
    EXPECT_INT(s->status, RUN_INTERRUPTED);
    EXPECT_INT(s->starts, 2);
    EXPECT_INT(s->first_started, SECOND);
    EXPECT_INT(s->started, 5 * SECOND);
    EXPECT_INT(s->failed, 0);
    EXPECT_INT(s->failures.len, 0);
    EXPECT_INT(s->tasks.len, 0);
    EXPECT_STR(s->workflow, STR("/w/b.cwl"));
    arena_release(&a);
}

static void add_tasks(struct run_summary *s)
{
    add(s, RECORD_RUN, START);
    add(s, RECORD_STEP, "{\"step\":\"s\",\"expected\":4}");
    add(s, RECORD_INTENT, "{\"name\":\"s[0]\",\"step\":\"s\",\"key\":\"k0\"}");
    add(s, RECORD_FAILED, "{\"name\":\"s[0]\",\"step\":\"s\",\"key\":\"k0\",\"why\":\"w\",\"retry\":true}");
    add(s, RECORD_INTENT, "{\"name\":\"s[0]\",\"step\":\"s\",\"key\":\"k0\"}");
    add(s, RECORD_DONE, "{\"name\":\"s[0]\",\"step\":\"s\",\"key\":\"k0\",\"measured\":{\"wall\":7,\"peak_memory\":100}}");
    add(s, RECORD_CACHED, "{\"name\":\"s[1]\",\"step\":\"s\",\"key\":\"k1\"}");
    add(s, RECORD_INTENT, "{\"name\":\"s[2]\",\"step\":\"s\",\"key\":\"k2\"}");
    add(s, RECORD_FAILED, "{\"name\":\"s[2]\",\"step\":\"s\",\"why\":\"exit code 3\",\"retry\":false,\"log_err\":{\"size\":2,\"text\":\"no\"}}");
    add(s, RECORD_EVALUATED, "{\"name\":\"s[3]\",\"step\":\"s\",\"skipped\":true}");
    add(s, RECORD_WARNING, "{\"text\":\"careful\"}");
    add(s, RECORD_CANCEL, "{}");
    add(s, RECORD_END, "{\"status\":\"failed\",\"error\":\"s[2] failed\",\"time\":2000000000}");
    run_summary_finish(s, false);
}

TEST(tasks_are_counted_by_run_step_and_task)
{
    struct arena a = { 0 };
    struct run_summary *s = run_summary_new(&a, RUN_TASKS);
    add_tasks(s);
    EXPECT_INT(s->done, 1);
    EXPECT_INT(s->cached, 1);
    EXPECT_INT(s->failed, 1);
    EXPECT_INT(s->retried, 1);
    const struct run_step *step = map_find(&s->steps, STR("s"));
    EXPECT_INT(step->expected, 4);
    EXPECT_INT(step->started, 3);
    EXPECT_INT(step->skipped, 1);
    EXPECT_INT(step->peak_memory, 100);
    const struct run_task *task = map_find(&s->tasks, STR("s[0]"));
    EXPECT_STR(task->state, STR("done"));
    EXPECT_INT(task->attempts, 2);
    EXPECT_INT(task->took, 7);
    EXPECT_INT(s->failures.len, 1);
    EXPECT_STR(s->failures.at[0].why, STR("exit code 3"));
    EXPECT_STR(value_get_str(s->failures.at[0].log_err, STR("text")), STR("no"));
    EXPECT_STR(s->warnings.at[0], STR("careful"));
    arena_release(&a);
}

TEST(the_brief_summary_has_the_same_counts)
{
    struct arena a = { 0 };
    struct run_summary *s = run_summary_new(&a, RUN_BRIEF);
    add_tasks(s);
    EXPECT_INT(s->done * 1000 + s->cached * 100 + s->failed * 10 + s->retried, 1111);
    EXPECT_INT(s->steps.len, 0);
    arena_release(&a);
}

TEST(the_json_form_names_run_status_steps_and_failures)
{
    struct arena a = { 0 };
    struct run_summary *s = run_summary_new(&a, RUN_TASKS);
    add_tasks(s);
    Value v = run_summary_value(&a, STR("r"), s);
    EXPECT_STR(value_get_str(v, STR("run")), STR("r"));
    EXPECT_STR(value_get_str(v, STR("status")), STR("failed"));
    EXPECT_INT(value_len(value_get(v, STR("steps"))), 1);
    EXPECT_INT(value_len(value_get(v, STR("tasks"))), 3);
    EXPECT_STR(value_get_str(value_at(value_get(v, STR("failures")), 0), STR("task")), STR("s[2]"));
    EXPECT_INT(value_get_int(value_get(v, STR("inputs")), STR("x"), 0), 1);
    arena_release(&a);
}
