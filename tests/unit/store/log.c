// SPDX-License-Identifier: Apache-2.0
// The log of results: what a process that was killed or a power cut leaves, and what the next opening makes of it.
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "help.h"
#include "store/log.h"
#include "sys/file.h"

enum { RESULTS = 3 };

// A process that makes three results durable and is gone, without closing its store.
static void leave_a_log(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct err err;
        struct store *s = open_store();
        for (int i = 0; i < RESULTS; i++) {
            struct task_result r = small_result(i);
            if (!store_put_result(s, &r, false, NULL, &err))
                _exit(1);
        }
        _exit(store_sync_results(s, &err) ? 0 : 1);
    }
    int status;
    EXPECT(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
    EXPECT_INT(count_files(in_dir("store/unsynced")), 1);
}

static Str the_log(struct arena *a)
{
    struct err err;
    Str *names;
    size_t count = 0;
    EXPECT_OK(dir_list(a, str_of(in_dir("store/unsynced")), &names, &count, &err), err);
    EXPECT_INT(count, 1);
    return str_join_path(a, str_of(in_dir("store/unsynced")), names[0]);
}

static Str text_of(struct arena *a, Str path)
{
    struct err err;
    Str text = { 0 };
    EXPECT_OK(file_read(a, path, 1 << 20, &text, &err), err);
    return text;
}

static int found(struct store *s)
{
    int count = 0;
    for (int i = 0; i < RESULTS; i++) {
        struct arena a = { 0 };
        struct err err;
        struct task_result r = small_result(i), there;
        if (store_find_result(s, r.key, &a, &there, &err)) {
            EXPECT_INT(there.exit_code, r.exit_code);
            count++;
        }
        arena_release(&a);
    }
    return count;
}

static void expect_all_back(int expected)
{
    struct store *s = open_store();
    EXPECT_INT(found(s), expected);
    EXPECT_INT(count_files(in_dir("store/unsynced")), 0);
    EXPECT_INT(count_temps(test_dir()), 0);
    store_close(s);
}

TEST(a_closed_store_leaves_no_log)
{
    struct err err;
    struct store *s = open_store();
    struct task_result r = small_result(1);
    EXPECT_OK(store_put_result(s, &r, false, NULL, &err) && store_sync_results(s, &err), err);
    EXPECT_INT(count_files(in_dir("store/unsynced")), 1);
    store_close(s);
    EXPECT_INT(count_files(in_dir("store/unsynced")), 0);
}

TEST(results_of_a_killed_process_are_there_and_its_log_goes)
{
    leave_a_log();
    expect_all_back(RESULTS);
}

TEST(a_result_in_the_log_that_had_not_got_its_name_gets_it)
{
    leave_a_log();
    EXPECT_INT(unlink(in_store("results", small_result(1).key).data), 0);
    expect_all_back(RESULTS);
}

TEST(after_a_power_cut_empty_torn_and_missing_records_are_written_again)
{
    leave_a_log();
    EXPECT_INT(chmod(in_store("results", small_result(0).key).data, 0644), 0);
    EXPECT_INT(truncate(in_store("results", small_result(0).key).data, 0), 0);
    flip(in_store("results", small_result(1).key).data, 40);
    EXPECT_INT(unlink(in_store("results", small_result(2).key).data), 0);
    expect_all_back(RESULTS);
}

TEST(a_disk_that_lost_writes_while_the_machine_went_on_gets_them_again)
{
    leave_a_log();
    EXPECT_INT(chmod(in_store("results", small_result(0).key).data, 0644), 0);
    EXPECT_INT(truncate(in_store("results", small_result(0).key).data, 0), 0);
    EXPECT_INT(unlink(in_store("results", small_result(2).key).data), 0);
    expect_all_back(RESULTS);
}

TEST(a_replaced_result_is_the_later_one_after_a_power_cut)
{
    struct arena a = { 0 };
    struct err err;
    pid_t pid = fork();
    if (pid == 0) {
        struct store *s = open_store();
        struct task_result r = small_result(1);
        bool ok = store_put_result(s, &r, false, NULL, &err) && store_sync_results(s, &err);
        r.exit_code = 77;
        _exit(ok && store_put_result(s, &r, true, NULL, &err) && store_sync_results(s, &err) ? 0 : 1);
    }
    int status;
    EXPECT(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
    struct task_result earlier = small_result(1), now;
    const char *path = in_store("results", earlier.key).data;
    EXPECT_INT(unlink(path), 0);
    write_file(path, result_encode(&a, &earlier));      // the rename did not reach the disk
    struct store *s = open_store();
    EXPECT_OK(store_find_result(s, earlier.key, &a, &now, &err), err);
    EXPECT_INT(now.exit_code, 77);
    store_close(s);
    arena_release(&a);
}

// Every length that a cut can leave: what is whole in it comes back, and nothing else.
TEST(a_torn_log_gives_back_what_is_whole_in_it)
{
    struct arena a = { 0 };
    leave_a_log();
    Str path = the_log(&a), text = text_of(&a, path), rest;
    struct log_record record;
    EXPECT(log_head(text, &rest));
    size_t ends[RESULTS], whole = 0;
    while (log_next(&rest, &record))
        ends[whole++] = text.len - rest.len;
    EXPECT_INT(whole, RESULTS);
    for (size_t len = 0; len < text.len; len += 37) {
        for (int i = 0; i < RESULTS; i++)
            unlink(in_store("results", small_result(i).key).data);
        write_file(path.data, str_first(text, len));
        expect_all_back((int)((len >= ends[0]) + (len >= ends[1]) + (len >= ends[2])));
    }
    arena_release(&a);
}

TEST(a_log_that_is_not_known_stays_and_its_results_are_not_lost_with_it)
{
    struct arena a = { 0 };
    leave_a_log();
    Str path = the_log(&a), text = text_of(&a, path);
    char *bytes = str_z(&a, text);
    bytes[sizeof "petri results " - 1] = '2';           // of a newer version
    write_file(path.data, (Str){ bytes, text.len });
    struct store *s = open_store();
    EXPECT_INT(count_files(in_dir("store/unsynced")), 1);
    EXPECT_INT(found(s), RESULTS);
    store_close(s);
    EXPECT(str_eq(text_of(&a, path), (Str){ bytes, text.len }));
    arena_release(&a);
}

TEST(the_log_of_a_store_that_lives_is_left_alone)
{
    struct err err;
    struct store *one = open_store();
    struct task_result r = small_result(1);
    EXPECT_OK(store_put_result(one, &r, false, NULL, &err) && store_sync_results(one, &err), err);
    struct store *two = open_store();
    EXPECT_INT(count_files(in_dir("store/unsynced")), 1);
    EXPECT_INT(found(two), 1);
    store_close(two);
    EXPECT_INT(count_files(in_dir("store/unsynced")), 1);
    store_close(one);
}
