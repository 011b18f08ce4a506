// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "sys/file.h"
#include "unit/test.h"

static struct arena a;
static struct err err;

static Str at(const char *name) { return str_join_path(&a, str_of(test_dir()), str_of(name)); }

TEST(removing_what_is_not_there_is_fine)
{
    EXPECT_OK(tree_remove(at("absent"), &err), err);
    EXPECT_OK(tree_remove(at("absent/below"), &err), err);
    EXPECT_ERR(tree_remove(STR("/proc/self/stat"), &err), err, ERR_DENIED);
    EXPECT_ERR(tree_remove(STR(""), &err), err, ERR_NOT_FOUND);
    arena_release(&a);
}

TEST(links_are_removed_and_not_followed)
{
    EXPECT_OK(dir_make_all(at("keep/sub"), &err), err);
    EXPECT_OK(dir_make_all(at("tree/sub"), &err), err);
    EXPECT_OK(file_write_atomic(at("keep/file"), STR("x"), &err), err);
    EXPECT(symlink(at("keep").data, at("tree/sub/link").data) == 0);
    EXPECT(symlink(at("keep/file").data, at("tree/file").data) == 0);
    EXPECT(symlink(at("keep").data, at("toplink").data) == 0);
    EXPECT_OK(tree_remove(at("tree"), &err), err);
    EXPECT_OK(tree_remove(at("toplink"), &err), err);
    EXPECT(!file_exists(at("tree")) && !file_exists(at("toplink")));
    EXPECT(file_exists(at("keep/file")) && file_exists(at("keep/sub")));
    arena_release(&a);
}

TEST(a_tree_of_five_thousand_folders_in_each_other_is_removed)
{
    EXPECT(mkdir(at("deep").data, 0755) == 0);
    int fd = open(at("deep").data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int i = 0; i < 5000; i++) {
        EXPECT(mkdirat(fd, "folder-with-a-name", 0755) == 0);
        int below = openat(fd, "folder-with-a-name", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int file = openat(fd, "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        EXPECT(below >= 0 && file >= 0);
        close(file);
        close(fd);
        fd = below;
    }
    close(fd);
    EXPECT_OK(tree_remove(at("deep"), &err), err);
    EXPECT(!file_exists(at("deep")));
    arena_release(&a);
}

TEST(a_folder_of_many_files_and_folders_is_removed)
{
    for (int i = 0; i < 300; i++) {
        EXPECT_OK(dir_make_all(str_printf(&a, STR_FMT "/%d/x", STR_ARG(at("wide")), i), &err), err);
        EXPECT(mkfifo(str_printf(&a, STR_FMT "/fifo%d", STR_ARG(at("wide")), i).data, 0600) == 0);
    }
    EXPECT_OK(tree_remove(at("wide"), &err), err);
    EXPECT(!file_exists(at("wide")));
    arena_release(&a);
}

// Rights mean nothing to root: the removal is done by somebody else.
TEST(folders_that_their_owner_closed_are_opened_first)
{
    EXPECT_OK(dir_make_all(at("closed/none/sub"), &err), err);
    EXPECT_OK(dir_make_all(at("closed/readonly/sub"), &err), err);
    EXPECT_OK(file_write_atomic(at("closed/readonly/file"), STR("x"), &err), err);
    const char *const all[] = { "closed/none/sub",      "closed/none",     "closed/readonly/sub",
                                "closed/readonly/file", "closed/readonly", "closed" };
    bool is_root = geteuid() == 0;
    for (size_t i = 0; i < LEN(all); i++) {
        EXPECT(!is_root || chown(at(all[i]).data, 65534, 65534) == 0);
        EXPECT(chmod(at(all[i]).data, strstr(all[i], "none") ? 0 : 0555) == 0);
    }
    EXPECT(chmod(test_dir(), 0777) == 0);
    pid_t pid = fork();
    if (pid == 0)
        _exit((is_root && setuid(65534) < 0) || !tree_remove(at("closed"), &err));
    int status;
    waitpid(pid, &status, 0);
    EXPECT_INT(status, 0);
    EXPECT(!file_exists(at("closed")));
    arena_release(&a);
}
