// SPDX-License-Identifier: Apache-2.0
#pragma once
// The event loop: one thread owns the state; work goes to worker threads and comes back as a call. On libuv.
#include "base/clock.h"
#include "base/err.h"

struct loop;
struct loop_timer;
struct loop_watch;

struct loop *loop_new(int workers);                     // workers: threads for loop_work (set before first use)
// NULL is allowed. First waits for all work and calls its `done`, then drops timers, watches and signals.
void loop_free(struct loop *l);
// Until loop_stop(), or until nothing is left that could happen. The turn's end is called once at the start, and once
// after the turn that called loop_stop().
void loop_run(struct loop *l);
void loop_stop(struct loop *l);                         // from a callback
// Called at the end of each turn, after all callbacks that were due: commit, then answer, then start tasks.
void loop_on_turn_end(struct loop *l, void (*fn)(void *arg), void *arg);
// Takes such a call back; not from within one.
void loop_off_turn_end(struct loop *l, void (*fn)(void *arg), void *arg);
// Makes the loop do a turn even if nothing happens (from the loop thread).
void loop_wake(struct loop *l);

// `work(arg)` on a worker thread, then `done(arg)` on the loop thread.
void loop_work(struct loop *l, void (*work)(void *arg), void (*done)(void *arg), void *arg);

// Calls fn on the loop thread. New ones are not set; freeing a NULL does nothing.
struct loop_timer *loop_timer_new(struct loop *l, void (*fn)(void *arg), void *arg);
void loop_timer_set(struct loop_timer *t, Time delay);  // once, from now; replaces an earlier setting
void loop_timer_stop(struct loop_timer *t);
void loop_timer_free(struct loop_timer *t);

// Calls fn when fd is readable, at its end, or failed (level-triggered). The fd becomes non-blocking.
struct loop_watch *loop_watch_new(struct loop *l, int fd, void (*fn)(void *arg), void *arg);
void loop_watch_writes(struct loop_watch *w, bool is_on);      // while on, fn is also called when fd is writable
void loop_watch_free(struct loop_watch *w);             // does not close the fd

// Calls fn at each `signal`. Does not keep loop_run() from returning.
void loop_on_signal(struct loop *l, int signal, void (*fn)(void *arg, int signal), void *arg);
