// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/loop.h"
#include "unit/test.h"

static struct loop *loop;
static struct strbuf story;
static pthread_t loop_thread;

static void tell(void *word) { strbuf_addz(&story, word); }
static void tell_and_stop(void *word) { tell(word), loop_stop(loop); }

TEST(a_loop_with_nothing_to_do_returns)
{
    loop_free(NULL);
    loop = loop_new(2);
    loop_run(loop);
    loop_free(loop);
}

static struct loop_timer *two;

static void tell_and_set_two(void *word) { tell(word), loop_timer_set(two, 5 * MILLISECOND); }       // however late this turn is

TEST(the_turn_ends_after_what_was_due_and_once_more_after_the_stop)
{
    loop = loop_new(2);
    loop_on_turn_end(loop, tell, (void *)"|");
    struct loop_timer *one = loop_timer_new(loop, tell_and_set_two, (void *)"1");
    two = loop_timer_new(loop, tell_and_stop, (void *)"2");
    struct loop_timer *never = loop_timer_new(loop, tell, (void *)"never");
    loop_timer_set(one, 50 * SECOND);
    loop_timer_set(one, 1);                             // replaces
    loop_timer_set(never, 1);
    loop_timer_stop(never);
    loop_run(loop);
    EXPECT_STR(strbuf_str(&story), STR("|1|2|"));
    loop_timer_free(one), loop_timer_free(two), loop_timer_free(never), loop_timer_free(NULL);
    loop_free(loop);
    strbuf_release(&story);
}

static int turns;

static void wake_thrice(void *arg UNUSED)
{
    if (++turns < 4)
        loop_wake(loop);
    else
        loop_stop(loop);
}

TEST(a_wake_makes_a_turn_without_any_event)
{
    loop = loop_new(2);
    struct loop_timer *far = loop_timer_new(loop, tell, (void *)"far");
    loop_timer_set(far, 1000 * SECOND);
    loop_on_turn_end(loop, wake_thrice, NULL);
    loop_run(loop);
    EXPECT_INT(turns, 4);
    loop_free(loop);                                    // frees the timer too
}

static int work_done;
static bool was_elsewhere;

static void work(void *arg) { *(bool *)arg = !pthread_equal(pthread_self(), loop_thread); }

static void done(void *arg)
{
    EXPECT(*(bool *)arg);
    EXPECT(pthread_equal(pthread_self(), loop_thread));
    if (++work_done == 10)
        loop_stop(loop);
}

TEST(work_runs_on_another_thread_and_comes_back)
{
    loop = loop_new(2);
    loop_thread = pthread_self();
    for (int i = 0; i < 10; i++)
        loop_work(loop, work, done, &was_elsewhere);
    loop_run(loop);
    EXPECT_INT(work_done, 10);
    loop_work(loop, work, NULL, &was_elsewhere);
    work_done = 0;
    loop_work(loop, work, done, &was_elsewhere);
    loop_free(loop);                                    // waits, and calls done
    EXPECT_INT(work_done, 1);
}

static int pair[2];
static struct loop_watch *watch;

static void on_ready(void *arg UNUSED)
{
    char bytes[8];
    ssize_t n = read(pair[0], bytes, sizeof bytes);
    if (n > 0)
        strbuf_add(&story, (Str){ bytes, (size_t)n });
    else if (n < 0)
        tell((void *)"w"), loop_watch_writes(watch, false), shutdown(pair[1], SHUT_WR);
    else
        tell_and_stop((void *)"end");
}

TEST(a_watch_sees_bytes_room_and_the_end)
{
    loop = loop_new(2);
    EXPECT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    watch = loop_watch_new(loop, pair[0], on_ready, NULL);
    EXPECT_INT(write(pair[1], "abc", 3), 3);
    loop_watch_writes(watch, true);
    loop_run(loop);
    EXPECT_STR(strbuf_str(&story), STR("abcwend"));
    loop_watch_free(watch), loop_watch_free(NULL);
    close(pair[0]), close(pair[1]);
    loop_free(loop);
    strbuf_release(&story);
}

static void on_signal(void *arg UNUSED, int number)
{
    EXPECT_INT(number, SIGUSR1);
    tell_and_stop((void *)"signal");
}

static void raise_it(void *arg UNUSED) { kill(getpid(), SIGUSR1); }

TEST(a_signal_comes_as_a_call)
{
    loop = loop_new(2);
    loop_on_signal(loop, SIGUSR1, on_signal, NULL);
    struct loop_timer *soon = loop_timer_new(loop, raise_it, NULL), *far = loop_timer_new(loop, tell, (void *)"far");
    loop_timer_set(soon, 0);
    loop_timer_set(far, 1000 * SECOND);
    loop_run(loop);
    EXPECT_STR(strbuf_str(&story), STR("signal"));
    loop_free(loop);
    strbuf_release(&story);
}
