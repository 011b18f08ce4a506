// SPDX-License-Identifier: Apache-2.0
// A preloaded library that turns Petri into a mutant: syncs of files whose path contains $FAULT_SKIP_SYNC say that all is well and do
// nothing. The power harness must find out.
#include <dlfcn.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_skipped(int fd)
{
    const char *what = getenv("FAULT_SKIP_SYNC");
    char name[64], path[PATH_MAX];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(name, path, sizeof path - 1);
    if (what == NULL || len < 0)
        return false;
    path[len] = '\0';
    return strstr(path, what) != NULL;
}

static int next(const char *name, int fd)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    return is_skipped(fd) ? 0 : real(fd);
}

int fsync(int fd) { return next("fsync", fd); }
int fdatasync(int fd) { return next("fdatasync", fd); }
