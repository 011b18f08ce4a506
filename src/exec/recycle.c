// SPDX-License-Identifier: Apache-2.0
// Recycles attempts' folders. A folder whose owner, mode or attributes the task changed is not cleaned but refused: no
// task may find traces of another.
#include "exec/recycle.h"

#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "store/store.h"
#include "sys/file.h"
#include "task/result.h"

enum { TASK_MASK = 0077 };              // the umask in which attempts are born

// Nothing but what the system's security labels every file with.
static bool has_no_attributes(const char *path)
{
    char names[1024];
    ssize_t len = llistxattr(path, names, sizeof names);
    for (ssize_t at = 0; at < len; at += (ssize_t)strlen(names + at) + 1)
        if (strncmp(names + at, "security.", 9) != 0)
            return false;
    return len >= 0;
}

static bool is_as_new(const char *path, mode_t mode)
{
    struct stat st;
    return lstat(path, &st) == 0 && st.st_mode == (mode & ~(mode_t)TASK_MASK) && st.st_uid == geteuid() &&
           (S_ISDIR(mode) || st.st_nlink == 1) && has_no_attributes(path);
}

// A log is emptied, or removed when it is no longer as it was made; then it is made again.
static bool empty_log(Str path)
{
    struct err err;
    struct stat st;
    if (lstat(path.data, &st) < 0 || !is_as_new(path.data, S_IFREG | 0666))
        return tree_remove(path, &err);
    return st.st_size == 0 || truncate(path.data, 0) == 0;
}

static bool is_reused(struct store *store, Str path)
{
    struct stat st;
    return store && lstat(path.data, &st) == 0 && st.st_size <= RESULT_INLINE_MAX && is_as_new(path.data, S_IFREG | 0666)
        && store_reuse_file(store, path);
}

static bool empty_folder(struct arena *a, Str path, struct store *store)
{
    Str *names;
    size_t count;
    struct err err;
    bool ok = is_as_new(path.data, S_IFDIR | 0777) && dir_list(a, path, &names, &count, &err);
    for (size_t i = 0; ok && i < count; i++) {
        Str inner = str_join_path(a, path, names[i]);
        ok = is_reused(store, inner) || tree_remove(inner, &err);
    }
    return ok;
}

// The first input of nearly every task lies in in/0: that folder stays too.
static bool empty_inputs(struct arena *a, Str path)
{
    Str *names;
    size_t count;
    struct err err;
    bool ok = is_as_new(path.data, S_IFDIR | 0777) && dir_list(a, path, &names, &count, &err);
    for (size_t i = 0; ok && i < count; i++) {
        Str inner = str_join_path(a, path, names[i]);
        ok = (str_is(names[i], "0") && empty_folder(a, inner, NULL)) || tree_remove(inner, &err);
    }
    return ok;
}

static bool recycle(struct arena *a, Str folder, Str spare, struct store *store)
{
    Str *names;
    size_t count, folders = 0;
    struct err err;
    if (!is_as_new(folder.data, S_IFDIR | 0777) || !dir_list(a, folder, &names, &count, &err))
        return false;
    for (size_t i = 0; i < count; i++) {
        Str path = str_join_path(a, folder, names[i]);
        bool is_folder = str_is(names[i], "out") || str_is(names[i], "tmp");
        bool is_log = str_is(names[i], "stdout") || str_is(names[i], "stderr");
        folders += is_folder;
        bool is_owner = str_is(names[i], "owner");      // overwritten when the folder is used again
        bool is_root = str_is(names[i], "root");        // where a sandbox's root was mounted: empty
        if (!(is_owner                      ? is_as_new(path.data, S_IFREG | 0666)
              : is_folder || is_root        ? empty_folder(a, path, store)
              : is_log                      ? empty_log(path)
              : str_is(names[i], "in")      ? empty_inputs(a, path)
                                            : tree_remove(path, &err)))
            return false;
    }
    return folders == 2 && rename(folder.data, spare.data) == 0;
}

bool folder_recycle(Str folder, Str spare, struct store *store)
{
    struct arena a = { 0 };
    bool ok = recycle(&a, str_copy(&a, folder), str_copy(&a, spare), store);
    arena_release(&a);
    return ok;
}

bool folder_remove(Str folder, struct err *err)
{
    struct arena a = { 0 };
    Str gone = str_printf(&a, STR_FMT "/.gone-" STR_FMT "-%d", STR_ARG(str_dirname(folder)), STR_ARG(str_basename(folder)), (int)getpid());
    bool is_moved = rename(str_z(&a, folder), gone.data) == 0;
    bool ok = tree_remove(is_moved ? gone : folder, err);
    arena_release(&a);
    return ok;
}

void spares_remove(Str attempts)
{
    struct arena a = { 0 };
    Str *names;
    size_t count;
    struct err err;
    bool ok = dir_list(&a, attempts, &names, &count, &err);
    for (size_t i = 0; ok && i < count; i++) {
        if (!str_starts(names[i], STR(".spare-")) && !str_starts(names[i], STR(".gone-")))
            continue;
        Str spare = str_join_path(&a, attempts, names[i]),
            gone = str_printf(&a, STR_FMT "/.gone-%d", STR_ARG(attempts), (int)getpid());
        // Under a name that nobody takes it by: it may be a living head's, who would get it half removed.
        if (rename(spare.data, gone.data) == 0 && !tree_remove(gone, &err))
            LOG(LOG_WARN, "a spare folder stays: %s", err.text);
    }
    arena_release(&a);
}
