// SPDX-License-Identifier: Apache-2.0
// Linked into the programs of a coverage build (-Db_coverage=true) alone: without it gcc's counts are lost where Petri's processes do
// what gcc does not expect.
//
// - A vforked child shares its parent's memory. libgcov writes the counts before each exec and notes that they are written: the parent
//   then writes none at its exit. So an exec writes them in a process of its own alone.
// - A process that ends by _exit writes none: here it does.
// - A process that is killed writes none: whoever kills asks first for the counts (SIGPROF), and gives it a moment.
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern void __gcov_dump(void);
extern void __gcov_reset(void);
void __real__exit(int code) __attribute__((noreturn));
int __real_kill(pid_t pid, int signal_number);
void __wrap__exit(int code) __attribute__((noreturn));
int __wrap_kill(pid_t pid, int signal_number);
pid_t __gcov_fork(void);
int __gcov_execve(const char *path, char *const argv[], char *const env[]);
int __gcov_execv(const char *path, char *const argv[]);
int __gcov_execvp(const char *path, char *const argv[]);

// By their addresses: a call by name is what gcc turns into the functions below.
static pid_t (*volatile real_fork)(void) = fork;
static int (*volatile real_execve)(const char *, char *const[], char *const[]) = execve;
static int (*volatile real_execv)(const char *, char *const[]) = execv;
static int (*volatile real_execvp)(const char *, char *const[]) = execvp;

static pid_t owner;                     // whose memory this is
static volatile sig_atomic_t is_written;

static void write_counts(void)
{
    if (owner == getpid() && !is_written) {
        is_written = 1;
        __gcov_dump();
    }
}

static void on_ask(int number)
{
    (void)number;
    int saved = errno;
    write_counts();
    errno = saved;
}

__attribute__((constructor)) static void begin(void)
{
    owner = getpid();
    signal(SIGPROF, on_ask);
}

pid_t __gcov_fork(void)
{
    pid_t pid = real_fork();
    if (pid == 0) {
        owner = getpid();
        __gcov_reset();
    }
    return pid;
}

int __gcov_execve(const char *path, char *const argv[], char *const env[])
{
    write_counts();
    return real_execve(path, argv, env);
}

int __gcov_execv(const char *path, char *const argv[])
{
    write_counts();
    return real_execv(path, argv);
}

int __gcov_execvp(const char *path, char *const argv[])
{
    write_counts();
    return real_execvp(path, argv);
}

void __wrap__exit(int code)
{
    write_counts();
    __real__exit(code);
}

int __wrap_kill(pid_t pid, int signal_number)
{
    if (signal_number == SIGKILL && pid > 0 && pid != getpid() && __real_kill(pid, SIGPROF) == 0)
        nanosleep(&(struct timespec){ .tv_nsec = 30 * 1000 * 1000 }, NULL);
    return __real_kill(pid, signal_number);
}
