// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "sys/file.h"
#include "sys/path_text.h"
#include "unit/test.h"

static struct arena a;
static struct err err;

static Str at(const char *name) { return str_join_path(&a, str_of(test_dir()), str_of(name)); }

static void write_file(const char *name, const char *text)
{
    EXPECT_OK(file_write_atomic(at(name), str_of(text), &err), err);
}

TEST(paths_that_no_system_call_takes_are_refused)
{
    struct path_text text;
    Str bytes;
    char *long_path = arena_alloc(&a, 5000);
    memset(long_path, 'x', 5000);
    EXPECT(!path_text_set(&text, (Str){ 0 }));
    EXPECT(!path_text_set(&text, STR("a\0b")));
    EXPECT(!path_text_set(&text, (Str){ long_path, 5000 }));
    EXPECT(path_text_set(&text, STR("a/b")));
    EXPECT_STR(str_of(text.z), STR("a/b"));
    EXPECT_ERR(file_read(&a, STR("a\0b"), 10, &bytes, &err), err, ERR_INTERNAL);
    EXPECT_ERR(dir_make_all((Str){ 0 }, &err), err, ERR_NOT_FOUND);
    EXPECT(!file_exists((Str){ 0 }));
    arena_release(&a);
}

TEST(only_regular_files_within_the_limit_are_read)
{
    Str bytes;
    write_file("f", "12345");
    mkfifo(at("fifo").data, 0600);
    EXPECT_ERR(file_read(&a, at("absent"), 10, &bytes, &err), err, ERR_NOT_FOUND);
    EXPECT_ERR(file_read(&a, at("f"), 4, &bytes, &err), err, ERR_LIMIT);
    EXPECT_ERR(file_read(&a, at("fifo"), 4, &bytes, &err), err, ERR_INVALID);
    EXPECT_ERR(file_read(&a, at(""), 4, &bytes, &err), err, ERR_INVALID);
    EXPECT_OK(file_read(&a, at("f"), 5, &bytes, &err), err);
    EXPECT_STR(bytes, STR("12345"));
    arena_release(&a);
}

TEST(an_atomic_write_replaces_and_leaves_no_temporary_file)
{
    Str bytes, *names;
    size_t count;
    EXPECT_ERR(file_write_atomic(at("absent/f"), STR("x"), &err), err, ERR_NOT_FOUND);
    write_file("f", "old");
    write_file("f", "new");
    EXPECT_OK(file_read(&a, at("f"), 5, &bytes, &err), err);
    EXPECT_STR(bytes, STR("new"));
    EXPECT_OK(dir_list(&a, at("."), &names, &count, &err), err);
    EXPECT_INT(count, 1);
    EXPECT_OK(file_write_atomic(STR("/tmp/../tmp/../dev/shm/petri-test-atomic"), STR("x"), &err), err);
    EXPECT_OK(tree_remove(STR("/dev/shm/petri-test-atomic"), &err), err);
    arena_release(&a);
}

TEST(a_descriptor_is_written_to_the_end)
{
    int pair[2];
    char got[32];
    EXPECT(pipe2(pair, O_CLOEXEC) == 0);
    EXPECT_OK(fd_write_all(pair[1], "hello, this is it", 17, &err), err);
    close(pair[1]);
    EXPECT_INT(read(pair[0], got, sizeof got), 17);
    EXPECT_STR(((Str){ got, 17 }), STR("hello, this is it"));
    close(pair[0]);
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    EXPECT_ERR(fd_write_all(full, "x", 1, &err), err, ERR_UNAVAILABLE);
    close(full);
}

TEST(a_copy_has_the_bytes_and_the_permissions_and_replaces_nothing)
{
    Str bytes;
    struct stat st;
    write_file("f", "bytes");
    EXPECT(chmod(at("f").data, 0751) == 0);
    EXPECT_ERR(file_copy(at("absent"), at("g"), &err), err, ERR_NOT_FOUND);
    EXPECT_OK(file_copy(at("f"), at("g"), &err), err);
    EXPECT(file_stat(at("g"), &st));
    EXPECT_INT(st.st_mode & 07777, 0751);
    EXPECT_OK(file_read(&a, at("g"), 10, &bytes, &err), err);
    EXPECT_STR(bytes, STR("bytes"));
    EXPECT_ERR(file_copy(at("f"), at("g"), &err), err, ERR_CONFLICT);
    EXPECT_OK(file_copy(STR("/proc/self/status"), at("proc"), &err), err);      // claims to be empty
    EXPECT(file_stat(at("proc"), &st) && st.st_size > 0);
    EXPECT_OK(file_copy(STR("/dev/null"), at("empty"), &err), err);
    EXPECT_ERR(file_copy(at("."), at("h"), &err), err, ERR_INTERNAL);
    EXPECT(!file_exists(at("h")));
    arena_release(&a);
}

TEST(folders_are_made_with_their_parents_and_not_over_files)
{
    write_file("f", "");
    EXPECT_ERR(dir_make_all(at("f"), &err), err, ERR_CONFLICT);
    EXPECT_ERR(dir_make_all(at("f/g"), &err), err, ERR_NOT_FOUND);
    EXPECT_OK(dir_make_all(at("a/b/c/"), &err), err);
    EXPECT_OK(dir_make_all(at("a/b/c"), &err), err);
    EXPECT_OK(dir_make_all(STR("/"), &err), err);
    EXPECT_OK(dir_sync(at("a/b"), &err), err);
    EXPECT_ERR(dir_sync(at("absent"), &err), err, ERR_NOT_FOUND);
    arena_release(&a);
}

TEST(names_come_sorted_by_bytes)
{
    Str *names;
    size_t count;
    write_file("b", ""), write_file("B", ""), write_file("a b", ""), write_file("ab", "");
    EXPECT_ERR(dir_list(&a, at("absent"), &names, &count, &err), err, ERR_NOT_FOUND);
    EXPECT_OK(dir_list(&a, at("."), &names, &count, &err), err);
    EXPECT_INT(count, 4);
    EXPECT_STR(names[0], STR("B"));
    EXPECT_STR(names[1], STR("a b"));
    EXPECT_STR(names[3], STR("b"));
    arena_release(&a);
}

TEST(paths_become_absolute_by_text_and_real_by_the_disk)
{
    Str real;
    EXPECT(chdir(test_dir()) == 0);
    EXPECT_OK(dir_make_all(at("d"), &err), err);
    EXPECT(symlink("d", "link") == 0);
    EXPECT_OK(path_real(&a, STR("link"), &real, &err), err);
    EXPECT_STR(real, at("d"));
    EXPECT_ERR(path_real(&a, STR("absent"), &real, &err), err, ERR_NOT_FOUND);
    EXPECT_STR(path_cwd(&a), str_of(test_dir()));
    EXPECT_STR(path_absolute(&a, STR("x/../y")), at("y"));
    EXPECT_STR(path_absolute(&a, STR("/x//y/.")), STR("/x/y"));
    arena_release(&a);
}

TEST(programs_are_found_as_the_shell_would)
{
    EXPECT(chdir(test_dir()) == 0);
    EXPECT_OK(dir_make_all(at("dir/prog"), &err), err);
    EXPECT_OK(dir_make_all(at("bin"), &err), err);
    write_file("bin/prog", ""), write_file("bin/plain", ""), write_file("here", "");
    chmod(at("bin/prog").data, 0755), chmod(at("here").data, 0755);
    Str path = str_printf(&a, "/absent:" STR_FMT ":" STR_FMT, STR_ARG(at("dir")), STR_ARG(at("bin")));
    EXPECT_STR(path_find_program(&a, STR("prog"), path), at("bin/prog"));
    EXPECT(path_find_program(&a, STR("plain"), path).data == NULL);
    EXPECT(path_find_program(&a, STR(""), path).data == NULL);
    EXPECT(path_find_program(&a, STR("prog"), (Str){ 0 }).data == NULL);
    EXPECT_STR(path_find_program(&a, STR("here"), STR("/absent:")), STR("./here"));
    EXPECT_STR(path_find_program(&a, STR("./here"), path), STR("./here"));
    EXPECT(path_find_program(&a, STR("./absent"), path).data == NULL);
    arena_release(&a);
}
