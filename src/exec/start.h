// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the head tells the runner about one attempt, and what the attempt's own process makes of it.
#include "base/arena.h"
#include "engine/executor.h"

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
};
// A WIRE_START frame into `b`. id: by which the runner will speak of it.
void start_encode(struct strbuf *b, uint64_t id, const struct attempt *attempt, Str folder, Str spare,
                  Str search_path);
// The fields up to `is_light`: all that the runner itself wants to know. False if the payload is damaged.
bool start_decode_head(Str payload, struct start *out) MUST_CHECK;
// All of it; arrays in `a`, strings are views into the payload.
bool start_decode(struct arena *a, Str payload, struct start *out) MUST_CHECK;

// TASK_ROOT replaced by the attempt's folder, wherever it ends as a path component does; `text` itself if it holds
// none.
Str start_localize(struct arena *a, Str text, Str folder);
// Makes the attempt's folder and everything in it that the task needs.
bool start_stage_all(struct arena *a, const struct start *s, struct err *err) MUST_CHECK;
// In the process that becomes the task, with the folder staged: standard descriptors, environment, exec. Returns only
// when that failed.
bool start_exec(struct arena *a, const struct start *s, struct err *err) MUST_CHECK;
