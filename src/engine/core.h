// SPDX-License-Identifier: Apache-2.0
#pragma once
// The scheduler: a pure state machine. It opens no file, reads no clock, starts nothing: events and the time go in,
// effects come out, and the driver (or a simulator) carries them out and answers with further events.
//
//   SUBMIT -> LOOKUP --known--------------------------------------> RECORD_CACHED -> durable -> TELL done
//                 |unknown                                              ^
//             QUEUED (per step) -> INTEND -> durable -> READY -> START -|(late hit)
//                 ^                                              |
//                 |                                           RUNNING -> success -> RECORD_DONE -> durable -> TELL done
//                 '--- RETRY_WAIT <- temporary failure <---------|---- failure -> RECORD_FAILED -> durable -> TELL failed
//
// Promises: an attempt starts only after its intent is durable; nothing is told before it is durable; a task is told exactly
// once; reservations of what runs never exceed the limits (a task larger than all cores runs alone); one task at a time
// per key; a task that finished is never started again unless its bytes were lost.
#include "base/clock.h"
#include "base/hash.h"

struct core;
struct core_task;

struct core_config {
    double cores;
    int64_t memory_bytes, disk_bytes;           // disk < 0: not limited
    int max_running;
    int retries;                                // after an ordinary failure
    double memory_factor;                       // ≤ 1: a kill for memory is an ordinary failure
    Time retry_delay, retry_delay_max;
    uint64_t seed;                              // of the jitter
};
struct core_request {                           // what is submitted; copied
    Hash key;
    Str step;                                   // must live as long as the core
    double cores;
    int64_t memory_bytes, disk_bytes;
    Time time_limit;                            // 0: none
    int retries;                                // at least so many after an ordinary failure
    bool no_cache;                              // no lookup, and shared with nobody
    bool make_again;                            // the result is known but its bytes are lost: run, whatever is stored
    void *owner;                                // the driver's
};

enum core_event_kind {
    CORE_SUBMIT,        // request; the task comes back in event->task
    CORE_KNOWN,         // task: answer to LOOKUP, or in place of starting (a late hit)
    CORE_UNKNOWN,       // task: answer to LOOKUP
    CORE_DURABLE,       // task: what INTEND or RECORD_* asked for is on disk
    CORE_NOT_READY,     // task: answer to START: inputs are being made again; hold it until CORE_READY
    CORE_READY,         // task: may be started (again)
    CORE_LEFT,          // task: the attempt's processes are dead, its outputs are being taken: cores and memory are free. May be left out
    CORE_ENDED,         // task: its attempt ended, see `ended`. Of an attempt that is over already: nothing happens
    CORE_CANCEL,        // everything: nothing new starts, what runs is killed with a grace; `at_once` without
    CORE_STOP,          // everything waiting is cancelled, what runs may end
    CORE_TICK,          // time has passed
};
enum core_ended {
    ENDED_SUCCESS,
    ENDED_FAILURE,      // ordinary: tried again only if retries were asked for
    ENDED_TEMPORARY,    // tried again at least TEMPORARY_RETRIES times
    ENDED_MEMORY,       // killed, probably for memory
    ENDED_PERMANENT,    // never tried again
    ENDED_KILLED,       // because we asked
};
enum { TEMPORARY_RETRIES = 2 };
struct core_event {
    enum core_event_kind kind;
    struct core_task *task;
    const struct core_request *request;         // SUBMIT
    enum core_ended ended;                      // ENDED
    int attempt;                                // LEFT, ENDED: of which attempt; 0: the current one
    bool at_once;                               // CANCEL
};

enum core_effect_kind {
    CORE_LOOKUP,        // is there a result? Answer KNOWN or UNKNOWN
    CORE_INTEND,        // journal the intent of attempt `attempt`; answer DURABLE
    CORE_START,         // start the attempt (intent is durable); answer ENDED some time, or KNOWN or NOT_READY now
    CORE_KILL,          // end the running attempt; ENDED follows
    CORE_RECORD_CACHED, // journal; answer DURABLE
    CORE_RECORD_DONE,   // result into the store, journal; answer DURABLE
    CORE_RECORD_RETRY,  // journal the failure of an attempt that will be followed by another; no answer needed
    CORE_RECORD_FAILED, // journal the failure; answer DURABLE
    CORE_TELL,          // the task is over; then core_forget()
};
enum core_end { CORE_END_DONE, CORE_END_FAILED, CORE_END_CANCELLED };
struct core_effect {
    enum core_effect_kind kind;
    struct core_task *task;
    int attempt;                                // 1 …
    bool at_once;                               // KILL
    bool timed_out;                             // KILL, RECORD_FAILED: the time limit
    bool cached;                                // TELL
    enum core_end end;                          // TELL
};
struct core_effects {                           // filled by core_step, emptied by the driver; memory reused
    struct core_effect *at;
    size_t len, cap;
};

// The config is copied. Freeing a core frees its tasks, told or not; their owners are the driver's.
struct core *core_new(const struct core_config *config);
void core_free(struct core *c);
// `now` never goes back. Effects are appended to *out in the order in which they must happen.
void core_step(struct core *c, struct core_event *event, Time now, struct core_effects *out);
// Frees a task whose CORE_TELL has been carried out.
void core_forget(struct core *c, struct core_task *t);
// When a CORE_TICK is needed at the latest; 0: none.
Time core_wake_at(const struct core *c);

void *core_owner(const struct core_task *t);    // as in its request
int core_attempt(const struct core_task *t);    // the current or last one, 1 …; 0: none yet
int64_t core_memory(const struct core_task *t); // reserved for the current attempt, after raises
struct core_counts {
    int64_t waiting, running, told;
};
// Now waiting (to be started, tried again, or for a task with the same key) and running; and told since the beginning.
// A task that is looked up or recorded is in none of them.
struct core_counts core_counts(const struct core *c);
