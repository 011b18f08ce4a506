// SPDX-License-Identifier: Apache-2.0
// Each system call that the store makes fails in turn. What was acknowledged is there afterwards, and what was not can be done again.
#include <sys/stat.h>
#include <unistd.h>

#include "help.h"
#include "unit/failing.h"

enum { CALLS_AT_LEAST = 60, LARGE = 70000 };
static char large[LARGE];

struct promised {
    bool small, large, taken, result;
    Hash taken_hash;
};

static bool count_entry(void *arg, const struct store_entry *e UNUSED)
{
    ++*(size_t *)arg;
    return true;
}

// All that a store does, as far as it goes.
static struct promised use(struct store *s, struct arena *a, const struct task_result *r)
{
    struct promised p = { 0 };
    struct err err;
    struct task_result found;
    Hash hash;
    int64_t size;
    Str path;
    size_t count = 0;
    p.small = store_put_bytes(s, STR("abc"), &hash, &err);
    p.large = store_put_bytes(s, (Str){ large, LARGE }, &hash, &err);
    p.taken = store_take_file(s, str_of(in_dir("file")), &p.taken_hash, &size, &err);
    p.result = store_put_result(s, r, false, NULL, &err) && store_sync_results(s, &err);
    (void)!store_find_result(s, r->key, a, &found, &err);
    if (store_locate(s, hash, a, &path, &err) && store_export(s, hash, str_of(in_dir("out")), false, &err)) {
        struct stat st;
        EXPECT(stat(in_dir("out"), &st) != 0 || st.st_size == LARGE);
    }
    (void)!store_copy(s, hash, str_of(in_dir("copy")), true, &err);
    (void)!store_hash_file(s, str_of(in_dir("input")), &hash, &size, &err);
    (void)!store_each(s, true, count_entry, &count, &err);
    (void)!store_remove_object(s, hash_bytes("none", 4), &err);
    store_sweep(s);
    return p;
}

static void expect_promised(struct store *s, struct arena *a, const struct promised *p, const struct task_result *r)
{
    struct err err;
    struct task_result found;
    Str path;
    EXPECT(!p->small || store_locate(s, hash_bytes("abc", 3), a, &path, &err));
    EXPECT(!p->large || store_locate(s, hash_bytes(large, LARGE), a, &path, &err));
    EXPECT(!p->taken || store_locate(s, p->taken_hash, a, &path, &err));
    EXPECT(!p->result || store_find_result(s, r->key, a, &found, &err));
}

TEST(whichever_call_of_the_store_fails_what_was_acknowledged_is_there_and_the_rest_can_be_done_again)
{
    for (int n = 1;; n++) {
        struct arena a = { 0 };
        struct err err;
        Hash hash;
        char home[64];
        struct promised p = { 0 };
        struct task_result r = small_result(1);
        snprintf(home, sizeof home, "%s/%d", test_dir(), n);
        EXPECT_INT(mkdir(home, 0755), 0);
        write_file(in_dir("file"), str_printf(&a, "taken %d", n));
        write_file(in_dir("input"), STR("input"));
        unlink(in_dir("copy"));
        fail_call(n);
        struct store *s = store_open(str_of(home), true, &err);
        if (s)
            p = use(s, &a, &r);
        store_close(s);
        bool was_reached = call_failed();
        s = store_open(str_of(home), true, &err);
        EXPECT_OK(s != NULL, err);
        expect_promised(s, &a, &p, &r);
        EXPECT_OK(store_put_bytes(s, STR("abc"), &hash, &err) && store_put_bytes(s, (Str){ large, LARGE }, &hash, &err), err);
        EXPECT_OK(store_put_result(s, &r, false, NULL, &err) && store_sync_results(s, &err), err);
        store_close(s);
        arena_release(&a);
        if (!was_reached) {
            EXPECT(n > CALLS_AT_LEAST);
            return;
        }
    }
}
