// SPDX-License-Identifier: Apache-2.0
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "sys/lock.h"
#include "unit/test.h"

TEST(a_lock_is_held_by_one_and_ends_with_its_descriptor_or_process)
{
    struct arena a = { 0 };
    struct err err;
    int fd, second;
    Str path = str_join_path(&a, str_of(test_dir()), STR("lock"));
    EXPECT(!lock_is_held(path));
    EXPECT_ERR(lock_take(str_join_path(&a, path, STR("x")), &fd, &err), err, ERR_NOT_FOUND);
    EXPECT_OK(lock_take(path, &fd, &err), err);
    EXPECT(lock_is_held(path));                         // by ourselves too
    EXPECT_ERR(lock_take(path, &second, &err), err, ERR_CONFLICT);
    close(fd);
    EXPECT(!lock_is_held(path));
    pid_t pid = fork();
    if (pid == 0)
        _exit(!lock_take(path, &fd, &err));
    int status;
    waitpid(pid, &status, 0);
    EXPECT_INT(status, 0);
    EXPECT(!lock_is_held(path));
    EXPECT_OK(lock_take(path, &fd, &err), err);
    close(fd);
    arena_release(&a);
}
