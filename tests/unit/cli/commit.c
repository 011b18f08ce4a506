// SPDX-License-Identifier: Apache-2.0
#include "cli/commit.h"

#include "base/arena.h"
#include "sys/file.h"
#include "unit/test.h"

#define COMMIT "0123456789abcdef0123456789abcdef01234567"
#define OTHER "fedcba9876543210fedcba9876543210fedcba98"

static void put(struct arena *a, const char *path, const char *text)
{
    struct err err;
    Str full = str_join_path(a, str_of(test_dir()), str_of(path));
    EXPECT_OK(dir_make_all(str_dirname(full), &err), err);
    EXPECT_OK(file_write_atomic(full, str_of(text), &err), err);
}

static Str commit(struct arena *a, const char *path) { return commit_of(a, str_join_path(a, str_of(test_dir()), str_of(path))); }

TEST(the_commit_is_found_by_branch_packed_detached_and_from_another_work_tree)
{
    struct arena a = { 0 };
    put(&a, "r/.git/HEAD", "ref: refs/heads/main\n");
    EXPECT_STR(commit(&a, "r/x/wf.cwl"), (Str){ 0 });   // nothing was committed yet
    put(&a, "r/.git/packed-refs", "# pack-refs with: peeled\n" OTHER " refs/heads/mainly\n" COMMIT " refs/heads/main\n^" OTHER "\n");
    EXPECT_STR(commit(&a, "r/x/wf.cwl"), STR(COMMIT));
    put(&a, "r/.git/refs/heads/main", OTHER "\n");
    EXPECT_STR(commit(&a, "r/x/wf.cwl#main"), STR(OTHER));
    put(&a, "r/.git/worktrees/w/HEAD", "ref: refs/heads/main\n");
    put(&a, "r/.git/worktrees/w/commondir", "../..\n");
    put(&a, "w/.git", "gitdir: ../r/.git/worktrees/w\n");
    EXPECT_STR(commit(&a, "w/wf.cwl"), STR(OTHER));
    put(&a, "r/.git/HEAD", COMMIT "\n");
    EXPECT_STR(commit(&a, "r/wf.cwl"), STR(COMMIT));
    arena_release(&a);
}

TEST(what_is_no_commit_is_none)
{
    struct arena a = { 0 };
    put(&a, "r/.git/HEAD", "ref: ../../../secret\n");
    put(&a, "secret", "a secret of somebody\n");
    EXPECT_STR(commit(&a, "r/wf.cwl"), (Str){ 0 });
    put(&a, "r/.git/HEAD", "");
    EXPECT_STR(commit(&a, "r/wf.cwl"), (Str){ 0 });
    arena_release(&a);
}
