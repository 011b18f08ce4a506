// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "base/arena.h"
#include "journal/journal.h"
#include "unit/test.h"

Str run_dir(void);                                      // test_dir()/run7
const char *in_run(const char *name);
struct journal *open_run(void);
void add(struct journal *j, const char *text);          // appends and commits
Str file_bytes(struct arena *a, const char *path);
void put_bytes(const char *path, Str bytes);            // replaces the file
size_t count_named(const char *start);                  // files of the run whose name begins so

struct told {                                           // what journal_read() said
    char payloads[256];                                 // "one|two|"
    size_t count;
    char end[128];
};
struct told read_all(struct journal_cursor *cursor);    // NULL: from the start
