// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the files of the driver share: driver.c (loop and effects), driver_stage.c (where the bytes of inputs are, and
// making lost ones again), driver_record.c (journal records).
#include "base/arena.h"
#include "base/link.h"
#include "base/map.h"
#include "base/vec.h"
#include "engine/core.h"
#include "engine/driver.h"
#include "engine/executor.h"
#include "engine/package.h"

struct driver_task {                    // from submit until told
    struct driver *driver;
    struct core_task *core;             // NULL: it never reached the core (refused, or a dry run)
    struct arena arena;
    struct task_spec *spec;
    Hash key;
    Str identity;
    int64_t number;                     // "task" in the records
    task_told *told;
    void *ticket;
    struct task_result *result;         // once known or made
    struct attempt attempt;
    struct arena attempt_arena;         // one attempt's memory
    struct attempt_outcome outcome;     // of the last attempt
    struct strbuf error;                // why it failed
    Str damage;                         // what was wrong with its result in the store, until the user was told
    bool makes_again;                   // a result whose bytes were lost is being made again
    bool result_changed;                // … and came out different
    int missing;                        // held: lost digests that are being made again
    struct link pending;                // results that the next commit writes
    uint64_t durable_at;                // sequence number of the record that must be on disk
    struct link durable;
    struct link all;
};

// Which result holds the bytes of a digest: an open-addressing table, 72 bytes an entry.
struct producer {
    Hash hash, key;
    bool is_used, is_inline;
    Str bytes;                          // data is NULL: not kept here. They are when the result may be replaced by another task's of the same
                                        // key, and while there is room
};
struct producers {
    struct producer *at;
    size_t len, cap;
    size_t kept_bytes;
};

struct result_cache {                   // the result that bytes were taken from last
    bool is_set;
    struct arena arena;
    struct task_result result;
    struct map by_hash;                 // digest bytes -> its inline output
};

struct driver_tool {                    // a program that tasks call, on its way into the record
    struct driver *driver;
    struct arena arena;
    Str program, path;
    Hash hash;
    int64_t size;
    struct package package;
};

struct driver {
    struct loop *loop;
    struct store *store;
    struct journal *journal;
    struct executor *executor;
    struct driver_config config;
    struct core *core;
    struct core_effects effects;
    size_t effects_done;                // effects before this one are carried out
    struct arena arena;                 // of the run: names, sources, the end
    struct driver_watcher watcher;
    struct loop_timer *timer;
    struct link all;                    // every driver_task that is not told
    struct link durable;                // driver_tasks in order of their records
    struct link pending;                // driver_tasks whose results the next commit puts
    bool committing;
    Time committed_at;                  // when the last commit began
    struct journal_batch *batch;
    struct link batch_results;
    bool commit_ok;
    struct err commit_err;
    VEC(struct { void (*fn)(void *); void *arg; }) later;
    struct map steps;                   // interned step names
    struct map sources;                 // digest bytes -> path of a user's own file
    struct producers producers;
    struct result_cache result_cache;
    struct map making;                  // digest bytes of keys being made again -> struct making
    struct map recorded;                // paths of the user's files and programs that the journal tells of
    int64_t listed_files;               // in records of this start
    int64_t task_number;
    VEC(struct driver_task *) lookups;  // asked for, not begun
    bool looking_up;                    // others are, on worker threads
    int work_running;                   // jobs on worker threads: hashing, lookups
    bool finished, stopped, broken;     // finished: the evaluator is done; stopped: the loop was told
    bool cancelled;
    VEC(Str) would_run;
    struct driver_end end;
};

// driver.c
void driver_event(struct driver *d, struct core_event event);
// Ends the attempt of `t` for the core.
void driver_attempt_ended(struct driver_task *t, enum core_ended ended);
// Journal or store failed: everything is killed, nothing more is acknowledged.
void driver_break(struct driver *d, const struct err *err);
struct driver_task *driver_task_new(struct driver *d, const struct task_spec *spec, task_told *told, void *ticket);
void driver_task_submit(struct driver_task *t);

// driver_outcome.c: the executor's `done`.
void driver_attempt_done(void *arg, struct attempt *attempt, const struct attempt_outcome *outcome);
void driver_attempt_left(void *arg, struct attempt *attempt);

// driver_commit.c
// Writes what is queued, unless a commit is under way or a pause is due.
void driver_commit(struct driver *d, Time now);
// How long the next commit should wait for company; 0: not at all.
Time driver_commit_pause(const struct driver *d, Time now);

// driver_stage.c
// keep: hold small outputs in memory too (tasks that are not shared may overwrite each other's results).
void producers_add(struct driver *d, const struct task_result *r, bool keep);
void sources_add(struct driver *d, const struct task_spec *spec);
enum staged { STAGED_READY, STAGED_HELD, STAGED_FAILED };
// Finds every stage's bytes (t->attempt.sources). HELD: some are being made again, and the task will be released.
enum staged driver_find_sources(struct driver_task *t);
// Nobody tells `arg` of bytes made again any more.
void driver_unwait(struct driver *d, void *arg);
void driver_stage_free(struct driver *d);

// driver_record.c
uint64_t record_intent(struct driver_task *t);
void record_cached(struct driver_task *t);
uint64_t record_done(struct driver_task *t);
uint64_t record_failed(struct driver_task *t, bool retry, bool timed_out, bool cancelled);
// The user's files that were hashed, each once.
void record_files(struct driver *d, const struct driver_hash_item *items, size_t count);
void record_tool(struct driver *d, const struct driver_tool *t);
