// SPDX-License-Identifier: Apache-2.0
#pragma once
// An attempt in a container, from its staged folder to what came of it. In the attempt's folder, beside what is there always:
//
//   box/orders, box/life    for the helper; life: a FIFO, the runner's hold on everything in the container
//   report, engine          what the helper and the engine's client said
//   container               the engine's program and the container's name: as long as it is there, a container may be left
#include "exec/start.h"

struct containers;

// --- the runner

#define LIFELINE_PREFIX ".life-"        // then the runner's process id, and a number
struct lifeline {
    int fd;                             // -1: none
    char path[4096];                    // where it waits to be moved into the attempt's folder
};
// A FIFO in the folder `attempts`, by a name that no other process uses.
bool lifeline_make(struct lifeline *l, Str attempts, int number, struct err *err) MUST_CHECK;
void lifeline_say(struct lifeline *l, char order);      // 'T' or 'K'; see orders.h
void lifelines_remove(Str attempts);    // those of runners that are dead
void lifeline_cut(struct lifeline *l);  // whatever lives in the container dies. A second time, or without one: nothing

struct box_end {                        // what the runner tells the head in place of what it saw of the engine's client
    bool has_run;                       // the command was reached
    int status;                         // of the command, as from wait()
    struct box_report report;
    struct err err;                     // !has_run: why not
};
// After the client's death with `status`. Takes note that nothing is left of a container whose client ended by itself.
void box_end_read(Str folder, int status, struct box_end *out);

// --- the attempt's process, with the folder staged

// Writes the orders, and becomes the engine's client. Returns only when that failed. life: the lifeline's path.
bool box_exec(struct arena *a, const struct start *s, const char *life, struct err *err) MUST_CHECK;

// --- the head

// What `attempt` needs for its image; start->sandbox is chosen. ERR_NOT_FOUND: the image is not there (any more).
bool box_choose(struct arena *a, const struct containers *c, const struct task_spec *spec, struct start *start, struct err *err) MUST_CHECK;

// With every process of the attempt on this machine dead: removes the container that a client left when it was killed, and whoever
// lives in it. Blocking; a word in the log when the engine cannot.
void box_remove(Str folder);
