// SPDX-License-Identifier: Apache-2.0
// The files of control groups (kernel documentation: admin-guide/cgroup-v2.rst, cgroup-v1/). A hybrid is usual too: memory
// and pids in version 1, and a version 2 without controllers, which still tells of the time that was lost to disks.
#include "exec/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec/sandbox.h"

enum { PATH_BYTES = 4096, TEXT_BYTES = 4096, PERIOD_US = 100000, PARENTS_MAX = 8 };
static const char *const controllers[CGROUP_PARTS] = { "memory", "pids", "cpu", "" };
static const char prefix[] = "petri-";

// --- Small files.

static bool write_file(const char *folder, const char *name, const char *text)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    return ok;
}

static bool write_number(const char *folder, const char *name, int64_t number)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)number);
    return write_file(folder, name, text);
}

static Str read_text(const char *folder, const char *name, char out[TEXT_BYTES])
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? read(fd, out, TEXT_BYTES) : -1;
    if (fd >= 0)
        close(fd);
    return (Str){ out, (size_t)MAX(len, 0) };
}

static int64_t read_number(const char *folder, const char *name)
{
    char text[TEXT_BYTES];
    int64_t number;
    return str_to_int(str_trim(read_text(folder, name, text)), &number) ? number : -1;
}

// The number behind `key` in lines "key number"; -1: there is none.
static int64_t read_field(const char *folder, const char *name, const char *key)
{
    char text[TEXT_BYTES];
    for (Str rest = read_text(folder, name, text); rest.len;) {
        Str value = str_cut(&rest, '\n'), found = str_cut(&value, ' ');
        int64_t number;
        if (str_is(found, key) && str_to_int(value, &number))
            return number;
    }
    return -1;
}

// --- Where groups can be made.

static bool has_word(const char *words, char separator, const char *word)
{
    for (Str rest = str_of(words); rest.len;)
        if (str_is(str_cut(&rest, separator), word))
            return true;
    return false;
}

// This process's group of a hierarchy: "4:memory:/path", version 2 "0::/path".
static bool own_path(const char *controller, char out[PATH_BYTES])
{
    FILE *file = fopen("/proc/self/cgroup", "re");
    char line[PATH_BYTES + 256], names[256];
    bool is_found = false;
    while (file && !is_found && fgets(line, sizeof line, file)) {
        char *path = strchr(line, '/'), *first = strchr(line, ':'), *second = first ? strchr(first + 1, ':') : NULL;
        if (!path || !second)
            continue;
        snprintf(names, sizeof names, "%.*s", (int)(second - first - 1), first + 1);
        path[strcspn(path, "\n")] = '\0';
        is_found = *controller ? has_word(names, ',', controller) : names[0] == '\0';
        snprintf(out, PATH_BYTES, "%s", path);
    }
    if (file)
        fclose(file);
    return is_found;
}

// The folder in which this process's group is to be found. mountinfo: "36 35 0:31 /root /mounted/at rw - cgroup2 cgroup2 rw".
static bool own_folder(const char *controller, char out[PATH_BYTES], char top[PATH_BYTES])
{
    char line[3 * PATH_BYTES], root[1024], at[1024], type[64], options[1024], own[PATH_BYTES];
    FILE *file = own_path(controller, own) ? fopen("/proc/self/mountinfo", "re") : NULL;
    bool is_found = false;
    while (file && !is_found && fgets(line, sizeof line, file)) {
        const char *rest = strstr(line, " - ");
        if (!rest || sscanf(line, "%*d %*d %*s %1023s %1023s", root, at) != 2 || sscanf(rest, " - %63s %*s %1023s", type, options) != 2)
            continue;
        is_found = *controller ? strcmp(type, "cgroup") == 0 && has_word(options, ',', controller) : strcmp(type, "cgroup2") == 0;
        if (!is_found)
            continue;
        size_t skip = strcmp(root, "/") != 0 && strncmp(own, root, strlen(root)) == 0 ? strlen(root) : 0;
        bool is_inside = skip || strcmp(root, "/") == 0;
        snprintf(top, PATH_BYTES, "%s", at);
        snprintf(out, PATH_BYTES, "%.1023s%.3000s", at, is_inside && strcmp(own + skip, "/") != 0 ? own + skip : "");
    }
    if (file)
        fclose(file);
    return is_found;
}

static void sweep(const char *folder)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        int pid;
        if (sscanf(entry->d_name, "petri-%d-", &pid) == 1 && kill(pid, 0) < 0 && errno == ESRCH)
            unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
    }
    if (dir)
        closedir(dir);
}

static bool enter_folder(const char *folder) { return write_file(folder, "cgroup.procs", "0"); }

// May a process of ours go in there?
static bool can_enter(const char *folder)
{
    int status = 1;
    pid_t pid = fork();
    if (pid == 0)
        _exit(enter_folder(folder) ? 0 : 1);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// Makes a group in `folder` to see what it is good for. file: what must be in it, or NULL.
static bool is_good(const char *folder, const char *file)
{
    char path[PATH_BYTES], inner[PATH_BYTES + 64];
    struct stat st;
    snprintf(path, sizeof path, "%.3900s/%s%d-try", folder, prefix, (int)getpid());
    if (mkdir(path, 0755) < 0 && errno != EEXIST)
        return false;
    snprintf(inner, sizeof inner, "%s/%s", path, file ? file : "cgroup.procs");
    bool ok = stat(inner, &st) == 0 && can_enter(path);
    rmdir(path);
    return ok;
}

// Version 2 with its controllers: in our own group or one of those above it.
static bool find_v2(struct cgroups *g)
{
    char folder[PATH_BYTES], top[PATH_BYTES];
    if (!own_folder("", folder, top))
        return false;
    for (int i = 0; i < PARENTS_MAX && strlen(folder) >= strlen(top); i++) {
        char words[TEXT_BYTES];
        Str offered = str_trim(read_text(folder, "cgroup.controllers", words));
        bool has_memory = str_find(offered, STR("memory")) >= 0 && str_find(offered, STR("pids")) >= 0;
        if (has_memory && access(folder, W_OK) == 0) {
            bool ok = is_good(folder, "memory.max") ||
                      (write_file(folder, "cgroup.subtree_control", "+memory +pids") && is_good(folder, "memory.max"));
            if (ok && str_find(offered, STR("cpu")) >= 0 && !write_file(folder, "cgroup.subtree_control", "+cpu"))
                ok = is_good(folder, "memory.max");
            for (int k = 0; ok && k < CGROUP_PARTS; k++)
                g->folders[k] = xstrdup(folder);
            if (ok)
                return g->is_v2 = true;
        }
        char *slash = strrchr(folder, '/');
        if (!slash || strcmp(folder, top) == 0)
            break;
        *slash = '\0';
    }
    return false;
}

void cgroups_find(struct cgroups *g)
{
    char folder[PATH_BYTES], top[PATH_BYTES];
    *g = (struct cgroups){ 0 };
    if (!find_v2(g))
        for (int k = 0; k < CGROUP_PARTS; k++)
            if (own_folder(controllers[k], folder, top) && access(folder, W_OK) == 0 && is_good(folder, NULL))
                g->folders[k] = xstrdup(folder);
    for (int k = 0; k < CGROUP_PARTS; k++)
        if (g->folders[k])
            sweep(g->folders[k]);
}

void cgroups_release(struct cgroups *g)
{
    for (int k = 0; k < CGROUP_PARTS; k++)
        free(g->folders[k]);
    *g = (struct cgroups){ 0 };
}

// --- One attempt's.

static bool make(struct cgroup *c, enum cgroup_part part, int number)
{
    char path[PATH_BYTES];
    if (!c->all->folders[part])
        return false;
    snprintf(path, sizeof path, "%.3900s/%s%d-%d", c->all->folders[part], prefix, (int)getpid(), number);
    if (mkdir(path, 0755) < 0 && errno != EEXIST)
        return false;
    c->folders[part] = xstrdup(path);
    return true;
}

static bool set_memory(const struct cgroup *c, int64_t bytes)
{
    const char *folder = c->folders[CGROUP_MEMORY];
    if (c->all->is_v2) {
        write_file(folder, "memory.swap.max", "0");     // there may be no swap to forbid
        write_file(folder, "memory.oom.group", "1");    // before Linux 4.19 the runner kills the others
        return write_number(folder, "memory.max", bytes);
    }
    bool ok = write_number(folder, "memory.limit_in_bytes", bytes);
    write_number(folder, "memory.memsw.limit_in_bytes", bytes);
    return ok;
}

static bool set_cores(const struct cgroup *c, double cores)
{
    const char *folder = c->folders[CGROUP_CPU];
    char text[64];
    long long quota = (long long)MAX(cores * PERIOD_US, 1000.0);
    if (!c->all->is_v2)
        return write_number(folder, "cpu.cfs_period_us", PERIOD_US) && write_number(folder, "cpu.cfs_quota_us", quota);
    snprintf(text, sizeof text, "%lld %d", quota, PERIOD_US);
    return write_file(folder, "cpu.max", text);
}

static void drop(struct cgroup *c, enum cgroup_part part)
{
    if (c->folders[part] && (!c->all->is_v2 || part == CGROUP_UNIFIED))
        rmdir(c->folders[part]);
    free(c->folders[part]);
    c->folders[part] = NULL;
}

struct cgroup *cgroup_new(const struct cgroups *g, const struct sandbox_limits *limits, int number)
{
    struct cgroup *c = xcalloc(1, sizeof *c);
    c->all = g;
    make(c, CGROUP_UNIFIED, number);
    if (limits->memory_bytes > 0 && make(c, CGROUP_MEMORY, number) && !set_memory(c, limits->memory_bytes))
        drop(c, CGROUP_MEMORY);
    if (limits->processes > 0 && make(c, CGROUP_PIDS, number) && !write_number(c->folders[CGROUP_PIDS], "pids.max", limits->processes + 1))
        drop(c, CGROUP_PIDS);
    if (limits->cores > 0 && make(c, CGROUP_CPU, number) && !set_cores(c, limits->cores))
        drop(c, CGROUP_CPU);
    for (int k = 0; k < CGROUP_PARTS; k++)
        if (c->folders[k])
            return c;
    free(c);
    return NULL;
}

bool cgroup_enter(const struct cgroup *c, struct err *err)
{
    for (int k = 0; k < CGROUP_PARTS; k++) {
        bool is_same = c->all->is_v2 && k != CGROUP_UNIFIED;
        if (c->folders[k] && !is_same && !enter_folder(c->folders[k]))
            return err_errno(err, "cannot enter the control group %s", c->folders[k]);
    }
    return true;
}

bool cgroup_limits_memory(const struct cgroup *c) { return c && c->folders[CGROUP_MEMORY]; }

static Time read_io_wait(const char *folder)
{
    char text[TEXT_BYTES];
    Str some = read_text(folder, "io.pressure", text);          // "some avg10=… total=<microseconds>"
    ptrdiff_t at = str_find(some, STR("total="));
    int64_t us;
    if (at < 0)
        return -1;
    Str rest = str_from(some, (size_t)at + strlen("total="));
    return str_to_int(str_cut(&rest, '\n'), &us) ? us * (SECOND / 1000000) : -1;
}

void cgroup_read(const struct cgroup *c, struct cgroup_use *out)
{
    bool is_v2 = c->all->is_v2;
    const char *memory = c->folders[CGROUP_MEMORY], *pids = c->folders[CGROUP_PIDS];
    *out = (struct cgroup_use){ .peak_bytes = -1, .anonymous_bytes = -1, .io_wait = -1 };
    if (memory) {
        int64_t anonymous = read_field(memory, "memory.stat", is_v2 ? "anon" : "rss"), shared = read_field(memory, "memory.stat", "shmem");
        out->peak_bytes = read_number(memory, is_v2 ? "memory.peak" : "memory.max_usage_in_bytes");
        out->anonymous_bytes = anonymous < 0 ? -1 : anonymous + MAX(shared, 0);
        out->oom_kills = MAX(read_field(memory, is_v2 ? "memory.events" : "memory.oom_control", "oom_kill"), 0);
    }
    if (pids)
        out->refused_forks = MAX(read_field(pids, "pids.events", "max"), 0);
    if (c->folders[CGROUP_UNIFIED])
        out->io_wait = read_io_wait(c->folders[CGROUP_UNIFIED]);
}

void cgroup_free(struct cgroup *c)
{
    for (int k = 0; c && k < CGROUP_PARTS; k++)
        drop(c, (enum cgroup_part)k);
    free(c);
}
