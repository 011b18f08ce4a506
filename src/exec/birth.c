// SPDX-License-Identifier: Apache-2.0
// From fork to exec: what a process gives up and sets before it stages its files and becomes the command. In a sandbox it
// stays instead as process 1 of its own, and the command is its child: with process 1 the kernel ends all the others. It
// reports to the runner by short messages. What is staged and run is start.c's and stage.c's.
#include "exec/birth.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec/container/boxed.h"
#include "exec/isolate.h"
#include "exec/proctree.h"
#include "exec/refused.h"

enum { MESSAGE_PROBLEM = 'P', MESSAGE_END = 'E', MESSAGE_HIDDEN = 'H', REPORT_FD = 3, FIRST_FREE_FD = 16 };
struct message {                        // under PIPE_BUF: one piece or none
    char type;
    int32_t status;                     // of an END; the code of a PROBLEM
    int64_t refused;
    uint32_t text_len;
    char text[sizeof ((struct err *)0)->text];
};

static void say(int fd, const struct message *m)
{
    if (write(fd, m, offsetof(struct message, text) + m->text_len) < 0)
        _exit(126);
}

static NORETURN void fail(const struct birth *b, const struct err *err)
{
    struct message m = { .type = MESSAGE_PROBLEM, .status = (int32_t)err->code, .text_len = (uint32_t)strlen(err->text) };
    memcpy(m.text, err->text, m.text_len);
    say(b->report_fd, &m);
    _exit(126);
}

// Should the command fail: it may be for want of what it names and cannot see.
static void say_missing(const struct birth *b)
{
    struct arena scratch = { 0 };
    struct message m = { .type = MESSAGE_HIDDEN };
    Str found = { 0 };
    for (size_t i = 0; i < b->start.argc && !found.len; i++)
        found = shown_find_missing(&scratch, &b->shown, b->start.argv[i]);
    m.text_len = (uint32_t)MIN(found.len, sizeof m.text);
    memcpy(m.text, found.len ? found.data : "", m.text_len);
    if (found.len)
        say(b->report_fd, &m);
    arena_release(&scratch);
}

static bool set_limit(int which, int64_t value, const char *what, struct err *err)
{
    struct rlimit limit;
    if (value <= 0)
        return true;
    if (getrlimit(which, &limit) == 0 && limit.rlim_max != RLIM_INFINITY)
        value = (int64_t)MIN((rlim_t)value, limit.rlim_max);
    limit = (struct rlimit){ (rlim_t)value, (rlim_t)value };
    return setrlimit(which, &limit) == 0 || err_errno(err, "cannot limit %s", what);
}

// Since Linux 5.14 the kernel counts the processes of each user namespace on their own; before, and without one, all those of
// the user on this machine, which says nothing of the task.
static bool are_processes_counted(enum sandbox_kind kind)
{
    struct utsname system;
    int major = 0, minor = 0;
    return kind == SANDBOX_BWRAP && uname(&system) == 0 && sscanf(system.release, "%d.%d", &major, &minor) == 2 &&
           (major > 5 || (major == 5 && minor >= 14));
}

static bool set_limits(const struct birth *b, struct err *err)
{
    const struct sandbox *sandbox = &b->start.sandbox;
    const struct sandbox_limits *limits = &sandbox->limits;
    struct rlimit no_core = { 0, 0 }, files = b->files;
    int64_t processes = limits->processes > 0 && are_processes_counted(sandbox->kind) ? limits->processes + 1 : 0;       // and process 1
    if (limits->open_files > 0)
        files.rlim_max = MIN(files.rlim_max, (rlim_t)limits->open_files), files.rlim_cur = MIN(files.rlim_cur, files.rlim_max);
    setrlimit(RLIMIT_CORE, &no_core);
    setrlimit(RLIMIT_NOFILE, &files);
    return set_limit(RLIMIT_FSIZE, limits->file_bytes, "the size of files", err) && set_limit(RLIMIT_NPROC, processes, "processes", err);
}

// The command itself, with everything staged. Returns when that failed.
static void run_command(struct birth *b, const struct start_streams *streams, struct err *err)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (set_limits(b, err) && start_exec(&b->arena, &b->start, streams, err))
        err_set(err, ERR_INTERNAL, "exec returned");
}

// --- Process 1.

static void close_above(int last)
{
#ifdef SYS_close_range
    if (syscall(SYS_close_range, last + 1, ~0U, 0) == 0)
        return;
#endif
    struct rlimit limit;
    int end = getrlimit(RLIMIT_NOFILE, &limit) == 0 ? (int)MIN(limit.rlim_cur, (rlim_t)65536) : 1024;
    for (int fd = last + 1; fd < end; fd++)
        close(fd);
}

// Nothing of the runner stays open here: its socket, or the reports of others, would else outlive it. The environment was
// the user's, with what secrets there may be in it: /proc/1/environ must not have it.
static bool forget_runner(struct birth *b, struct start_streams *streams, struct err *err)
{
    const int from[] = { b->report_fd, streams->out, streams->err };
    int high[LEN(from)];
    for (size_t i = 0; i < LEN(from); i++)
        if ((high[i] = fcntl(from[i], F_DUPFD_CLOEXEC, FIRST_FREE_FD)) < 0)
            return err_errno(err, "cannot move a descriptor");
    b->report_fd = high[0];             // what is told from here on
    for (size_t i = 0; i < LEN(from); i++)
        if (dup3(high[i], REPORT_FD + (int)i, O_CLOEXEC) < 0)
            return err_errno(err, "cannot move a descriptor");
    b->report_fd = REPORT_FD, streams->out = REPORT_FD + 1, streams->err = REPORT_FD + 2;
    close_above(REPORT_FD + 2);
    for (char **variable = environ; *variable; variable++)
        memset(*variable, 0, strlen(*variable));
    environ = NULL;
    return prctl(PR_SET_DUMPABLE, 0) == 0 || err_errno(err, "cannot hide the memory of process 1");
}

static NORETURN void wait_for_all(const struct birth *b, pid_t command)
{
    struct message m = { .type = MESSAGE_END };
    int status;
    for (pid_t pid; (pid = wait(&status)) > 0 || errno == EINTR;)
        if (pid == command)
            break;
    m.status = status;
    do                                  // and what they have started meanwhile
        kill(-1, SIGKILL);
    while (wait(&status) > 0 || errno == EINTR);
    m.refused = b->start.sandbox.network ? 0 : refused_connections();
    say(b->report_fd, &m);
    _exit(0);
}

static NORETURN void become_first(struct birth *b, struct start_streams *streams, struct err *err)
{
    pid_t command = vfork();
    if (command == 0) {
        run_command(b, streams, err);
        fail(b, err);
    }
    if (command < 0) {
        err_errno(err, "cannot start a process in the sandbox");
        fail(b, err);
    }
    for (int fd = 0; fd <= REPORT_FD + 2; fd++)         // whatever terminal the runner has, and the task's files
        if (fd != b->report_fd)
            close(fd);
    wait_for_all(b, command);
}

// --- Both.

static bool stage(struct birth *b, struct start_streams *streams, struct err *err)
{
    enum sandbox_kind kind = b->start.sandbox.kind;
    if (!start_decode(&b->arena, b->payload, &b->start))
        return err_set(err, ERR_INTERNAL, "the description of the attempt is damaged");
    b->start.sandbox.kind = kind;
    if (kind == SANDBOX_BWRAP && b->start.argc) {
        shown_add_program(&b->arena, &b->shown, b->start.argv[0], b->start.search_path, b->start.home, b->start.user_home);
        say_missing(b);
    }
    return start_stage_all(&b->arena, &b->start, err) && (start_is_boxed(&b->start) || start_open_streams(&b->arena, &b->start, streams, err));
}

static bool is_isolated(const struct birth *b) { return b->start.sandbox.kind == SANDBOX_BWRAP; }

// The engine's client: no limit of the task is its own.
static NORETURN void become_client(struct birth *b, struct err *err)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setrlimit(RLIMIT_NOFILE, &b->files);
    if (box_exec(&b->arena, &b->start, b->life, err))
        err_set(err, ERR_INTERNAL, "exec returned");
    fail(b, err);
}

static NORETURN void become_task(struct birth *b)
{
    struct err err = { .code = ERR_NONE };
    struct start_streams streams;
    bool network = b->start.sandbox.network;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!is_isolated(b) && getppid() != b->parent)
        _exit(126);
    setsid();
    umask(0077);
    proc_mark(b->mark);
    if ((b->group && !cgroup_enter(b->group, &err)) || (is_isolated(b) && !isolate_init(network, &err)) || !stage(b, &streams, &err))
        fail(b, &err);
    if (start_is_boxed(&b->start))
        become_client(b, &err);
    if (!is_isolated(b)) {
        run_command(b, &streams, &err);
        fail(b, &err);
    }
    if (!isolate_root(&b->arena, &b->start, &b->shown, &err))
        fail(b, &err);
    if (!forget_runner(b, &streams, &err) || !isolate_lock(&err))
        fail(b, &err);
    become_first(b, &streams, &err);
}

// A light attempt is vforked: it borrows our memory until exec, which halves the cost of its start, while we wait. What
// would make us wait for long (copies) gets a process with memory of its own.
pid_t birth_give(struct birth *b)
{
    pid_t pid = is_isolated(b) ? isolate_fork(b->start.sandbox.network) : b->start.is_light ? vfork() : fork();
    if (pid == 0)
        become_task(b);
    return pid;
}

static void read_message(struct message *m, Str rest, struct birth_report *out)
{
    if (m->type == MESSAGE_END) {
        out->has_status = true;
        out->status = m->status;
        out->refused = m->refused;
    } else if (m->type == MESSAGE_PROBLEM && m->text_len <= rest.len) {
        err_set(&out->err, (enum err_code)m->status, STR_FMT, STR_ARG(str_first(rest, m->text_len)));
    } else if (m->type == MESSAGE_HIDDEN && m->text_len <= rest.len) {
        snprintf(out->hidden, sizeof out->hidden, STR_FMT, STR_ARG(str_first(rest, m->text_len)));
    }
}

void birth_read(int fd, struct birth_report *out)
{
    char bytes[3 * sizeof(struct message)];
    *out = (struct birth_report){ .err = { .code = ERR_NONE } };
    ssize_t len = read(fd, bytes, sizeof bytes);
    for (Str rest = { bytes, (size_t)MAX(len, 0) }; rest.len >= offsetof(struct message, text);) {
        struct message m;
        memcpy(&m, rest.data, offsetof(struct message, text));
        rest = str_from(rest, offsetof(struct message, text));
        read_message(&m, rest, out);
        rest = str_from(rest, m.type == MESSAGE_END ? 0 : m.text_len);
    }
}
