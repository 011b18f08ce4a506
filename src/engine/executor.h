// SPDX-License-Identifier: Apache-2.0
#pragma once
// Where tasks run. The engine's driver sees only this; the kinds are in exec/.
#include "base/err.h"
#include "task/result.h"
#include "task/spec.h"

struct executor;
struct loop;
struct store;

// Where the bytes of one STAGE_FILE are: a path, or the bytes themselves. Parallel to spec->stages.
struct stage_source {
    Str path;                           // absolute; empty: use `bytes`
    Str bytes;
};
struct attempt {                        // one try of a task; owned by the driver until `done` was called
    uint64_t id;                        // unique in the run
    Str label;                          // unique for all time: "<run>-<epoch>-<id>"
    Hash key;                           // of the task: names the attempt's folder, so that a task run again sees the same paths
    const struct task_spec *spec;
    const struct stage_source *sources; // spec->stage_count of them
    int64_t memory_bytes;               // reserved for this attempt: more than the spec asks, when it is tried again with more
    void *owner;                        // the driver's
};
enum attempt_end {
    ATTEMPT_EXITED,                     // exit_code
    ATTEMPT_SIGNALED,                   // signal; not sent by us
    ATTEMPT_KILLED,                     // by executor_cancel
    ATTEMPT_NOT_STARTED,                // staging or exec failed: err (ERR_UNAVAILABLE: try again later)
    ATTEMPT_LOST,                       // nothing is known: the runner died
    ATTEMPT_BAD_OUTPUT,                 // it ran, but an output can't be kept: err says which and why
    ATTEMPT_STORE_FAILED,               // it ran, but the store could not take its outputs: err; the run must stop
};
// A limit that an attempt met. Each was the end of it, but for the network and the processes, which were refused to it.
enum attempt_limit_kind { LIMIT_NONE, LIMIT_MEMORY, LIMIT_PROCESSES, LIMIT_FILE_SIZE, LIMIT_NETWORK };
struct attempt_limit {
    enum attempt_limit_kind kind;
    int64_t asked;                      // what the task asked for; bytes, or a count
    int64_t limit;                      // where it was stopped
    int64_t seen;                       // how far it came; how often it tried
};
struct attempt_outcome {
    enum attempt_end end;
    int exit_code, signal;
    struct attempt_limit limit;
    Str hidden;                         // a path that the command names and that its sandbox hid from it; may be empty
    const char *sandbox;                // the kind that it ran in, static; NULL: it did not run
    struct measured measured;
    // Filled in when the class of the exit code is success (outputs, logs) or not (logs alone). In the arena given
    // to executor_submit. Files are in the store already, durable.
    struct output *outputs;
    size_t output_count;
    struct output log_out, log_err;
    struct err err;
};

struct executor_ops {
    const char *name;                   // "local", "slurm", …; as written in config
    // Starts the attempt. Returns at once; the outcome arrives through `done` on the loop thread, exactly once. On
    // failure sets err and nothing was started: ERR_UNAVAILABLE means try again later. The outcome's memory is
    // allocated from `a`, which must live until `done`.
    bool (*submit)(struct executor *x, struct attempt *attempt, struct arena *a, struct err *err);
    // Asks for the attempt to stop: SIGTERM, after `grace_ms` SIGKILL, to all its processes. Idempotent; done still follows.
    void (*cancel)(struct executor *x, struct attempt *attempt, int grace_ms);
    // What the running tasks use now: CPU in cores, memory in bytes; for the live table.
    void (*usage)(struct executor *x, double *cores, int64_t *memory_bytes);
    void (*free)(struct executor *x);
};
struct executor {
    const struct executor_ops *ops;
    struct loop *loop;
    struct store *store;
    void (*done)(void *arg, struct attempt *attempt, const struct attempt_outcome *outcome);
    // Where the executor can tell it apart: before `done`, when the processes are dead and the outputs still to be taken.
    void (*left)(void *arg, struct attempt *attempt);
    void (*warn)(void *arg, Str text);  // something that the user should know; may be NULL
    void *done_arg;                     // of them all
    int running;
};
// As the operations above; executor_submit() counts in `running` what was started.
bool executor_submit(struct executor *x, struct attempt *attempt, struct arena *a, struct err *err) MUST_CHECK;
void executor_cancel(struct executor *x, struct attempt *attempt, int grace_ms);
void executor_usage(struct executor *x, double *cores, int64_t *memory_bytes);
void executor_free(struct executor *x);                 // NULL is allowed
