// SPDX-License-Identifier: Apache-2.0
// powerlog: an nbdkit plugin, a disk whose every write and flush is also appended to a log, in order, so that what a power cut at any
// moment would have left can be made afterwards (power.py).
//
//   nbdkit ./powerlog.so image=FILE log=FILE
//
// The log: records of u64 kind (0 write, 1 flush, 2 zeros), u64 offset, u64 length, little-endian, then for a write its bytes.
#define NBDKIT_API_VERSION 2
#include <nbdkit-plugin.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define THREAD_MODEL NBDKIT_THREAD_MODEL_SERIALIZE_ALL_REQUESTS

enum { KIND_WRITE, KIND_FLUSH, KIND_ZERO };
static char *image_path, *log_path;
static int image = -1, log_fd = -1;

static int powerlog_config(const char *key, const char *value)
{
    char **at = strcmp(key, "image") == 0 ? &image_path : strcmp(key, "log") == 0 ? &log_path : NULL;
    if (at == NULL) {
        nbdkit_error("unknown parameter %s", key);
        return -1;
    }
    *at = nbdkit_absolute_path(value);
    return *at ? 0 : -1;
}

static int powerlog_get_ready(void)
{
    image = image_path ? open(image_path, O_RDWR | O_CLOEXEC) : -1;
    log_fd = log_path ? open(log_path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644) : -1;
    if (image >= 0 && log_fd >= 0)
        return 0;
    nbdkit_error("cannot open image or log: %m");
    return -1;
}

static void *powerlog_open(int readonly)
{
    (void)readonly;
    return NBDKIT_HANDLE_NOT_NEEDED;
}

static int64_t powerlog_get_size(void *handle)
{
    (void)handle;
    struct stat st;
    return fstat(image, &st) == 0 ? st.st_size : -1;
}

static int powerlog_can_fua(void *handle)
{
    (void)handle;
    return NBDKIT_FUA_NONE;             // whoever wants it sends a flush behind
}

// One write a record, so that a record is never torn in the log.
static int append(uint64_t kind, const void *bytes, uint64_t offset, uint64_t length)
{
    uint64_t head[3] = { kind, offset, length };
    size_t body = kind == KIND_WRITE ? length : 0, size = sizeof head + body;
    char *record = malloc(size);
    if (record == NULL)
        return -1;
    memcpy(record, head, sizeof head);
    if (body)
        memcpy(record + sizeof head, bytes, body);
    ssize_t n = write(log_fd, record, size);
    free(record);
    if (n == (ssize_t)size)
        return 0;
    nbdkit_error("the log cannot be written: %m");
    return -1;
}

static int all(ssize_t n, uint32_t count)
{
    if (n == (ssize_t)count)
        return 0;
    nbdkit_set_error(n < 0 ? errno : EIO);
    return -1;
}

static int powerlog_pread(void *handle, void *bytes, uint32_t count, uint64_t offset, uint32_t flags)
{
    (void)handle, (void)flags;
    return all(pread(image, bytes, count, (off_t)offset), count);
}

static int powerlog_pwrite(void *handle, const void *bytes, uint32_t count, uint64_t offset, uint32_t flags)
{
    (void)handle, (void)flags;
    return append(KIND_WRITE, bytes, offset, count) == 0 ? all(pwrite(image, bytes, count, (off_t)offset), count) : -1;
}

static int zero(uint32_t count, uint64_t offset)
{
    static const char zeros[65536];
    if (append(KIND_ZERO, NULL, offset, count) != 0)
        return -1;
    while (count > 0) {
        uint32_t part = count < sizeof zeros ? count : sizeof zeros;
        if (all(pwrite(image, zeros, part, (off_t)offset), part) != 0)
            return -1;
        count -= part, offset += part;
    }
    return 0;
}

static int powerlog_zero(void *handle, uint32_t count, uint64_t offset, uint32_t flags)
{
    (void)handle, (void)flags;
    return zero(count, offset);
}

static int powerlog_trim(void *handle, uint32_t count, uint64_t offset, uint32_t flags)
{
    (void)handle, (void)flags;
    return zero(count, offset);
}

static int powerlog_flush(void *handle, uint32_t flags)
{
    (void)handle, (void)flags;
    return append(KIND_FLUSH, NULL, 0, 0);
}

static struct nbdkit_plugin plugin = {
    .name = "powerlog",
    .config = powerlog_config,
    .get_ready = powerlog_get_ready,
    .open = powerlog_open,
    .get_size = powerlog_get_size,
    .can_fua = powerlog_can_fua,
    .pread = powerlog_pread,
    .pwrite = powerlog_pwrite,
    .zero = powerlog_zero,
    .trim = powerlog_trim,
    .flush = powerlog_flush,
};

NBDKIT_REGISTER_PLUGIN(plugin)
