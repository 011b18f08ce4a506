// SPDX-License-Identifier: Apache-2.0
// inject: runs a command and makes one system call of Petri's own processes fail, or kills the process at it.
//
//   inject [--at N] [--fault KIND] [--forever] [--calls write|all] [--below DIR]… --program EXE --report FILE -- COMMAND…
//
// System calls are counted over all of Petri's processes and threads in the order in which they come: the one thing that strace's
// when=N cannot do, since it counts for each call and each thread by itself. Counted are calls that write, sync, link, rename, open
// or close (`write`), or all; of processes whose program is EXE (not of what tasks run); and, with --below, on files below DIR.
//   KIND  EIO ENOSPC EDQUOT EINTR: the call is not made and returns that (close is made, and returns it)
//         short: a write of more than one byte writes half
//         kill: SIGKILL for the process, at the entry of the call; kill-all: for every process of the command
// The report: one line a counted call, "N CALL ROLE PATH", "injected" behind it where it was; then "exit CODE" (128 + signal). Roles: head,
// runner, starter (a child of the runner before its exec), other. No --at: nothing is injected, the calls are listed.
// What is not x86-64 is not supported: it says so and ends with 77.
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#if !defined(__x86_64__)
int main(void)
{
    fputs("inject: knows the registers of x86-64 alone\n", stderr);
    return 77;
}
#else

enum where { FD_1, FD_3, PATH_1, PATH_2, AT_1, AT_2, AT_3 };    // which argument names the file; AT_n: path n+1 below folder n
static const struct call {
    long number;
    const char *name;
    enum where where;
    bool can_be_short;
    int length;                         // argument that is the length, when it can
} calls[] = {
    { SYS_write, "write", FD_1, true, 3 }, { SYS_pwrite64, "pwrite64", FD_1, true, 3 }, { SYS_writev, "writev", FD_1, false, 0 },
    { SYS_copy_file_range, "copy_file_range", FD_3, true, 5 }, { SYS_fsync, "fsync", FD_1, false, 0 },
    { SYS_fdatasync, "fdatasync", FD_1, false, 0 }, { SYS_syncfs, "syncfs", FD_1, false, 0 }, { SYS_sync_file_range, "sync_file_range", FD_1, false, 0 },
    { SYS_ftruncate, "ftruncate", FD_1, false, 0 }, { SYS_fchmod, "fchmod", FD_1, false, 0 }, { SYS_close, "close", FD_1, false, 0 },
    { SYS_open, "open", PATH_1, false, 0 }, { SYS_mkdir, "mkdir", PATH_1, false, 0 }, { SYS_rmdir, "rmdir", PATH_1, false, 0 },
    { SYS_unlink, "unlink", PATH_1, false, 0 }, { SYS_rename, "rename", PATH_2, false, 0 }, { SYS_link, "link", PATH_2, false, 0 },
    { SYS_symlink, "symlink", PATH_2, false, 0 }, { SYS_chmod, "chmod", PATH_1, false, 0 }, { SYS_truncate, "truncate", PATH_1, false, 0 },
    { SYS_openat, "openat", AT_1, false, 0 }, { SYS_mkdirat, "mkdirat", AT_1, false, 0 }, { SYS_unlinkat, "unlinkat", AT_1, false, 0 },
    { SYS_fchmodat, "fchmodat", AT_1, false, 0 }, { SYS_symlinkat, "symlinkat", AT_2, false, 0 }, { SYS_linkat, "linkat", AT_3, false, 0 },
    { SYS_renameat, "renameat", AT_3, false, 0 }, { SYS_renameat2, "renameat2", AT_3, false, 0 },
};
enum { CALLS = sizeof calls / sizeof calls[0], BELOW_MAX = 8, TASKS_MAX = 4096, HANG_SECONDS = 100 };

enum role { ROLE_NONE, ROLE_TASK, ROLE_HEAD, ROLE_RUNNER, ROLE_STARTER, ROLE_OTHER };
static const char *const role_names[] = { "none", "task", "head", "runner", "starter", "other" };
static struct tracee {
    pid_t tid;
    enum role role;
    bool fails_at_exit;
} tracees[TASKS_MAX];

static struct {
    long at, counted, injected;
    int error;                          // 0: none
    bool is_short, kills, kills_all, forever, all_calls;
    const char *below[BELOW_MAX], *program;
    int below_count;
    FILE *report;
    pid_t main;
    int main_status;
} inject;

static void fail(const char *what)
{
    fprintf(stderr, "inject: %s: %s\n", what, strerror(errno));
    exit(2);
}

// --- the traced threads

static struct tracee *tracee_of(pid_t tid)
{
    struct tracee *empty = NULL;
    for (int i = 0; i < TASKS_MAX; i++) {
        if (tracees[i].tid == tid)
            return &tracees[i];
        if (tracees[i].tid == 0 && empty == NULL)
            empty = &tracees[i];
    }
    if (empty == NULL) {
        errno = ENOMEM;
        fail("too many processes");
    }
    *empty = (struct tracee){ .tid = tid };
    return empty;
}

static bool read_proc(pid_t tid, const char *name, char *out, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)tid, name);
    ssize_t n = readlink(path, out, size - 1);
    if (n < 0) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        n = fd < 0 ? -1 : read(fd, out, size - 1);
        if (fd >= 0)
            close(fd);
    }
    out[n < 0 ? 0 : n] = '\0';
    return n > 0;
}

static enum role role_after_exec(pid_t tid)
{
    char exe[PATH_MAX], line[256];
    if (!read_proc(tid, "exe", exe, sizeof exe) || strcmp(exe, inject.program) != 0)
        return ROLE_TASK;
    if (tid == inject.main)
        return ROLE_HEAD;
    read_proc(tid, "cmdline", line, sizeof line);       // ends at the first NUL: the second word is what matters
    const char *second = line + strlen(line) + 1;
    return strcmp(second, "attempt") == 0 ? ROLE_RUNNER : ROLE_OTHER;
}

static pid_t process_of(pid_t tid)
{
    char text[2048];
    read_proc(tid, "status", text, sizeof text);
    const char *at = strstr(text, "\nTgid:");
    return at ? (pid_t)strtol(at + 6, NULL, 10) : tid;
}

// --- which file

static void read_string(pid_t tid, unsigned long address, char *out, size_t size)
{
    size_t got = 0;
    while (got + 1 < size) {            // page by page: the next one may not be there
        size_t part = 4096 - (address + got) % 4096;
        struct iovec here = { out + got, part < size - 1 - got ? part : size - 1 - got }, there = { (void *)(address + got), here.iov_len };
        ssize_t n = process_vm_readv(tid, &here, 1, &there, 1, 0);
        if (n <= 0 || memchr(out + got, '\0', (size_t)n))
            break;
        got += (size_t)n;
    }
    out[size - 1] = '\0';
}

static void path_of_fd(pid_t tid, long fd, char *out, size_t size)
{
    char name[32];
    if ((int)fd == AT_FDCWD)
        snprintf(name, sizeof name, "cwd");
    else
        snprintf(name, sizeof name, "fd/%d", (int)fd);
    if (!read_proc(tid, name, out, size))
        out[0] = '\0';
}

static unsigned long long *argument(struct user_regs_struct *r, int n)
{
    unsigned long long *const at[] = { NULL, &r->rdi, &r->rsi, &r->rdx, &r->r10, &r->r8, &r->r9 };
    return at[n];
}

static void path_of(pid_t tid, struct user_regs_struct *r, enum where where, char *out, size_t size)
{
    char text[PATH_MAX] = "", folder[PATH_MAX] = "";
    int path = where == PATH_1 ? 1 : where == PATH_2 || where == AT_1 ? 2 : where == AT_2 ? 3 : 4;
    if (where == FD_1 || where == FD_3) {
        path_of_fd(tid, (long)*argument(r, where == FD_1 ? 1 : 3), out, size);
        return;
    }
    read_string(tid, *argument(r, path), text, sizeof text);
    bool is_at = where == AT_1 || where == AT_2 || where == AT_3;
    if (text[0] != '/')
        path_of_fd(tid, is_at ? (long)*argument(r, path - 1) : AT_FDCWD, folder, sizeof folder);
    snprintf(out, size, "%s%s%s", folder, folder[0] ? "/" : "", text);
}

static bool is_below(const char *path)
{
    for (int i = 0; i < inject.below_count; i++)
        if (strncmp(path, inject.below[i], strlen(inject.below[i])) == 0)
            return true;
    return inject.below_count == 0;
}

// --- one call

static void set_result(pid_t tid, struct user_regs_struct *r, bool skip)
{
    if (skip)
        r->orig_rax = (unsigned long long)-1;
    r->rax = (unsigned long long)-inject.error;
    if (ptrace(PTRACE_SETREGS, tid, 0, r) != 0)
        fail("set registers");
}

static void kill_everything(void)
{
    for (int i = 0; i < TASKS_MAX; i++)
        if (tracees[i].tid)
            kill(process_of(tracees[i].tid), SIGKILL);
}

// True: it was injected, or (a call that returns the error once it was made) will be at its exit.
static bool inject_now(struct tracee *t, struct user_regs_struct *r, const struct call *c)
{
    if (inject.kills_all)
        kill_everything();
    else if (inject.kills)
        kill(process_of(t->tid), SIGKILL);
    else if (inject.is_short) {
        if (c == NULL || !c->can_be_short || *argument(r, c->length) < 2)
            return false;
        *argument(r, c->length) /= 2;
        if (ptrace(PTRACE_SETREGS, t->tid, 0, r) != 0)
            fail("set registers");
    } else if (c && c->number == SYS_close) {
        t->fails_at_exit = true;
    } else {
        set_result(t->tid, r, true);
    }
    return true;
}

static void on_call(struct tracee *t)
{
    struct user_regs_struct r;
    char path[PATH_MAX] = "";
    const struct call *c = NULL;
    if (t->role < ROLE_HEAD || ptrace(PTRACE_GETREGS, t->tid, 0, &r) != 0)
        return;
    for (int i = 0; i < CALLS && c == NULL; i++)
        if (calls[i].number == (long)r.orig_rax)
            c = &calls[i];
    if (c)
        path_of(t->tid, &r, c->where, path, sizeof path);
    if ((!inject.all_calls && c == NULL) || !is_below(path))
        return;
    inject.counted++;
    bool is_due = inject.at > 0 && (inject.counted == inject.at || (inject.forever && inject.counted > inject.at));
    bool is_injected = is_due && inject_now(t, &r, c);
    inject.injected += is_injected;
    if (inject.at == 0 || is_due) {
        char number[16];
        snprintf(number, sizeof number, "#%lld", (long long)r.orig_rax);
        fprintf(inject.report, "%ld %s %s %s%s\n", inject.counted, c ? c->name : number, role_names[t->role], path[0] ? path : "-",
                is_injected ? " injected" : "");
    }
}

// --- starting and following

static void install_filter(void)
{
    struct sock_filter code[2 * CALLS + 8];
    unsigned short n = 0;
    code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (int i = 0; i < CALLS && !inject.all_calls; i++) {
        code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)calls[i].number, 0, 1);
        code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
    }
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, inject.all_calls ? SECCOMP_RET_TRACE : SECCOMP_RET_ALLOW);
    struct sock_fprog program = { n, code };
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        fail("seccomp");
}

static void start(char **command)
{
    int gate[2];
    char byte = 0;
    if (pipe2(gate, O_CLOEXEC) != 0)
        fail("pipe");
    inject.main = fork();
    if (inject.main < 0)
        fail("fork");
    if (inject.main == 0) {
        close(gate[1]);
        if (read(gate[0], &byte, 1) != 1)
            _exit(2);
        install_filter();
        execv(command[0], command);
        _exit(127);
    }
    close(gate[0]);
    long options = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
    if (ptrace(PTRACE_SEIZE, inject.main, 0, options) != 0)
        fail("ptrace");
    tracee_of(inject.main)->role = ROLE_TASK;           // until its exec
    if (write(gate[1], &byte, 1) != 1)
        fail("gate");
    close(gate[1]);
}

static void on_birth(struct tracee *parent, int event)
{
    unsigned long born = 0;
    ptrace(PTRACE_GETEVENTMSG, parent->tid, 0, &born);
    enum role role = parent->role;
    if (event != PTRACE_EVENT_CLONE && role >= ROLE_HEAD)
        role = parent->role == ROLE_RUNNER ? ROLE_STARTER : ROLE_OTHER;
    tracee_of((pid_t)born)->role = role;
}

// What the tracee goes on with: the request, and the signal it gets.
static int on_stop(struct tracee *t, int status, int *signal_out)
{
    int event = status >> 16, signal_number = WSTOPSIG(status);
    *signal_out = 0;
    switch (event) {
    case PTRACE_EVENT_SECCOMP:
        on_call(t);
        return t->fails_at_exit ? PTRACE_SYSCALL : PTRACE_CONT;
    case PTRACE_EVENT_EXEC: t->role = role_after_exec(t->tid); return PTRACE_CONT;
    case PTRACE_EVENT_FORK: case PTRACE_EVENT_VFORK: case PTRACE_EVENT_CLONE: on_birth(t, event); return PTRACE_CONT;
    case PTRACE_EVENT_STOP: return signal_number == SIGTRAP ? PTRACE_CONT : PTRACE_LISTEN;
    default: break;
    }
    if (signal_number == SIGTRAP && t->fails_at_exit) {
        struct user_regs_struct r;
        t->fails_at_exit = false;
        if (ptrace(PTRACE_GETREGS, t->tid, 0, &r) == 0)
            set_result(t->tid, &r, false);
        return PTRACE_CONT;
    }
    *signal_out = signal_number;
    return PTRACE_CONT;
}

static void on_alarm(int number)
{
    (void)number;
    static const char text[] = "inject: hangs: killed\n";
    (void)!write(STDERR_FILENO, text, sizeof text - 1);
    kill_everything();
}

static void follow(void)
{
    int status, signal_number;
    pid_t tid;
    while ((tid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
        if (tid <= 0)
            continue;
        struct tracee *t = tracee_of(tid);
        if (WIFEXITED(status) || WIFSIGNALED(status)) {
            if (tid == inject.main)
                inject.main_status = status;
            t->tid = 0;
            continue;
        }
        int request = on_stop(t, status, &signal_number);
        ptrace((enum __ptrace_request)request, tid, 0, (long)signal_number);
    }
}

static void read_fault(const char *kind)
{
    static const struct { const char *name; int error; } errors[] = { { "EIO", EIO }, { "ENOSPC", ENOSPC }, { "EDQUOT", EDQUOT }, { "EINTR", EINTR } };
    inject.is_short = strcmp(kind, "short") == 0;
    inject.kills = strcmp(kind, "kill") == 0;
    inject.kills_all = strcmp(kind, "kill-all") == 0;
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        if (strcmp(kind, errors[i].name) == 0)
            inject.error = errors[i].error;
    if (!inject.is_short && !inject.kills && !inject.kills_all && !inject.error) {
        fprintf(stderr, "inject: '%s' is no fault\n", kind);
        exit(2);
    }
}

static char **read_options(int argc, char **argv)
{
    static const struct option names[] = { { "at", 1, NULL, 'a' }, { "fault", 1, NULL, 'f' }, { "forever", 0, NULL, 'e' }, { "calls", 1, NULL, 'c' },
                                           { "below", 1, NULL, 'b' }, { "program", 1, NULL, 'p' }, { "report", 1, NULL, 'r' }, { 0 } };
    for (int c; (c = getopt_long(argc, argv, "+", names, NULL)) >= 0;) {
        switch (c) {
        case 'a': inject.at = strtol(optarg, NULL, 10); break;
        case 'f': read_fault(optarg); break;
        case 'e': inject.forever = true; break;
        case 'c': inject.all_calls = strcmp(optarg, "all") == 0; break;
        case 'b':
            if (inject.below_count < BELOW_MAX)
                inject.below[inject.below_count++] = optarg;
            break;
        case 'p': inject.program = realpath(optarg, NULL); break;
        case 'r': inject.report = fopen(optarg, "we"); break;
        default: exit(2);
        }
    }
    if (inject.program == NULL || inject.report == NULL || optind >= argc) {
        fputs("inject: needs --program, --report and a command\n", stderr);
        exit(2);
    }
    return argv + optind;
}

int main(int argc, char **argv)
{
    char **command = read_options(argc, argv);
    signal(SIGALRM, on_alarm);
    start(command);
    alarm(HANG_SECONDS);
    follow();
    int code = WIFEXITED(inject.main_status) ? WEXITSTATUS(inject.main_status) : 128 + WTERMSIG(inject.main_status);
    fprintf(inject.report, "exit %d\n", code);
    fclose(inject.report);
    return code;
}
#endif
