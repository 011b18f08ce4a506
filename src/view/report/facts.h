// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the parts of a report work on: the tasks of the run's last start with what became of them in the whole run, who made what
// for whom, and the chain of tasks that decided how long it took. Made of the record; nothing is written.
#include "view/report/report.h"
#include "view/report/sections.h"
#include "view/run_record.h"

#define TASK_STATES(X) \
    X(DONE, "done") X(CACHED, "cached") X(RUNNING, "running") X(FAILED, "failed") X(CANCELLED, "cancelled") X(LOST, "lost")
enum task_state {
#define X(name, text) TASK_##name,
    TASK_STATES(X)
#undef X
    TASK_STATE_COUNT
};
struct fact_task {
    const struct recorded_task *task;
    enum task_state state;              // DONE also where an earlier start of this run did it
    const struct recorded_attempt *ran; // the last one that ran in this run; NULL: none did
    Time started, ended;                // of `ran`, on the run's own clock (struct facts); -1: it did not run, or still does
    size_t attempts;                    // that ran
    Str row;                            // sample, else the scatter's index; empty: it is about the whole run
    const size_t *after;                // indexes of the tasks whose outputs it took
    size_t after_count;
    size_t index;
};
struct fact_step {
    const struct recorded_step *step;
    VEC(size_t) tasks;                  // indexes into facts.tasks
    size_t counts[TASK_STATE_COUNT];
    size_t attempts, retried;
    int64_t waiting;                    // tasks that are expected and not yet seen
    VEC(size_t) after;                  // indexes of the steps whose outputs it took, if need be through expressions
    VEC(size_t) above;                  // of the steps it is linked to by the workflow, expressions and skipped ones among them
    Time first, last;                   // when it began and ended; -1: nothing ran
};
struct facts {
    struct arena *arena;
    const struct report *report;
    const struct run_record *record;
    const struct recorded_start *start; // the last one
    VEC(struct fact_task) tasks;        // of the last start
    VEC(struct fact_step) steps;        // as in the record, in its order; some have no task in the last start
    size_t counts[TASK_STATE_COUNT];
    size_t retried;
    int64_t waiting;
    bool has_samples;                   // rows are samples; else scatter indexes
    VEC(Str) rows;                      // in order of appearance
    // The run's own clock: all starts one behind the other, without the time between them. 0 is the first start.
    const Time *offsets;                // by start: where it begins
    Time length;                        // up to now while it runs
    VEC(size_t) critical;               // tasks, first to last; empty: not known
};

// Everything in `a`. The report must live as long.
struct facts *facts_new(struct arena *a, const struct report *report);
const char *task_state_name(enum task_state s);
// When an attempt began and ended by the run's own clock. false: it did not run.
bool facts_attempt_times(const struct facts *f, const struct recorded_attempt *t, Time *started, Time *ended) MUST_CHECK;
