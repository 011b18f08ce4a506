// SPDX-License-Identifier: Apache-2.0
// A preloaded library that makes the world worse for Petri's own processes: $FAULT_NO_LOCKS: every lock is granted to everybody, as on a
// filesystem that forgets them. $FAULT_CLOCK: a file with a number of seconds by which the wall clock is wrong just now; it is read anew
// at each question, so that the clock jumps while a run goes on.
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long wrong_by(void)
{
    const char *path = getenv("FAULT_CLOCK");
    char text[32] = "";
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return 0;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    return n > 0 ? strtol(text, NULL, 10) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *t)
{
    int code = (int)syscall(SYS_clock_gettime, clock, t);
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)
        t->tv_sec += wrong_by();
    return code;
}

int gettimeofday(struct timeval *restrict t, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    t->tv_sec = now.tv_sec, t->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *out)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out)
        *out = now.tv_sec;
    return now.tv_sec;
}

static int lock_of(int fd, int command, void *argument)
{
    struct flock *lock = argument;
    int is_lock = command == F_OFD_SETLK || command == F_OFD_GETLK;
    if (!is_lock || getenv("FAULT_NO_LOCKS") == NULL)
        return (int)syscall(SYS_fcntl, fd, command, argument);
    if (command == F_OFD_GETLK)
        lock->l_type = F_UNLCK;
    return 0;
}

int fcntl(int fd, int command, ...)
{
    va_list args;
    va_start(args, command);
    void *argument = va_arg(args, void *);
    va_end(args);
    return lock_of(fd, command, argument);
}

int fcntl64(int fd, int command, ...) __attribute__((alias("fcntl")));
