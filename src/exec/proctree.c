// SPDX-License-Identifier: Apache-2.0
// Knows a task's processes whatever they did to hide. While the runner lives it is their sub-reaper: every orphan
// becomes its child, and a number in a resource limit says of which task. RLIMIT_MSGQUEUE is that limit: every
// descendant has it, neither exec nor setsid nor an overwritten environment loses it, anybody may lower it, and a few
// kilobytes less of POSIX message queues are missed by nobody. Without the runner, the environment's PETRI_ATTEMPT is
// what is left. No control groups: they need rights that most users lack.
#include "exec/proctree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

struct proc {
    pid_t pid, parent;
    struct proc_use use;
};
struct proc_table {
    VEC(struct proc) procs;
};
enum { MARK_CEILING = 819200, STAT_MAX = 1024, ENVIRON_MAX = 256 * 1024, CHILDREN_MAX = 1024 * 1024 };

static rlim_t mark_base;                // 0: no marks here

void proc_marks_init(void)
{
    struct rlimit limit;
    mark_base = 0;
    if (getenv(PROC_MARKER) || getrlimit(RLIMIT_MSGQUEUE, &limit) < 0)  // in a task, its mark must stay what it is
        return;
    rlim_t base = MIN(limit.rlim_max, (rlim_t)MARK_CEILING);
    if (base > 2 * PROC_MARKS)
        mark_base = base - 1;
}

void proc_mark(int number)
{
    struct rlimit limit = { mark_base - (rlim_t)number, mark_base - (rlim_t)number };
    if (mark_base && number < PROC_MARKS)
        setrlimit(RLIMIT_MSGQUEUE, &limit);
}

int proc_mark_of(pid_t pid)
{
    struct rlimit limit;
    if (!mark_base || prlimit(pid, RLIMIT_MSGQUEUE, NULL, &limit) < 0)
        return -1;
    bool is_marked = limit.rlim_max <= mark_base && mark_base - limit.rlim_max < PROC_MARKS;
    return is_marked ? (int)(mark_base - limit.rlim_max) : -1;
}

static ssize_t read_file(const char *path, char *out, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    size_t len = 0;
    for (ssize_t n; len < size && (n = read(fd, out + len, size - len)) > 0;)
        len += (size_t)n;
    close(fd);
    return (ssize_t)len;
}

// "pid (name) state ppid pgrp session tty tpgid flags minflt cminflt majflt cmajflt utime stime cutime cstime …"; the
// name may hold anything, so what counts is behind the last ')'.
static bool read_proc(pid_t pid, struct proc *out)
{
    char path[64], text[STAT_MAX];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    ssize_t len = read_file(path, text, sizeof text - 1);
    if (len <= 0)
        return false;
    text[len] = '\0';
    const char *rest = strrchr(text, ')');
    long long cpu[4], resident;
    int parent;
    if (!rest ||
        sscanf(rest + 1, " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lld %lld %lld %lld %*d %*d %*d %*d %*u %*u %lld",
               &parent, &cpu[0], &cpu[1], &cpu[2], &cpu[3], &resident) != 6)
        return false;
    *out = (struct proc){ pid, parent, { cpu[0] + cpu[1] + cpu[2] + cpu[3], resident * sysconf(_SC_PAGESIZE) } };
    return true;
}

static void each_pid(void (*visit)(void *arg, pid_t pid), void *arg)
{
    DIR *dir = opendir("/proc");
    const struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        int64_t pid;
        if (str_to_int(str_of(entry->d_name), &pid) && pid > 0 && pid <= INT32_MAX)
            visit(arg, (pid_t)pid);
    }
    if (dir)
        closedir(dir);
}

static void add_proc(void *arg, pid_t pid)
{
    struct proc_table *t = arg;
    struct proc proc;
    if (read_proc(pid, &proc))
        vec_push_heap(&t->procs, proc);
}

struct proc_table *proc_table_new(void)
{
    struct proc_table *t = xcalloc(1, sizeof *t);
    each_pid(add_proc, t);
    return t;
}

void proc_table_free(struct proc_table *t)
{
    if (t)
        free(t->procs.at);
    free(t);
}

void proc_table_tree(const struct proc_table *t, pid_t root, PidList *out, struct proc_use *use)
{
    PidList found = { 0 };
    vec_push_heap(&found, root);
    for (size_t i = 0; i < found.len; i++) {
        pid_t pid = found.at[i];
        for (size_t j = 0; j < t->procs.len; j++) {
            const struct proc *proc = &t->procs.at[j];
            if (proc->pid == pid && use)
                use->cpu_ticks += proc->use.cpu_ticks, use->memory_bytes += proc->use.memory_bytes;
            if (proc->parent == pid)
                vec_push_heap(&found, proc->pid);
        }
    }
    for (size_t i = 0; out && i < found.len; i++)
        vec_push_heap(out, found.at[i]);
    free(found.at);
}

// Kernels without CONFIG_PROC_CHILDREN: by a look at all.
static void children_by_table(PidList *out)
{
    struct proc_table *t = proc_table_new();
    for (size_t i = 0; i < t->procs.len; i++)
        if (t->procs.at[i].parent == getpid())
            vec_push_heap(out, t->procs.at[i].pid);
    proc_table_free(t);
}

void proc_children(PidList *out)
{
    static char path[64], *text;
    if (!text) {
        snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
        text = xmalloc(CHILDREN_MAX);
    }
    ssize_t len = read_file(path, text, CHILDREN_MAX);
    if (len < 0) {
        children_by_table(out);
        return;
    }
    for (Str rest = { text, (size_t)len }; rest.len;) {
        int64_t pid;
        if (str_to_int(str_cut(&rest, ' '), &pid))
            vec_push_heap(out, (pid_t)pid);
    }
}

// --- One tree, without a look at all the others.

enum { THREADS_MAX = 256, LISTED_MAX = 16 * 1024, TREE_MAX = 100 * 1000 };

static void add_listed(const char *path, PidList *out)
{
    char text[LISTED_MAX];
    ssize_t len = read_file(path, text, sizeof text);
    for (Str rest = { text, (size_t)MAX(len, 0) }; rest.len && out->len < TREE_MAX;) {
        int64_t pid;
        if (str_to_int(str_cut(&rest, ' '), &pid))
            vec_push_heap(out, (pid_t)pid);
    }
}

// Children are listed with the thread that made them.
static void add_children(pid_t pid, PidList *out)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *dir = opendir(path);
    const struct dirent *entry;
    for (int i = 0; dir && i < THREADS_MAX && (entry = readdir(dir)); i++) {
        int64_t thread;
        if (!str_to_int(str_of(entry->d_name), &thread))
            continue;
        snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)thread);
        add_listed(path, out);
    }
    if (dir)
        closedir(dir);
}

struct pages {                          // in bytes
    int64_t all, own, shared;
};

// "size resident shared …", in pages.
static bool read_statm(pid_t pid, struct pages *out)
{
    char path[64], text[256];
    long long all, resident, common, page = sysconf(_SC_PAGESIZE);
    snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    ssize_t len = read_file(path, text, sizeof text - 1);
    text[MAX(len, 0)] = '\0';
    if (sscanf(text, "%lld %lld %lld", &all, &resident, &common) != 3)
        return false;
    *out = (struct pages){ .all = all * page, .own = (resident - common) * page, .shared = common * page };
    return true;
}

// The proportional share: pages that n processes have count an n-th in each.
static int64_t read_share(pid_t pid)
{
    char path[64], text[4096];
    long long kilobytes;
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
    ssize_t len = read_file(path, text, sizeof text - 1);
    text[MAX(len, 0)] = '\0';
    const char *share = strstr(text, "\nPss:");
    return share && sscanf(share, "\nPss: %lld", &kilobytes) == 1 ? kilobytes * 1024 : -1;
}

void proc_tree_look(pid_t root, bool exact, struct proc_look *look)
{
    PidList found = { 0 };
    int64_t most_shared = 0;
    vec_push_heap(&found, root);
    for (size_t i = 0; i < found.len; i++) {
        struct pages pages;
        if (!read_statm(found.at[i], &pages))
            continue;
        int64_t share = exact ? read_share(found.at[i]) : -1;
        look->memory_bytes += share >= 0 ? share : pages.own;
        look->virtual_bytes += pages.all;
        most_shared = share >= 0 ? most_shared : MAX(most_shared, pages.shared);
        look->count++;
        add_children(found.at[i], &found);
    }
    look->memory_bytes += most_shared;
    free(found.at);
}

// "rchar: N\nwchar: N\n…"
bool proc_chars(pid_t pid, int64_t *got, int64_t *put)
{
    char path[64], text[512];
    long long numbers[2];
    snprintf(path, sizeof path, "/proc/%d/io", (int)pid);
    ssize_t len = read_file(path, text, sizeof text - 1);
    text[MAX(len, 0)] = '\0';
    if (sscanf(text, "rchar: %lld wchar: %lld", &numbers[0], &numbers[1]) != 2)
        return false;
    *got = numbers[0], *put = numbers[1];
    return true;
}

bool proc_has_label(pid_t pid, Str label, bool is_prefix)
{
    char path[64], *text = xmalloc(ENVIRON_MAX);
    snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
    ssize_t len = read_file(path, text, ENVIRON_MAX);
    bool is_found = false;
    for (Str rest = { text, (size_t)MAX(len, 0) }; rest.len && !is_found;) {
        Str var = str_cut(&rest, '\0');
        if (!str_starts(var, STR(PROC_MARKER "=")))
            continue;
        Str value = str_from(var, strlen(PROC_MARKER "="));
        is_found = is_prefix ? str_starts(value, label) : str_eq(value, label);
    }
    free(text);
    return is_found;
}

struct labelled_kill {
    const Str *labels;
    size_t count, found;
    bool is_prefix;
};

static void kill_labelled(void *arg, pid_t pid)
{
    struct labelled_kill *k = arg;
    for (size_t i = 0; i < k->count && pid != getpid(); i++)
        if (proc_has_label(pid, k->labels[i], k->is_prefix)) {
            kill(pid, SIGKILL);
            k->found++;
            return;
        }
}

size_t proc_kill_labelled(const Str *labels, size_t count, bool is_prefix)
{
    struct labelled_kill k = { .labels = labels, .count = count, .is_prefix = is_prefix };
    for (Time end = time_steady() + 10 * SECOND;;) {
        k.found = 0;
        each_pid(kill_labelled, &k);
        if (k.found == 0 || time_steady() > end)
            return k.found;
        nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
    }
}
