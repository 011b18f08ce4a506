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
    p.small = store_put_bytes(s, STR("abc"), &hash, &err);
    p.large = store_put_bytes(s, (Str){ large, LARGE }, &hash, &err);
    p.taken = store_take_file(s, str_of(in_dir("file")), &p.taken_hash, &size, &err);
    p.result = store_put_result(s, r, false, NULL, &err) && store_sync_results(s, &err);
    (void)!store_find_result(s, r->key, a, &found, &err);
    hash = hash_bytes(large, LARGE);
    if (store_locate(s, hash, a, &path, &err) && store_export(s, hash, str_of(in_dir("out")), false, &err)) {
        struct stat st;
        EXPECT(stat(in_dir("out"), &st) != 0 || st.st_size == LARGE);
    }
    (void)!store_copy(s, hash, str_of(in_dir("copy")), true, &err);
    (void)!store_hash_file(s, str_of(in_dir("input")), &hash, &size, &err);
    (void)!store_remove_object(s, hash_bytes("none", 4), &err);
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
    struct task_result r = small_result(1);
    Str home = str_of(test_dir());
    struct err err;
    Hash hash;
    struct store *s = open_store();                     // its 256 folders are made once: those calls are all alike
    EXPECT_OK(store_put_bytes(s, STR("first"), &hash, &err), err);
    store_close(s);
    for (int n = 1;; n++) {
        struct arena a = { 0 };
        struct promised p = { 0 };
        unlink(in_store("objects", hash_bytes("abc", 3)).data);
        unlink(in_store("objects", hash_bytes(large, LARGE)).data);
        unlink(in_store("results", r.key).data);
        write_file(in_dir("file"), str_printf(&a, "taken %d", n));
        write_file(in_dir("input"), STR("input"));
        unlink(in_dir("copy"));
        fail_call(n);
        s = store_open(home, true, &err);
        if (s)
            p = use(s, &a, &r);
        store_close(s);
        bool was_reached = call_failed();
        s = store_open(home, true, &err);
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

TEST(whichever_call_of_a_walk_fails_it_says_so_or_has_seen_all)
{
    struct err err;
    Hash hash;
    struct task_result r = small_result(1);
    struct store *s = open_store();
    EXPECT_OK(store_put_bytes(s, STR("abc"), &hash, &err) && store_put_result(s, &r, false, NULL, &err) && store_sync_results(s, &err), err);
    for (int n = 1, more = 1; more; n += n < 20 ? 1 : 31) {     // it opens 512 folders: those calls are all alike
        size_t count = 0;
        fail_call(n);
        bool ok = store_each(s, true, count_entry, &count, &err);
        store_sweep(s);
        more = call_failed();
        EXPECT(!ok || count == 2);
        EXPECT(more || ok);
    }
    store_close(s);
}
