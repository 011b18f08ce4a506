// SPDX-License-Identifier: Apache-2.0
// What the store costs, printed for people. No bounds: what a new file costs is the filesystem's and the neighbours'.
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "help.h"

enum { COUNT = 1000 };

static void report(const char *what, Time took)
{
    int64_t each_ns = took / COUNT;
    fprintf(stderr, "# %s: %lld.%lld us each\n", what, (long long)(each_ns / 1000), (long long)(each_ns % 1000 / 100));
}

TEST(a_thousand_results_cost_little)
{
    struct err err;
    struct store *s = open_store();
    Time start = time_steady();
    for (int i = 0; i < COUNT; i++) {
        struct task_result r = small_result(i);
        EXPECT_OK(store_put_result(s, &r, false, NULL, &err), err);
    }
    report("put_result", time_steady() - start);
    start = time_steady();
    EXPECT_OK(store_sync_results(s, &err), err);
    report("sync_results", time_steady() - start);
    start = time_steady();
    for (int i = 0; i < COUNT; i++) {
        struct arena a = { 0 };
        struct task_result found;
        EXPECT_OK(store_find_result(s, small_result(i).key, &a, &found, &err), err);
        arena_release(&a);
    }
    report("find_result", time_steady() - start);
    store_close(s);
}

TEST(a_thousand_small_files_cost_little)
{
    struct err err;
    struct store *s = open_store();
    char name[32];
    Hash hash;
    int64_t size;
    for (int i = 0; i < COUNT; i++) {
        snprintf(name, sizeof name, "file-%d", i);
        write_file(in_dir(name), str_of(name));
    }
    usleep(30000);
    for (int pass = 0; pass < 2; pass++) {
        Time start = time_steady();
        for (int i = 0; i < COUNT; i++) {
            snprintf(name, sizeof name, "file-%d", i);
            EXPECT_OK(store_hash_file(s, str_of(in_dir(name)), &hash, &size, &err), err);
        }
        report(pass ? "hash_file, known" : "hash_file, new", time_steady() - start);
    }
    store_close(s);
}

TEST(a_hundred_objects_cost_little)
{
    struct err err;
    struct store *s = open_store();
    char text[32];
    Hash hash;
    for (int pass = 0; pass < 2; pass++) {
        Time start = time_steady();
        for (int i = 0; i < COUNT / 10; i++) {
            snprintf(text, sizeof text, "object %d", i);
            EXPECT_OK(store_put_bytes(s, str_of(text), &hash, &err), err);
        }
        report(pass ? "put_bytes, known" : "put_bytes, new", (time_steady() - start) * 10);
    }
    store_close(s);
}
