// SPDX-License-Identifier: Apache-2.0
#pragma once
// What decides a task's bytes, compared part by part: two canonical forms (task/spec.h) and where they part.
#include "base/vec.h"
#include "value/value.h"
#include "view/run_record.h"

enum task_part { PART_ARGUMENT, PART_PROGRAM, PART_IMAGE, PART_ENVIRONMENT, PART_INPUT, PART_TEXT, PART_STREAM, PART_KEPT, PART_FLAG };
struct part_difference {
    enum task_part part;
    Str what;                           // "argument 3", "input in/0/a.fa", "environment variable LANG"
    Str before, after;                  // as shown to people; empty: it was not there
    Hash before_hash, after_hash;       // INPUT: of the bytes; else zero
};
struct part_differences {
    struct part_difference *at;
    size_t len, cap;
};

// `before` and `after` are canonical forms as parsed. The records (NULL: none) tell where the bytes of an input came from. Values of
// environment variables whose names speak of secrets are not shown.
void task_parts_compare(struct arena *a, Value before, Value after, const struct run_record *of_before, const struct run_record *of_after,
                        struct part_differences *out);
// One line a difference: "  what: before -> after", indented by `indent`.
void part_differences_print(const struct part_differences *d, size_t max, size_t indent, struct strbuf *out);
Value part_differences_value(struct arena *a, const struct part_differences *d);
