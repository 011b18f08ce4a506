// SPDX-License-Identifier: Apache-2.0
#pragma once
// After an attempt: its logs and outputs into the store, its folder away. Runs on a worker thread.
#include "base/arena.h"
#include "engine/executor.h"

struct collection {
    const struct attempt *attempt;
    struct store *store;
    Str folder;                         // of the attempt
    bool keep_folder;
    size_t outputs_max;                 // more is an error; 0: no limit but the record's
    Str spare;                          // where the emptied folder may wait for another attempt
    bool is_recycled;                   // out: it does
    struct arena arena;                 // the outcome's memory: the collection's own, since the loop thread goes on
    struct attempt_outcome outcome;     // in: end, exit_code, signal, measured; out: the rest, `end` if it failed
};
// Every process of the attempt must be dead.
void collect(struct collection *c);
