// SPDX-License-Identifier: Apache-2.0
// Reads control groups and /proc for inside.c. Small files, fixed buffers, no memory of its own.
#include "exec/container/inside_use.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define GROUPS "/sys/fs/cgroup"
#define SECOND_NS 1000000000LL

struct text {
    char z[16384];
};

static bool read_text(const char *path, struct text *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    size_t len = 0;
    ssize_t n;
    while (len < sizeof out->z - 1 && (n = read(fd, out->z + len, sizeof out->z - 1 - len)) > 0)
        len += (size_t)n;
    close(fd);
    out->z[len] = '\0';
    return true;
}

static int64_t read_number(const char *path)
{
    struct text t;
    char *end;
    if (!read_text(path, &t))
        return -1;
    long long n = strtoll(t.z, &end, 10);
    return end == t.z ? -1 : n;         // "max"
}

// The number behind `name` at the start of a line; -1 if there is none.
static int64_t field(const struct text *t, const char *name)
{
    size_t len = strlen(name);
    for (const char *line = t->z; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (strncmp(line, name, len) == 0 && (line[len] == ' ' || line[len] == ':'))
            return strtoll(line + len + 1, NULL, 10);
    return -1;
}

// Are all processes of the group ours? Those outside of our process namespace show as 0; without one of our own,
// we would not be number 1.
static bool is_ours(const char *procs)
{
    struct text t;
    bool has_us = false;
    if (getpid() != 1 || !read_text(procs, &t))
        return false;
    for (char *at = t.z; *at; at = *at == '\n' ? at + 1 : at) {
        char *end;
        long pid = strtol(at, &end, 10);
        if (end == at)
            return false;
        if (pid == 0)
            return false;
        has_us |= pid == 1;
        at = end;
    }
    return has_us;
}

static int64_t positive(int64_t n) { return n > 0 ? n : 0; }

static void read_cpu(const struct use *u, int64_t *user_ns, int64_t *system_ns)
{
    struct text t;
    *user_ns = *system_ns = 0;
    if (u->version == 2 && read_text(GROUPS "/cpu.stat", &t)) {
        *user_ns = positive(field(&t, "user_usec")) * 1000;
        *system_ns = positive(field(&t, "system_usec")) * 1000;
    } else if (u->version == 1 && is_ours(GROUPS "/cpuacct/cgroup.procs")) {
        *user_ns = positive(read_number(GROUPS "/cpuacct/cpuacct.usage_user"));
        *system_ns = positive(read_number(GROUPS "/cpuacct/cpuacct.usage_sys"));
    }
}

static int64_t group_memory(const struct use *u)
{
    struct text t;
    if (u->version == 2 && read_text(GROUPS "/memory.stat", &t))
        return positive(field(&t, "anon")) + positive(field(&t, "shmem"));
    if (u->version == 1 && read_text(GROUPS "/memory/memory.stat", &t))
        return positive(field(&t, "total_rss")) + positive(field(&t, "total_shmem"));
    return -1;
}

// The address space and the resident memory of all processes that we can see, but ours.
static void processes_memory(int64_t *virtual_bytes, int64_t *bytes)
{
    int64_t all = 0, resident = 0, page = sysconf(_SC_PAGESIZE);
    DIR *proc = opendir("/proc");
    for (struct dirent *d; proc && (d = readdir(proc));) {
        char path[300], *end;
        struct text t;
        long pid = strtol(d->d_name, &end, 10);
        if (*end || pid <= 0 || pid == getpid())
            continue;
        snprintf(path, sizeof path, "/proc/%ld/statm", pid);
        if (read_text(path, &t)) {
            all += strtoll(t.z, &end, 10);
            resident += strtoll(end, NULL, 10);
        }
    }
    if (proc)
        closedir(proc);
    *virtual_bytes = all * page, *bytes = resident * page;
}

void use_begin(struct use *u)
{
    *u = (struct use){ .peak_bytes = -1, .limit_bytes = -1, .read_chars = -1, .written_chars = -1, .peak_virtual_bytes = -1 };
    if (is_ours(GROUPS "/cgroup.procs") && access(GROUPS "/memory.stat", R_OK) == 0) {
        u->version = 2;
        u->limit_bytes = read_number(GROUPS "/memory.max");
    } else if (is_ours(GROUPS "/memory/cgroup.procs")) {
        u->version = 1;
        u->limit_bytes = read_number(GROUPS "/memory/memory.limit_in_bytes");
        if (u->limit_bytes > 1LL << 60)
            u->limit_bytes = -1;        // none
    }
    read_cpu(u, &u->user_before_ns, &u->system_before_ns);
}

void use_sample(struct use *u)
{
    // Being number 1, all processes in sight are the container's. Without a group of our own their memory is what there is.
    int64_t all = -1, resident = -1;
    if (getpid() == 1)
        processes_memory(&all, &resident);
    int64_t now = u->version ? group_memory(u) : resident;
    u->peak_virtual_bytes = all > u->peak_virtual_bytes ? all : u->peak_virtual_bytes;
    u->peak_bytes = now > u->peak_bytes ? now : u->peak_bytes;
}

static void read_blocks(struct use *u)
{
    struct text t;
    int64_t read = 0, written = 0;
    if (u->version == 2 && read_text(GROUPS "/io.stat", &t)) {
        for (const char *at = t.z; (at = strstr(at, " rbytes=")); at++)
            read += strtoll(at + 8, NULL, 10);
        for (const char *at = t.z; (at = strstr(at, " wbytes=")); at++)
            written += strtoll(at + 8, NULL, 10);
    } else if (u->version == 1 && is_ours(GROUPS "/blkio/cgroup.procs") && read_text(GROUPS "/blkio/blkio.throttle.io_service_bytes", &t)) {
        for (const char *at = t.z; (at = strstr(at, " Read ")); at++)
            read += strtoll(at + 6, NULL, 10);
        for (const char *at = t.z; (at = strstr(at, " Write ")); at++)
            written += strtoll(at + 7, NULL, 10);
    }
    u->read_bytes = read > u->read_bytes ? read : u->read_bytes;
    u->written_bytes = written > u->written_bytes ? written : u->written_bytes;
}

// Of all that we waited for, and the little of our own.
static void read_chars(struct use *u)
{
    struct text t;
    if (read_text("/proc/self/io", &t))
        u->read_chars = field(&t, "rchar"), u->written_chars = field(&t, "wchar");
}

static void read_oom(struct use *u)
{
    struct text t;
    if (u->version == 2 && read_text(GROUPS "/memory.events", &t))
        u->oom_kills = positive(field(&t, "oom_kill"));
    else if (u->version == 1 && read_text(GROUPS "/memory/memory.oom_control", &t))
        u->oom_kills = positive(field(&t, "oom_kill"));
    if (u->oom_kills == 0)
        return;
    // Then the most that the group ever had is what the limit met.
    int64_t most = read_number(u->version == 2 ? GROUPS "/memory.peak" : GROUPS "/memory/memory.max_usage_in_bytes");
    u->peak_bytes = most > u->peak_bytes ? most : u->peak_bytes;
}

void use_finish(struct use *u)
{
    struct rusage r;
    int64_t user, system;
    if (getrusage(RUSAGE_CHILDREN, &r) == 0) {
        u->user_ns = r.ru_utime.tv_sec * SECOND_NS + r.ru_utime.tv_usec * 1000LL;
        u->system_ns = r.ru_stime.tv_sec * SECOND_NS + r.ru_stime.tv_usec * 1000LL;
        u->read_bytes = r.ru_inblock * 512LL, u->written_bytes = r.ru_oublock * 512LL;
        u->peak_bytes = r.ru_maxrss * 1024LL > u->peak_bytes ? r.ru_maxrss * 1024LL : u->peak_bytes;
    }
    read_cpu(u, &user, &system);        // also of processes that nobody waited for
    user -= u->user_before_ns, system -= u->system_before_ns;
    if (user + system > u->user_ns + u->system_ns)
        u->user_ns = user, u->system_ns = system;
    read_blocks(u);
    read_chars(u);
    read_oom(u);
}

void use_signal_children(int number)
{
    struct text t;
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    if (!read_text(path, &t))
        return;
    for (char *at = t.z, *end;; at = end) {
        long pid = strtol(at, &end, 10);
        if (end == at)
            return;
        kill((pid_t)pid, number);
    }
}
