// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a task wrote to its stdout and stderr, wherever the bytes are: in a record, a result or the store.
#include "base/err.h"
#include "task/result.h"

struct arena;
struct run_summary;
struct store;

// From the map in a journal record (log_out, log_err). False: no log there.
bool task_log_from_value(struct arena *a, Value v, struct output *log) MUST_CHECK;
// All of it to the file descriptor. ERR_NOT_FOUND: the bytes were deleted.
bool task_log_copy(struct store *s, const struct output *log, int fd, struct err *err) MUST_CHECK;
// Its last lines, at most `lines`; empty where there is nothing or the bytes are gone.
Str task_log_tail(struct arena *a, struct store *s, const struct output *log, size_t lines);
// The failed tasks, at most `max` of them, with the end of what they wrote to stderr (else stdout).
void task_log_failures(struct arena *a, struct store *s, Str run, const struct run_summary *summary, size_t max, struct strbuf *out);
