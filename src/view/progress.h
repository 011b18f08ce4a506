// SPDX-License-Identifier: Apache-2.0
#pragma once
// How a run is shown while it goes: on a terminal a table that is redrawn, elsewhere plain lines. Watches a driver.
#include "base/str.h"

struct driver;
struct executor;
struct loop;

struct progress_options {
    Str run;
    double cores;                       // that tasks may use
    int fd;                             // where to, mostly 2
    bool is_quiet;                      // show nothing at all
    bool is_terminal;                   // the table; else lines
    bool use_unicode, use_color;        // the table's
};
struct progress;

// What the environment says of `fd`: terminal, TERM, NO_COLOR, the locale's character set.
void progress_options_detect(struct progress_options *o);
// Becomes the driver's watcher. `executor` may be NULL: then no usage is shown.
struct progress *progress_new(struct loop *loop, struct driver *driver, struct executor *executor, const struct progress_options *o);
void progress_say(struct progress *p, Str text);        // a line for the user, above the table; kept when quiet
// Draws the last state, which stays on the screen, and forgets the executor; what comes later is not shown.
void progress_end(struct progress *p);
void progress_free(struct progress *p);                 // NULL is allowed; before the loop's end
