// SPDX-License-Identifier: Apache-2.0
// Digests of files: every way of reading, and files that aren't what they seemed.
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/hash.h"
#include "unit/test.h"

static int open_file(const char *name, int flags)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", test_dir(), name);
    int fd = open(path, flags | O_CLOEXEC, 0600);
    EXPECT(fd >= 0);
    return fd;
}

// Writes `len` bytes that differ from block to block, and gives their digest.
static Hash fill(int fd, size_t len)
{
    uint8_t *bytes = xmalloc(len);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(i * 31 + i / 1000);
    EXPECT_INT(pwrite(fd, bytes, len, 0), len);
    Hash hash = hash_bytes(bytes, len);
    free(bytes);
    return hash;
}

TEST(hash_fd_refuses_what_is_no_regular_file)
{
    Hash hash;
    int64_t size;
    struct err err;
    int ends[2];
    EXPECT_ERR(hash_fd(-1, 1, &hash, &size, &err), err, ERR_INTERNAL);
    int folder = open(test_dir(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    EXPECT_ERR(hash_fd(folder, 1, &hash, &size, &err), err, ERR_INVALID);
    EXPECT(str_find(str_of(err.text), STR("folder")) > 0);
    EXPECT(pipe2(ends, O_CLOEXEC) == 0);
    EXPECT_ERR(hash_fd(ends[0], 1, &hash, &size, &err), err, ERR_INVALID);
    close(ends[0]);
    close(ends[1]);
    close(folder);
}

TEST(hash_fd_reports_a_file_that_cannot_be_read)
{
    static const size_t lens[] = { 10, 100000, 3000000 };
    for (size_t i = 0; i < LEN(lens); i++) {
        Hash hash;
        int64_t size;
        struct err err;
        int fd = open_file("f", O_WRONLY | O_CREAT);
        fill(fd, lens[i]);
        EXPECT_ERR(hash_fd(fd, 2, &hash, &size, &err), err, ERR_INTERNAL);
        EXPECT(str_starts(str_of(err.text), STR("reading at byte ")));
        close(fd);
    }
}

// The kernel says 4096 bytes for such a file and gives fewer: the same as a file that is shortened after the look.
TEST(hash_fd_reports_a_file_shorter_than_it_said)
{
    int fd = open("/sys/kernel/mm/transparent_hugepage/enabled", O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0 || st.st_size < 1000)
        test_skip("no such file on this machine");
    Hash hash;
    int64_t size;
    struct err err;
    EXPECT_ERR(hash_fd(fd, 1, &hash, &size, &err), err, ERR_CONFLICT);
    EXPECT(str_find(str_of(err.text), STR("became shorter")) >= 0);
    close(fd);
}

static void *truncate_file(void *fd)
{
    EXPECT(ftruncate(*(int *)fd, 8192) == 0);
    return NULL;
}

// Whichever comes first: a digest of the file as it was, of the file as it is, or an error. Never a signal.
TEST(hash_fd_survives_a_file_that_shrinks_meanwhile)
{
    for (int round = 0; round < 20; round++) {
        int fd = open_file("f", O_RDWR | O_CREAT | O_TRUNC);
        Hash before = fill(fd, 8000000), after, got;
        int64_t size = -1;
        struct err err;
        pthread_t thread;
        EXPECT(pthread_create(&thread, NULL, truncate_file, &fd) == 0);
        bool ok = hash_fd(fd, 3, &got, &size, &err);
        pthread_join(thread, NULL);
        after = fill(fd, 8192);
        if (!ok)
            EXPECT_INT(err.code, ERR_CONFLICT);
        else
            EXPECT(hash_eq(got, size == 8000000 ? before : after));
        close(fd);
    }
}

TEST(hash_fd_is_hash_bytes_for_every_size_and_number_of_threads)
{
    static const size_t lens[] = { 0, 1, 1024, 65535, 65536, 65537, 262144, 262145, 1048576, 1048577, 2097152, 2097153, 3500000 };
    static const int threads[] = { 0, 1, 2, 3, 100 };
    for (size_t i = 0; i < LEN(lens); i++)
        for (size_t t = 0; t < LEN(threads); t++) {
            int fd = open_file("f", O_RDWR | O_CREAT | O_TRUNC);
            Hash expected = fill(fd, lens[i]), got;
            int64_t size = -1;
            struct err err;
            EXPECT(lseek(fd, 5, SEEK_SET) == 5);
            EXPECT_OK(hash_fd(fd, threads[t], &got, &size, &err), err);
            EXPECT_INT(size, lens[i]);
            EXPECT(hash_eq(got, expected));
            EXPECT_INT(lseek(fd, 0, SEEK_CUR), 5);
            close(fd);
        }
}
