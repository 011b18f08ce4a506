// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "help.h"

static Hash put(struct store *s, Str bytes)
{
    struct err err;
    Hash hash;
    EXPECT_OK(store_put_bytes(s, bytes, &hash, &err), err);
    return hash;
}

TEST(an_object_in_which_any_byte_changed_is_never_given_out)
{
    struct arena a = { 0 };
    struct err err;
    Str bytes = STR("forty-two bytes of something that matters"), path;
    struct store *s = open_store();
    for (size_t i = 0; i < bytes.len; i++) {
        Hash hash = put(s, bytes);
        EXPECT_OK(store_locate(s, hash, &a, &path, &err), err);
        flip(path.data, (off_t)i);
        if (i % 2)
            EXPECT_ERR(store_locate(s, hash, &a, &path, &err), err, ERR_DAMAGED);
        else
            EXPECT_ERR(store_export(s, hash, str_of(in_dir("out")), false, &err), err, ERR_DAMAGED);
        EXPECT_ERR(store_locate(s, hash, &a, &path, &err), err, ERR_NOT_FOUND);
        EXPECT_INT(access(in_dir("out"), F_OK), -1);
    }
    EXPECT_INT(count_files(in_dir("store/damaged")), bytes.len);
    store_close(s);
    arena_release(&a);
}

TEST(an_object_that_is_cut_or_longer_is_never_given_out)
{
    struct arena a = { 0 };
    struct err err;
    Str bytes = STR("0123456789"), path;
    struct store *s = open_store();
    for (off_t len = 0; len <= 12; len++) {
        Hash hash = put(s, bytes);
        Str file = in_store("objects", hash);
        EXPECT(chmod(file.data, 0644) == 0 && truncate(file.data, len) == 0);
        if (len != 10)
            EXPECT_ERR(store_locate(s, hash, &a, &path, &err), err, ERR_DAMAGED);
    }
    store_close(s);
    arena_release(&a);
}

TEST(a_damaged_object_is_replaced_when_its_bytes_come_again)
{
    struct arena a = { 0 };
    struct err err;
    Str path;
    Hash again;
    int64_t size;
    struct store *s = open_store();
    Hash hash = put(s, STR("abc"));
    flip(in_store("objects", hash).data, 1);
    put(s, STR("abc"));
    EXPECT_OK(store_locate(s, hash, &a, &path, &err), err);
    EXPECT(has_bytes(path.data, STR("abc")));
    flip(path.data, 2);
    write_file(in_dir("file"), STR("abc"));
    EXPECT_OK(store_take_file(s, str_of(in_dir("file")), &again, &size, &err), err);
    EXPECT_OK(store_locate(s, hash, &a, &path, &err), err);
    EXPECT_INT(count_files(in_dir("store/damaged")), 2);
    store_close(s);
    arena_release(&a);
}

TEST(what_is_no_regular_file_is_not_taken)
{
    struct err err;
    Hash hash;
    int64_t size;
    struct store *s = open_store();
    write_file(in_dir("file"), STR("abc"));
    EXPECT_INT(symlink("file", in_dir("link")), 0);
    EXPECT_INT(mkfifo(in_dir("pipe"), 0644), 0);
    static const char *const names[] = { "link", "pipe", "store", "store/objects/" };
    for (size_t i = 0; i < LEN(names); i++)
        EXPECT_ERR(store_take_file(s, str_of(in_dir(names[i])), &hash, &size, &err), err, ERR_INVALID);
    EXPECT_ERR(store_take_file(s, str_of(in_dir("none")), &hash, &size, &err), err, ERR_NOT_FOUND);
    EXPECT_ERR(store_take_file(s, STR("/etc\0x"), &hash, &size, &err), err, ERR_INVALID);
    EXPECT_ERR(store_hash_file(s, str_of(in_dir("pipe")), &hash, &size, &err), err, ERR_INVALID);
    EXPECT_ERR(store_hash_file(s, str_of(in_dir("store")), &hash, &size, &err), err, ERR_INVALID);
    EXPECT_ERR(store_hash_file(s, str_of(in_dir("none")), &hash, &size, &err), err, ERR_NOT_FOUND);
    EXPECT(has_bytes(in_dir("file"), STR("abc")));
    store_close(s);
}

TEST(a_file_is_moved_in_and_a_second_one_with_its_bytes_is_dropped)
{
    struct err err;
    Hash hash;
    int64_t size;
    struct stat st, before;
    struct store *s = open_store();
    for (int i = 0; i < 2; i++) {
        write_file(in_dir("file"), STR("some bytes"));
        EXPECT_INT(stat(in_dir("file"), &before), 0);
        EXPECT_OK(store_take_file(s, str_of(in_dir("file")), &hash, &size, &err), err);
        EXPECT_INT(access(in_dir("file"), F_OK), -1);
        EXPECT_INT(size, 10);
        EXPECT(hash_eq(hash, hash_bytes("some bytes", 10)));
        EXPECT_INT(stat(in_store("objects", hash).data, &st), 0);
        EXPECT_INT(st.st_mode & 07777, 0444);
        EXPECT_INT(st.st_ino == before.st_ino, i == 0);
    }
    EXPECT_INT(count_temps(test_dir()), 0);
    store_close(s);
}

TEST(a_file_with_a_second_name_is_copied_so_that_nobody_can_write_into_the_store)
{
    struct arena a = { 0 };
    struct err err;
    Hash hash;
    int64_t size;
    Str path;
    struct store *s = open_store();
    write_file(in_dir("file"), STR("abc"));
    EXPECT_INT(link(in_dir("file"), in_dir("second")), 0);
    EXPECT_OK(store_take_file(s, str_of(in_dir("file")), &hash, &size, &err), err);
    write_file(in_dir("second"), STR("xyz"));
    EXPECT_OK(store_locate(s, hash, &a, &path, &err), err);
    EXPECT(has_bytes(path.data, STR("abc")));
    EXPECT_INT(size, 3);
    store_close(s);
    arena_release(&a);
}

TEST(a_file_of_another_filesystem_is_copied)
{
    struct err err;
    Hash hash;
    int64_t size;
    struct stat there, here;
    char path[] = "/dev/shm/petri-test-XXXXXX";
    struct store *s = open_store();
    int fd = mkstemp(path);
    if (fd < 0 || fstat(fd, &there) != 0 || stat(test_dir(), &here) != 0 || there.st_dev == here.st_dev)
        test_skip("there is no second filesystem");
    EXPECT_INT(write(fd, "abc", 3), 3);
    close(fd);
    EXPECT_OK(store_take_file(s, str_of(path), &hash, &size, &err), err);
    unlink(path);
    EXPECT(has_bytes(in_store("objects", hash).data, STR("abc")));
    EXPECT_INT(count_temps(test_dir()), 0);
    store_close(s);
}

TEST(a_file_that_not_even_its_owner_may_read_is_taken)
{
    struct err err;
    Hash hash;
    int64_t size;
    EXPECT_INT(chmod(test_dir(), 0777), 0);
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
        test_skip("can't become another user");
    struct store *s = open_store();
    write_file(in_dir("file"), STR("abc"));
    EXPECT_INT(chmod(in_dir("file"), 0), 0);
    EXPECT_OK(store_take_file(s, str_of(in_dir("file")), &hash, &size, &err), err);
    EXPECT(store_has(s, hash));
    store_close(s);
}

TEST(an_export_is_complete_or_absent_and_replaces_what_was_there)
{
    struct err err;
    struct stat st;
    struct store *s = open_store();
    Hash hash = put(s, STR("abc"));
    EXPECT_ERR(store_export(s, hash, str_of(in_dir("none/out")), false, &err), err, ERR_NOT_FOUND);
    EXPECT_ERR(store_export(s, (Hash){ { 1 } }, str_of(in_dir("out")), false, &err), err, ERR_NOT_FOUND);
    write_file(in_dir("out"), STR("old and longer"));
    EXPECT_OK(store_export(s, hash, str_of(in_dir("out")), true, &err), err);
    EXPECT(has_bytes(in_dir("out"), STR("abc")));
    EXPECT_INT(stat(in_dir("out"), &st), 0);
    EXPECT_INT(st.st_mode & 0777, 0755);
    EXPECT_OK(store_export(s, hash, str_of(in_dir("out")), false, &err), err);
    EXPECT_INT(stat(in_dir("out"), &st), 0);
    EXPECT_INT(st.st_mode & 0777, 0644);
    write_file(in_dir("out"), STR("changed"));          // the store's bytes stay
    EXPECT(has_bytes(in_store("objects", hash).data, STR("abc")));
    EXPECT_INT(count_temps(test_dir()), 0);
    store_close(s);
}

TEST(eight_writers_of_the_same_objects_agree)
{
    store_close(open_store());
    pid_t pids[8];
    for (int i = 0; i < 8; i++) {
        pids[i] = fork();
        if (pids[i] != 0)
            continue;
        struct store *s = open_store();
        struct err err;
        Hash hash;
        int64_t size;
        char name[32], text[32];
        bool ok = true;
        for (int n = 0; n < 20 && ok; n++) {
            snprintf(text, sizeof text, "object %d", n);
            snprintf(name, sizeof name, "file-%d", i);
            write_file(in_dir(name), str_of(text));
            ok = i % 2 ? store_put_bytes(s, str_of(text), &hash, &err)
                       : store_take_file(s, str_of(in_dir(name)), &hash, &size, &err);
            ok = ok && store_has(s, hash);
        }
        if (!ok)
            fprintf(stderr, "# writer %d: %s\n", i, err.text);
        store_close(s);
        _exit(ok ? 0 : 1);
    }
    for (int i = 0; i < 8; i++) {
        int status;
        EXPECT_INT(waitpid(pids[i], &status, 0), pids[i]);
        EXPECT_INT(status, 0);
    }
    EXPECT_INT(count_files(in_dir("store/damaged")), 0);
    EXPECT_INT(count_temps(test_dir()), 0);
    for (int n = 0; n < 20; n++) {
        char text[32];
        int len = snprintf(text, sizeof text, "object %d", n);
        EXPECT(has_bytes(in_store("objects", hash_bytes(text, (size_t)len)).data, str_of(text)));
    }
}

static struct seen {
    size_t objects, results, damaged, stop_after;
    int64_t bytes;
} seen;

static bool note_entry(void *arg UNUSED, const struct store_entry *e)
{
    seen.objects += !e->is_result;
    seen.results += e->is_result;
    seen.damaged += e->damage.len > 0;
    seen.bytes += e->size;
    return seen.objects + seen.results != seen.stop_after;
}

TEST(a_walk_with_a_check_finds_every_damage_and_sets_it_aside)
{
    struct arena a = { 0 };
    struct err err;
    Str path;
    struct store *s = open_store();
    Hash sound = put(s, STR("sound")), rotten = put(s, STR("rotten"));
    struct task_result r = small_result(1), other = small_result(2), found;
    EXPECT_OK(store_put_result(s, &r, false, NULL, &err) && store_put_result(s, &other, false, NULL, &err), err);
    EXPECT_OK(store_sync_results(s, &err), err);
    EXPECT_OK(store_locate(s, rotten, &a, &path, &err), err);
    flip(path.data, 0);
    flip(in_store("results", other.key).data, 20);
    EXPECT_OK(store_each(s, false, note_entry, NULL, &err), err);
    EXPECT_INT(seen.objects, 2);
    EXPECT_INT(seen.results, 2);
    EXPECT_INT(seen.damaged, 0);
    seen = (struct seen){ 0 };
    EXPECT_OK(store_each(s, true, note_entry, NULL, &err), err);
    EXPECT_INT(seen.damaged, 2);
    seen = (struct seen){ 0 };
    EXPECT_OK(store_each(s, true, note_entry, NULL, &err), err);
    EXPECT_INT(seen.objects, 1);
    EXPECT_INT(seen.results, 1);
    EXPECT_INT(seen.damaged, 0);
    seen = (struct seen){ .stop_after = 1 };
    EXPECT_OK(store_each(s, false, note_entry, NULL, &err), err);
    EXPECT_INT(seen.objects + seen.results, 1);
    EXPECT(store_has(s, sound) && !store_has(s, rotten));
    EXPECT_OK(store_find_result(s, r.key, &a, &found, &err), err);
    store_close(s);
    arena_release(&a);
}

TEST(an_object_that_was_removed_is_gone_and_can_come_again)
{
    struct err err;
    struct store *s = open_store();
    Hash hash = put(s, STR("abc"));
    EXPECT_OK(store_remove_object(s, hash, &err), err);
    EXPECT(!store_has(s, hash));
    EXPECT_ERR(store_remove_object(s, hash, &err), err, ERR_NOT_FOUND);
    put(s, STR("abc"));
    EXPECT(store_has(s, hash));
    store_close(s);
}

TEST(a_sweep_removes_only_temporary_files_older_than_a_day)
{
    struct store *s = open_store();
    Hash hash = put(s, STR("abc"));
    struct timespec old[2] = { { .tv_sec = 1000000 }, { .tv_sec = 1000000 } };
    write_file(in_dir("store/objects/.tmp-1"), STR("x"));
    write_file(in_dir("store/objects/.tmp-2"), STR("x"));
    EXPECT_INT(utimensat(AT_FDCWD, in_dir("store/objects/.tmp-2"), old, 0), 0);
    store_sweep(s);                                     // its change time is young, and can't be set
    EXPECT_INT(count_temps(test_dir()), 2);
    EXPECT(store_has(s, hash));
    store_close(s);
}
