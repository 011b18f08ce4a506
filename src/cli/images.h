// SPDX-License-Identifier: Apache-2.0
#pragma once
// The container images of a workflow, for `petri run` and `petri images`.
#include "exec/container/containers.h"
#include "value/value.h"

struct diags;
struct workflow;

// The workflow's lock file; *lock is NULL where there is none. False: the mistake is printed, *code is the exit code.
bool images_lock(struct arena *a, const struct workflow *w, Str *path, struct image_lock **lock, int *code);
// Engine, images and helper for all that the workflow (with these inputs; null: none) asks for; nothing asked when it asks for nothing.
// ask: home, engine and what to fetch are set; the lock is not.
bool images_prepare(struct arena *a, const struct workflow *w, Value inputs, struct containers_ask *ask, struct containers *out,
                    struct err *err) MUST_CHECK;
void images_say(Str text);              // "petri: …" on stderr
// For the record of a run: name -> {id, digest, engine}; an empty map when there are none.
Value images_value(struct arena *a, const struct containers *c);
