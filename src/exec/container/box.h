// SPDX-License-Identifier: Apache-2.0
#pragma once
// One attempt in a container: the engine's command line, the helper's orders, its report. Text in, text out: nothing is started here.
#include "exec/container/engine.h"
#include "exec/sandbox.h"
#include "task/spec.h"

struct box {                            // travels to the runner with the attempt (start.h)
    enum engine_kind kind;
    Str program;                        // the engine's
    bool is_rootless;
    Str image;                          // its id; for apptainer the file
    const Str *entrypoint;
    size_t entrypoint_count;
    Str helper;
    Str workdir;                        // where the tool wants TASK_OUT to be; empty: there
    bool can_limit;                     // memory, processes and cores
};
struct box_mount {
    Str source, target;
    bool is_writable;
};
struct box_user {                       // whom the task is to be, and what may be passed on to it
    uint32_t user, group;
    const uint32_t *groups;
    size_t group_count;
    uint64_t files_soft, files_hard, processes_soft, processes_hard;
};
// The name of the container of the attempt in `folder`: the same for whoever asks, another for each attempt.
Str box_name(struct arena *a, Str folder, Str label);
// The engine's command line, argv[0] its program. ERR_UNSUPPORTED: a path that this engine cannot mount; the text names it.
struct box_run {
    Str name, label;                    // of the container; of the attempt
    const struct box_user *user;
    const struct sandbox *sandbox;      // network and limits
    const struct box_mount *mounts;
    size_t mount_count;
};
bool box_command(struct arena *a, const struct box *b, const struct box_run *run, Str **argv, size_t *argc, struct err *err) MUST_CHECK;

struct box_orders {
    const struct box *box;
    const Str *argv;                    // of the task; the image's entry point comes before it
    size_t argc;
    const struct env_var *env;
    size_t env_count;
    Str workdir, stdin_path, stdout_path, stderr_path;
};
// ERR_INVALID: something holds a NUL byte, or is no variable's name.
bool box_orders_text(const struct box_orders *o, struct strbuf *out, struct err *err) MUST_CHECK;

struct box_report {
    bool has_started, has_failed, has_ended;
    int failure;                        // enum box_failure
    Str failure_text;                   // a view of the report
    bool is_signal;
    int number;                         // exit code, or signal
    int64_t user_ns, system_ns, peak_bytes, read_bytes, written_bytes, oom_kills, limit_bytes;      // -1: not known
    int64_t read_chars, written_chars, peak_virtual_bytes;     // likewise
};
// Whatever the text: what cannot be understood is left out.
struct box_report box_report_read(Str text);
