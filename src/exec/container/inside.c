// SPDX-License-Identifier: Apache-2.0
// The first process in a container: a static program of its own that starts the command, passes signals on, takes in orphans,
// and says at the end how it went and what it cost. It knows no engine, keeps nothing on disk, and needs nothing of the image.
//
// Being process 1 it ends every other process with it. Its lifeline is a FIFO whose other end the runner holds: when the
// runner or the machine's patience ends, so does everything in here, without a word to any engine.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec/container/inside_use.h"
#include "exec/container/orders.h"

enum { SAMPLE_FIRST_MS = 10, SAMPLE_LAST_MS = 250, STATUS_UNSTARTED = 126 };

struct orders {
    const char *workdir, *input, *output, *error;
    char **argv, **env;
};
struct box {
    pid_t root;
    int root_status;                    // once root is 0
    int life, signals;
    bool is_ending;
    struct use use;
};

static void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *fmt, ...)
{
    char line[2048];
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(line, sizeof line - 1, fmt, args);
    va_end(args);
    if (len < 0)
        return;
    len = len < (int)sizeof line - 1 ? len : (int)sizeof line - 2;
    line[len++] = '\n';
    for (int sent = 0; sent < len;) {
        ssize_t n = write(STDOUT_FILENO, line + sent, (size_t)(len - sent));
        if (n < 0 && errno != EINTR)
            return;                     // nobody listens; the lifeline tells when to end
        sent += n > 0 ? (int)n : 0;
    }
}

static __attribute__((noreturn)) void fail(enum box_failure code, const char *text)
{
    say("failed %d %s", (int)code, text);
    exit(STATUS_UNSTARTED);
}

// --- orders

static char *read_whole(const char *path, size_t *len)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        fail(BOX_BAD_ORDERS, "the orders are not there");
    char *bytes = malloc((size_t)st.st_size + 1);
    *len = 0;
    while (bytes && *len < (size_t)st.st_size) {
        ssize_t n = read(fd, bytes + *len, (size_t)st.st_size - *len);
        if (n <= 0)
            break;
        *len += (size_t)n;
    }
    close(fd);
    if (!bytes || *len != (size_t)st.st_size)
        fail(BOX_BAD_ORDERS, "the orders cannot be read");
    bytes[*len] = '\0';
    return bytes;
}

static const char *next(char **at, const char *end)
{
    if (*at >= end)
        fail(BOX_BAD_ORDERS, "the orders end too early");
    const char *text = *at;
    *at += strlen(*at) + 1;
    return text;
}

// `extra` places stay free in front.
static char **next_list(char **at, const char *end, size_t extra, size_t *count)
{
    char *rest;
    const char *digits = next(at, end);
    unsigned long n = strtoul(digits, &rest, 10);
    if (*rest || rest == digits || n > (size_t)(end - *at))
        fail(BOX_BAD_ORDERS, "the orders have a count that is none");
    char **list = calloc(n + extra + 1, sizeof *list);
    if (!list)
        fail(BOX_SYSTEM, "out of memory");
    for (size_t i = 0; i < n; i++)
        list[extra + i] = (char *)next(at, end);
    *count = n;
    return list + extra;
}

static size_t name_length(const char *variable)
{
    const char *equals = strchr(variable, '=');
    return equals ? (size_t)(equals - variable) : strlen(variable);
}

static bool is_set_in(char *const *env, const char *variable)
{
    size_t len = name_length(variable);
    for (; *env; env++)
        if (name_length(*env) == len && strncmp(*env, variable, len) == 0)
            return true;
    return false;
}

// The image's environment, over it what was ordered.
static char **merged_environment(char **ordered, size_t count)
{
    size_t own = 0;
    while (environ[own])
        own++;
    char **env = calloc(own + count + 1, sizeof *env);
    if (!env)
        fail(BOX_SYSTEM, "out of memory");
    size_t len = 0;
    for (size_t i = 0; i < own; i++)
        if (!is_set_in(ordered, environ[i]))
            env[len++] = environ[i];
    memcpy(env + len, ordered, count * sizeof *env);
    return env;
}

static void read_orders(struct orders *o)
{
    size_t len, argc, envc;
    char *at = read_whole(BOX_ORDERS, &len);
    const char *end = at + len;
    if (strcmp(next(&at, end), ORDERS_MAGIC) != 0)
        fail(BOX_BAD_ORDERS, "the orders are of another version");
    o->workdir = next(&at, end);
    o->input = next(&at, end), o->output = next(&at, end), o->error = next(&at, end);
    o->argv = next_list(&at, end, 1, &argc);            // one in front for the shell
    char **env = next_list(&at, end, 0, &envc);
    if (argc == 0)
        fail(BOX_BAD_ORDERS, "the command is empty");
    o->env = merged_environment(env, envc);
}

// --- the lifeline

// Nobody at the other end: the runner has died, or given up, before we came to be.
static int take_lifeline(void)
{
    int fd = open(BOX_LIFE, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        fail(BOX_BAD_ORDERS, "the lifeline is not there");
    char c;
    if (read(fd, &c, 1) < 0 && errno == EAGAIN)
        return fd;
    say("end signal %d user 0 system 0 peak -1 read 0 written 0 oom 0 limit -1", SIGKILL);
    exit(128 + SIGKILL);
}

// --- the command

static int open_input(const char *path)
{
    return open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
}

// What is there already, perhaps a link to an input, is replaced, never written through. A log file is there, and empty.
static int open_output(const char *path)
{
    enum { FLAGS = O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY };
    if (strncmp(path, BOX_LOG "/", sizeof BOX_LOG) == 0)
        return open(path, FLAGS, 0666);
    int fd = open(path, FLAGS | O_EXCL, 0666);
    if (fd < 0 && errno == EEXIST && unlink(path) == 0)
        fd = open(path, FLAGS | O_EXCL, 0666);
    return fd;
}

struct problem {
    int32_t code, number;               // enum box_failure, errno
    char text[512];
};

static __attribute__((noreturn)) void give_up(int fd, enum box_failure code, const char *what)
{
    struct problem p = { .code = code, .number = errno };
    snprintf(p.text, sizeof p.text, "%s", what);
    ssize_t n = write(fd, &p, sizeof p);
    _exit(n == (ssize_t)sizeof p ? STATUS_UNSTARTED : STATUS_UNSTARTED + 1);
}

static const char *search_path(char *const *env)
{
    for (; *env; env++)
        if (strncmp(*env, "PATH=", 5) == 0)
            return *env + 5;
    return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

static bool is_program(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

// As a shell would find it, into `path`.
static bool find_program(const char *name, const char *search, char path[PATH_MAX])
{
    if (strchr(name, '/'))
        return snprintf(path, PATH_MAX, "%s", name) < PATH_MAX && is_program(path);
    for (; search; search = strchr(search, ':') ? strchr(search, ':') + 1 : NULL) {
        int len = (int)strcspn(search, ":");
        if (len && snprintf(path, PATH_MAX, "%.*s/%s", len, search, name) < PATH_MAX && is_program(path))
            return true;
    }
    return false;
}

static __attribute__((noreturn)) void become_command(const struct orders *o, int problem)
{
    sigset_t none;
    char path[PATH_MAX];
    setsid();
    for (int number = 1; number < SIGRTMIN; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (chdir(o->workdir) < 0)
        give_up(problem, BOX_NO_FILE, o->workdir);
    int in = open_input(o->input);
    if (in < 0)
        give_up(problem, BOX_NO_FILE, o->input);
    int out = open_output(o->output);
    if (out < 0)
        give_up(problem, BOX_NO_FILE, o->output);
    int error = strcmp(o->output, o->error) == 0 ? out : open_output(o->error);
    if (error < 0)
        give_up(problem, BOX_NO_FILE, o->error);
    int pipe_fd = fcntl(problem, F_DUPFD_CLOEXEC, 10);
    if (pipe_fd < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(error, 2) < 0)
        give_up(problem, BOX_SYSTEM, "the standard descriptors");
    if (!find_program(o->argv[0], search_path(o->env), path))
        give_up(pipe_fd, BOX_NOT_FOUND, o->argv[0]);
    execve(path, o->argv, o->env);
    if (errno == ENOEXEC) {             // a script without a first line: as every shell does
        o->argv[-1] = (char *)"/bin/sh";
        o->argv[0] = path;
        execve("/bin/sh", o->argv - 1, o->env);
    }
    give_up(pipe_fd, errno == E2BIG ? BOX_TOO_LONG : BOX_NOT_EXECUTABLE, path);
}

static void start_command(struct box *b, const struct orders *o)
{
    struct problem p;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        fail(BOX_SYSTEM, "no pipe");
    b->root = fork();
    if (b->root == 0)
        become_command(o, ends[1]);
    close(ends[1]);
    if (b->root < 0)
        fail(BOX_SYSTEM, strerror(errno));
    ssize_t n = read(ends[0], &p, sizeof p);            // ends when the command is reached
    close(ends[0]);
    if (n != (ssize_t)sizeof p)
        return;
    p.text[sizeof p.text - 1] = '\0';
    for (char *c = p.text; *c; c++)                     // the report is lines
        *c = (unsigned char)*c < ' ' ? '?' : *c;
    say("failed %d %s%s%s", (int)p.code, p.text, p.code == BOX_NOT_FOUND ? "" : ": ", p.code == BOX_NOT_FOUND ? "" : strerror(p.number));
    exit(STATUS_UNSTARTED);
}

// --- signals and ends

// All but ourselves. As process 1 the kernel does it in one step; else (an engine with an init of its own) by what is below us.
static void signal_all(const struct box *b, int number)
{
    if (getpid() == 1) {
        kill(-1, number);
        return;
    }
    if (b->root > 0)
        kill(-b->root, number);
    use_signal_children(number);
}

static void reap(struct box *b)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        if (pid == b->root) {
            b->root = 0;
            b->root_status = status;
            b->is_ending = true;
        }
}

// Nothing is left when this returns, but for what cannot die.
static void end_all(struct box *b)
{
    enum { STEP_MS = 5, STEPS = 2000 };
    for (int i = 0; i < STEPS; i++) {
        int status;
        pid_t pid;
        signal_all(b, SIGKILL);
        while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
            if (pid == b->root)
                b->root = 0, b->root_status = status;
        if (pid < 0 && errno == ECHILD)
            return;
        poll(NULL, 0, i < 20 ? 1 : STEP_MS);
    }
}

static void obey_lifeline(struct box *b)
{
    char orders[16];
    ssize_t n = read(b->life, orders, sizeof orders);
    if (n == 0)
        b->is_ending = true;
    for (ssize_t i = 0; i < n; i++) {
        if (orders[i] == 'T') {
            signal_all(b, SIGTERM);
            signal_all(b, SIGCONT);     // a stopped process would never hear it
        } else if (orders[i] == 'K') {
            b->is_ending = true;
        }
    }
}

static void read_signals(struct box *b)
{
    struct signalfd_siginfo info;
    while (read(b->signals, &info, sizeof info) == sizeof info)
        if (info.ssi_signo != SIGCHLD)
            signal_all(b, (int)info.ssi_signo);
    reap(b);
}

static int watch_signals(void)
{
    sigset_t handled;
    sigemptyset(&handled);
    sigaddset(&handled, SIGCHLD), sigaddset(&handled, SIGTERM);
    sigaddset(&handled, SIGINT), sigaddset(&handled, SIGHUP);
    sigprocmask(SIG_SETMASK, &handled, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void report_end(struct box *b)
{
    bool has_exited = b->root == 0 && WIFEXITED(b->root_status);
    int number = has_exited ? WEXITSTATUS(b->root_status) : b->root == 0 ? WTERMSIG(b->root_status) : SIGKILL;
    use_finish(&b->use);
    say("end %s %d user %lld system %lld peak %lld read %lld written %lld oom %lld limit %lld rchar %lld wchar %lld virtual %lld",
        has_exited ? "exit" : "signal", number,
        (long long)b->use.user_ns, (long long)b->use.system_ns, (long long)b->use.peak_bytes, (long long)b->use.read_bytes,
        (long long)b->use.written_bytes, (long long)b->use.oom_kills, (long long)b->use.limit_bytes,
        (long long)b->use.read_chars, (long long)b->use.written_chars, (long long)b->use.peak_virtual_bytes);
    exit(has_exited ? number : 128 + number);
}

int main(void)
{
    struct box b = { .root = 0 };
    struct orders orders;
    prctl(PR_SET_DUMPABLE, 0);          // the command has our user, and no business with our memory
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    umask(077);
    read_orders(&orders);
    b.life = take_lifeline();
    b.signals = watch_signals();
    use_begin(&b.use);
    say("started");
    start_command(&b, &orders);
    for (int wait_ms = SAMPLE_FIRST_MS; !b.is_ending; wait_ms = wait_ms * 2 < SAMPLE_LAST_MS ? wait_ms * 2 : SAMPLE_LAST_MS) {
        struct pollfd polls[] = { { .fd = b.signals, .events = POLLIN }, { .fd = b.life, .events = POLLIN } };
        int n = poll(polls, 2, wait_ms);
        use_sample(&b.use);
        if (n > 0 && polls[1].revents)
            obey_lifeline(&b);
        read_signals(&b);
    }
    end_all(&b);
    report_end(&b);
}
