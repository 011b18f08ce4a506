// SPDX-License-Identifier: Apache-2.0
// Syncs that fail, and disks that are full: what was not made durable is not acknowledged.
#include <sys/resource.h>
#include <sys/stat.h>
#include <signal.h>
#include <unistd.h>

#include "help.h"

TEST(after_a_failed_sync_nothing_more_is_written)
{
    struct err err;
    Hash hash;
    int64_t size;
    struct task_result r = small_result(1);
    struct store *s = open_store();
    EXPECT_OK(store_put_result(s, &r, false, NULL, &err), err);
    EXPECT(fails_next_fsync(0));
    EXPECT_ERR(store_put_bytes(s, STR("abc"), &hash, &err), err, ERR_INTERNAL);
    close_fsync_gate();
    EXPECT(!store_has(s, hash_bytes("abc", 3)));
    EXPECT_ERR(store_put_bytes(s, STR("abc"), &hash, &err), err, ERR_INTERNAL);
    EXPECT(str_find(str_of(err.text), STR("closed for writing after")) >= 0);
    write_file(in_dir("file"), STR("abc"));
    EXPECT_ERR(store_take_file(s, str_of(in_dir("file")), &hash, &size, &err), err, ERR_INTERNAL);
    EXPECT_ERR(store_put_result(s, &r, false, NULL, &err), err, ERR_INTERNAL);
    EXPECT_ERR(store_sync_results(s, &err), err, ERR_INTERNAL);
    store_close(s);
    EXPECT_INT(count_temps(test_dir()), 0);
}

// Every sync of the way fails once; then either nothing was promised, or it is there for the next process.
TEST(whichever_sync_fails_what_was_acknowledged_is_there_and_nothing_else_is_promised)
{
    for (int n = 0;; n++) {
        struct err err;
        Hash hash, taken;
        int64_t size;
        char home[64];
        snprintf(home, sizeof home, "%s/%d", test_dir(), n);
        EXPECT_INT(mkdir(home, 0755), 0);
        struct store *s = store_open(str_of(home), true, &err);
        EXPECT_OK(s != NULL, err);
        struct task_result r = small_result(n), found;
        write_file(in_dir("file"), STR("taken"));
        EXPECT(fails_next_fsync(n));
        size_t before = fsync_calls();
        bool has_bytes_now = store_put_bytes(s, STR("abc"), &hash, &err);
        bool has_file = store_take_file(s, str_of(in_dir("file")), &taken, &size, &err);
        bool has_result = store_put_result(s, &r, false, NULL, &err) && store_sync_results(s, &err);
        bool is_clean = fsync_calls() - before <= (size_t)n;
        close_fsync_gate();
        EXPECT(is_clean == (has_bytes_now && has_file && has_result));
        store_close(s);
        s = store_open(str_of(home), true, &err);
        EXPECT_OK(s != NULL, err);
        struct arena a = { 0 };
        Str path;
        EXPECT(!has_bytes_now || store_locate(s, hash, &a, &path, &err));
        EXPECT(!has_file || store_locate(s, taken, &a, &path, &err));
        EXPECT(!has_result || store_find_result(s, r.key, &a, &found, &err));
        EXPECT_OK(store_put_bytes(s, STR("abc"), &hash, &err) && store_put_result(s, &r, false, NULL, &err), err);
        store_close(s);
        arena_release(&a);
        if (is_clean) {
            EXPECT(n >= 8);                             // the loop did reach them
            return;
        }
    }
}

TEST(a_full_disk_is_told_and_not_final)
{
    struct err err;
    Hash hash;
    static char bytes[64 * 1024];
    struct rlimit limit;
    struct store *s = open_store();
    signal(SIGXFSZ, SIG_IGN);
    EXPECT_INT(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = 4096;
    EXPECT_INT(setrlimit(RLIMIT_FSIZE, &limit), 0);
    EXPECT(!store_put_bytes(s, (Str){ bytes, sizeof bytes }, &hash, &err));
    EXPECT(err.code == ERR_LIMIT || err.code == ERR_UNAVAILABLE);
    EXPECT(!store_has(s, hash));
    EXPECT_INT(count_temps(test_dir()), 0);
    limit.rlim_cur = limit.rlim_max;
    EXPECT_INT(setrlimit(RLIMIT_FSIZE, &limit), 0);
    EXPECT_OK(store_put_bytes(s, (Str){ bytes, sizeof bytes }, &hash, &err), err);
    store_close(s);
}
