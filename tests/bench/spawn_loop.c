// SPDX-License-Identifier: Apache-2.0
// The least that starting a command costs: posix_spawn and wait, nothing else. tests/bench/run measures with it twice: COUNT
// commands side by side are the floor under every engine, and a COUNT of 1 is the stopwatch for everything that it measures.
// It is small on purpose: a child inherits its parent's peak memory, and a Python parent would hide that of a small program.
//   spawn_loop REPORT COUNT PARALLEL COMMAND [ARGUMENT…]
// REPORT gets one line: seconds, processor seconds, peak memory in KiB of the largest process, how many commands failed.
#define _GNU_SOURCE
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

struct totals {
    double cpu_seconds;
    long peak_kib;
    long failed;
};

static double now_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds_of(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static int start(char **command)
{
    extern char **environ;
    pid_t pid;
    int error = posix_spawnp(&pid, command[0], NULL, NULL, command, environ);
    if (error)
        fprintf(stderr, "spawn_loop: cannot start %s: %s\n", command[0], strerror(error));
    return error;
}

static int wait_one(struct totals *totals)
{
    struct rusage used;
    int status;
    while (wait4(-1, &status, 0, &used) < 0)
        if (errno != EINTR)
            return errno;
    totals->cpu_seconds += seconds_of(used.ru_utime) + seconds_of(used.ru_stime);
    if (used.ru_maxrss > totals->peak_kib)
        totals->peak_kib = used.ru_maxrss;
    totals->failed += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    return 0;
}

static int run_all(long count, long parallel, char **command, struct totals *totals)
{
    long started = 0;
    for (long ended = 0; ended < count; ended++) {
        for (; started < count && started - ended < parallel; started++)
            if (start(command) != 0)
                return 1;
        if (wait_one(totals) != 0)
            return 1;
    }
    return 0;
}

static int write_report(const char *path, double seconds, const struct totals *totals)
{
    FILE *f = fopen(path, "we");
    if (f == NULL || fprintf(f, "%.6f %.6f %ld %ld\n", seconds, totals->cpu_seconds, totals->peak_kib, totals->failed) < 0 ||
        fclose(f) != 0) {
        fprintf(stderr, "spawn_loop: cannot write %s: %s\n", path, strerror(errno));
        return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct totals totals = { 0 };
    long count = argc > 4 ? strtol(argv[2], NULL, 10) : 0, parallel = argc > 4 ? strtol(argv[3], NULL, 10) : 0;
    if (count < 1 || parallel < 1) {
        fprintf(stderr, "usage: spawn_loop REPORT COUNT PARALLEL COMMAND [ARGUMENT…]\n");
        return 2;
    }
    double began = now_seconds();
    if (run_all(count, parallel, argv + 4, &totals) != 0)
        return 1;
    return write_report(argv[1], now_seconds() - began, &totals);
}
