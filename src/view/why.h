// SPDX-License-Identifier: Apache-2.0
#pragma once
// Why a task ran, or did not: its key against the nearest earlier one of a task of its name or step.
#include "view/task_parts.h"

struct store;

enum why_verdict {
    WHY_CACHED,                         // the result was known
    WHY_TOLD,                           // it was told to run whatever is stored
    WHY_AGAIN,                          // its result was known and its bytes were lost
    WHY_SAME,                           // an earlier task had the same key and left no result that could be used
    WHY_CHANGED,                        // see the differences
    WHY_FIRST,                          // no earlier task of this name or step is on record
    WHY_UNKNOWN,                        // there is an earlier one, and the parts of its key or of this one's are not kept
};
struct earlier_run {                    // one in which an earlier task may be
    Str run, dir;
    Time started;
};
struct why {
    enum why_verdict verdict;
    const struct recorded_task *task;
    const struct recorded_attempt *attempt;             // that it is about: the last one
    Str run, name;                      // WHY_SAME, WHY_CHANGED, WHY_UNKNOWN: the earlier task; WHY_CACHED: who made the result
    Str key, state;                     // of the earlier one; "done", "cached" or "failed"
    bool is_exact;                      // it had the same name (else only the same step)
    struct part_differences differences;
};

// `runs`: all others of the home folder, newest first. `store` tells what keys were made of; NULL: only records of failures do.
// ERR_DAMAGED and the like: a journal could not be read (those of other runs are passed over).
void why_find(struct arena *a, struct store *store, const struct run_record *r, const struct recorded_task *t, const struct earlier_run *runs,
              size_t count, struct why *out);
// What the key of the task was made of, as parsed; null: it is not kept.
Value recorded_identity(struct arena *a, struct store *store, Str key, const struct recorded_attempt *t);
void why_print(struct arena *a, const struct run_record *r, const struct why *w, struct strbuf *out);
Value why_value(struct arena *a, const struct run_record *r, const struct why *w);
