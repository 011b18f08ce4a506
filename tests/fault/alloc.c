// SPDX-License-Identifier: Apache-2.0
// A preloaded library that makes one allocation of Petri's own process fail: the $FAULT_ALLOC_AT-th of malloc, calloc, realloc and
// aligned_alloc, counted over all threads; with $FAULT_ALLOC_FOREVER each one from there on. Without $FAULT_ALLOC_AT it only counts.
// When the process ends, or at the failure, it appends "count N" or "failed N SIZE" to $FAULT_ALLOC_REPORT. Processes that are not
// $FAULT_ALLOC_PROGRAM, and its helpers ("petri attempt" unless $FAULT_ALLOC_ROLE says so), are left alone.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *ptr, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static atomic_long counted;
static long fail_at;
static bool is_on, is_forever;
static const char *report_path;
static pid_t owner;

static void report(const char *what, long number, size_t size)
{
    char text[96];
    int len = snprintf(text, sizeof text, "%s %ld %zu\n", what, number, size);
    int fd = report_path ? open(report_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644) : -1;
    if (fd >= 0) {
        (void)!write(fd, text, (size_t)len);
        close(fd);
    }
}

static bool fails(size_t size)
{
    if (!is_on)
        return false;
    long number = atomic_fetch_add(&counted, 1) + 1;
    if (fail_at == 0 || number < fail_at || (number > fail_at && !is_forever))
        return false;
    if (number == fail_at)
        report("failed", number, size);
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size) { return fails(size) ? NULL : __libc_malloc(size); }
void *calloc(size_t count, size_t size) { return fails(count * size) ? NULL : __libc_calloc(count, size); }
void *realloc(void *ptr, size_t size) { return fails(size) ? NULL : __libc_realloc(ptr, size); }
void *aligned_alloc(size_t alignment, size_t size) { return fails(size) ? NULL : __libc_memalign(alignment, size); }

static void at_exit(void)
{
    if (is_on && getpid() == owner)
        report("count", atomic_load(&counted), 0);
}

__attribute__((constructor)) static void begin(int argc, char **argv)
{
    char exe[PATH_MAX];
    const char *program = getenv("FAULT_ALLOC_PROGRAM"), *at = getenv("FAULT_ALLOC_AT"), *role = getenv("FAULT_ALLOC_ROLE");
    ssize_t len = readlink("/proc/self/exe", exe, sizeof exe - 1);
    if (program == NULL || len < 0)
        return;
    exe[len] = '\0';
    bool is_runner = argc > 1 && strcmp(argv[1], "attempt") == 0, wants_runner = role && strcmp(role, "runner") == 0;
    if (strcmp(exe, program) != 0 || is_runner != wants_runner)
        return;
    report_path = getenv("FAULT_ALLOC_REPORT");
    fail_at = at ? strtol(at, NULL, 10) : 0;
    is_forever = getenv("FAULT_ALLOC_FOREVER") != NULL;
    owner = getpid();
    atexit(at_exit);
    is_on = true;
}
