// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the head tells the runner about one attempt, and what the attempt's own process makes of it.
#include "base/arena.h"
#include "engine/executor.h"
#include "exec/container/box.h"
#include "exec/sandbox.h"

struct start_stage {
    enum stage_kind kind;
    bool is_writable, is_executable;
    Str path;                           // under TASK_ROOT
    Str source;                         // STAGE_FILE: the file with the bytes; empty: `text` holds them
    Str text;
};
struct start {
    uint64_t id;
    Str label;
    Str folder;                         // of the attempt, absolute, not there yet
    Str spare;                          // an empty folder to become it (see recycle.h); may be empty, or gone
    bool is_light;                      // staging it takes no time worth speaking of
    Str search_path;                    // the head's PATH
    Str *argv;
    struct env_var *env;
    struct start_stage *stages;
    size_t argc, env_count, stage_count;
    Str stdin_path, stdout_name, stderr_name;
    Str user_home, home;                // the user's, where known; Petri's: no sandbox shows it
    struct sandbox sandbox;             // kind: the runner has decided what AUTO is
    struct box box;                     // where the kind is an engine of containers
};
struct start_mount {                    // for the "mounted" kinds of sandbox
    Str source, path;                   // on this machine, absolute; in the task. NUL-terminated
    bool is_writable;
    bool is_made;                       // something to mount over is there, once the folder that it is in is mounted
};
struct start_streams {                  // open files for the command's standard descriptors; -1: not open
    int in, out, err;
};
// A WIRE_START frame into `b`. id: by which the runner will speak of it.
// What is in `start` but not in the attempt is taken from it.
void start_encode(struct strbuf *b, const struct start *start, const struct attempt *attempt);
// The fields up to `is_light`, the home folders and `sandbox` (its arrays in `a`): all that the runner itself wants to
// know. False if the payload is damaged.
bool start_decode_head(struct arena *a, Str payload, struct start *out) MUST_CHECK;
// All of it; arrays in `a`, strings are views into the payload.
bool start_decode(struct arena *a, Str payload, struct start *out) MUST_CHECK;

// TASK_ROOT replaced by the attempt's folder, wherever it ends as a path component does; `text` itself if it holds
// none.
Str start_localize(struct arena *a, Str text, Str folder);
// TASK_ROOT for a sandbox that mounts it there, else the attempt's folder.
Str start_root(const struct start *s);
bool start_is_boxed(const struct start *s);              // in a container
// What a "mounted" sandbox mounts, in this order: the task's folders, then what lies in them; in `a`. Returns how many.
size_t start_mounts(struct arena *a, const struct start *s, struct start_mount **out);
// Makes the attempt's folder and everything in it that the task needs.
bool start_stage_all(struct arena *a, const struct start *s, struct err *err) MUST_CHECK;
// With the folder staged, and before any sandbox hides it: the files for standard output and error.
bool start_open_streams(struct arena *a, const struct start *s, struct start_streams *streams, struct err *err) MUST_CHECK;
// In the process that becomes the task, in its sandbox: standard descriptors, environment, exec. Returns only when that
// failed.
bool start_exec(struct arena *a, const struct start *s, const struct start_streams *streams, struct err *err) MUST_CHECK;
