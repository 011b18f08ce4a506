// SPDX-License-Identifier: Apache-2.0
#pragma once
// JavaScript (ES5.1 by duktape; newer syntax by node, where that is installed) in a child process that is limited in time and
// memory and killed from outside.
#include "base/err.h"
#include "value/value.h"

#include <sys/types.h>

struct js;

// timeout_ms: wall time for one evaluation. Nothing is started until the first js_eval.
struct js *js_new(int timeout_ms, int64_t memory_bytes);
// Code whose syntax is newer than ES5.1 goes to this program (node: its path, or its name in PATH), where it is installed. Before the
// first js_eval. NULL or "none": to none. `program` must stay.
void js_use_node(struct js *js, const char *program);
void js_free(struct js *js);                            // NULL is allowed; ends the child
// Evaluates `code` (an expression, or with is_body a function body with `return`) in a fresh global object where
// `lib` (any number of expressionLib sources, evaluated in order; may be none) and the fields of `context` (a map:
// inputs, self, runtime) are globals. The code runs in strict mode; Math.random gives the same numbers each time;
// local time is UTC. The result, as JSON, into *out in `a`; undefined becomes null; functions, NaN, infinities: error.
// err: ERR_INVALID with "line N: message" (line within the code, or "expressionLib N, line N: …"); ERR_LIMIT when time
// or memory ran out. Values that a native error message would quote from the context are left out of it.
bool js_eval(struct js *js, struct arena *a, Str code, bool is_body, const Str *lib, size_t lib_count, Value context,
             Value *out, struct err *err) MUST_CHECK;
// The main of the child (`petri js`), with its socket on `fd` (3): serves until the other end closes. The exit status.
int js_serve(int fd);

// How a child is started: `petri js` by process_start_self. Tests, whose program is another, put a fork in its place.
// `node`: NULL, or the program that it is to become (js_node.h).
typedef bool js_start_fn(const char *node, pid_t *pid, int *fd, struct err *err);
extern js_start_fn *js_start;
