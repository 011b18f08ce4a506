// SPDX-License-Identifier: Apache-2.0
#pragma once
// The report of a run as a file: for `petri report`, and for runs that were told to leave one.
#include "base/err.h"

struct arena;

// Makes the report of the run `run` of the home folder and writes it to `file`, all or nothing, with the folders it needs; "-" is
// standard output. with_logs: the ends of failed tasks' logs are part of it.
bool report_page_write(struct arena *a, Str home, Str run, Str file, bool with_logs, struct err *err) MUST_CHECK;
