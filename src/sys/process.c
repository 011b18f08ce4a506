// SPDX-License-Identifier: Apache-2.0
// Starting this program again as its own helper. Tasks are not started here: the attempt runner does that.
#include "sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HELPER_FD = 3 };

struct start {                          // all that the child needs: it shares our memory until exec, sets `problem` only
    const char *const *argv;
    int fd;
    pid_t parent;
    bool die_with_parent;
    sigset_t no_signals;
    volatile int problem;
};

static bool prepare(const struct start *s)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(s->fd, HELPER_FD) < 0)
        return false;
    if (setsid() < 0 || close_range(HELPER_FD + 1, ~0u, CLOSE_RANGE_CLOEXEC) < 0)
        return false;
    if (s->die_with_parent && (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != s->parent))
        return false;
    signal(SIGPIPE, SIG_DFL);           // ignored signals would stay ignored across exec
    return sigprocmask(SIG_SETMASK, &s->no_signals, NULL) == 0;
}

// vfork: the cost of the start does not depend on how much memory the head uses.
static pid_t start_child(struct start *s)
{
    pid_t pid = vfork();
    if (pid != 0)
        return pid;
    if (prepare(s))
        execve("/proc/self/exe", (char *const *)s->argv, environ);
    s->problem = errno ? errno : ECHILD;
    _exit(127);
}

bool process_start_self(const char *const *argv, bool die_with_parent, pid_t *pid, int *fd, struct err *err)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return err_errno(err, "cannot make a socket pair for '%s'", argv[0]);
    struct start s = { .argv = argv, .parent = getpid(), .die_with_parent = die_with_parent };
    sigemptyset(&s.no_signals);
    s.fd = fcntl(pair[1], F_DUPFD_CLOEXEC, HELPER_FD + 1);     // out of the way of 0 to 3
    close(pair[1]);
    *pid = s.fd < 0 ? -1 : start_child(&s);
    int problem = *pid < 0 ? errno : s.problem;
    if (s.fd >= 0)
        close(s.fd);
    if (problem) {
        if (*pid > 0)
            waitpid(*pid, NULL, 0);
        close(pair[0]);
        errno = problem;
        return err_errno(err, "cannot start a helper process ('%s')", argv[0]);
    }
    *fd = pair[0];
    return true;
}
