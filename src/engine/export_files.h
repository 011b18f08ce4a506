// SPDX-License-Identifier: Apache-2.0
#pragma once
// The files of an export, put where they belong by several threads.
#include "base/err.h"
#include "base/hash.h"

struct arena;
struct driver;

struct export_file {
    Hash hash;
    Str source;                         // a user's own file; empty: one that the run made
    Str contents;                       // of a literal; data is NULL: none
    Str path;                           // absolute; its folder is there. What is there is replaced, but for a file with the same content
    bool is_executable;
    char sha1[HASH_HEX + 1];            // out, and size in bytes
    int64_t size;
};

// All or an error, of the first that failed; each is complete or not there. Paths differ. Not synced: the caller does that once. Nobody else may use
// the driver meanwhile.
bool export_files_write(struct driver *d, struct export_file *const *files, size_t count, struct err *err) MUST_CHECK;
// Takes away what an export left in `dir` whose process has died.
void export_sweep(Str dir);
