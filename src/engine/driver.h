// SPDX-License-Identifier: Apache-2.0
#pragma once
// The driver carries out what the pure core (core.h) decides: it looks up results, writes the journal, starts attempts through
// the executor, and tells the evaluator. One driver is one start of one run; it lives on the loop thread.
#include "base/clock.h"
#include "base/err.h"
#include "engine/record.h"
#include "task/result.h"
#include "task/spec.h"

struct arena;
struct driver;
struct executor;
struct journal;
struct loop;
struct store;

struct driver_config {
    Str home, run;                      // <home>/runs/<run>/ holds the journal
    double cores;                       // admission: what running tasks may reserve together
    int64_t memory_bytes, disk_bytes;   // disk_bytes < 0: not limited
    int max_running;
    int retries;                        // after temporary failures, unless the task says otherwise
    double memory_factor;               // > 1: a task killed for memory is tried again with so much more (within retries)
    Time retry_delay, retry_delay_max;  // doubles from the first to the second, with jitter
    int kill_grace_ms;
    bool keep_going;
    bool dry_run;                       // nothing is started: the first miss of each chain is told as WOULD_RUN
    bool no_cache;                      // run everything, whatever is stored
};
enum task_end { TASK_DONE, TASK_FAILED, TASK_CANCELLED, TASK_WOULD_RUN };
struct task_outcome {
    enum task_end end;
    bool was_cached;
    const struct task_result *result;   // TASK_DONE; valid during the call only
    Str error;                          // TASK_FAILED: a sentence for the user; valid during the call only
};
typedef void task_told(void *ticket, const struct task_outcome *outcome);

// What the live table and plain lines show; called on the loop thread as things happen (all optional).
struct driver_watcher {
    void (*step)(void *arg, Str step, int64_t expected);
    void (*task)(void *arg, Str step, Str name, enum record_type what, Str detail);   // INTENT, DONE, CACHED, FAILED, EVALUATED
    void (*warning)(void *arg, Str text);
    void *arg;
};

// Loop, store, journal and executor stay the caller's and outlive the driver, as do the config's Strs. The driver takes
// the executor's `done` and the loop's turn end. Freed once loop_run() has returned; NULL is allowed.
struct driver *driver_new(struct loop *loop, struct store *store, struct journal *journal, struct executor *executor,
                          const struct driver_config *config);
void driver_free(struct driver *d);
void driver_watch(struct driver *d, struct driver_watcher watcher);     // one at a time; { 0 }: nobody

// For evaluators. The spec is copied. told(ticket, …) follows exactly once, never from within this call.
void driver_submit(struct driver *d, const struct task_spec *spec, task_told *told, void *ticket);
void driver_step(struct driver *d, Str step, int64_t expected);         // announces a step
void driver_evaluated(struct driver *d, Str step, Str name, bool skipped);
void driver_warn(struct driver *d, Str text);
void driver_later(struct driver *d, void (*fn)(void *arg), void *arg); // calls fn in a later turn
// The bytes of an output of a finished task, or of a user's file: a path to verified bytes, or (inline outputs) the bytes.
// `source`: a user's own file, else empty. ERR_NOT_FOUND: not there now.
bool driver_bytes(struct driver *d, struct arena *a, Hash hash, Str source, Str *path, Str *bytes, struct err *err) MUST_CHECK;
// Cancelled, finished or broken: nothing that an evaluator does matters any more.
bool driver_is_over(const struct driver *d);
struct store *driver_store(struct driver *d);
const struct driver_config *driver_config(const struct driver *d);
// Sees to it that the bytes of these digests are there (sources: user's files, parallel, empty where none), making
// lost ones again by running their task; then calls fn(arg, ok, error) in a later turn. Both arrays are copied.
void driver_need(struct driver *d, const Hash *hashes, size_t count, void (*fn)(void *arg, bool ok, Str error), void *arg);
// Digests of the user's files at `paths` on worker threads; then fn(arg) in a later turn. items must live until then.
struct driver_hash_item {
    Str path;
    Hash hash;                          // filled in
    int64_t size;                       // filled in
    struct err err;                     // code ERR_NONE: fine
};
void driver_hash_files(struct driver *d, struct driver_hash_item *items, size_t count, void (*fn)(void *arg), void *arg);
// Notes in the journal that tasks call `program`, found at `path`; the first time a start says so. Which package it came from
// is looked up meanwhile, on a worker thread.
void driver_tool(struct driver *d, Str program, Str path, Hash hash, int64_t size);
// Ends the evaluation: ok with the output object, or the failure. The driver lets running tasks end (or cancels them),
// commits, and stops the loop. `outputs` is not copied: it lives until driver_free().
void driver_finish(struct driver *d, bool ok, Value outputs, Str error, Str place);

// For the command line.
void driver_cancel(struct driver *d, bool at_once);     // Ctrl-C: asks tasks to end; at_once: kills
struct driver_end {
    enum { DRIVER_OK, DRIVER_FAILED, DRIVER_CANCELLED, DRIVER_BROKEN, DRIVER_AGAIN } status;
    // BROKEN: journal or store failed, see err. AGAIN: bytes that had been lost were made again and came out different:
    // evaluate again from the start with a new driver (everything else is a hit).
    Value outputs;                      // in the driver's arena
    Str error, place;
    struct err err;
    int64_t ran, cached, failed, retried, would_run;
    const Str *would_run_names;         // dry run
};
const struct driver_end *driver_end(const struct driver *d);
