// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the live table and the plain lines know of a run: counts by step. Pure: time is a parameter, nothing is written.
#include "base/arena.h"
#include "base/clock.h"
#include "base/map.h"
#include "engine/record.h"

struct progress_step {
    Str name;
    int64_t expected;                   // -1: not known
    int64_t running, done, cached, failed, retried, skipped;    // skipped by `when`: counted in done as well
    int64_t timed;                      // tasks behind `took`
    Time took;
    Time summed_up;                     // when its summary line was last written,
    int64_t summed_up_at;               // and at which count
};
struct progress_model {
    struct arena arena;
    struct map steps;                   // name -> struct progress_step, in order of appearance
    struct map running;                 // task name -> struct progress_task
    struct map failed;                  // task name -> its step, until it is tried again (then NULL)
    Time started;                       // of the run, by the steady clock
    double cores_used, cores;
    int64_t memory_used;
};
struct progress_event {                 // what progress_model_task() made of it, for a line
    struct progress_step *step;
    Time took;                          // of an attempt that ended; 0: not known
    bool is_retry;                      // INTENT: of a task that failed before
};

// What the driver's watcher is told, with the steady clock's time. A retry shows as an INTENT of a task that failed.
void progress_model_init(struct progress_model *m, Time now);
void progress_model_release(struct progress_model *m);
void progress_model_step(struct progress_model *m, Str step, int64_t expected);
struct progress_event progress_model_task(struct progress_model *m, Str step, Str name, enum record_type what, bool skipped, Time now);
// All tasks of a step as far as they are known: what was announced or seen, whichever is more.
int64_t progress_step_total(const struct progress_step *s);
int64_t progress_step_waiting(const struct progress_step *s);
static inline int64_t progress_step_finished(const struct progress_step *s) { return s->done + s->cached; }
// From the mean of each step's finished tasks and the number that run now. False: nothing can be said. *is_whole is
// false where a step with work left has no finished task, or its number of tasks is not known: then it takes longer.
bool progress_time_left(const struct progress_model *m, Time now, Time *left, bool *is_whole);
void progress_model_stop(struct progress_model *m);    // nothing runs any longer, whatever was told
