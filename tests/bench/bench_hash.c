// SPDX-License-Identifier: Apache-2.0
// How fast a file is hashed: `bench_hash FILE [BACKEND]` prints the best of five for one thread and for two, by hash_fd,
// and for one thread over memory. Compare with `b3sum --num-threads N FILE` on the same warm file.
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/hash.h"

enum { ROUNDS = 5 };

static bool bench_fd(int fd, int threads)
{
    Time best = INT64_MAX;
    int64_t size = 0;
    Hash hash = { { 0 } };
    for (int i = 0; i < ROUNDS; i++) {
        struct err err;
        Time start = time_steady();
        if (!hash_fd(fd, threads, &hash, &size, &err)) {
            fprintf(stderr, "bench_hash: %s\n", err.text);
            return false;
        }
        best = MIN(best, time_steady() - start);
    }
    char hex[HASH_HEX + 1];
    hash_hex(hash, hex);
    printf("file, %d thread%s  %7.2f GB/s  %s\n", threads, threads > 1 ? "s:" : ": ", (double)size / (double)best, hex);
    return true;
}

static void bench_memory(const void *bytes, size_t len)
{
    Time best = INT64_MAX;
    Hash hash = { { 0 } };
    for (int i = 0; i < ROUNDS; i++) {
        Time start = time_steady();
        hash = hash_bytes(bytes, len);
        best = MIN(best, time_steady() - start);
    }
    char hex[HASH_HEX + 1];
    hash_hex(hash, hex);                                // printed, so that the work can't be left out
    printf("memory, 1 thread: %7.2f GB/s  %s\n", (double)len / (double)best, hex);
}

int main(int argc, char **argv)
{
    int fd = argc > 1 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0 || (argc > 2 && !hash_use_backend(argv[2]))) {
        fprintf(stderr, "usage: bench_hash FILE [avx512 | avx2 | portable]\n");
        return 2;
    }
    printf("%s\n", hash_backend());
    if (!bench_fd(fd, 1) || !bench_fd(fd, 2))
        return 1;
    void *bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    if (bytes != MAP_FAILED)
        bench_memory(bytes, (size_t)st.st_size);
    close(fd);
    return 0;
}
