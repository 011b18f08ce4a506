// SPDX-License-Identifier: Apache-2.0
#pragma once
// For tests of traps: does `fn(arg)` end its process?
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"

static inline bool dies(void (*fn)(void *), void *arg)
{
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
        dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);       // its complaint is expected
        fn(arg);
        _exit(0);
    }
    int status = 0;
    CHECK(waitpid(pid, &status, 0) == pid);
    return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}
