// SPDX-License-Identifier: Apache-2.0
#include "view/progress.h"

#include <unistd.h>

#include "base/arena.h"
#include "engine/driver.h"
#include "journal/journal.h"
#include "sys/file.h"
#include "sys/loop.h"
#include "unit/test.h"
#include "view/progress_lines.h"
#include "view/progress_table.h"
#include "view/text.h"

#define SEC(n) ((n) * SECOND)

static void feed(struct progress_model *m, const char *step, const char *name, enum record_type what, Time now)
{
    progress_model_task(m, str_of(step), str_of(name), what, false, now);
}

static struct progress_step *step_named(struct progress_model *m, const char *name) { return map_find(&m->steps, str_of(name)); }

static void expect_rendered(const struct progress_model *m, struct progress_look look, Time now, const char *want)
{
    struct strbuf out = { 0 };
    progress_table_render(m, STR("run-1"), &look, now, &out);
    EXPECT_STR(strbuf_str(&out), str_of(want));
    strbuf_release(&out);
}

TEST(a_failed_task_that_is_tried_again_counts_as_retried_not_failed)
{
    struct progress_model m;
    progress_model_init(&m, 0);
    progress_model_step(&m, STR("s"), 1);
    feed(&m, "s", "s", RECORD_INTENT, 0);
    feed(&m, "s", "s", RECORD_FAILED, SEC(1));
    EXPECT_INT(step_named(&m, "s")->failed, 1);
    EXPECT_INT(step_named(&m, "s")->running, 0);
    struct progress_event e = progress_model_task(&m, STR("s"), STR("s"), RECORD_INTENT, false, SEC(2));
    EXPECT(e.is_retry);
    EXPECT_INT(step_named(&m, "s")->failed, 0);
    EXPECT_INT(step_named(&m, "s")->retried, 1);
    e = progress_model_task(&m, STR("s"), STR("s"), RECORD_DONE, false, SEC(5));
    EXPECT_INT(e.took, SEC(3));
    EXPECT_INT(progress_step_finished(step_named(&m, "s")), 1);
    EXPECT_INT(progress_step_waiting(step_named(&m, "s")), 0);
    progress_model_release(&m);
}

TEST(more_tasks_than_announced_raise_the_total_and_never_make_the_waiting_negative)
{
    struct progress_model m;
    progress_model_init(&m, 0);
    progress_model_step(&m, STR("s"), 1);
    feed(&m, "s", "a", RECORD_CACHED, 0);
    feed(&m, "s", "b", RECORD_CACHED, 0);
    EXPECT_INT(progress_step_total(step_named(&m, "s")), 2);
    EXPECT_INT(progress_step_waiting(step_named(&m, "s")), 0);
    progress_model_release(&m);
}

TEST(the_time_left_is_unknown_or_a_lower_bound_while_a_step_has_no_finished_task_or_no_known_size)
{
    struct progress_model m;
    Time left;
    bool is_whole;
    progress_model_init(&m, 0);
    progress_model_step(&m, STR("a"), 2);
    feed(&m, "a", "a1", RECORD_INTENT, 0);
    EXPECT(!progress_time_left(&m, SEC(1), &left, &is_whole));
    feed(&m, "a", "a1", RECORD_DONE, SEC(10));
    EXPECT(progress_time_left(&m, SEC(10), &left, &is_whole));
    EXPECT(is_whole && left == SEC(10));
    progress_model_step(&m, STR("b"), -1);
    EXPECT(progress_time_left(&m, SEC(10), &left, &is_whole));
    EXPECT(!is_whole);
    progress_model_release(&m);
}

TEST(the_time_left_comes_from_the_mean_of_finished_tasks_and_those_running)
{
    struct progress_model m;
    Time left = 0;
    bool is_whole = false;
    progress_model_init(&m, 0);
    progress_model_step(&m, STR("a"), 6);
    feed(&m, "a", "a1", RECORD_INTENT, 0);
    feed(&m, "a", "a2", RECORD_INTENT, 0);
    feed(&m, "a", "a1", RECORD_DONE, SEC(10));
    feed(&m, "a", "a2", RECORD_DONE, SEC(10));
    feed(&m, "a", "a3", RECORD_INTENT, SEC(10));
    feed(&m, "a", "a4", RECORD_INTENT, SEC(10));
    EXPECT(progress_time_left(&m, SEC(15), &left, &is_whole));      // two wait for 10 s each, two have 5 s to go; two at a time
    EXPECT_INT(left, SEC(15));
    EXPECT(is_whole);
    progress_model_stop(&m);
    EXPECT_INT(step_named(&m, "a")->running, 0);
    EXPECT_INT(progress_step_waiting(step_named(&m, "a")), 4);
    progress_model_release(&m);
}

TEST(the_table_shows_one_line_a_step_with_a_bar_and_counts)
{
    struct progress_model m;
    progress_model_init(&m, 0);
    m.cores = 4, m.cores_used = 1.5, m.memory_used = 3 << 20;
    progress_model_step(&m, STR("align"), 4);
    progress_model_step(&m, STR("count"), -1);
    feed(&m, "align", "align[0]", RECORD_CACHED, 0);
    feed(&m, "align", "align[1]", RECORD_INTENT, 0);
    feed(&m, "align", "align[1]", RECORD_FAILED, 0);
    feed(&m, "align", "align[2]", RECORD_INTENT, 0);
    expect_rendered(&m, (struct progress_look){ .width = 65, .height = 24 }, SEC(2),
                    "run-1, 2.0 s, 1.5 of 4 cores, 3.0 MiB\n"
                    "align =====!!!!!>>>>>.....  1/4, 1 failed, 1 running, 1 cached\n"
                    "count ....................  0/?\n");
    progress_model_release(&m);
}

TEST(the_table_in_a_narrow_terminal_drops_the_bar_and_cuts_lines_to_the_width)
{
    struct progress_model m;
    struct strbuf out = { 0 };
    struct progress_look look = { .width = 24, .height = 24, .use_unicode = true };
    progress_model_init(&m, 0);
    progress_model_step(&m, STR("a step with quite a long name"), 1000);
    for (int i = 0; i < 3; i++) {
        char name[16];
        snprintf(name, sizeof name, "t%d", i);
        feed(&m, "a step with quite a long name", name, RECORD_INTENT, 0);
    }
    progress_table_render(&m, STR("a run with a name that is long"), &look, SEC(1), &out);
    Str rest = strbuf_str(&out);
    int lines = 0;
    for (; rest.len; lines++)
        EXPECT(text_width(str_cut(&rest, '\n')) <= 23);
    EXPECT_INT(lines, 2);
    strbuf_release(&out);
    progress_model_release(&m);
}

TEST(a_rare_state_still_gets_a_cell_of_the_bar)
{
    struct progress_model m;
    struct strbuf out = { 0 };
    struct progress_look look = { .width = 200, .height = 24 };
    progress_model_init(&m, 0);
    progress_model_step(&m, STR("s"), 1000000);
    feed(&m, "s", "a", RECORD_FAILED, 0);
    feed(&m, "s", "b", RECORD_INTENT, 0);
    feed(&m, "s", "c", RECORD_CACHED, 0);
    feed(&m, "s", "d", RECORD_DONE, 0);
    progress_table_render(&m, STR("r"), &look, SEC(1), &out);
    EXPECT(str_find(strbuf_str(&out), STR("#=!>....................................  2/1000000")) > 0);
    strbuf_release(&out);
    progress_model_release(&m);
}

TEST(when_not_all_steps_fit_the_failed_and_running_ones_are_shown)
{
    struct progress_model m;
    struct strbuf out = { 0 };
    struct progress_look look = { .width = 80, .height = 6, .use_unicode = true };
    progress_model_init(&m, 0);
    for (int i = 0; i < 10; i++) {
        char name[16];
        snprintf(name, sizeof name, "step%d", i);
        progress_model_step(&m, str_of(name), 1);
        feed(&m, name, name, i == 7 ? RECORD_INTENT : i == 9 ? RECORD_FAILED : RECORD_DONE, 0);
    }
    progress_table_render(&m, STR("r"), &look, SEC(1), &out);
    EXPECT(str_find(strbuf_str(&out), STR("step7")) > 0);
    EXPECT(str_find(strbuf_str(&out), STR("step9")) > 0);
    EXPECT(str_find(strbuf_str(&out), STR("step0")) > 0);
    EXPECT(str_find(strbuf_str(&out), STR("step1")) < 0);
    EXPECT(str_find(strbuf_str(&out), STR("… 7 more steps\n")) > 0);
    strbuf_release(&out);
    progress_model_release(&m);
}

TEST(colours_are_written_only_when_asked_for)
{
    struct progress_model m;
    struct strbuf plain = { 0 }, colored = { 0 };
    progress_model_init(&m, 0);
    progress_model_step(&m, STR("s"), 1);
    progress_table_render(&m, STR("r"), &(struct progress_look){ .width = 80, .height = 9 }, 0, &plain);
    progress_table_render(&m, STR("r"), &(struct progress_look){ .width = 80, .height = 9, .use_color = true }, 0, &colored);
    EXPECT(!str_has(strbuf_str(&plain), '\x1b'));
    EXPECT(str_has(strbuf_str(&colored), '\x1b'));
    strbuf_release(&plain);
    strbuf_release(&colored);
    progress_model_release(&m);
}

static void add_line(struct progress_model *m, const char *step, const char *name, enum record_type what, const char *detail, Time now,
                     struct strbuf *out)
{
    struct progress_event e = progress_model_task(m, str_of(step), str_of(name), what, strcmp(detail, "skipped") == 0, now);
    progress_lines_task(&e, str_of(name), what, str_of(detail), out);
}

TEST(plain_lines_tell_every_event_of_a_small_step)
{
    struct progress_model m;
    struct strbuf out = { 0 };
    progress_model_init(&m, 0);
    progress_model_step(&m, STR("s"), 3);
    add_line(&m, "s", "s[0]", RECORD_INTENT, "", 0, &out);
    add_line(&m, "s", "s[0]", RECORD_FAILED, "exit code 1", SEC(1), &out);
    add_line(&m, "s", "s[0]", RECORD_INTENT, "", SEC(2), &out);
    add_line(&m, "s", "s[0]", RECORD_DONE, "", SEC(4), &out);
    add_line(&m, "s", "s[1]", RECORD_CACHED, "", SEC(4), &out);
    add_line(&m, "s", "s[2]", RECORD_EVALUATED, "skipped", SEC(4), &out);
    EXPECT_STR(strbuf_str(&out), STR("started  s[0]\nfailed   s[0]  1.0 s  exit code 1\nagain    s[0]\ndone     s[0]  2.0 s\n"
                                     "cached   s[1]\nskipped  s[2]\n"));
    EXPECT_INT(step_named(&m, "s")->skipped, 1);
    strbuf_release(&out);
    progress_model_release(&m);
}

TEST(plain_lines_of_ten_thousand_tasks_stay_few)
{
    struct progress_model m;
    struct strbuf out = { 0 };
    size_t lines = 0;
    progress_model_init(&m, 0);
    progress_model_step(&m, STR("s"), 10000);
    for (int i = 0; i < 10000; i++) {
        char name[16];
        Time now = i * 2 * MILLISECOND;
        snprintf(name, sizeof name, "s[%d]", i);
        add_line(&m, "s", name, RECORD_INTENT, "", now, &out);
        add_line(&m, "s", name, i % 2 ? RECORD_DONE : RECORD_FAILED, "exit code 1", now, &out);
        progress_lines_summarize(&m, now, false, &out);
    }
    progress_lines_summarize(&m, SEC(20), true, &out);
    progress_lines_summarize(&m, SEC(20), true, &out);  // nothing has changed: nothing is said
    for (size_t i = 0; i < out.len; i++)
        lines += out.data[i] == '\n';
    EXPECT_INT(lines, PROGRESS_FAILURE_LINES + 9 + 1);
    EXPECT(str_ends(strbuf_str(&out), STR("total    s  5000/10000, 5000 failed\n")));
    strbuf_release(&out);
    progress_model_release(&m);
}

TEST(a_pipe_is_no_terminal_and_gets_neither_colours_nor_unicode)
{
    int fds[2];
    EXPECT(pipe(fds) == 0);
    struct progress_options o = { .fd = fds[1] };
    progress_options_detect(&o);
    EXPECT(!o.is_terminal && !o.use_color && !o.use_unicode);
    close(fds[0]);
    close(fds[1]);
}

static void read_rest(int fd, struct strbuf *out)
{
    char block[4096];
    for (ssize_t n; (n = read(fd, block, sizeof block)) > 0;)
        strbuf_add(out, (Str){ block, (size_t)n });
}

static void after_a_while(void *arg) { loop_stop(arg); }

// A driver without store and executor tells two steps to a progress that writes to a pipe; returns what it wrote.
static void watch_a_run(struct arena *a, bool is_terminal, bool is_quiet, struct strbuf *out)
{
    int fds[2];
    Str damage;
    struct err err;
    EXPECT(pipe(fds) == 0);
    struct loop *loop = loop_new(1);
    struct journal *journal = journal_open(a, str_of(test_dir()), &damage, &err);
    EXPECT(journal != NULL);
    struct driver_config config = { .run = STR("r"), .cores = 1, .max_running = 1 };
    struct driver *driver = driver_new(loop, NULL, journal, NULL, &config);
    struct progress_options options = { .run = STR("r"), .cores = 1, .fd = fds[1], .is_terminal = is_terminal, .is_quiet = is_quiet };
    struct progress *p = progress_new(loop, driver, NULL, &options);
    struct loop_timer *timer = loop_timer_new(loop, after_a_while, loop);
    driver_step(driver, STR("s"), 2);
    driver_evaluated(driver, STR("s"), STR("s[0]"), false);
    driver_evaluated(driver, STR("s"), STR("s[1]"), true);
    driver_warn(driver, STR("be careful"));
    progress_say(p, STR("a line"));
    loop_timer_set(timer, 150 * MILLISECOND);           // one tick
    loop_run(loop);
    progress_end(p);
    driver_evaluated(driver, STR("s"), STR("s[2]"), false);     // too late to be shown
    progress_free(p);
    progress_free(NULL);
    driver_free(driver);
    loop_free(loop);
    journal_close(journal);
    close(fds[1]);
    read_rest(fds[0], out);
    close(fds[0]);
}

TEST(without_a_terminal_a_run_is_told_in_lines)
{
    struct arena a = { 0 };
    struct strbuf out = { 0 };
    watch_a_run(&a, false, false, &out);
    EXPECT_STR(strbuf_str(&out), STR("skipped  s[1]\nwarning: be careful\na line\n"));
    strbuf_release(&out);
    arena_release(&a);
}

TEST(on_a_terminal_the_last_table_stays)
{
    struct arena a = { 0 };
    struct strbuf out = { 0 };
    watch_a_run(&a, true, false, &out);
    EXPECT(str_find(strbuf_str(&out), STR("warning: be careful\n")) >= 0);
    EXPECT(str_find(strbuf_str(&out), STR("\x1b[2A\r\x1b[J")) >= 0);
    EXPECT(str_ends(strbuf_str(&out), STR("2/2, 1 skipped\n")));
    strbuf_release(&out);
    arena_release(&a);
}

TEST(a_quiet_run_tells_only_what_the_program_itself_says)
{
    struct arena a = { 0 };
    struct strbuf out = { 0 };
    watch_a_run(&a, true, true, &out);
    EXPECT_STR(strbuf_str(&out), STR("a line\n"));
    strbuf_release(&out);
    arena_release(&a);
}
