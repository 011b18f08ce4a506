// SPDX-License-Identifier: Apache-2.0
#pragma once
// The journal's records of a run: type and JSON payload. Everything shown of a run is derived from these.
// Times are integers, nanoseconds since 1970; durations nanoseconds. Unknown fields are ignored by readers.
enum record_type {
    // The first record of every start (the first one and each resume).
    // run, petri (version), workflow (absolute path with #id), language, inputs (map), outdir, options (map),
    // arguments (array), host, pid, user, cwd, epoch, time, cores, memory; version (text, as the workflow says of itself), commit (of the
    // git repository that the workflow lies in), sources (the workflow's files: a list as "inputs" below), prices (map, where set),
    // containers (map, where there are any: name of an image -> id, digest, engine)
    RECORD_RUN = 1,
    // A step becomes known or its count of tasks changes: step, expected (int; -1: not known)
    RECORD_STEP = 2,
    // Before any outside effect of an attempt: task (int, unique in this start), attempt (1 …), name, step, key,
    // cores, memory, time, labels (map, where there are any), made_again (true when lost bytes are being made again); where they are
    // there: disk (bytes), gpus, time_limit, image, tool (digest of the program), cache ("off": it was told to run whatever is stored).
    // In the record of the first attempt: inputs, a list of [path below TASK_ROOT, digest in hex, size or -1] of the staged files, and
    // inputs_more (int: further ones that are not listed)
    RECORD_INTENT = 3,
    // An attempt ended well and its result is in the store: task, attempt, name, step, key, exit, time, measured (map: started,
    // ended, wall, user, system, peak_memory, read, written, io_wait, rchar, wchar, peak_virtual; -1: not known), sandbox (what it
    // ran in), out_bytes
    RECORD_DONE = 4,
    // The result was known: task, name, step, key, time, from (map: run, task, host that made it), and what the INTENT and the DONE of
    // its making would have said: labels, image, tool, inputs, exit, measured, out_bytes, outputs, result
    RECORD_CACHED = 5,
    // An attempt failed: task, attempt, name, step, key, why (text), time, retry (bool: another attempt follows),
    // timed_out, cancelled (bool: ended because the run was), exit or
    // signal where there was one, measured, sandbox; limit (map: name, asked, limit, seen; where it met one: memory, file_size in
    // bytes, time in nanoseconds, processes and network as counts); log_out, log_err (maps as in results: hash, size, text/base64
    // when inline); when no other attempt follows: identity (map: the canonical form behind the key)
    RECORD_FAILED = 6,
    // A task without a command (an expression) was evaluated, or a step was skipped by `when`: step, name, skipped (bool), time
    RECORD_EVALUATED = 7,
    // A request to cancel was seen: time, by
    RECORD_CANCEL = 8,
    // The end of this start: status ("done", "failed", "cancelled"), outputs (map, when done), error (text), place (file:line:column
    // of the failed step, may be empty), time, outdir. A run without it after its last RUN was interrupted.
    RECORD_END = 9,
    // A warning for the user: text, time
    RECORD_WARNING = 10,
    // Files of the user that were read: files (a list of [absolute path, digest in hex, size or -1]), time
    RECORD_FILES = 11,
    // A program that tasks call, once in a start: program (as called), path, digest, size; where a package manager knows it:
    // package, version, manager ("dpkg", "conda"); time
    RECORD_TOOL = 12,
};
