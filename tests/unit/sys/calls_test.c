// SPDX-License-Identifier: Apache-2.0
// Each system call under a function of this folder fails in turn: it says so or it has done its work, and nothing half-written is left.
#include <errno.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "sys/file.h"
#include "sys/lock.h"
#include "sys/process.h"
#include "unit/failing.h"
#include "unit/test.h"

enum { LARGE = 300000 };

static Str in_dir(struct arena *a, const char *name) { return str_printf(a, "%s/%s", test_dir(), name); }

static void write_copy_and_read(void)
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

TEST(whichever_call_fails_a_file_is_whole_or_was_not_written)
{
    const int errors[] = { EIO, EINTR, ENOSPC };
    for (size_t i = 0; i < LEN(errors); i++) {
        fail_with(errors[i]);
        write_copy_and_read();
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

TEST(a_filesystem_without_locks_and_a_lock_that_is_held_are_told_apart)
{
    static const struct { int error; enum err_code code; } cases[] = { { ENOLCK, ERR_UNSUPPORTED }, { ENOSYS, ERR_UNSUPPORTED },
        { EOPNOTSUPP, ERR_UNSUPPORTED }, { EINVAL, ERR_UNSUPPORTED }, { EAGAIN, ERR_CONFLICT }, { EACCES, ERR_CONFLICT }, { EIO, ERR_INTERNAL } };
    struct arena a = { 0 };
    struct err err;
    int fd;
    for (size_t i = 0; i < LEN(cases); i++) {
        fail_with(cases[i].error);
        fail_call(2);                                   // the first opens the file
        EXPECT_ERR(lock_take(in_dir(&a, "lock"), &fd, &err), err, cases[i].code);
        EXPECT(call_failed());
    }
    EXPECT(!lock_take(STR("a\0b"), &fd, &err) && !lock_is_held(STR("a\0b")));
    arena_release(&a);
}

// The helper is this program: without arguments that it knows it ends at once.
TEST(whichever_call_fails_a_helper_is_started_or_that_is_said_and_no_child_is_left)
{
    const char *const argv[] = { "no such test", "no such test", NULL };
    for (int n = 1, more = 1; more; n++) {
        struct err err;
        pid_t pid;
        int fd = -1;
        fail_call(n);
        bool was_started = process_start_self(argv, n % 2, &pid, &fd, &err);
        more = call_failed();
        if (was_started) {
            close(fd);
            EXPECT(waitpid(pid, NULL, 0) == pid);
        }
        EXPECT(waitpid(-1, NULL, 0) < 0 && errno == ECHILD);
        EXPECT(more || (was_started && n > 5));
    }
}
