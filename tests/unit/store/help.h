// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "base/arena.h"
#include "store/store.h"
#include "task/result.h"
#include "unit/test.h"

struct store *open_store(void);                         // in test_dir()
const char *in_dir(const char *name);                   // test_dir()/name; valid until the eighth next call
Str in_store(const char *kind, Hash hash); // path of an object ("objects") or result ("results"); as in_dir()
void write_file(const char *path, Str bytes);           // replaces it
bool has_bytes(const char *path, Str bytes);
void flip(const char *path, off_t at);                  // changes one byte, whatever the file's mode
size_t count_files(const char *path);                   // in a folder, "." and ".." not counted
size_t count_temps(const char *path);                   // names beginning with ".tmp-", in the whole tree
struct task_result small_result(int number);            // every field set; static memory but the key
bool fails_next_fsync(int calls_before);                // the fsync after that many fails once with EIO; true
void close_fsync_gate(void);                            // no more failures
size_t fsync_calls(void);
