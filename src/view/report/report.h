// SPDX-License-Identifier: Apache-2.0
#pragma once
// A run as one HTML page that needs nothing else: no other file, no other host. Everything on it comes from the run's journal, the
// report sections among its outputs, and the ends of failed tasks' logs. Works for a run that goes on, too.
#include "base/clock.h"
#include "base/str.h"

struct arena;
struct recorded_attempt;
struct run_record;
struct sections;

struct report_link { Str from, to; };   // steps: `to` needs something of `from` to begin
struct report {
    const struct run_record *record;
    const struct sections *sections;
    const struct report_link *links;    // as the workflow says; none: what took whose files, as far as they tell
    size_t link_count;
    Time now;                           // for what still runs
    // The end of what a failed attempt wrote, in `a`; NULL: logs are not shown. Empty: nothing there.
    Str (*log_end)(void *arg, struct arena *a, const struct recorded_attempt *t);
    void *arg;
};

// The page, whole. Its size is bounded: what there are thousands of is summed up, and the page says where to find the rest.
void report_write(const struct report *r, struct strbuf *out);
