// SPDX-License-Identifier: Apache-2.0
// Calls a program, feeds it, reads it. Blocking: for what happens before a run begins or on a worker thread.
#include "exec/container/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/vec.h"

struct pipes {
    int in[2], out[2], err[2];
};
enum { BLOCK = 16 * 1024, KEPT_STEP = 64 * 1024, COMPLAINT_MAX = 400 };

static void close_all(struct pipes *p)
{
    int *fds[] = { p->in, p->out, p->err };
    for (size_t i = 0; i < LEN(fds); i++)
        for (int end = 0; end < 2; end++)
            if (fds[i][end] >= 0) {
                close(fds[i][end]);
                fds[i][end] = -1;
            }
}

static bool open_all(struct pipes *p, struct err *err)
{
    *p = (struct pipes){ { -1, -1 }, { -1, -1 }, { -1, -1 } };
    if (pipe2(p->in, O_CLOEXEC) == 0 && pipe2(p->out, O_CLOEXEC) == 0 && pipe2(p->err, O_CLOEXEC) == 0)
        return true;
    err_errno(err, "cannot make a pipe");
    close_all(p);
    return false;
}

// In the vforked child: nothing but system calls.
static NORETURN void become(char **argv, const struct pipes *p, bool show, pid_t parent, volatile int *problem)
{
    sigset_t none;
    sigemptyset(&none);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() == parent && dup2(p->in[0], 0) >= 0 && dup2(p->out[1], 1) >= 0 && (show || dup2(p->err[1], 2) >= 0)) {
        signal(SIGPIPE, SIG_DFL);
        sigprocmask(SIG_SETMASK, &none, NULL);
        execve(argv[0], argv, environ);
    }
    *problem = errno ? errno : ECHILD;
    _exit(127);
}

static bool start(struct arena *a, const Str *argv, size_t argc, struct pipes *p, bool show, pid_t *pid, struct err *err)
{
    volatile int problem = 0;
    char **args = NEW_ARRAY(a, char *, argc + 1);
    for (size_t i = 0; i < argc; i++)
        args[i] = str_z(a, argv[i]);
    pid_t parent = getpid();
    *pid = vfork();
    if (*pid == 0)
        become(args, p, show, parent, &problem);
    if (*pid > 0 && problem)
        waitpid(*pid, NULL, 0);
    if (*pid > 0 && !problem)
        return true;
    errno = *pid < 0 ? errno : problem;
    return err_errno(err, "cannot run %s", args[0]);
}

// Of what is only for messages the end alone is kept.
static void keep(struct strbuf *b, Str more, bool is_message)
{
    if (is_message && b->len + more.len > COMMAND_OUTPUT_MAX / 2) {
        size_t cut = MIN(b->len, (size_t)COMMAND_OUTPUT_MAX / 4);
        memmove(b->data, b->data + b->len - cut, cut);
        b->len = cut;
    }
    strbuf_add(b, more);
}

static bool is_passing(void) { return errno == EINTR || errno == EAGAIN; }

// True until the other end is closed, or *problem is set.
static bool take(int fd, struct strbuf *b, bool is_message, int *problem)
{
    char block[BLOCK];
    ssize_t n = read(fd, block, sizeof block);
    if (n < 0) {
        *problem = is_passing() ? *problem : errno;
        return is_passing();
    }
    keep(b, (Str){ block, (size_t)n }, is_message);
    return n > 0;
}

// True while there is more of it, and somebody who reads it.
static bool give(int fd, Str *input, int *problem)
{
    ssize_t n = write(fd, input->data, input->len);
    if (n < 0) {
        *problem = is_passing() || errno == EPIPE ? *problem : errno;
        return is_passing();
    }
    *input = str_from(*input, (size_t)n);
    return input->len > 0;
}

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

// 0, or the errno for which not all of what it says is known.
static int converse(struct pipes *p, Str input, struct strbuf *out, struct strbuf *err)
{
    int problem = 0;
    struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
    sigaction(SIGPIPE, &ignore, &before);               // it may end without reading all
    close_one(&p->in[0]), close_one(&p->out[1]), close_one(&p->err[1]);
    fcntl(p->in[1], F_SETFL, O_NONBLOCK);
    if (input.len == 0)
        close_one(&p->in[1]);
    while (p->out[0] >= 0 || p->err[0] >= 0) {
        struct pollfd polls[] = { { p->in[1], POLLOUT, 0 }, { p->out[0], POLLIN, 0 }, { p->err[0], POLLIN, 0 } };
        if (poll(polls, LEN(polls), -1) < 0)
            continue;                   // a signal
        if (polls[0].revents && !give(p->in[1], &input, &problem))
            close_one(&p->in[1]);
        if (polls[1].revents && !take(p->out[0], out, false, &problem))
            close_one(&p->out[0]);
        if (polls[2].revents && !take(p->err[0], err, true, &problem))
            close_one(&p->err[0]);
    }
    sigaction(SIGPIPE, &before, NULL);
    return problem;
}

bool command_run(struct arena *a, const Str *argv, size_t argc, Str input, bool show, struct command_result *result, struct err *err)
{
    struct strbuf out = { .limit = COMMAND_OUTPUT_MAX }, messages = { .limit = COMMAND_OUTPUT_MAX };
    struct pipes pipes;
    pid_t pid;
    int status = 0;
    *result = (struct command_result){ 0 };
    if (!open_all(&pipes, err))
        return false;
    bool ok = start(a, argv, argc, &pipes, show, &pid, err);
    if (ok) {
        int problem = converse(&pipes, input, &out, &messages);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            continue;
        errno = problem;
        ok = !problem || err_errno(err, "cannot talk to " STR_FMT, STR_ARG(argv[0]));
    }
    close_all(&pipes);
    if (ok && out.overflow)
        ok = err_set(err, ERR_LIMIT, STR_FMT " wrote more than %d MiB", STR_ARG(argv[0]), COMMAND_OUTPUT_MAX >> 20);
    result->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    result->out = strbuf_take(&out, a);
    result->err = strbuf_take(&messages, a);
    return ok;
}

// Without its terminal's control characters, and in one line.
static Str plain(struct arena *a, Str line)
{
    struct strbuf b = { 0 };
    for (size_t i = 0; i < line.len && b.len < COMPLAINT_MAX; i++)
        strbuf_addc(&b, (unsigned char)line.data[i] < ' ' || line.data[i] == 0x7f ? ' ' : line.data[i]);
    return strbuf_take(&b, a);
}

Str command_complaint(struct arena *a, const struct command_result *r)
{
    static const Str before[] = { STR_CONST("Error: "), STR_CONST("error: "), STR_CONST("docker: "), STR_CONST("Error response from daemon: "),
                                  STR_CONST("FATAL:   ") };
    Str rest = r->err.len ? r->err : r->out, last = { 0 };
    while (rest.len) {
        Str line = str_trim(str_cut(&rest, '\n'));
        bool is_advice = str_starts(line, STR("See '")) || str_starts(line, STR("Run '"));
        last = line.len && !is_advice ? line : last;
    }
    for (size_t i = 0; i < 2 * LEN(before); i++)        // "docker: Error response from daemon: …" has two of them
        if (str_starts(last, before[i % LEN(before)]))
            last = str_from(last, before[i % LEN(before)].len);
    return last.len ? plain(a, last) : str_printf(a, "it ended with exit code %d and said nothing", r->exit_code);
}
