// SPDX-License-Identifier: Apache-2.0
#include "cli/home.h"

#include <unistd.h>

#include "base/arena.h"
#include "engine/record.h"
#include "journal/journal.h"
#include "sys/file.h"
#include "unit/test.h"

static void make_run(struct arena *a, Str home, const char *name, int64_t time)
{
    struct err err;
    Str dir = run_folder(a, home, str_of(name)), damage;
    EXPECT_OK(dir_make_all(dir, &err), err);
    struct journal *j = journal_open(a, dir, &damage, &err);
    EXPECT(j != NULL);
    journal_append(j, RECORD_RUN, str_printf(a, "{\"time\":%lld}", (long long)time));
    EXPECT_OK(journal_commit(j, &err), err);
    journal_close(j);
}

TEST(names_that_would_be_no_good_folder_are_refused)
{
    static const char *const wrong[] = { "", ".", "..", ".a", "-a", "a/b", "a b", "a\nb", "last", "\xc3\xa9",
                                         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
    struct err err;
    for (size_t i = 0; i < LEN(wrong); i++)
        EXPECT_ERR(run_name_check(str_of(wrong[i]), &err), err, ERR_INVALID);
    EXPECT_OK(run_name_check(STR("Run_1.b-2"), &err), err);
}

TEST(a_new_name_is_a_good_one_and_tells_the_time)
{
    struct arena a = { 0 };
    struct err err;
    Str name = run_name_new(&a);
    EXPECT_INT(name.len, 8 + 1 + 6 + 1 + 4);
    EXPECT_OK(run_name_check(name, &err), err);
    arena_release(&a);
}

TEST(without_a_home_folder_the_message_says_what_to_do)
{
    struct arena a = { 0 };
    struct err err;
    Str home;
    setenv("PETRI_HOME", "/nonexistent/home", 1);
    EXPECT_ERR(home_require(&a, &home, &err), err, ERR_NOT_FOUND);
    EXPECT(str_find(str_of(err.text), STR("PETRI_HOME")) >= 0);
    arena_release(&a);
}

TEST(the_nearest_home_folder_upward_is_found_and_else_made_here)
{
    struct arena a = { 0 };
    struct err err;
    Str top = str_of(test_dir()), deep = str_join_path(&a, top, STR("x/y")), home;
    unsetenv("PETRI_HOME");
    EXPECT_OK(dir_make_all(deep, &err), err);
    EXPECT(chdir(deep.data) == 0);
    EXPECT_STR(home_find(&a), str_join_path(&a, deep, STR(".petri")));
    EXPECT_OK(dir_make_all(str_join_path(&a, top, STR(".petri")), &err), err);
    EXPECT_STR(home_find(&a), str_join_path(&a, top, STR(".petri")));
    EXPECT_OK(home_require(&a, &home, &err), err);
    setenv("PETRI_HOME", "elsewhere", 1);
    EXPECT_OK(home_make(&a, &home, &err), err);
    EXPECT_STR(home, str_join_path(&a, deep, STR("elsewhere")));
    EXPECT(file_exists(home));
    EXPECT(chdir("/") == 0);
    arena_release(&a);
}

TEST(a_home_folder_that_cannot_be_made_is_an_error_that_names_it)
{
    struct arena a = { 0 };
    struct err err;
    Str home;
    setenv("PETRI_HOME", "/proc/nothing/here", 1);
    EXPECT(!home_make(&a, &home, &err));
    EXPECT(str_find(str_of(err.text), STR("/proc/nothing")) >= 0);
    arena_release(&a);
}

TEST(a_run_is_found_by_name_unique_beginning_or_as_the_last_one)
{
    struct arena a = { 0 };
    struct err err;
    Str home = str_of(test_dir()), run, *names;
    size_t count;
    EXPECT_ERR(run_find(&a, home, STR("last"), &run, &err), err, ERR_NOT_FOUND);
    EXPECT_OK(runs_list(&a, home, &names, &count, &err), err);
    EXPECT_INT(count, 0);
    make_run(&a, home, "alpha", 300);
    make_run(&a, home, "alpine", 100);
    make_run(&a, home, "alp", 200);
    make_run(&a, home, "beta", 250);
    make_run(&a, home, ".dry-run-1", 900);
    EXPECT_OK(dir_make_all(run_folder(&a, home, STR("gamma")), &err), err);        // no journal: no run
    EXPECT_OK(runs_list(&a, home, &names, &count, &err), err);
    EXPECT_INT(count, 4);
    EXPECT_OK(run_find(&a, home, STR("alp"), &run, &err), err);
    EXPECT_STR(run, STR("alp"));
    EXPECT_OK(run_find(&a, home, STR("b"), &run, &err), err);
    EXPECT_STR(run, STR("beta"));
    EXPECT_OK(run_find(&a, home, STR("last"), &run, &err), err);
    EXPECT_STR(run, STR("alpha"));
    EXPECT_ERR(run_find(&a, home, STR("al"), &run, &err), err, ERR_INVALID);
    EXPECT(str_find(str_of(err.text), STR("3 runs begin with 'al'")) >= 0);
    EXPECT_ERR(run_find(&a, home, STR("bete"), &run, &err), err, ERR_NOT_FOUND);
    EXPECT(str_find(str_of(err.text), STR("did you mean 'beta'?")) >= 0);
    arena_release(&a);
}
