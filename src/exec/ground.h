// SPDX-License-Identifier: Apache-2.0
#pragma once
// What this machine offers for sandboxes: whether it can make one, what it shows in it, where control groups can be made.
// Found out when first wanted, and then known as long as the runner lives.
#include "exec/cgroup.h"
#include "exec/shown.h"
#include "exec/start.h"

struct ground_shown;
struct ground {                         // { 0 } is a new one
    struct arena arena;
    enum sandbox_kind automatic;        // what AUTO is here; AUTO: not tried yet
    VEC(struct ground_shown *) shown;   // one for each PATH and list of places that was asked for
    struct cgroups groups;
    bool has_groups;                    // they were looked for
};
// What SANDBOX_AUTO is here. err is set at the first time alone, and only when there is no sandbox: why.
enum sandbox_kind ground_automatic(struct ground *g, struct err *err);
// What the sandbox of `s` shows; only its head has to be decoded. Lives as long as the ground.
const struct shown *ground_shown(struct ground *g, const struct start *s);
// A control group, where one can do what nothing else does: limits of memory and cores; in a sandbox also the time that was
// lost to disks, and, for root, whom the kernel counts no processes for, their number. NULL: none is needed, or to be had.
struct cgroup *ground_group(struct ground *g, const struct sandbox *sandbox, int number);
void ground_release(struct ground *g);
