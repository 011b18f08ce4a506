// SPDX-License-Identifier: Apache-2.0
// Linked into the programs of a coverage build (-Db_coverage=true) alone. gcc's counts are lost where a process is killed, ends by
// _exit, vforks, or enters namespaces from where no file can be written. Here they are no memory of the process: all processes of
// one program count in one mapped file, from their first instruction to their last, however they end. It is mapped before any wall
// goes up and stays mapped behind it. tools/coverage has each program write what gcov reads, when all is over:
//
//     PETRI_COUNTS=write build/coverage/petri
//
// The pages are those between counts_begin and counts_end (coverage.ld); counting is atomic (-fprofile-update=atomic).
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

extern void __gcov_dump(void);
void __wrap___gcov_exit(void);
pid_t __gcov_fork(void);
int __gcov_execve(const char *path, char *const argv[], char *const env[]);
int __gcov_execv(const char *path, char *const argv[]);
int __gcov_execvp(const char *path, char *const argv[]);

extern char counts_begin[] __attribute__((visibility("hidden"))), counts_end[] __attribute__((visibility("hidden")));

// By their addresses: a call by name is what gcc turns into the functions below.
static pid_t (*volatile real_fork)(void) = fork;
static int (*volatile real_execve)(const char *, char *const[], char *const[]) = execve;
static int (*volatile real_execv)(const char *, char *const[]) = execv;
static int (*volatile real_execvp)(const char *, char *const[]) = execvp;

// counts/NAME-TIME: another build of the program has another file.
static int open_counts(void)
{
    char program[4096], path[4096];
    struct stat st;
    ssize_t len = readlink("/proc/self/exe", program, sizeof program - 1);
    if (len <= 0 || stat("/proc/self/exe", &st) < 0)
        return -1;
    program[len] = '\0';
    const char *slash = strrchr(program, '/');
    int n = snprintf(path, sizeof path, "%s/%s-%lld.%09ld", COVERAGE_COUNTS, slash ? slash + 1 : program, (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
    if (n < 0 || (size_t)n >= sizeof path)
        return -1;
    mode_t mask = umask(0);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);        // tests run programs as other users too
    umask(mask);
    return fd;
}

// Before other constructors. Where the file cannot be opened (started in a container, say) the counts are the process's own, and lost.
__attribute__((constructor(101))) static void begin(void)
{
    int saved = errno;
    size_t size = (size_t)(counts_end - counts_begin);
    int fd = open_counts();
    if (fd >= 0) {
        if (ftruncate(fd, (off_t)size) == 0)
            mmap(counts_begin, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
        close(fd);
    }
    errno = saved;
}

__attribute__((constructor)) static void write_if_asked(void)
{
    const char *asked = getenv("PETRI_COUNTS");
    if (asked && strcmp(asked, "write") == 0) {
        __gcov_dump();
        _exit(0);
    }
}

// What else gcc does at an exit, a fork and an exec: nothing is to be written.
void __wrap___gcov_exit(void) { }
pid_t __gcov_fork(void) { return real_fork(); }
int __gcov_execve(const char *path, char *const argv[], char *const env[]) { return real_execve(path, argv, env); }
int __gcov_execv(const char *path, char *const argv[]) { return real_execv(path, argv); }
int __gcov_execvp(const char *path, char *const argv[]) { return real_execvp(path, argv); }
