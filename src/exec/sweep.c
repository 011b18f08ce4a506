// SPDX-License-Identifier: Apache-2.0
// Cleans up after a head that died together with its runner. Called by the head that took over the run; never touches
// attempts of other runs.
#include "base/arena.h"
#include "base/log.h"
#include "exec/local.h"
#include "exec/proctree.h"
#include "sys/file.h"

void local_sweep(Str home, Str prefix)
{
    struct arena a = { 0 };
    struct err err;
    Str attempts = str_join_path(&a, home, STR("attempts")), *names;
    size_t count = 0, mine = 0;
    if (!file_exists(attempts) || !dir_list(&a, attempts, &names, &count, &err))
        count = 0;
    for (size_t i = 0; i < count; i++)
        if (str_starts(names[i], prefix))
            names[mine++] = names[i];
    // A process of an attempt has its folder: no folder, no search through all processes of the machine.
    size_t left = mine ? proc_kill_labelled(names, mine, false) : 0;
    if (left)
        LOG(LOG_WARN, "processes of earlier attempts do not die count=%zu", left);
    for (size_t i = 0; i < mine; i++)
        if (!tree_remove(str_join_path(&a, attempts, names[i]), &err))
            LOG(LOG_WARN, "the attempt's folder stays: %s", err.text);
    arena_release(&a);
}
