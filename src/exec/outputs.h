// SPDX-License-Identifier: Apache-2.0
#pragma once
// Which files a finished attempt leaves: its patterns against its output folder.
#include "base/arena.h"
#include "engine/executor.h"

struct found_output {
    Str path;                           // relative to the output folder
    Str real;                           // absolute, where the bytes are; NUL-terminated
    enum output_kind kind;
    uint64_t identity[2];               // device and inode
    int64_t size;
    unsigned mode;
    ptrdiff_t stage;                    // the input that it is, or -1
};
// Sorted by path; a folder before its content; everything in `a`. The attempt's processes must all be dead. False when
// an output cannot be kept: err says which and why. most: how many there may be; 0: as many as a record can hold.
bool outputs_find(struct arena *a, const struct attempt *attempt, Str folder, size_t most, struct found_output **found,
                  size_t *count, struct err *err) MUST_CHECK;
