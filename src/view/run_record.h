// SPDX-License-Identifier: Apache-2.0
#pragma once
// A whole run as its journal tells it: every start, step, task and attempt, with what was measured. The one reader behind the
// manifest, the trace, the report, the costs, the lineage, `why` and `diff`: what is not in here was not recorded and is not told.
// What an older journal does not hold is empty, 0, null or -1, as said at each field.
#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/vec.h"
#include "task/result.h"
#include "value/value.h"

enum run_status { RUN_RUNNING, RUN_DONE, RUN_FAILED, RUN_CANCELLED, RUN_INTERRUPTED };

struct recorded_file {
    Str name;                           // a path: absolute (a user's), or below TASK_ROOT or TASK_OUT (a task's)
    Hash hash;                          // zero: not known
    int64_t size;                       // -1: not known
};
struct recorded_files {
    struct recorded_file *at;
    size_t len, cap;
    int64_t more;                       // further ones that the record does not list
};

struct recorded_start {                 // the run was started; the first one and each resume
    Time started, ended;                // ended 0: still running, or interrupted
    enum run_status status;
    Str workflow, version, commit, language, petri, host, user, cwd, outdir;
    Str error, place;                   // of a start that failed
    Value inputs, options, arguments, outputs, prices;  // null: not recorded
    Value containers;                   // map: name of an image -> map with id, digest, engine; null: none
    struct recorded_files sources;      // the workflow's files
    double cores;                       // that tasks could reserve; 0: not known
    int64_t memory, epoch, pid;
    int64_t done, cached, failed, retried, evaluated;   // tasks; retried: attempts that another one followed
};

struct recorded_step {
    Str name;
    size_t index;                       // in the order of appearance
    size_t start;                       // the last one in which it was seen
    int64_t expected;                   // tasks, -1: not known; of the last start
    VEC(struct recorded_task *) tasks;
    int64_t evaluated, skipped;         // in the last start: without a command; of these skipped by `when`
};

enum recorded_state {
    RECORDED_RUNNING,                   // or waiting to run: its intent is recorded
    RECORDED_DONE, RECORDED_CACHED, RECORDED_FAILED,
    RECORDED_CANCELLED,                 // the run was ended
    RECORDED_LOST,                      // the run ended without a word of it: the machine or the head died
};
enum recorded_cache {
    RECORDED_CACHE_MISS, RECORDED_CACHE_HIT,
    RECORDED_CACHE_OFF,                 // it was told to run whatever is stored
    RECORDED_CACHE_AGAIN,               // the result was known, but its bytes were lost
};

struct recorded_attempt {               // also a result that was known: then nothing ran, and `measured` is of its making
    size_t start;                       // index in run_record.starts
    int64_t task, number;               // of the task in its start; of the attempt, 1 … (0: it never got as far, or cached)
    enum recorded_state state;
    enum recorded_cache cache;
    bool was_started;                   // its intent is on record: it ran, or was about to
    bool is_retried, is_timed_out;      // another attempt follows; ended at its time limit
    Time submitted, recorded;           // when intended; when its end was recorded (0: not)
    double cores, gpus;                 // reserved
    int64_t memory, disk;               // reserved, bytes; disk 0: nothing was asked
    Time time_limit;                    // 0: none
    int exit_code, signal;              // exit_code -1: it did not exit; signal 0: none
    struct measured measured;           // numbers that are not known are -1, started and ended 0
    int64_t out_bytes;                  // -1: not known
    Str key, why;                       // why: of a failure, a sentence
    Value log_out, log_err, limit;      // of a failure: logs as in results; `limit`: map of the limit that ended it; else null
    Value identity;                     // of a failure: what the key was made of, else null (it is in the result)
    Str from_run, from_task, from_host; // cached: who made it; empty: not known
    Str sandbox;                        // what it ran in; empty: not known
    Str result;                         // hex digest of all outputs; empty: not known
};

struct recorded_task {
    Str name, sample;                   // sample: the label of that name; empty: none
    struct recorded_step *step;
    size_t index;                       // in the order of appearance
    enum recorded_state state;          // of the last attempt
    Str key, image, tool;               // as last seen; image and tool: digests, empty: none; tool: "blake3:… NAME=blake3:…" as in the spec
    Value labels;                       // null: none
    struct recorded_files inputs, outputs;              // as last seen
    VEC(struct recorded_attempt) attempts;              // of all starts, at least one
};

struct recorded_tool {
    Str program, path, package, version, manager;       // package, version, manager: empty when no package manager knows it
    Hash hash;
    int64_t size;
};

struct run_record {
    Str run;                            // its name
    enum run_status status;             // of the last start
    char owner[128];                    // "pid@host" while it is running
    char damage[128];                   // where the journal's sound part ends before its end; mostly empty
    VEC(struct recorded_start) starts;  // at least one
    struct map steps;                   // name -> struct recorded_step
    struct map tasks;                   // name -> struct recorded_task
    struct map files;                   // absolute path -> struct recorded_file: what was read of the user's, by the last word
    struct map tools;                   // program -> struct recorded_tool
    VEC(Str) images;                    // digests of the container images that tasks ran in
    VEC(Str) warnings;                  // of the last start
    Time last;                          // time of the last record

    struct arena *arena;                // --- private from here
    struct map words;                   // interned texts
    bool has_ended;                     // the last start
    bool is_brief;                      // no steps, no tasks
    struct err err;
};

// The journal in the folder `dir` (<home>/runs/<run>). ERR_NOT_FOUND: no journal, or none with a start yet; ERR_DAMAGED: not one
// sound record of a start. Lives as long as `a`.
bool run_record_read(struct arena *a, Str dir, struct run_record **out, struct err *err) MUST_CHECK;
// The same without steps and tasks: only what the manifest needs, in a fraction of the time.
bool run_record_read_brief(struct arena *a, Str dir, struct run_record **out, struct err *err) MUST_CHECK;

// What is asked of a record. The last start:
const struct recorded_start *run_record_last(const struct run_record *r);
// Does the task belong to the last start? Tasks of earlier starts alone are history: the workflow or its inputs were changed.
bool recorded_task_is_current(const struct run_record *r, const struct recorded_task *t);
static inline const struct recorded_attempt *recorded_task_last(const struct recorded_task *t) { return &t->attempts.at[t->attempts.len - 1]; }
// When the attempt ran, as far as is known: measured, else from its records. *ended is 0 while it runs, and for a cached one both are.
void recorded_attempt_times(const struct recorded_attempt *t, Time *started, Time *ended);
const char *run_status_name(enum run_status status);
const char *recorded_state_name(enum recorded_state state);             // "running", "done", "cached", …
const char *recorded_cache_name(enum recorded_cache cache);             // "miss", "hit", "off", "again"

// The parts of run_record_read(), for journals that come from elsewhere, and for who adds them up.
struct run_record *run_record_new(struct arena *a, Str run);
bool run_record_add(struct run_record *r, uint8_t type, Str payload);   // false: not what Petri wrote; see r->err
void run_record_finish(struct run_record *r, bool is_live);
