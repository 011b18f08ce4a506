// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <unistd.h>

#include "help.h"

static void expect_refused(const char *version, enum err_code code, const char *says)
{
    struct err err;
    write_file(in_dir("store/version"), str_of(version));
    struct store *s = store_open(str_of(test_dir()), true, &err);
    if (s || err.code != code || str_find(str_of(err.text), str_of(says)) < 0)
        test_fail(__FILE__, __LINE__, "version '%s': %s", version, s ? "opened" : err.text);
}

TEST(a_store_of_a_newer_or_unknown_version_is_refused_with_advice)
{
    store_close(open_store());
    expect_refused("petri store 2\n", ERR_UNSUPPORTED, "newer Petri");
    expect_refused("petri store 10\nmore", ERR_DAMAGED, "PETRI_HOME");
    expect_refused("petri store 0\n", ERR_DAMAGED, "PETRI_HOME");
    expect_refused("", ERR_DAMAGED, "PETRI_HOME");
    expect_refused("nix store 1\n", ERR_DAMAGED, "PETRI_HOME");
}

TEST(a_store_that_is_not_there_is_not_found_unless_it_may_be_made)
{
    struct err err;
    EXPECT_ERR(store_open(str_of(test_dir()), false, &err) != NULL, err, ERR_NOT_FOUND);
    EXPECT_INT(access(in_dir("store"), F_OK), -1);
    store_close(open_store());
    struct store *s = store_open(str_of(test_dir()), false, &err);
    EXPECT_OK(s != NULL, err);
    store_close(s);
    store_close(NULL);
}

TEST(a_store_that_was_half_made_is_finished)
{
    EXPECT_INT(mkdir(in_dir("store"), 0755), 0);
    EXPECT_INT(mkdir(in_dir("store/objects"), 0755), 0);
    store_close(open_store());
    EXPECT(has_bytes(in_dir("store/version"), STR("petri store 1\n")));
}

static void become_nobody(void)
{
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
        test_skip("can't become another user");
}

TEST(a_home_that_may_not_be_written_is_denied_with_advice)
{
    struct err err;
    EXPECT_INT(chmod(test_dir(), 0555), 0);
    become_nobody();
    struct store *s = store_open(str_of(in_dir(".petri")), true, &err);
    EXPECT_ERR(s != NULL, err, ERR_DENIED);
    EXPECT(str_find(str_of(err.text), STR("set PETRI_HOME to a folder that you may write")) >= 0);
}

TEST(a_store_that_may_only_be_read_gives_and_takes_nothing)
{
    struct arena a = { 0 };
    struct err err;
    Hash hash;
    Str path;
    struct task_result r = small_result(1), found;
    struct store *s = open_store();
    EXPECT_OK(store_put_bytes(s, STR("abc"), &hash, &err), err);
    EXPECT_OK(store_put_result(s, &r, false, NULL, &err), err);
    EXPECT_OK(store_sync_results(s, &err), err);
    store_close(s);
    static const char *const folders[] = { "", "store", "store/objects", "store/results" };
    for (size_t i = 0; i < LEN(folders); i++)
        EXPECT_INT(chmod(in_dir(folders[i]), 0555), 0);
    become_nobody();
    EXPECT_ERR(store_open(str_of(test_dir()), true, &err) != NULL, err, ERR_DENIED);
    s = store_open(str_of(test_dir()), false, &err);
    EXPECT_OK(s != NULL, err);
    EXPECT_OK(store_locate(s, hash, &a, &path, &err), err);
    EXPECT_OK(store_find_result(s, r.key, &a, &found, &err), err);
    EXPECT_ERR(store_put_bytes(s, STR("x"), &hash, &err), err, ERR_DENIED);
    EXPECT_ERR(store_put_result(s, &r, true, NULL, &err), err, ERR_DENIED);
    EXPECT_ERR(store_remove_object(s, hash, &err), err, ERR_DENIED);
    store_sweep(s);
    store_close(s);
    for (size_t i = 0; i < LEN(folders); i++)
        if (chmod(in_dir(folders[i]), 0755) != 0)
            break;                                      // another user's: root removes them all the same
    arena_release(&a);
}

TEST(a_home_that_is_a_file_is_refused)
{
    struct err err;
    write_file(in_dir("home"), STR("x"));
    EXPECT(store_open(str_of(in_dir("home")), true, &err) == NULL);
    EXPECT(str_find(str_of(err.text), STR("home")) >= 0);
}
