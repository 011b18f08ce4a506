// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "help.h"
#include "store/memo.h"

static Hash hash_of(struct store *s, const char *name)
{
    struct err err;
    Hash hash;
    int64_t size;
    EXPECT_OK(store_hash_file(s, str_of(in_dir(name)), &hash, &size, &err), err);
    return hash;
}

static void age(const char *path, long seconds)         // sets its mtime; its ctime is now
{
    struct timespec t[2] = { { .tv_sec = time_now() / SECOND - seconds }, { .tv_sec = time_now() / SECOND - seconds } };
    EXPECT_INT(utimensat(AT_FDCWD, path, t, 0), 0);
}

TEST(a_file_whose_content_changed_at_the_same_size_is_hashed_again)
{
    struct store *s = open_store();
    for (int i = 0; i < 50; i++) {                      // as fast as it goes: within one tick of the clock
        char text[8];
        snprintf(text, sizeof text, "%03d", i);
        write_file(in_dir("file"), str_of(text));
        EXPECT(hash_eq(hash_of(s, "file"), hash_bytes(text, 3)));
    }
    usleep(30000);
    EXPECT(hash_eq(hash_of(s, "file"), hash_bytes("049", 3)));
    write_file(in_dir("file"), STR("xyz"));
    age(in_dir("file"), 1000);                          // its mtime may be set back; its ctime can't
    EXPECT(hash_eq(hash_of(s, "file"), hash_bytes("xyz", 3)));
    store_close(s);
}

TEST(a_file_that_was_just_changed_is_not_settled)
{
    struct stat st = { .st_mtim = { 1000, 1 }, .st_ctim = { 1000, 1 } };
    EXPECT(!memo_is_settled(&st, 1000 * SECOND));
    EXPECT(!memo_is_settled(&st, 1000 * SECOND + 15 * MILLISECOND));
    EXPECT(memo_is_settled(&st, 1000 * SECOND + 21 * MILLISECOND));
    st.st_ctim = (struct timespec){ 1001, 0 };          // a filesystem of whole seconds
    EXPECT(!memo_is_settled(&st, 1003 * SECOND));
    EXPECT(memo_is_settled(&st, 1005 * SECOND));
}

TEST(the_memo_tells_paths_and_stats_apart)
{
    struct memo m;
    int dir = open(test_dir(), O_RDONLY | O_DIRECTORY);
    struct stat st = { .st_dev = 1, .st_ino = 2, .st_size = 3, .st_mtim = { 4, 5 }, .st_ctim = { 6, 7 } }, other = st;
    Hash digest = { { 9 } }, found;
    memo_init(&m, dir, true);
    EXPECT(!memo_find(&m, STR("/a"), &st, &found));
    memo_note(&m, STR("/a"), &st, digest);
    EXPECT(memo_find(&m, STR("/a"), &st, &found) && hash_eq(found, digest));
    EXPECT(!memo_find(&m, STR("/b"), &st, &found));
    other.st_dev++; EXPECT(!memo_find(&m, STR("/a"), &other, &found)); other = st;
    other.st_ino++; EXPECT(!memo_find(&m, STR("/a"), &other, &found)); other = st;
    other.st_size++; EXPECT(!memo_find(&m, STR("/a"), &other, &found)); other = st;
    other.st_mtim.tv_nsec++; EXPECT(!memo_find(&m, STR("/a"), &other, &found)); other = st;
    other.st_ctim.tv_nsec++; EXPECT(!memo_find(&m, STR("/a"), &other, &found));
    memo_release(&m);
    close(dir);
}

static Str number_path(char text[32], int n)
{
    return (Str){ text, (size_t)snprintf(text, 32, "/path/%d", n) };
}

TEST(damaged_and_torn_records_of_the_memo_are_skipped_and_the_others_kept)
{
    struct memo m;
    int dir = open(test_dir(), O_RDONLY | O_DIRECTORY);
    struct stat st = { .st_ino = 2 };
    char text[32];
    Hash found;
    memo_init(&m, dir, true);
    for (int i = 0; i < 100; i++)
        memo_note(&m, number_path(text, i), &st, (Hash){ { (uint8_t)i } });
    memo_release(&m);
    const char *file = in_dir("memo");
    for (off_t record = 0; record < 100; record += 10)
        flip(file, record * 96 + record % 96);
    EXPECT_INT(truncate(file, 99 * 96 + 40), 0);        // the last one is torn, and one is appended behind it
    memo_init(&m, dir, true);
    memo_note(&m, STR("/new"), &st, (Hash){ { 200 } });
    memo_release(&m);
    memo_init(&m, dir, true);
    for (int i = 0; i < 100; i++) {
        bool has = memo_find(&m, number_path(text, i), &st, &found);
        EXPECT_INT(has, i % 10 != 0 && i != 99);
        EXPECT(!has || found.bytes[0] == i);
    }
    EXPECT(memo_find(&m, STR("/new"), &st, &found) && found.bytes[0] == 200);
    memo_release(&m);
    close(dir);
}

TEST(a_memo_of_mostly_dead_records_is_written_anew)
{
    struct memo m;
    int dir = open(test_dir(), O_RDONLY | O_DIRECTORY);
    struct stat st = { .st_ino = 2 }, file;
    char text[32];
    Hash found;
    memo_init(&m, dir, true);
    for (int i = 0; i < 3000; i++)
        memo_note(&m, number_path(text, i % 10), &st, (Hash){ { (uint8_t)(i % 10 + i / 2990) } });
    memo_flush(&m);
    memo_release(&m);
    EXPECT(stat(in_dir("memo"), &file) == 0 && file.st_size == 3000 * 96);
    memo_init(&m, dir, true);
    EXPECT(memo_find(&m, number_path(text, 3), &st, &found) && found.bytes[0] == 4);
    EXPECT(stat(in_dir("memo"), &file) == 0 && file.st_size == 10 * 96);
    memo_release(&m);
    memo_init(&m, dir, true);
    for (int i = 0; i < 10; i++)
        EXPECT(memo_find(&m, number_path(text, i), &st, &found));
    memo_release(&m);
    close(dir);
}

TEST(a_memo_that_cannot_be_written_still_serves_from_memory)
{
    struct memo m;
    struct stat st = { .st_ino = 2 };
    Hash found;
    memo_init(&m, -1, true);
    memo_note(&m, STR("/a"), &st, (Hash){ { 1 } });
    memo_flush(&m);
    EXPECT(memo_find(&m, STR("/a"), &st, &found));
    memo_release(&m);
}
