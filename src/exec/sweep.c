// SPDX-License-Identifier: Apache-2.0
// Cleans up after a head that died together with its runner. Called by the head that took over the run; never touches
// attempts of other runs.
#include <sys/stat.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "exec/container/boxed.h"
#include "exec/local.h"
#include "exec/proctree.h"
#include "exec/recycle.h"
#include "sys/file.h"

enum { LABEL_MAX = 256, NOBODYS_SECONDS = 3600 };

// "<run>-<epoch>-<attempt>", and not the label of a run whose name merely begins so.
static bool is_of_run(Str label, Str run)
{
    int64_t epoch, attempt;
    if (!str_starts(label, run) || label.len == run.len || label.data[run.len] != '-')
        return false;
    Str rest = str_from(label, run.len + 1), first = str_cut(&rest, '-');
    return str_to_int(first, &epoch) && str_to_int(rest, &attempt) && epoch >= 0 && attempt >= 0;
}

struct swept {
    Str label, folder;
};

// Is `name` the folder of an attempt of this run?
static bool swept_from(struct arena *a, Str attempts, Str name, Str run, struct swept *out)
{
    struct err err;
    out->folder = str_join_path(a, attempts, name);
    return !str_starts(name, STR(".")) && file_read(a, str_join_path(a, out->folder, STR("owner")), LABEL_MAX, &out->label, &err)
        && is_of_run(out->label, run);
}

// Who made it was killed before its name was in it. A young one may be another head's, which is about to write it.
static bool is_nobodys(struct arena *a, Str attempts, Str name)
{
    struct stat folder, owner;
    Str path = str_join_path(a, attempts, name), label = str_join_path(a, path, STR("owner"));
    return !str_starts(name, STR(".")) && file_stat(path, &folder) && S_ISDIR(folder.st_mode) && (!file_stat(label, &owner) || owner.st_size == 0)
        && time_now() / SECOND - folder.st_mtime > NOBODYS_SECONDS;
}

void local_sweep(Str home, Str run)
{
    struct arena a = { 0 };
    struct err err;
    Str attempts = str_join_path(&a, home, STR("attempts")), *names, *labels;
    size_t count = 0, mine = 0;
    if (!file_exists(attempts) || !dir_list(&a, attempts, &names, &count, &err))
        count = 0;
    struct swept *swept = NEW_ARRAY(&a, struct swept, count + 1);
    labels = NEW_ARRAY(&a, Str, count + 1);
    for (size_t i = 0; i < count; i++)
        if (swept_from(&a, attempts, names[i], run, &swept[mine]))
            labels[mine] = swept[mine].label, mine++;
        else if (is_nobodys(&a, attempts, names[i]) && !folder_remove(str_join_path(&a, attempts, names[i]), &err))
            LOG(LOG_WARN, "an attempt's folder that is nobody's stays: %s", err.text);
    // A process of an attempt has its folder: no folder, no search through all processes of the machine.
    size_t left = mine ? proc_kill_labelled(labels, mine, false) : 0;
    if (left)
        LOG(LOG_WARN, "processes of earlier attempts do not die count=%zu", left);
    for (size_t i = 0; i < mine; i++)
        box_remove(swept[i].folder);
    for (size_t i = 0; i < mine; i++)
        if (!folder_remove(swept[i].folder, &err))
            LOG(LOG_WARN, "the attempt's folder stays: %s", err.text);
    arena_release(&a);
}
