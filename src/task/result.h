// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a task left behind. Immutable, stored under the task's key.
#include "base/clock.h"
#include "base/hash.h"
#include "value/value.h"

enum output_kind { OUTPUT_FILE, OUTPUT_DIR };
struct output {                         // everything kept below TASK_OUT, sorted by path; a folder before its content
    enum output_kind kind;
    Str path;                           // relative to TASK_OUT, no leading "./"
    Hash hash;                          // OUTPUT_FILE
    int64_t size;
    bool is_executable;
    bool is_inline;                     // the bytes are in `bytes`, and in the store only as part of the result
    Str bytes;
};
struct measured {                       // of the process tree of one attempt
    Time started, ended;                // wall clock
    Time wall, user, system;            // durations
    int64_t peak_memory_bytes, read_bytes, written_bytes;       // -1: not known, as in what follows
    Time io_wait;                       // in which one of its processes waited for a disk
    int64_t chars_read, chars_written;  // by system calls, from whatever; *_bytes are what disks moved
    int64_t peak_virtual_bytes;         // address space of all its processes together
};
struct task_result {
    Hash key;
    Str identity;                       // the canonical form behind the key
    int exit_code;
    struct output *outputs;
    size_t output_count;
    struct output log_out, log_err;     // stdout and stderr as logs (path "stdout", "stderr"); size 0 if empty
    struct measured measured;
    Str run, task, host;                // who made it
};
enum { RESULT_INLINE_MAX = 2048 };      // outputs up to this many bytes live inside the result

Value result_value(struct arena *a, const struct task_result *r);         // what result_encode() writes
Value output_value(struct arena *a, const struct output *o);              // one output or log, as in a result's record
// Inline bytes are checked against their digests. err: ERR_DAMAGED or ERR_INVALID naming the field.
bool result_from_value(struct arena *a, Value v, struct task_result *out, struct err *err) MUST_CHECK;
// The stored form: one line of JSON and a line "blake3:<digest of the first line>". Whatever byte is changed or
// missing, result_decode() says ERR_DAMAGED; a record of a newer version is ERR_UNSUPPORTED.
Str result_encode(struct arena *a, const struct task_result *r);
bool result_decode(struct arena *a, Str bytes, struct task_result *out, struct err *err) MUST_CHECK;
