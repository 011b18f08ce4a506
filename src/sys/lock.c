// SPDX-License-Identifier: Apache-2.0
// Locks of open file descriptions: they are not lost when another descriptor of the same file is closed, and the kernel
// lets go of them with the process. Nothing waits for a lock here.
#include "sys/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/path_text.h"

static const struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

static bool lock_fd(int fd, Str path, struct err *err)
{
    struct flock lock = whole;
    if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
        return true;
    if (errno == EAGAIN || errno == EACCES)
        return err_set(err, ERR_CONFLICT, STR_FMT " is held by another process", STR_ARG(path));
    if (errno == ENOLCK || errno == ENOSYS || errno == EINVAL || errno == EOPNOTSUPP)
        return err_set(err, ERR_UNSUPPORTED, STR_FMT ": this filesystem has no working locks; use a folder on another "
                       "one, or mount it with locks", STR_ARG(path));
    return err_errno(err, "cannot lock " STR_FMT, STR_ARG(path));
}

// Whoever held the lock before may have removed the file: then ours is a lock on nothing.
static bool is_still_there(int fd, const char *path)
{
    struct stat ours, there;
    return fstat(fd, &ours) == 0 && stat(path, &there) == 0 && ours.st_dev == there.st_dev &&
           ours.st_ino == there.st_ino;
}

bool lock_take(Str path, int *fd, struct err *err)
{
    struct path_text text;
    if (!path_text_set(&text, path))
        return err_errno(err, "cannot lock '" STR_FMT "'", STR_ARG(path));
    for (;;) {
        *fd = open(text.z, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        if (*fd < 0)
            return err_errno(err, "cannot open %s", text.z);
        bool ok = lock_fd(*fd, path, err);
        if (ok && is_still_there(*fd, text.z))
            return true;
        close(*fd);
        *fd = -1;
        if (!ok)
            return false;
    }
}

bool lock_is_held(Str path)
{
    struct path_text text;
    int fd = path_text_set(&text, path) ? open(text.z, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return false;
    struct flock lock = whole;
    bool is_held = fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    close(fd);
    return is_held;
}
