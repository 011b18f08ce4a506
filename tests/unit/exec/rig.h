// SPDX-License-Identifier: Apache-2.0
#pragma once
// A local executor with a real loop and store in the test's own folder, and short ways to say what to run on it.
#include "base/vec.h"
#include "engine/executor.h"
#include "exec/local.h"

struct loop;
struct store;
struct tried {                          // an attempt and what came of it
    struct attempt attempt;
    struct task_spec spec;
    struct attempt_outcome outcome;
    bool is_done;
};
struct rig {
    struct arena arena;
    Str home;
    struct loop *loop;
    struct store *store;
    struct executor *x;
    struct local_options options;       // of the next rig_executor(); without a sandbox at first
    size_t waiting;
    struct tried *only;                 // stop the loop at this one
    uint64_t last_id;
};
void rig_init(struct rig *r);
void rig_executor(struct rig *r, bool keep_attempts);    // another one in place of the first
void rig_release(struct rig *r);
// A bash script, kept globs separated by blanks ("" for none, "**" for everything). Change ->spec before rig_submit().
struct tried *rig_script(struct rig *r, const char *script, const char *globs);
struct tried *rig_command(struct rig *r, const char *const *argv);     // NULL-terminated
void rig_stage(struct rig *r, struct tried *t, struct stage stage, Str source, Str bytes);
void rig_submit(struct rig *r, struct tried *t);
void rig_wait(struct rig *r);           // until all that was submitted is done
const struct attempt_outcome *rig_run(struct rig *r, struct tried *t);          // and waits for all
void rig_run_one(struct rig *r, struct tried *t);       // waits for this one alone
const struct output *rig_output(const struct tried *t, const char *path);       // NULL if it was not kept
Str rig_path(struct rig *r, const char *name);          // in the test's folder
void rig_write(struct rig *r, const char *name, const char *text);
bool rig_is_alive(struct rig *r, const char *pid_file); // the process whose number is in the file
size_t rig_attempts(struct rig *r);     // folders in <home>/attempts
bool rig_can_isolate(void);             // does this machine let us? Says why not
extern pid_t rig_runner;                // the runner started last
