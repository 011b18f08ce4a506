// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a run's journal says, in short: status, counts, steps, failures, outputs. Everything shown of a run that is not
// going on in this process comes from here. Counts are of the last start: a resumed run counts what it found as cached.
#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/map.h"
#include "base/vec.h"
#include "value/value.h"
#include "view/run_record.h"

enum run_detail {
    RUN_BRIEF,                          // counts of the whole run, inputs, warnings: most records are not even parsed
    RUN_STEPS,                          // also steps and failures
    RUN_TASKS,                          // also every task
};
struct run_step {
    Str name;
    int64_t expected;                   // -1: not known
    int64_t done, cached, failed, retried, evaluated, skipped, started;
    Time took;                          // wall time of its tasks together
    int64_t peak_memory;                // of the largest task; -1: not known
};
struct run_failure {
    Str task, why;
    Value log_out, log_err;             // as in results; null where there was none
};
struct run_task {
    Str name, step, key, state;         // state: "running", "done", "cached", "failed", "retrying"
    int64_t attempts, peak_memory;      // -1: not known
    Time took;
    const struct recorded_attempt *measured;    // the last attempt, when it ran to an end; else NULL
    Value log_out, log_err;             // failed ones
};
struct run_summary {
    enum run_status status;
    Str workflow, language, petri, host, user, outdir, error, place;
    char owner[128];                    // "pid@host" while it is running
    Time first_started, started, ended; // ended: 0 while running or when interrupted
    int64_t starts, done, cached, failed, retried, evaluated;
    Value inputs, options, outputs;
    struct map steps;                   // name -> struct run_step
    struct map tasks;                   // name -> struct run_task
    VEC(struct run_failure) failures;   // of tasks that were given up
    VEC(Str) warnings;
    char damage[128];                   // where the journal's sound part ends before its end; mostly empty
    struct run_record *record;          // that all of it was added up from

    enum run_detail detail;             // --- private from here
    struct err err;
};

// The journal in the folder `dir`. ERR_NOT_FOUND: no journal; ERR_DAMAGED: not one sound record of a start. Lives as long
// as `a`. The record of a run whose first commit is not yet done counts as ERR_NOT_FOUND too.
bool run_summary_read(struct arena *a, Str dir, enum run_detail detail, struct run_summary **out, struct err *err) MUST_CHECK;
Time run_summary_duration(const struct run_summary *s, Time now);       // of the last start; 0: not known
// The JSON form; `run` is its name.
Value run_summary_value(struct arena *a, Str run, const struct run_summary *s);

// The parts of run_summary_read(), for journals that come from elsewhere.
struct run_summary *run_summary_new(struct arena *a, enum run_detail detail);
bool run_summary_add(struct run_summary *s, uint8_t type, Str payload);  // false: not what Petri wrote; see s->err
void run_summary_finish(struct run_summary *s, bool is_live);
