// SPDX-License-Identifier: Apache-2.0
// Each system call under a function of this folder fails in turn: it says so or it has done its work, and nothing half-written is left.
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "sys/file.h"
#include "sys/lock.h"
#include "unit/failing.h"
#include "unit/test.h"

enum { LARGE = 300000 };

static Str in_dir(struct arena *a, const char *name) { return str_printf(a, "%s/%s", test_dir(), name); }

TEST(whichever_call_fails_a_file_is_whole_or_was_not_written)
{
    static char bytes[LARGE];
    for (int n = 1, more = 1; more; n++) {
        struct arena a = { 0 };
        struct err err;
        Str path = in_dir(&a, "file"), copy = in_dir(&a, "copy"), text;
        unlink(path.data), unlink(copy.data);
        fail_call(n);
        bool was_written = file_write_atomic(path, (Str){ bytes, LARGE }, &err);
        bool was_copied = was_written && file_copy(path, copy, &err);
        bool was_read = was_written && file_read(&a, path, LARGE, &text, &err);
        more = call_failed();
        struct stat st;
        EXPECT(!was_written || (stat(path.data, &st) == 0 && st.st_size == LARGE));
        EXPECT(stat(copy.data, &st) == 0 ? st.st_size == LARGE || !was_copied : !was_copied);
        EXPECT(!was_read || text.len == LARGE);
        EXPECT(more || (was_written && was_copied && was_read));
        EXPECT(more || n > 10);
        arena_release(&a);
    }
}

TEST(whichever_call_fails_a_tree_is_gone_or_that_is_said)
{
    for (int n = 1, more = 1; more; n++) {
        struct arena a = { 0 };
        struct err err;
        Str *names, top = in_dir(&a, "tree");
        size_t count;
        EXPECT_OK(dir_make_all(str_join_path(&a, top, STR("a/b/c")), &err) && dir_make_all(str_join_path(&a, top, STR("d")), &err), err);
        if (!file_exists(str_join_path(&a, top, STR("a/file"))))
            EXPECT_OK(file_write_atomic(str_join_path(&a, top, STR("a/file")), STR("x"), &err), err);
        fail_call(n);
        (void)!dir_make_all(in_dir(&a, "other/deep/er"), &err);
        (void)!dir_list(&a, top, &names, &count, &err);
        bool was_removed = tree_remove(top, &err);
        more = call_failed();
        EXPECT(was_removed == !file_exists(top));
        EXPECT(more || was_removed);
        EXPECT_OK(!file_exists(top) || tree_remove(top, &err), err);
        arena_release(&a);
    }
}

TEST(whichever_call_fails_a_lock_is_held_or_that_is_said)
{
    for (int n = 1, more = 1; more; n++) {
        struct arena a = { 0 };
        struct err err;
        int fd = -1;
        Str path = in_dir(&a, "lock");
        fail_call(n);
        bool was_taken = lock_take(path, &fd, &err);
        more = call_failed();
        EXPECT(was_taken == lock_is_held(path));
        EXPECT(was_taken || fd == -1);
        if (was_taken)
            close(fd);
        fail_call(1);
        EXPECT(!lock_is_held(path));
        (void)call_failed();
        arena_release(&a);
    }
}
