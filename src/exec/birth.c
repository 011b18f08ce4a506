// SPDX-License-Identifier: Apache-2.0
// From fork to exec: what a process gives up and sets before it stages its files and becomes the command. It reports
// to the runner by one short message, or by none. What is staged and run is start.c's and stage.c's.
#include "exec/birth.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "exec/proctree.h"

static void say_problem(int fd, const struct err *err)
{
    size_t len = strlen(err->text);
    char message[sizeof(uint32_t) + sizeof err->text];
    uint32_t code = err->code;
    memcpy(message, &code, sizeof code);
    memcpy(message + sizeof code, err->text, len);
    if (write(fd, message, sizeof code + len) < 0)      // under PIPE_BUF: one piece or none
        _exit(126);
}

static NORETURN void become_task(struct birth *b)
{
    struct err err = { .code = ERR_NONE };
    struct rlimit no_core = { 0, 0 };
    sigset_t none;
    sigemptyset(&none);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != b->parent)
        _exit(126);
    setsid();
    setrlimit(RLIMIT_CORE, &no_core);
    setrlimit(RLIMIT_NOFILE, &b->files);
    proc_mark(b->mark);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (!start_decode(&b->arena, b->payload, &b->start))
        err_set(&err, ERR_INTERNAL, "the description of the attempt is damaged");
    else if (start_stage_all(&b->arena, &b->start, &err) && start_exec(&b->arena, &b->start, &err))
        err_set(&err, ERR_INTERNAL, "exec returned");
    say_problem(b->problem_fd, &err);
    _exit(126);
}

// A light attempt is vforked: it borrows our memory until exec, which halves the cost of its start, while we wait. What
// would make us wait for long (copies) gets a process with memory of its own.
pid_t birth_give(struct birth *b)
{
    pid_t pid = b->start.is_light ? vfork() : fork();
    if (pid == 0)
        become_task(b);
    return pid;
}

bool birth_problem(int fd, struct err *err)
{
    char message[sizeof(uint32_t) + sizeof err->text];
    ssize_t n = read(fd, message, sizeof message - 1);
    uint32_t code;
    if (n < (ssize_t)sizeof code)
        return false;
    message[n] = '\0';
    memcpy(&code, message, sizeof code);
    return !err_set(err, (enum err_code)code, "%s", message + sizeof code);
}
