// SPDX-License-Identifier: Apache-2.0
#pragma once
// petri-sim: the pure core (engine/core.h) in a world that a seed draws: a clock, a disk, a scheduler, a user, and everything that
// goes wrong with them. One thread, no file, no clock: the same seed gives the same world, step by step.
//
//   shape.c    what the seed draws: the workflow, the machine, which faults and how often
//   disk.c     journal and store: what is written, what is visible, what a power cut leaves
//   cluster.c  jobs: late, lost and doubled replies, jobs that vanish, submissions whose answer never comes
//   head.c     one head: it carries out the core's effects as engine/driver.c does, and dies at any of them
//   check.c    what must hold, looked at in each step
//   world.c    events in order of their time, and when a seed is over
//   main.c     the command line
#include "base/link.h"
#include "base/vec.h"
#include "engine/core.h"

#define FAULTS(X) \
    X(HEAD_KILLED, "head killed") X(POWER_LOST, "power lost") X(DISK_FULL, "disk full") X(SYNC_FAILED, "sync failed") \
    X(JOB_FAILS, "job failed") X(JOB_TEMPORARY, "job failed for a time") X(JOB_HANGS, "job hung") X(JOB_VANISHES, "job vanished") \
    X(REPLY_LATE, "late reply") X(REPLY_TWICE, "doubled reply") X(REPLY_LOST, "lost reply") X(SUBMIT_REFUSED, "submission refused") \
    X(SUBMIT_TIMES_OUT, "accepted, then timed out") X(BYTES_LOST, "bytes lost") X(RESULT_DAMAGED, "result damaged") \
    X(OTHER_HEAD, "another head was first") X(HEAD_STOPPED, "head stopped past its lease") X(CLOCK_JUMPS, "clock jumped") \
    X(CANCELLED, "cancelled by the user")
enum fault {
#define X(name, text) FAULT_##name,
    FAULTS(X)
#undef X
    FAULT_COUNT
};
extern const char *const fault_names[FAULT_COUNT];

// Jobs that need more memory than they asked for, and nodes that never succeed, are no faults: they come with the shape.
struct node {                           // of the workflow
    int original;                       // nodes with the same original, and the same inputs, have the same key
    int first_input, input_count;       // in world.inputs
    int first_user, user_count;         // in world.users: who needs this one's output
    int step, retries;
    double cores;
    int64_t memory, disk, peak;
    Time takes, limit;
    bool no_cache, always_fails, is_random;     // is_random: each run of it gives other bytes
};
struct result {                         // in the store, by key
    uint64_t key, digest;               // key 0: an empty slot
    int node;
    bool exists;                        // visible to every head
    bool is_durable, has_bytes;
    bool is_excused;                    // it was damaged, replaced or made by a task without cache: may differ from what was told
    uint64_t told;                      // digest of the first telling; 0: none
    uint64_t told_by;                   // serial of the head that was told so last
    int live;                           // jobs at it
};
enum record_kind { REC_INTENT, REC_DONE, REC_FAILED, REC_RETRY, REC_CACHED, REC_END };
struct rec {
    enum record_kind kind;
    int node, attempt;
    uint64_t number, key, epoch;
    bool is_again;                      // bytes were made again, or there is no cache: may be done twice
    struct sub *sub;                    // whose; only while it is queued
};

// Bugs of a head, built in to see that the checkers catch them. Those of the core are made from its text: see mutants.py.
#define MUTANTS(X) \
    X(NONE, "none") X(NO_LATE_HIT, "no-late-hit") X(OWN_RESULT, "own-result") X(TELLS_EARLY, "tells-early") X(NO_FENCE, "no-fence") \
    X(NO_FOLDER_SYNC, "no-folder-sync") X(RESUBMITS, "resubmits") X(FORGETS_HELD, "forgets-held")
enum mutant {
#define X(name, text) MUTANT_##name,
    MUTANTS(X)
#undef X
    MUTANT_COUNT
};
extern const char *const mutant_names[MUTANT_COUNT];

struct sub {                            // one submission to a core, until it was told; then its memory is another's
    struct sub *next_free;
    uint64_t serial;
    struct head *head;
    struct core_task *task;
    int node, missing, job;             // job: -1 none
    uint64_t number, key, digest;
    uint64_t intent_at, end_at;         // places of its records in the journal, + 1
    uint64_t wait_for;                  // the record of the head that must be durable
    bool makes_again, has_changed, input_failed;
    struct { struct sub **at; size_t len, cap; } held;  // who waits for these bytes to be made again
    struct link all;                    // in the head
};
struct head {
    struct world *world;
    int slot;                           // in world.heads
    uint64_t serial, epoch;             // serial: events for an earlier head in this slot are void
    bool is_alive, is_stopped, is_broken, is_finished, is_cancelled, again;
    bool core_is_stopped;
    Time wakes_at;                      // is_stopped: until then nothing of it happens
    struct core *core;
    struct core_effects effects;
    size_t effects_done;
    VEC(struct rec) queue;              // records, not yet with a commit
    VEC(struct rec) batch;              // those that a commit is writing
    VEC(struct sub *) pending, batch_results;           // results, likewise
    VEC(struct sub *) waiting;          // for their record, in its order
    bool is_committing;
    int stage;
    uint64_t appended, batch_last, numbers;             // counts of records; number of the last submission
    int running, left;                  // jobs of this head, those that have left not counted; and what they reserve
    double cores;
    int64_t memory, disk;
    struct sub **making;                // per node: the submission that makes its bytes again
    int *inputs_left;                   // per node
    bool *is_done;                      // per node
    uint64_t *digests, *keys;           // per node, once done; once submitted
    int untold, done, failed;
    int failed_for_good;                // nodes that always fail
    struct link subs;                   // all that are not told
    Time tick_at;
};
struct job {
    uint64_t serial;
    uint64_t key;
    struct sub *sub;                    // NULL: nobody waits for it
    int node, attempt;
    bool is_live, is_killed, has_left;
    Time dies_at;                       // when is_killed
    uint64_t killer;                    // the head that asked for it
    enum core_ended outcome;
    double cores;
    int64_t memory, disk;               // as reserved
    uint64_t digest;
    int next_free;
};

struct late {                           // a reply that comes again
    struct sub *sub;
    uint64_t serial;
    struct core_event ended;
};

enum event_kind { EVENT_JOB_ENDS, EVENT_REPLY, EVENT_REPLY_AGAIN, EVENT_COMMIT, EVENT_TICK, EVENT_HEAD_STARTS, EVENT_HEAD_WAKES, EVENT_MISCHIEF };
struct event {
    Time at;
    uint64_t order, serial;
    enum event_kind kind;
    int which;                          // job or head
};

enum { HEADS = 3 };                     // the one that goes on, and two that were stopped and may wake
struct world {
    uint64_t seed, random;
    Time now;
    uint64_t steps, step_limit;
    bool is_traced;

    // shape.c
    int node_count, step_count;
    struct node *nodes;
    int *inputs, *users;
    struct core_config config;
    bool keeps_going, is_cluster;       // is_cluster: jobs outlive their head, and are found again by their token
    uint32_t rates[FAULT_COUNT];        // of 65536
    int64_t faults_left;
    int64_t faults[FAULT_COUNT];

    // disk.c
    VEC(struct rec) journal;
    size_t journal_durable;
    uint64_t epoch;
    struct result *results;
    size_t result_count, result_cap;
    VEC(uint64_t) keys;                 // of all of them, in the order in which they became known

    // cluster.c
    VEC(struct job) jobs;
    VEC(struct late) late;
    int free_job;
    uint64_t job_serials;

    struct head heads[HEADS];
    struct head *current;               // the head of the run; NULL: between two
    uint64_t head_serials;
    int starts;
    struct sub *free_subs;
    uint64_t sub_serials;
    enum mutant mutant;

    VEC(struct event) events;           // a heap
    uint64_t event_orders;

    bool is_over;
    uint64_t told;                      // submissions told, in all heads
    uint64_t checks;
    uint64_t *acked;                    // per node: the key that was told as done; 0: none
};

// --- world.c
struct world *world_new(uint64_t seed, int nodes);      // nodes: 0, drawn
void world_run(struct world *w);                        // to its end, or exit(1) with the seed on stderr
void world_free(struct world *w);
uint64_t draw(struct world *w, uint64_t below);         // 0 … below - 1; below > 0
bool chance(struct world *w, enum fault fault);         // shall it happen now? Counts it
void event_add(struct world *w, Time after, enum event_kind kind, int which, uint64_t serial);
#define TRACE(w, ...) ((w)->is_traced ? trace_write((w), __VA_ARGS__) : (void)0)
void trace_write(struct world *w, const char *fmt, ...) PRINTF(2, 3);
#define vec_add(v, ...) vec_push_heap((v), __VA_ARGS__)

// --- shape.c
void shape_draw(struct world *w, int nodes);
uint64_t mix(uint64_t a, uint64_t b);                   // a good hash of two numbers; never 0

// --- disk.c
struct result *result_find(struct world *w, uint64_t key);              // NULL: never heard of
struct result *result_make(struct world *w, uint64_t key, int node);    // finds, or adds an absent one
void disk_power_lost(struct world *w);
// Stages of a commit, each a point where the head may die: results written and synced, named, their folders synced, the journal
// written, the journal synced. False: it failed for good, and the head is broken.
enum { COMMIT_STAGES = 5 };
bool disk_commit_stage(struct head *h, int stage);

// --- cluster.c
void cluster_start(struct sub *s);
void cluster_kill(struct sub *s);
void cluster_job_ends(struct world *w, int job);
void cluster_reply(struct world *w, int job);
void cluster_reply_again(struct world *w, int late);
void cluster_head_died(struct head *h);                 // nobody waits for its jobs any more
void cluster_forget(struct sub *s);                     // nor for this one's
void cluster_reap(struct world *w);                     // ends what no head waits for
int cluster_live(const struct world *w);

// --- head.c
void head_start(struct world *w);
void head_die(struct head *h, const char *how);
void head_event(struct head *h, struct core_event event);
void head_turn(struct head *h);                         // carries out effects, begins a commit
void head_commit_step(struct head *h);
void head_cancel(struct head *h);
void head_release(struct head *h);

// --- check.c
NORETURN void violated(struct world *w, const char *fmt, ...) PRINTF(2, 3);
#define MUST(w, claim, ...) ((w)->checks++, (claim) ? (void)0 : violated((w), __VA_ARGS__))
void check_effect(struct head *h, const struct core_effect *e);         // as soon as the core has said it
void check_start(struct sub *s, int attempt);           // before anything else is looked at
void check_runs(struct sub *s, bool is_adopted);        // its job is about to be submitted, or is an earlier head's
void check_told(struct sub *s, const struct core_effect *e);
void check_head_start(struct head *h);                  // what was acknowledged is there
void check_end(struct world *w);
