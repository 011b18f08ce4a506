// SPDX-License-Identifier: Apache-2.0
// Nothing that a task started survives it, whoever dies first.
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "exec/local.h"
#include "store/store.h"
#include "sys/file.h"
#include "sys/loop.h"
#include "unit/exec/rig.h"
#include "unit/test.h"

// A daemon as daemons are made: its own session, no parent, nothing of our environment. It says who it is and goes on.
#define DAEMON(pid_file, environment)                                                                                  \
    "(" environment " setsid bash -c 'echo $$ > " pid_file ".tmp; mv " pid_file ".tmp " pid_file                       \
    "; while :; do echo x >> late; sleep 0.01; done' "                                                                 \
    "</dev/null >/dev/null 2>&1 &) ; while [ ! -e " pid_file " ]; do sleep 0.01; done; "

static void wait_for(Str path)
{
    for (int i = 0; i < 1000 && !file_exists(path); i++)
        nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
    EXPECT(file_exists(path));
}

static void expect_dead(struct rig *r, const char *pid_file)
{
    for (int i = 0; i < 500 && rig_is_alive(r, pid_file); i++)
        nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
    EXPECT(!rig_is_alive(r, pid_file));
}

TEST(a_daemon_is_killed_before_outputs_are_taken)
{
    struct rig r;
    rig_init(&r);
    struct tried *other = rig_script(&r, "while [ ! -e ../../go ]; do sleep 0.02; done", "");
    rig_submit(&r, other);
    struct tried *t = rig_script(&r, DAEMON("../../../../pid", ""), "late");
    rig_run_one(&r, t);
    EXPECT_INT(t->outcome.end, ATTEMPT_EXITED);
    EXPECT(!rig_is_alive(&r, "pid"));                   // at once, not soon
    EXPECT(!other->is_done);
    rig_run(&r, rig_script(&r, "touch ../../go", ""));
    EXPECT_INT(other->outcome.end, ATTEMPT_EXITED);
    rig_release(&r);
}

TEST(a_daemon_without_its_environment_is_known_too_and_only_its_own_task_ends_it)
{
    struct rig r;
    rig_init(&r);
    struct tried *t = rig_script(
        &r, DAEMON("../../../../pid", "env -i PATH=$PATH") "while [ ! -e ../../go ]; do sleep 0.02; done", "");
    struct tried *other = rig_script(&r, "while [ ! -e ../../../../pid ]; do sleep 0.02; done", "");
    rig_submit(&r, t);
    rig_run_one(&r, other);
    EXPECT(rig_is_alive(&r, "pid"));                    // the other task's end is none of its business
    rig_run(&r, rig_script(&r, "touch ../../go", ""));
    EXPECT(!rig_is_alive(&r, "pid"));
    rig_release(&r);
}

TEST(background_jobs_are_killed_and_what_they_used_is_counted)
{
    struct rig r;
    rig_init(&r);
    struct tried *t = rig_script(&r, "sleep 100 & echo $! > ../../../../pid; exit 3", "");
    EXPECT_INT(rig_run(&r, t)->exit_code, 3);
    EXPECT(!rig_is_alive(&r, "pid"));
    rig_release(&r);
}

TEST(a_cancelled_task_that_ignores_sigterm_is_killed)
{
    struct rig r;
    rig_init(&r);
    struct tried *t = rig_script(
        &r, "trap '' TERM; " DAEMON("../../../../pid", "") "touch ../../ready; while :; do sleep 0.05; done", "");
    struct tried *ready = rig_script(&r, "while [ ! -e ../../ready ]; do sleep 0.02; done", "");
    rig_submit(&r, t);
    rig_run_one(&r, ready);
    executor_cancel(r.x, &t->attempt, 50);
    executor_cancel(r.x, &t->attempt, 50);
    rig_wait(&r);
    EXPECT_INT(t->outcome.end, ATTEMPT_KILLED);
    EXPECT(!rig_is_alive(&r, "pid"));
    EXPECT_INT(rig_attempts(&r), 0 + 1);                // the file "ready"
    rig_release(&r);
}

TEST(a_cancelled_task_may_end_by_itself_in_its_grace_even_when_stopped)
{
    struct rig r;
    rig_init(&r);
    struct tried *t = rig_script(
        &r, "trap 'echo tidy; exit 0' TERM; touch ../../ready; kill -STOP $$; while :; do sleep 0.02; done", "");
    struct tried *ready = rig_script(&r, "while [ ! -e ../../ready ]; do sleep 0.02; done", "");
    rig_submit(&r, t);
    rig_run_one(&r, ready);
    executor_cancel(r.x, &t->attempt, 30000);
    rig_wait(&r);
    EXPECT_INT(t->outcome.end, ATTEMPT_KILLED);
    EXPECT_STR(t->outcome.log_out.bytes, STR("tidy\n"));
    rig_release(&r);
}

TEST(when_the_runner_is_killed_attempts_are_lost_and_nothing_stays)
{
    struct rig r;
    rig_init(&r);
    struct tried *t =
        rig_script(&r, DAEMON("../../../../pid", "") "echo $$ > ../../../../root; touch ../../ready; sleep 100", "");
    struct tried *ready = rig_script(&r, "while [ ! -e ../../ready ]; do sleep 0.02; done", "");
    rig_submit(&r, t);
    rig_run_one(&r, ready);
    kill(rig_runner, SIGKILL);
    rig_wait(&r);
    EXPECT_INT(t->outcome.end, ATTEMPT_LOST);
    EXPECT(!rig_is_alive(&r, "pid"));
    expect_dead(&r, "root");
    EXPECT_INT(rig_run(&r, rig_script(&r, "true", ""))->end, ATTEMPT_EXITED);       // by a new runner
    rig_release(&r);
}

// In a process of its own: starts a task that leaves a daemon, and waits to be killed.
static void be_a_head(const char *label)
{
    struct rig r;
    rig_init(&r);
    struct tried *t = rig_script(
        &r, DAEMON("../../../../pid", "") "echo $$ > ../../../../root; touch ../../../../ready; sleep 100", "");
    t->attempt.label = str_of(label);
    rig_submit(&r, t);
    rig_write(&r, "runner", str_printf(&r.arena, "%d", (int)rig_runner).data);
    rig_wait(&r);
}

static pid_t start_head(const char *label)
{
    struct rig paths = { 0 };
    pid_t head = fork();
    if (head == 0) {
        be_a_head(label);
        _exit(1);
    }
    wait_for(rig_path(&paths, "ready"));
    arena_release(&paths.arena);
    return head;
}

TEST(when_the_head_is_killed_the_runner_kills_all_and_ends)
{
    struct rig r = { 0 };
    EXPECT(rig_path(&r, "x").len);                      // one folder for both processes
    pid_t head = start_head("gone-1-1");
    EXPECT(rig_is_alive(&r, "pid"));
    kill(head, SIGKILL);
    waitpid(head, NULL, 0);
    expect_dead(&r, "runner");
    EXPECT(!rig_is_alive(&r, "pid"));
    EXPECT(!rig_is_alive(&r, "root"));
    arena_release(&r.arena);
}

TEST(a_sweep_kills_what_is_left_when_head_and_runner_died_together)
{
    struct rig r = { 0 };
    r.home = rig_path(&r, "home");
    pid_t head = start_head("gone-1-1");
    Str text;
    struct err err;
    int64_t runner;
    EXPECT_OK(file_read(&r.arena, rig_path(&r, "runner"), 100, &text, &err), err);
    EXPECT(str_to_int(text, &runner));
    kill(head, SIGSTOP);                                // so that it cannot clean up for its runner
    kill((pid_t)runner, SIGKILL);
    kill(head, SIGKILL);
    waitpid(head, NULL, 0);
    expect_dead(&r, "root");
    EXPECT(rig_is_alive(&r, "pid"));
    local_sweep(r.home, STR("other"));
    EXPECT(rig_is_alive(&r, "pid"));
    local_sweep(r.home, STR("gone"));
    EXPECT(!rig_is_alive(&r, "pid"));
    EXPECT_INT(rig_attempts(&r), 0);
    arena_release(&r.arena);
}

TEST(a_sweep_takes_a_folder_that_is_nobodys_only_when_it_is_old)
{
    struct rig r = { 0 };
    struct err err;
    r.home = rig_path(&r, "home");
    Str young = str_join_path(&r.arena, r.home, STR("attempts/young")), old = str_join_path(&r.arena, r.home, STR("attempts/old"));
    EXPECT_OK(dir_make_all(young, &err) && dir_make_all(old, &err), err);
    EXPECT_OK(file_write_atomic(str_join_path(&r.arena, old, STR("owner")), STR(""), &err), err);
    const struct timespec long_ago[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
    EXPECT_INT(utimensat(AT_FDCWD, str_z(&r.arena, old), long_ago, 0), 0);
    local_sweep(r.home, STR("any"));
    EXPECT(file_exists(young));
    EXPECT(!file_exists(old));
    arena_release(&r.arena);
}

TEST(an_executor_that_is_freed_kills_what_runs_and_tells_nobody)
{
    struct rig r;
    rig_init(&r);
    struct tried *t = rig_script(&r, DAEMON("../../../../pid", "") "sleep 100", "");
    struct tried *ready = rig_script(&r, "while [ ! -e ../../../../pid ]; do sleep 0.02; done", "");
    rig_submit(&r, t);
    rig_run_one(&r, ready);
    executor_free(r.x);
    r.x = NULL;
    EXPECT(!rig_is_alive(&r, "pid"));
    EXPECT(!t->is_done);
    EXPECT_INT(rig_attempts(&r), 0);
    rig_release(&r);
}

static bool refuse_to_start(pid_t *pid UNUSED, int *fd UNUSED, struct err *err)
{
    return err_set(err, ERR_UNAVAILABLE, "no processes left");
}

TEST(a_runner_that_cannot_be_started_fails_the_submit_and_starts_nothing)
{
    struct rig r;
    struct err err;
    rig_init(&r);
    local_start_runner = refuse_to_start;
    struct tried *t = rig_script(&r, "true", "");
    EXPECT_ERR(executor_submit(r.x, &t->attempt, &r.arena, &err), err, ERR_UNAVAILABLE);
    EXPECT_INT(r.x->running, 0);
    rig_release(&r);
}
