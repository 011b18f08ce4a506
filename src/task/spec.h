// SPDX-License-Identifier: Apache-2.0
#pragma once
// The task: an immutable description of one command. Pure data: no file is touched here.
//
// Paths a task sees lie under TASK_ROOT, whatever the machine: an executor with a mount namespace mounts its
// attempt folder there; one without replaces the prefix in argv, environment, texts and links when it starts
// the task. So command lines, and with them keys, do not depend on where a task runs.
#include "base/hash.h"
#include "value/value.h"

#define TASK_ROOT "/petri/task"
#define TASK_OUT TASK_ROOT "/out"       // working folder, where outputs are looked for
#define TASK_TMP TASK_ROOT "/tmp"
#define TASK_IN TASK_ROOT "/in"         // inputs: TASK_IN/<n>/<basename>

enum stage_kind {
    STAGE_FILE,                         // bytes known by digest
    STAGE_TEXT,                         // bytes given here
    STAGE_DIR,                          // an (empty) folder; its content is staged by further entries
};
struct stage {                          // one thing that must be on disk before the command starts
    enum stage_kind kind;
    bool is_writable;                   // a copy of its own that the task may change; else read-only, never a copy
    bool is_executable;
    Str path;                           // under TASK_ROOT
    Str text;                           // STAGE_TEXT
    Hash hash;                          // STAGE_FILE
    int64_t size;                       // STAGE_FILE, bytes
    Str source; // STAGE_FILE: a user's own file that holds the bytes; empty: the store. Not in the key
};
struct env_var {
    Str name, value;
};
struct task_resources {                 // what is reserved; not in the key
    double cores;
    int64_t memory_bytes, tmp_bytes, out_bytes;
    int64_t time_limit_ms;              // 0: none
    // What the task said itself that it needs at the most; more is not given to it. 0: it said nothing.
    double cores_limit;
    int64_t memory_limit_bytes;
};
struct task_policy {                    // not in the key
    const int *success_codes, *temporary_codes, *permanent_codes;
    size_t success_count, temporary_count, permanent_count;     // no success codes: 0 alone
    int retries;                        // further attempts after a temporary failure
    bool no_cache;                      // always run, whatever is stored (CWL WorkReuse: false)
};
struct task_spec {
    Str name;                           // unique in the run, for people: "align[3]/sort"
    Str step;                           // the step it belongs to, for fairness and for the table: "align/sort"
    // --- decides the bytes: in the key
    const Str *argv;                    // argv[0] is looked up in PATH unless it has a '/'
    size_t argc;
    Str tool_digest;                    // identity of the program behind argv[0] ("blake3:…") and of those named with it (" NAME=blake3:…"), or empty
    Str image;                          // container image by digest; empty: none
    Str workdir;                        // where TASK_OUT is to be in its container too; empty: nowhere else
    const struct env_var *env;          // sorted by name; HOME, TMPDIR and PATH are the executor's
    size_t env_count;
    Str stdin_path;                     // under TASK_ROOT; empty: /dev/null
    Str stdout_name, stderr_name;       // relative to TASK_OUT; empty: kept as the task's log only
    const struct stage *stages;
    size_t stage_count;
    const Str *globs;                   // what is kept: patterns relative to TASK_OUT (glob(7), no '**')
    size_t glob_count;
    bool keep_all;                      // keep everything left in TASK_OUT
    bool network;                       // may use the network
    // --- does not
    struct task_resources resources;
    struct task_policy policy;
    Value labels;                       // map: sample, run, data class …; may be null
};

// The canonical form of what decides the bytes (canonical JSON, see json_write_canonical()) and its digest, the key.
Hash task_key(const struct task_spec *spec, Str *canonical, struct arena *a);   // canonical may be NULL
// Back from the stored form, for making lost bytes again; the strings are copied into `a`. What is not in the key
// (name, step, resources, policy, labels) is empty: the caller sets it. err: ERR_INVALID naming the field; a field
// that is not known is refused, since it decides the bytes too.
struct err;
bool task_from_identity(struct arena *a, Value identity, struct task_spec *out, struct err *err) MUST_CHECK;
struct task_spec *task_spec_copy(struct arena *a, const struct task_spec *spec);        // deep

// How an exit code is to be taken, by the spec's policy: success, then permanent, then temporary codes; a code that
// is in no list is permanent.
enum exit_class { EXIT_IS_SUCCESS, EXIT_IS_TEMPORARY, EXIT_IS_PERMANENT };
enum exit_class task_exit_class(const struct task_spec *spec, int exit_code);
