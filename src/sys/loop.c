// SPDX-License-Identifier: Apache-2.0
// The loop thread's turns, on libuv: wait, call what is due, then call the turn's end. Not a framework of streams and
// sockets: who has a descriptor reads it. Nothing of libuv is visible outside of this file.
#include "sys/loop.h"

#include <signal.h>
#include <unistd.h>
#include <uv.h>

#include "base/vec.h"

struct turn_end {
    void (*fn)(void *arg);
    void *arg;
};
struct loop {
    uv_loop_t uv;
    uv_idle_t idle;                     // active: the next turn does not wait
    VEC(struct turn_end) turn_ends;
    size_t working;
    bool is_stopping;
};
struct loop_timer {
    uv_timer_t uv;                      // must be first
    void (*fn)(void *arg);
    void *arg;
};
struct loop_watch {
    uv_poll_t uv;                       // must be first
    int events;                         // what it waits for now
    void (*fn)(void *arg);
    void *arg;
};
struct loop_signal {
    uv_signal_t uv;                     // must be first
    void (*fn)(void *arg, int signal);
    void *arg;
};
struct loop_job {
    uv_work_t uv;
    struct loop *loop;
    void (*work)(void *arg);
    void (*done)(void *arg);
    void *arg;
};

static void on_idle(uv_idle_t *idle) { uv_idle_stop(idle); }

struct loop *loop_new(int workers)
{
    char count[16];
    CHECK(uv_replace_allocator(xmalloc, xrealloc, xcalloc, free) == 0);         // its own would abort, or fail, for want of memory
    snprintf(count, sizeof count, "%d", MAX(1, MIN(workers, 1024)));
    setenv("UV_THREADPOOL_SIZE", count, 1);             // libuv reads it at the first loop_work of the process
    struct loop *l = xcalloc(1, sizeof *l);
    CHECK(uv_loop_init(&l->uv) == 0);
    CHECK(uv_idle_init(&l->uv, &l->idle) == 0);
    l->idle.data = NULL;
    return l;
}

// All handles but the idle one are heap objects with the handle first; their memory goes when libuv lets go of it.
static void free_handle(uv_handle_t *handle)
{
    if (handle->type != UV_IDLE)
        free(handle);
}

static void close_handle(uv_handle_t *handle, void *arg UNUSED)
{
    if (!uv_is_closing(handle))
        uv_close(handle, free_handle);
}

void loop_free(struct loop *l)
{
    if (!l)
        return;
    while (l->working > 0)
        uv_run(&l->uv, UV_RUN_ONCE);
    uv_walk(&l->uv, close_handle, NULL);
    uv_run(&l->uv, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&l->uv) == 0);
    free(l->turn_ends.at);
    free(l);
}

static void end_turn(struct loop *l)
{
    for (size_t i = 0; i < l->turn_ends.len; i++)
        l->turn_ends.at[i].fn(l->turn_ends.at[i].arg);
}

// One uv_run is one turn, so that nothing is called between the last turn's end and the return.
void loop_run(struct loop *l)
{
    l->is_stopping = false;
    end_turn(l);
    while (!l->is_stopping && uv_loop_alive(&l->uv)) {
        uv_run(&l->uv, UV_RUN_ONCE);
        end_turn(l);
    }
}

void loop_stop(struct loop *l)
{
    l->is_stopping = true;
    loop_wake(l);
}

void loop_on_turn_end(struct loop *l, void (*fn)(void *arg), void *arg)
{
    vec_push_heap(&l->turn_ends, (struct turn_end){ fn, arg });
}

void loop_off_turn_end(struct loop *l, void (*fn)(void *arg), void *arg)
{
    size_t kept = 0;
    for (size_t i = 0; i < l->turn_ends.len; i++)
        if (l->turn_ends.at[i].fn != fn || l->turn_ends.at[i].arg != arg)
            l->turn_ends.at[kept++] = l->turn_ends.at[i];
    l->turn_ends.len = kept;
}

void loop_wake(struct loop *l) { uv_idle_start(&l->idle, on_idle); }

static void job_work(uv_work_t *uv)
{
    struct loop_job *job = uv->data;
    job->work(job->arg);
}

static void job_done(uv_work_t *uv, int status UNUSED)
{
    struct loop_job job = *(struct loop_job *)uv->data;
    free(uv->data);
    job.loop->working--;
    if (job.done)
        job.done(job.arg);
}

static void no_threads(int signal UNUSED)
{
    static const char text[] = "petri: out of memory for a thread: free some, then try again; 'petri resume' goes on with a run\n";
    (void)!write(STDERR_FILENO, text, sizeof text - 1);
    _exit(OUT_OF_MEMORY_EXIT);
}

// libuv starts its threads with the first work of the process, and aborts when it cannot.
static void queue_first(struct loop *l, struct loop_job *job)
{
    struct sigaction ours = { .sa_handler = no_threads }, before;
    sigaction(SIGABRT, &ours, &before);
    CHECK(uv_queue_work(&l->uv, &job->uv, job_work, job_done) == 0);
    sigaction(SIGABRT, &before, NULL);
}

void loop_work(struct loop *l, void (*work)(void *arg), void (*done)(void *arg), void *arg)
{
    struct loop_job *job = xmalloc(sizeof *job);
    job->loop = l, job->work = work, job->done = done, job->arg = arg;
    job->uv.data = job;
    static bool has_threads;
    if (has_threads)
        CHECK(uv_queue_work(&l->uv, &job->uv, job_work, job_done) == 0);
    else
        queue_first(l, job);
    has_threads = true;
    l->working++;
}

static void on_timer(uv_timer_t *uv)
{
    struct loop_timer *t = (struct loop_timer *)uv;
    t->fn(t->arg);
}

struct loop_timer *loop_timer_new(struct loop *l, void (*fn)(void *arg), void *arg)
{
    struct loop_timer *t = xcalloc(1, sizeof *t);
    t->fn = fn, t->arg = arg;
    CHECK(uv_timer_init(&l->uv, &t->uv) == 0);
    return t;
}

void loop_timer_set(struct loop_timer *t, Time delay)
{
    uv_update_time(t->uv.loop);                         // else the delay counts from the start of this turn
    Time rounded_up = (MAX(delay, 0) + MILLISECOND - 1) / MILLISECOND;
    CHECK(uv_timer_start(&t->uv, on_timer, (uint64_t)rounded_up, 0) == 0);
}

void loop_timer_stop(struct loop_timer *t) { uv_timer_stop(&t->uv); }

void loop_timer_free(struct loop_timer *t)
{
    if (t)
        uv_close((uv_handle_t *)&t->uv, free_handle);
}

// A failed descriptor is "readable" too: the read that follows says what is wrong.
static void on_ready(uv_poll_t *uv, int status UNUSED, int events UNUSED)
{
    struct loop_watch *w = (struct loop_watch *)uv;
    w->fn(w->arg);
}

struct loop_watch *loop_watch_new(struct loop *l, int fd, void (*fn)(void *arg), void *arg)
{
    struct loop_watch *w = xcalloc(1, sizeof *w);
    w->fn = fn, w->arg = arg;
    CHECK(uv_poll_init(&l->uv, &w->uv, fd) == 0);
    loop_watch_writes(w, false);
    return w;
}

void loop_watch_writes(struct loop_watch *w, bool is_on)
{
    int events = is_on ? UV_READABLE | UV_WRITABLE : UV_READABLE;
    if (events != w->events)            // each start costs two system calls
        CHECK(uv_poll_start(&w->uv, events, on_ready) == 0);
    w->events = events;
}

void loop_watch_free(struct loop_watch *w)
{
    if (w)
        uv_close((uv_handle_t *)&w->uv, free_handle);
}

static void on_signal(uv_signal_t *uv, int number)
{
    struct loop_signal *s = (struct loop_signal *)uv;
    s->fn(s->arg, number);
}

void loop_on_signal(struct loop *l, int number, void (*fn)(void *arg, int signal), void *arg)
{
    struct loop_signal *s = xcalloc(1, sizeof *s);
    s->fn = fn, s->arg = arg;
    CHECK(uv_signal_init(&l->uv, &s->uv) == 0);
    CHECK(uv_signal_start(&s->uv, on_signal, number) == 0);
    uv_unref((uv_handle_t *)&s->uv);                    // waiting for a signal alone keeps no loop running
}
