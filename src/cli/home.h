// SPDX-License-Identifier: Apache-2.0
#pragma once
// Where Petri keeps its state: $PETRI_HOME, else the nearest ".petri" folder upward, else "./.petri"; and the runs in it.
#include "base/clock.h"
#include "base/err.h"

struct arena;

Str home_find(struct arena *a);                         // absolute; need not exist
bool home_require(struct arena *a, Str *home, struct err *err) MUST_CHECK;      // ERR_NOT_FOUND, with what to do
bool home_make(struct arena *a, Str *home, struct err *err) MUST_CHECK;         // makes it if absent

Str run_folder(struct arena *a, Str home, Str run);     // <home>/runs/<run>
// Names of the runs, sorted by bytes. No runs folder: none.
bool runs_list(struct arena *a, Str home, Str **names, size_t *count, struct err *err) MUST_CHECK;
// The run called `text`, or the only one whose name begins so, or for "last" the one started last.
// ERR_NOT_FOUND, ERR_INVALID (several begin so; some are named).
bool run_find(struct arena *a, Str home, Str text, Str *run, struct err *err) MUST_CHECK;
Time run_first_start(Str dir);                          // of the run in this folder; 0: its journal says none
bool run_name_check(Str name, struct err *err) MUST_CHECK;                       // letters, digits, '.', '_', '-'; at most 64
Str run_name_new(struct arena *a);                      // "20260301-123456-4f1a", local time
