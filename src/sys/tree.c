// SPDX-License-Identifier: Apache-2.0
// Removing trees. Every step is relative to an open folder and follows no link, so that a task cannot lead the removal
// elsewhere. At most two folders are open at a time and the way back up is kept on the heap, so that neither depth nor
// path length is limited; names are read in one pass per folder, so that a million files cost a million unlinks.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/vec.h"
#include "sys/file.h"
#include "sys/path_text.h"

struct level {                          // a folder on the way from the root of the tree to where we are
    struct arena arena;
    VEC(Str) folders;                   // sub-folders that are still to be emptied and removed
    dev_t device;
    ino_t inode;
    int tries;                          // at the folder noted last
};
struct walk {
    int fd;                             // the folder of the last level
    VEC(struct level) levels;
};
enum { TRIES_MAX = 100 };               // somebody keeps on making files there: say so instead of racing for ever

// chmod without following a link, for a folder that cannot even be opened.
static void make_accessible(int parent, const char *name)
{
    int fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (chmod(path, 0700) < 0)
        errno = EACCES;                 // the open that follows reports it
    close(fd);
}

static int open_folder(int parent, const char *name, struct stat *st)
{
    int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(parent, name, flags);
    if (fd < 0 && errno == EACCES) {
        make_accessible(parent, name);
        fd = openat(parent, name, flags);
    }
    if (fd < 0 || fstat(fd, st) < 0)
        return fd;
    if ((st->st_mode & 0700) != 0700 && geteuid() != 0 && fchmod(fd, 0700) < 0)
        errno = 0;                      // not ours: perhaps the group may; unlink tells
    return fd;
}

// Removes what can be removed at once, and notes the folders with content.
static bool empty_of_files(struct walk *w, struct level *level, struct err *err)
{
    int fd = dup(w->fd);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        err_errno(err, "cannot list a folder");
        if (fd >= 0)
            close(fd);
        return false;
    }
    rewinddir(dir);
    bool ok = true;
    const struct dirent *entry;
    while (ok && (entry = readdir(dir))) {
        const char *name = entry->d_name;
        if (name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0')))
            continue;
        int as_folder = entry->d_type == DT_DIR ? AT_REMOVEDIR : 0;
        if (unlinkat(w->fd, name, as_folder) == 0 || errno == ENOENT)
            continue;
        if (errno == ENOTEMPTY || errno == EEXIST || errno == EISDIR || (as_folder && errno == EACCES))
            vec_push(&level->arena, &level->folders, str_copy(&level->arena, str_of(name)));
        else
            ok = err_errno(err, "cannot remove '%s'", name);
    }
    closedir(dir);
    return ok;
}

// Goes down into `name`, which becomes the last level.
static bool descend(struct walk *w, const char *name, struct err *err)
{
    struct stat st;
    int fd = open_folder(w->fd, name, &st);
    if (fd < 0)
        return err_errno(err, "cannot open the folder '%s'", name);
    if (w->fd != AT_FDCWD)
        close(w->fd);
    w->fd = fd;
    vec_push_heap(&w->levels, (struct level){ .device = st.st_dev, .inode = st.st_ino });
    return empty_of_files(w, &w->levels.at[w->levels.len - 1], err);
}

// Back up into the folder of the level before the last, by "..", and only if that is the folder we came from.
static bool ascend(struct walk *w, struct err *err)
{
    struct stat st;
    const struct level *above = &w->levels.at[w->levels.len - 2];
    int fd = openat(w->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0 || st.st_dev != above->device || st.st_ino != above->inode) {
        err_set(err, ERR_CONFLICT, "a folder was moved while it was being removed");
        if (fd >= 0)
            close(fd);
        return false;
    }
    close(w->fd);
    w->fd = fd;
    arena_release(&w->levels.at[--w->levels.len].arena);
    return true;
}

// One step: down into the next noted folder, or up and remove the one that is empty now.
static bool step(struct walk *w, struct err *err)
{
    struct level *level = &w->levels.at[w->levels.len - 1];
    if (level->folders.len == 0)
        return ascend(w, err);
    const char *name = level->folders.at[level->folders.len - 1].data;
    if (unlinkat(w->fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT) {
        level->folders.len--;
        level->tries = 0;
        return true;
    }
    if (errno != ENOTEMPTY && errno != EEXIST && errno != EACCES)
        return err_errno(err, "cannot remove the folder '%s'", name);
    if (level->tries++ > TRIES_MAX)
        return err_set(err, ERR_CONFLICT, "the folder '%s' is filled again while it is being removed", name);
    return descend(w, name, err);
}

static bool remove_folder(const char *path, struct err *err)
{
    struct walk w = { .fd = AT_FDCWD };
    bool ok = descend(&w, path, err);
    while (ok && (w.levels.len > 1 || w.levels.at[0].folders.len > 0))
        ok = step(&w, err);
    for (size_t i = 0; i < w.levels.len; i++)
        arena_release(&w.levels.at[i].arena);
    free(w.levels.at);
    if (w.fd != AT_FDCWD)
        close(w.fd);
    return ok && (rmdir(path) == 0 || errno == ENOENT || err_errno(err, "cannot remove the folder"));
}

bool tree_remove(Str path, struct err *err)
{
    struct path_text text;
    if (!path_text_set(&text, path))
        return err_errno(err, "cannot remove '" STR_FMT "'", STR_ARG(path));
    if (unlink(text.z) == 0 || errno == ENOENT || errno == ENOTDIR)
        return true;
    if (errno != EISDIR && errno != EPERM && errno != EACCES)
        return err_errno(err, "cannot remove %s", text.z);
    struct stat st;
    if (lstat(text.z, &st) < 0 || !S_ISDIR(st.st_mode)) {
        errno = EACCES;
        return err_errno(err, "cannot remove %s", text.z);
    }
    return remove_folder(text.z, err) || err_wrap(err, "removing %s", text.z);
}
