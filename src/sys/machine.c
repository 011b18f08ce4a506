// SPDX-License-Identifier: Apache-2.0
// What this machine offers: affinity, control groups (version 2, and memory of version 1), disk. Read anew at each
// call: limits can change while a run goes on. Loads and temperatures are not here.
#include "sys/machine.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "sys/path_text.h"

// The first line of a small file of /proc or /sys; false if there is none.
static bool read_line(const char *path, char *out, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, out, size - 1);
    if (fd >= 0)
        close(fd);
    if (len <= 0)
        return false;
    out[len] = '\0';
    out[strcspn(out, "\n")] = '\0';
    return true;
}

// The path of this process in the hierarchy with `controller` ("" is version 2), e.g. "/user.slice".
static bool cgroup_path(const char *controller, char *out, size_t size)
{
    FILE *file = fopen("/proc/self/cgroup", "re");
    char line[PATH_MAX];
    bool is_found = false;
    while (file && !is_found && fgets(line, sizeof line, file)) {
        Str rest = str_trim(str_of(line));
        str_cut(&rest, ':');
        Str names = str_cut(&rest, ':');
        is_found = names.len == strlen(controller) && str_is(names, controller) && rest.len < size;
        if (is_found)
            snprintf(out, size, STR_FMT, STR_ARG(rest));
    }
    if (file)
        fclose(file);
    return is_found;
}

// The smallest limit on the way up from our group: each level may set one. `parse` gives INT64_MAX for none.
static int64_t cgroup_limit(const char *mount, const char *controller, const char *name, int64_t (*parse)(const char *))
{
    char path[PATH_MAX], file[PATH_MAX + 128], line[128];
    int64_t limit = INT64_MAX;
    if (!cgroup_path(controller, path, sizeof path))
        return limit;
    for (;;) {
        snprintf(file, sizeof file, "%s%s/%s", mount, path, name);
        if (read_line(file, line, sizeof line))
            limit = MIN(limit, parse(line));
        char *slash = strrchr(path, '/');
        if (!slash)
            return limit;
        *slash = '\0';
    }
}

static int64_t parse_bytes(const char *line)
{
    int64_t bytes;
    return str_to_int(str_of(line), &bytes) && bytes > 0 ? bytes : INT64_MAX;           // "max" is no number
}

static int64_t parse_cpu_max(const char *line)          // "max 100000" or "150000 100000"; in cores, rounded up
{
    Str rest = str_of(line);
    int64_t quota, period;
    if (!str_to_int(str_cut(&rest, ' '), &quota) || !str_to_int(rest, &period) || quota <= 0 || period <= 0)
        return INT64_MAX;
    return (quota + period - 1) / period;
}

int machine_cores(void)
{
    cpu_set_t set;
    int64_t cores = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : sysconf(_SC_NPROCESSORS_ONLN);
    cores = MIN(cores, cgroup_limit("/sys/fs/cgroup", "", "cpu.max", parse_cpu_max));
    int64_t given;
    if (str_to_int(str_of(getenv("PETRI_CORES")), &given) && given > 0)
        cores = MIN(cores, given);
    return (int)MAX(cores, 1);
}

int64_t machine_memory_bytes(void)
{
    int64_t bytes = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
    bytes = MIN(bytes, cgroup_limit("/sys/fs/cgroup", "", "memory.max", parse_bytes));
    return MIN(bytes, cgroup_limit("/sys/fs/cgroup/memory", "memory", "memory.limit_in_bytes", parse_bytes));
}

int64_t disk_free_bytes(Str path)
{
    struct path_text text;
    struct statvfs st;
    if (!path_text_set(&text, path) || statvfs(text.z, &st) < 0)
        return -1;
    return (int64_t)st.f_bavail * (int64_t)st.f_frsize;
}

int64_t disk_bytes(Str path)
{
    struct path_text text;
    struct statvfs st;
    if (!path_text_set(&text, path) || statvfs(text.z, &st) < 0)
        return 0;
    return (int64_t)st.f_blocks * (int64_t)st.f_frsize;
}

static char host[256];

static void read_host(void)
{
    if (gethostname(host, sizeof host - 1) < 0)
        snprintf(host, sizeof host, "localhost");
}

Str machine_host(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, read_host);
    return str_of(host);
}
