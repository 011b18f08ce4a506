// SPDX-License-Identifier: Apache-2.0
#pragma once
// Threads that work on one job at a time: items 0 … count-1, taken in order by whoever is free. Which thread takes which item must not matter.
#include "base/base.h"

struct team;
typedef void team_fn(void *arg, size_t item, int member);               // member: 0 … size-1, never two at once with the same number

struct team *team_new(int size);                        // the caller is one of them: 1 starts no thread
int team_size(const struct team *t);                    // the caller counted; less than asked for where the system gives no more
void team_run(struct team *t, size_t count, team_fn *fn, void *arg);    // returns when all items are done
void team_free(struct team *t);                         // NULL is fine
