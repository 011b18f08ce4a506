// SPDX-License-Identifier: Apache-2.0
#include "help.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// The program's own fsync comes before the C library's: so a test can make it fail.
static _Atomic size_t calls, fail_at = SIZE_MAX;

int fsync(int fd)
{
    if (calls++ == fail_at) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_fsync, fd);
}

bool fails_next_fsync(int calls_before)
{
    fail_at = calls + (size_t)calls_before;
    return true;
}

void close_fsync_gate(void) { fail_at = SIZE_MAX; }
size_t fsync_calls(void) { return calls; }

struct store *open_store(void)
{
    struct err err;
    struct store *s = store_open(str_of(test_dir()), true, &err);
    if (s == NULL)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return s;
}

const char *in_dir(const char *name)
{
    static char paths[8][256];
    static size_t next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", test_dir(), name);
    return path;
}

Str in_store(const char *kind, Hash hash)
{
    char hex[HASH_HEX + 1], name[128];
    hash_hex(hash, hex);
    snprintf(name, sizeof name, "store/%s/%.2s/%s", kind, hex, hex + 2);
    return str_of(in_dir(name));
}

void write_file(const char *path, Str bytes)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    CHECK(fd >= 0 && write(fd, bytes.data, bytes.len) == (ssize_t)bytes.len);
    close(fd);
}

bool has_bytes(const char *path, Str bytes)
{
    char block[4096];
    int fd = open(path, O_RDONLY);
    ssize_t n = fd >= 0 ? read(fd, block, sizeof block) : -1;
    if (fd >= 0)
        close(fd);
    return n >= 0 && str_eq(bytes, (Str){ block, (size_t)n });
}

void flip(const char *path, off_t at)
{
    char byte;
    CHECK(chmod(path, 0644) == 0);
    int fd = open(path, O_RDWR);
    CHECK(fd >= 0 && pread(fd, &byte, 1, at) == 1);
    byte ^= 4;
    CHECK(pwrite(fd, &byte, 1, at) == 1);
    close(fd);
    CHECK(chmod(path, 0444) == 0);
}

size_t count_files(const char *path)
{
    DIR *dir = opendir(path);
    size_t count = 0;
    CHECK(dir);
    for (struct dirent *e; (e = readdir(dir)) != NULL;)
        count += e->d_name[0] != '.' || !strchr(".", e->d_name[1]);
    closedir(dir);
    return count;
}

static size_t temps;

static int count_temp(const char *path, const struct stat *st UNUSED, int type UNUSED, struct FTW *ftw)
{
    temps += strncmp(path + ftw->base, ".tmp-", 5) == 0;
    return 0;
}

size_t count_temps(const char *path)
{
    temps = 0;
    nftw(path, count_temp, 16, FTW_PHYS);
    return temps;
}

struct task_result small_result(int number)
{
    static struct output outputs[3];
    static const char text[] = "hello\n";
    outputs[0] = (struct output){
        .path = STR("a.txt"), .hash = hash_bytes(text, 6), .size = 6, .is_inline = true, .bytes = { text, 6 }
    };
    outputs[1] = (struct output){ .path = STR("b.bam"), .hash = { { 7 } }, .size = 1 << 20 };
    outputs[2] = (struct output){ .path = STR("c.bai"), .hash = { { 8 } }, .size = 1 << 10 };
    return (struct task_result){
        .key = hash_bytes(&number, sizeof number),
        .exit_code = number,
        .outputs = outputs,
        .output_count = 3,
        .identity = STR(
            "{\"argv\":[\"bwa\",\"mem\",\"-t\",\"4\",\"/petri/task/in/1/ref.fa\",\"/petri/task/in/2/reads_1.fq.gz\"],"
            "\"image\":\"quay.example/bwa@sha256:0123456789abcdef\",\"stages\":[{\"kind\":\"file\",\"path\":"
            "\"/petri/task/in/1/ref.fa\",\"size\":3200000000}],\"stdout\":\"out.sam\",\"task\":1}"),
        .log_out = { .path = STR("stdout") },
        .log_err = { .path = STR("stderr") },
        .measured = { .wall = 5 },
        .run = STR("run-1"),
        .task = STR("align[3]/bwa"),
        .host = STR("host1"),
    };
}
