// SPDX-License-Identifier: Apache-2.0
#include "help.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

const char *in_run(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/run7/%s", test_dir(), name);
    return path;
}

Str run_dir(void)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/run7", test_dir());
    return str_of(path);
}

struct journal *open_run(void)
{
    struct arena a = { 0 };
    struct err err;
    Str damage;
    struct journal *j = journal_open(&a, run_dir(), &damage, &err);
    if (j == NULL || damage.len)
        test_fail(__FILE__, __LINE__, "%s", j ? damage.data : err.text);
    arena_release(&a);
    return j;
}

void add(struct journal *j, const char *text)
{
    struct err err;
    journal_append(j, 1, str_of(text));
    EXPECT_OK(journal_commit(j, &err), err);
}

Str file_bytes(struct arena *a, const char *path)
{
    int fd = open(path, O_RDONLY);
    struct stat st;
    CHECK(fd >= 0 && fstat(fd, &st) == 0);
    char *bytes = arena_alloc(a, (size_t)st.st_size + 1);
    CHECK(read(fd, bytes, (size_t)st.st_size) == st.st_size);
    close(fd);
    return (Str){ bytes, (size_t)st.st_size };
}

void put_bytes(const char *path, Str bytes)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    CHECK(fd >= 0 && write(fd, bytes.data, bytes.len) == (ssize_t)bytes.len);
    close(fd);
}

size_t count_named(const char *start)
{
    DIR *dir = opendir(run_dir().data);
    size_t count = 0;
    CHECK(dir);
    for (struct dirent *e; (e = readdir(dir)) != NULL;)
        count += strncmp(e->d_name, start, strlen(start)) == 0;
    closedir(dir);
    return count;
}

static bool note(void *arg, uint8_t type, Str payload)
{
    struct told *told = arg;
    size_t len = strlen(told->payloads);
    CHECK(type == 1);
    if (payload.len < 32)
        snprintf(told->payloads + len, sizeof told->payloads - len, STR_FMT "|", STR_ARG(payload));
    told->count++;
    return true;
}

struct told read_all(struct journal_cursor *cursor)
{
    struct told told = { 0 };
    struct journal_cursor start = { 0 };
    struct err err;
    EXPECT_OK(journal_read(run_dir(), cursor ? cursor : &start, note, &told, told.end, &err), err);
    return told;
}
