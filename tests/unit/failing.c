// SPDX-License-Identifier: Apache-2.0
#include "unit/failing.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static atomic_int *left;                // in memory that the test shares with the processes that it forks; NULL: nothing fails
static int error_number = EIO;

void fail_call(int n)
{
    if (!left)
        left = mmap(NULL, sizeof *left, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (left == MAP_FAILED)
        abort();
    *left = n;
}

void fail_with(int error) { error_number = error; }

bool call_failed(void) { return atomic_exchange(left, -1) == 0; }

static bool fails(void)
{
    if (!left || *left <= 0 || --*left != 0)
        return false;
    errno = error_number;
    return true;
}

// Waiting for a process or for input: nothing but a signal makes it fail.
static bool is_interrupted(void) { return error_number == EINTR && fails(); }

typedef long system_call(long number, long a, long b, long c, long d, long e, long f);

// The C library's syscall(), which is also one of those that fail.
static long call(long number, long a, long b, long c, long d, long e, long f)
{
    static system_call *real;
    if (!real)
        real = (system_call *)dlsym(RTLD_NEXT, "syscall");
    return real(number, a, b, c, d, e, f);
}

#define WORD(x) ((long)(x))
#define CALL_6(n, a, b, c, d, e, f, ...) (fails() ? -1 : call(n, WORD(a), WORD(b), WORD(c), WORD(d), WORD(e), WORD(f)))
#define CALL(...) CALL_6(__VA_ARGS__, 0, 0, 0, 0, 0, 0)
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

int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data)
{
    return (int)CALL(SYS_mount, source, target, type, flags, data);
}

int umount2(const char *target, int flags) { return (int)CALL(SYS_umount2, target, flags); }
int symlink(const char *target, const char *path) { return (int)CALL(SYS_symlinkat, target, AT_FDCWD, path); }
int access(const char *path, int how) { return (int)CALL(SYS_faccessat, AT_FDCWD, path, how); }
int chdir(const char *path) { return (int)CALL(SYS_chdir, path); }
int chmod(const char *path, mode_t mode) { return (int)CALL(SYS_fchmodat, AT_FDCWD, path, mode); }
int rmdir(const char *path) { return (int)CALL(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR); }
int socket(int domain, int type, int protocol) { return (int)CALL(SYS_socket, domain, type, protocol); }
int pipe2(int ends[2], int flags) { return (int)CALL(SYS_pipe2, ends, flags); }
int dup3(int from, int to, int flags) { return (int)CALL(SYS_dup3, from, to, flags); }
int getrlimit(__rlimit_resource_t which, struct rlimit *limit) { return (int)CALL(SYS_prlimit64, 0, which, 0, limit); }
int setrlimit(__rlimit_resource_t which, const struct rlimit *limit) { return (int)CALL(SYS_prlimit64, 0, which, limit, 0); }
pid_t wait(int *status) { return (pid_t)(is_interrupted() ? -1 : call(SYS_wait4, -1, WORD(status), 0, 0, 0, 0)); }
pid_t waitpid(pid_t pid, int *status, int options) { return (pid_t)(is_interrupted() ? -1 : call(SYS_wait4, pid, WORD(status), options, 0, 0, 0)); }

static long argument(va_list *args)
{
    long word = va_arg(*args, long);
    return word;
}

long syscall(long number, ...)
{
    va_list args;
    va_start(args, number);
    long a = argument(&args), b = argument(&args), c = argument(&args), d = argument(&args), e = argument(&args), f = argument(&args);
    va_end(args);
    return fails() ? -1 : call(number, a, b, c, d, e, f);
}

int prctl(int option, ...)
{
    va_list args;
    va_start(args, option);
    long a = argument(&args), b = argument(&args), c = argument(&args), d = argument(&args);
    va_end(args);
    if (option == PR_CAPBSET_READ)      // fails for a number that is none, and never otherwise
        return (int)call(SYS_prctl, option, a, b, c, d, 0);
    return (int)CALL(SYS_prctl, option, a, b, c, d);
}

int ioctl(int fd, unsigned long request, ...)
{
    va_list args;
    va_start(args, request);
    long a = argument(&args);
    va_end(args);
    return (int)CALL(SYS_ioctl, fd, request, a);
}

int fcntl(int fd, int command, ...)
{
    va_list args;
    va_start(args, command);
    void *argument = va_arg(args, void *);
    va_end(args);
    return (int)CALL(SYS_fcntl, fd, command, argument);
}
