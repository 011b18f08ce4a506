// SPDX-License-Identifier: Apache-2.0
#include "unit/failing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_int left = -1;
static int error_number = EIO;

void fail_call(int n) { left = n; }

void fail_with(int error) { error_number = error; }

bool call_failed(void)
{
    bool failed = left == 0;
    left = -1;
    return failed;
}

static bool fails(void)
{
    if (left <= 0 || --left != 0)
        return false;
    errno = error_number;
    return true;
}

#define CALL(...) (fails() ? -1 : syscall(__VA_ARGS__))
#define MODE_OF(flags)                                                                                                                  \
    mode_t mode = 0;                                                                                                                    \
    if ((flags) & O_CREAT) {                                                                                                            \
        va_list args;                                                                                                                   \
        va_start(args, flags);                                                                                                          \
        mode = va_arg(args, mode_t);                                                                                                    \
        va_end(args);                                                                                                                   \
    }

int open(const char *path, int flags, ...)
{
    MODE_OF(flags)
    return (int)CALL(SYS_openat, AT_FDCWD, path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
    MODE_OF(flags)
    return (int)CALL(SYS_openat, folder, path, flags, mode);
}

ssize_t read(int fd, void *bytes, size_t size) { return CALL(SYS_read, fd, bytes, size); }
ssize_t pread(int fd, void *bytes, size_t size, off_t at) { return CALL(SYS_pread64, fd, bytes, size, at); }
ssize_t write(int fd, const void *bytes, size_t size) { return CALL(SYS_write, fd, bytes, size); }
ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at) { return CALL(SYS_pwrite64, fd, bytes, size, at); }
int fstat(int fd, struct stat *st) { return (int)CALL(SYS_newfstatat, fd, "", st, AT_EMPTY_PATH); }
int stat(const char *path, struct stat *st) { return (int)CALL(SYS_newfstatat, AT_FDCWD, path, st, 0); }
int lstat(const char *path, struct stat *st) { return (int)CALL(SYS_newfstatat, AT_FDCWD, path, st, AT_SYMLINK_NOFOLLOW); }
int fstatat(int folder, const char *path, struct stat *st, int flags) { return (int)CALL(SYS_newfstatat, folder, path, st, flags); }
int rename(const char *from, const char *to) { return (int)CALL(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int a, const char *from, int b, const char *to) { return (int)CALL(SYS_renameat2, a, from, b, to, 0); }
int renameat2(int a, const char *from, int b, const char *to, unsigned flags) { return (int)CALL(SYS_renameat2, a, from, b, to, flags); }
int linkat(int a, const char *from, int b, const char *to, int flags) { return (int)CALL(SYS_linkat, a, from, b, to, flags); }
int unlink(const char *path) { return (int)CALL(SYS_unlinkat, AT_FDCWD, path, 0); }
int unlinkat(int folder, const char *path, int flags) { return (int)CALL(SYS_unlinkat, folder, path, flags); }
int mkdir(const char *path, mode_t mode) { return (int)CALL(SYS_mkdirat, AT_FDCWD, path, mode); }
int mkdirat(int folder, const char *path, mode_t mode) { return (int)CALL(SYS_mkdirat, folder, path, mode); }
int fchmod(int fd, mode_t mode) { return (int)CALL(SYS_fchmod, fd, mode); }
int ftruncate(int fd, off_t size) { return (int)CALL(SYS_ftruncate, fd, size); }
int syncfs(int fd) { return (int)CALL(SYS_syncfs, fd); }
int faccessat(int folder, const char *path, int how, int flags) { return (int)CALL(SYS_faccessat2, folder, path, how, flags); }
ssize_t copy_file_range(int from, off64_t *from_at, int to, off64_t *to_at, size_t size, unsigned flags)
{
    return CALL(SYS_copy_file_range, from, from_at, to, to_at, size, flags);
}

int dup2(int from, int to) { return (int)CALL(SYS_dup3, from, to, 0); }
pid_t setsid(void) { return (pid_t)CALL(SYS_setsid); }
int socketpair(int domain, int type, int protocol, int pair[2]) { return (int)CALL(SYS_socketpair, domain, type, protocol, pair); }
int close_range(unsigned from, unsigned to, int flags) { return (int)CALL(SYS_close_range, from, to, flags); }

int fcntl(int fd, int command, ...)
{
    va_list args;
    va_start(args, command);
    void *argument = va_arg(args, void *);
    va_end(args);
    return (int)CALL(SYS_fcntl, fd, command, argument);
}
