// SPDX-License-Identifier: Apache-2.0
#pragma once
// What an attempt may see, use and do. The head decides it for each attempt (sandbox_choose()) and tells the runner with
// the rest of the attempt (start.h); the runner's child carries it out: bwrap in isolate.h, containers in container/.
//
//   kind        sees                              is staged
//   none        the machine                       links to where the bytes are; TASK_ROOT is replaced in all texts
//   bwrap       system folders, PATH, its own     "mounted": TASK_ROOT is what it says
//   docker, …   the image, its own                "mounted"
//
// "Mounted" staging (sandbox_is_mounted()): the attempt's folder holds out/, tmp/ and in/ as ever, with texts and copies
// in place; a read-only file in in/ is an empty file, over which its source is to be mounted; a read-only file anywhere
// else is a link to TASK_STAGED/<number of the stage>/<name>, where its source is to be mounted. start_mounts() lists
// all of it, so that every kind mounts the same. Outputs may be links to any of these: outputs.c knows them.
#include "engine/executor.h"

#define TASK_STAGED TASK_ROOT "/staged"         // read-only files that are staged elsewhere than in TASK_IN
#define TASK_SECRETS TASK_ROOT "/secrets"       // a file for each secret, mode 0400; PETRI_SECRETS names the folder

#define SANDBOX_KINDS(X) X(AUTO, "auto") X(NONE, "none") X(BWRAP, "bwrap") X(DOCKER, "docker") X(PODMAN, "podman") X(APPTAINER, "apptainer")
enum sandbox_kind {
#define X(name, text) SANDBOX_##name,
    SANDBOX_KINDS(X)
#undef X
};
#define SANDBOX_CHOICES "auto|none|bwrap|docker|podman|apptainer"       // in this order: the value of a setting is the kind

struct sandbox_limits {                 // of one attempt with all its processes; 0: no limit
    int64_t memory_bytes;
    int64_t asked_memory_bytes;         // what was reserved, for the report; enforces nothing
    int64_t processes, open_files, file_bytes;
    double cores;
};
struct sandbox_secret {
    Str name;                           // of the file in TASK_SECRETS: letters, digits, '_', '-', '.'
    Str source;                         // absolute path of the file with the secret; its content is never in a message
};
struct sandbox {                        // of one attempt
    // AUTO reaches the runner only without an image: bwrap where this machine can, else none and a warning, once.
    enum sandbox_kind kind;
    bool network;                       // the machine's network; else none but the loopback
    struct sandbox_limits limits;
    const struct sandbox_secret *secrets;
    const Str *paths;                   // folders and files of the machine that are shown too, read-only
    const struct env_var *env;          // variables of the head that are passed on
    size_t secret_count, path_count, env_count;
};

// Settings that decide about attempts, of the whole run or of steps. Strings are the caller's and outlive the policy.
enum sandbox_limit_choice { LIMIT_AS_ASKED, LIMIT_NOT };        // is what a task asks for its limit?
struct sandbox_settings {
    int64_t kind;                       // enum sandbox_kind
    int64_t memory, cores;              // enum sandbox_limit_choice
    int64_t processes, open_files;      // 0: no limit
    int64_t file_bytes;                 // 0: as much as the disk holds
    int64_t outputs;                    // most files and folders that it may leave as outputs
    Str paths;                          // "/data/ref:/opt/tools"
    Str environment;                    // names of variables to pass on, by commas
    Str secrets;                        // "token=/users/u/.token,key=…"
};

// As in SANDBOX_CHOICES.
const char *sandbox_kind_name(enum sandbox_kind kind);
// Is TASK_ROOT where it says, for a task of this kind? Not for none, and not for AUTO, which is not yet decided.
bool sandbox_is_mounted(enum sandbox_kind kind);
// What `attempt` gets by these settings; arrays in `a`. ERR_INVALID: a setting is not well-formed; ERR_UNAVAILABLE or
// ERR_NOT_FOUND: a secret cannot be read.
bool sandbox_choose(struct arena *a, const struct sandbox_settings *settings, const struct attempt *attempt,
                    struct sandbox *out, struct err *err) MUST_CHECK;
