// SPDX-License-Identifier: Apache-2.0
#pragma once
// Two runs compared: what went in, by what, the first task where they part and why, what came out.
#include "view/task_parts.h"

struct store;

enum diff_section { DIFF_WORKFLOW, DIFF_INPUT, DIFF_TOOL, DIFF_IMAGE, DIFF_OUTPUT };
struct difference {
    enum diff_section section;
    Str what, before, after;            // as shown; before and after empty: not there
};
enum parting {                          // how a task of both runs differs
    PARTING_NONE,
    PARTING_KEY,                        // see the parts
    PARTING_RESULT,                     // the same key, other bytes: the tool does not always do the same
    PARTING_STATE,                      // it failed, or did not end, in one of them
};
struct run_diff {
    const struct run_record *before, *after;
    VEC(struct difference) differences; // workflow, inputs, tools, images, then outputs
    int64_t same_tasks, other_tasks;    // of those in both: alike; not
    VEC(const struct recorded_task *) only_before, only_after;
    enum parting parting;               // of the first task that left other bytes (else: that has another key), in the earlier run's order
    const struct recorded_task *first_before, *first_after;
    bool parts_known;                   // what the keys were made of is kept
    struct part_differences parts;      // PARTING_KEY
    VEC(struct difference) files;       // PARTING_RESULT: outputs of the task that differ
    bool can_compare;                   // both runs are done
    bool is_same;                       // their outputs are the same, by name and bytes
};
// `store` tells what the keys were made of. Both records must live as long as the result.
struct run_diff *run_diff_make(struct arena *a, struct store *store, const struct run_record *before, const struct run_record *after);
void run_diff_print(struct arena *a, const struct run_diff *d, struct strbuf *out);     // ends with "same results", or with what changed
// The JSON form.
Value run_diff_value(struct arena *a, const struct run_diff *d);
