// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a run says at its end: the output object on stdout, everything else on stderr.
#include "base/clock.h"
#include "engine/driver.h"

struct run_plan;
struct store;

struct run_end {
    int status;                         // DRIVER_OK …
    enum err_code code;                 // of a failure that is the machine's; ERR_NONE otherwise
    Value outputs;                      // exported, when OK
    Str error, place;
    Time took;
    const struct driver_end *driver;    // the counts
    const struct run_plan *plan;
    struct store *store;
};
int run_report(const struct run_end *e);                // returns the exit code
int run_report_dry(const struct run_end *e);            // what would run; ditto
