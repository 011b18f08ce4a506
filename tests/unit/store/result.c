// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "help.h"

static void put(struct store *s, struct task_result r, bool replace, bool expect_existed)
{
    struct err err;
    bool existed = !expect_existed;
    EXPECT_OK(store_put_result(s, &r, replace, &existed, &err), err);
    EXPECT_INT(existed, expect_existed);
}

static void sync_all(struct store *s)
{
    struct err err;
    EXPECT_OK(store_sync_results(s, &err), err);
}

static struct arena scratch;

static bool expect_sound(void *arg UNUSED, const struct store_entry *e)
{
    EXPECT_INT(e->damage.len, 0);
    return true;
}

static int found_code(struct store *s, Hash key)
{
    struct arena a = { 0 };
    struct err err;
    struct task_result found;
    EXPECT_OK(store_find_result(s, key, &a, &found, &err), err);
    int code = found.exit_code;
    arena_release(&a);
    return code;
}

TEST(a_result_in_which_any_byte_changed_is_set_aside_and_as_good_as_none)
{
    struct arena a = { 0 };
    struct err err;
    struct task_result r = small_result(5), found;
    struct store *s = open_store();
    size_t len = result_encode(&a, &r).len;
    for (size_t i = 0; i < len; i += 7) {
        put(s, r, false, false);
        sync_all(s);
        flip(in_store("results", r.key).data, (off_t)i);
        EXPECT_ERR(store_find_result(s, r.key, &a, &found, &err), err, ERR_DAMAGED);
        EXPECT_ERR(store_find_result(s, r.key, &a, &found, &err), err, ERR_NOT_FOUND);
    }
    EXPECT_INT(count_files(in_dir("store/damaged")), (len + 6) / 7);
    store_close(s);
    arena_release(&a);
}

TEST(a_result_under_another_key_is_damaged)
{
    struct arena a = { 0 };
    struct err err;
    struct task_result r = small_result(5), other = small_result(6), found;
    struct store *s = open_store();
    put(s, r, false, false);
    put(s, other, false, false);
    sync_all(s);
    Str from = in_store("results", r.key), to = in_store("results", other.key);
    EXPECT_INT(rename(from.data, to.data), 0);
    EXPECT_ERR(store_find_result(s, other.key, &a, &found, &err), err, ERR_DAMAGED);
    store_close(s);
    arena_release(&a);
}

TEST(a_result_of_a_newer_petri_is_unsupported_and_stays)
{
    struct arena a = { 0 };
    struct err err;
    struct task_result r = small_result(5), found;
    struct store *s = open_store();
    put(s, r, false, false);
    sync_all(s);
    Str line = STR("{\"result\":2}"), path = in_store("results", r.key);
    Str record = str_printf(&a, STR_FMT "\n" STR_FMT "\n", STR_ARG(line),
                            STR_ARG(hash_text(&a, hash_bytes(line.data, line.len))));
    EXPECT_INT(unlink(path.data), 0);
    write_file(path.data, record);
    EXPECT_ERR(store_find_result(s, r.key, &a, &found, &err), err, ERR_UNSUPPORTED);
    put(s, r, false, true);
    EXPECT(has_bytes(in_store("results", r.key).data, record));
    store_close(s);
    arena_release(&a);
}

TEST(the_first_result_of_a_key_stays)
{
    struct store *s = open_store();
    struct task_result first = small_result(1), second = first;
    second.exit_code = 99;
    put(s, first, false, false);
    put(s, second, false, true);                        // before the sync
    EXPECT_INT(found_code(s, first.key), 1);
    sync_all(s);
    put(s, second, false, true);                        // and after it
    sync_all(s);
    EXPECT_INT(found_code(s, first.key), 1);
    EXPECT_INT(count_temps(test_dir()), 0);
    store_close(s);
}

TEST(of_two_stores_that_put_the_same_key_the_first_to_sync_wins)
{
    struct store *one = open_store(), *two = open_store();
    struct task_result first = small_result(1), second = first;
    second.exit_code = 99;
    put(one, first, false, false);
    put(two, second, false, false);
    sync_all(two);
    sync_all(one);
    EXPECT_INT(found_code(one, first.key), 99);
    EXPECT_INT(count_temps(test_dir()), 0);
    store_close(one);
    store_close(two);
}

TEST(what_another_process_can_see_was_synced)
{
    struct arena a = { 0 };
    struct err err;
    struct store *one = open_store(), *two = open_store();
    struct task_result r = small_result(1), found;
    put(one, r, false, false);
    EXPECT_ERR(store_find_result(two, r.key, &a, &found, &err), err, ERR_NOT_FOUND);
    EXPECT_INT(found_code(one, r.key), 1);
    sync_all(one);
    EXPECT_INT(found_code(two, r.key), 1);
    store_close(one);
    store_close(two);
    arena_release(&a);
}

TEST(a_result_is_replaced_only_when_asked_and_the_old_one_is_kept_aside)
{
    struct store *s = open_store();
    struct task_result first = small_result(1), second = first, third = first;
    second.exit_code = 99, third.exit_code = 100;
    put(s, first, false, false);
    sync_all(s);
    put(s, second, true, false);
    put(s, third, true, false);                         // before the sync: the second is never seen
    EXPECT_INT(found_code(s, first.key), 100);
    sync_all(s);
    EXPECT_INT(found_code(s, first.key), 100);
    EXPECT_INT(count_files(in_dir("store/damaged")), 1);
    EXPECT_INT(count_temps(test_dir()), 0);
    store_close(s);
}

TEST(a_damaged_result_is_replaced_by_the_next_one)
{
    struct store *s = open_store();
    struct task_result r = small_result(1);
    put(s, r, false, false);
    sync_all(s);
    Str path = in_store("results", r.key);
    EXPECT_INT(truncate(path.data, 0), 0);              // as a power cut can leave it
    r.exit_code = 2;
    put(s, r, false, false);
    sync_all(s);
    EXPECT_INT(found_code(s, r.key), 2);
    EXPECT_INT(count_files(in_dir("store/damaged")), 1);
    store_close(s);
}

TEST(results_that_were_put_are_synced_when_the_store_is_closed)
{
    struct store *s = open_store();
    struct task_result r = small_result(1);
    put(s, r, false, false);
    store_close(s);
    s = open_store();
    EXPECT_INT(found_code(s, r.key), 1);
    store_close(s);
}

TEST(a_batch_larger_than_the_number_of_descriptors_is_synced)
{
    struct rlimit limit = { 400, 400 };
    EXPECT_INT(setrlimit(RLIMIT_NOFILE, &limit), 0);
    struct store *s = open_store();
    for (int i = 0; i < 600; i++)
        put(s, small_result(i), false, false);
    sync_all(s);
    for (int i = 0; i < 600; i++)
        EXPECT_INT(found_code(s, small_result(i).key), i);
    EXPECT_INT(count_temps(test_dir()), 0);
    store_close(s);
}

TEST(eight_writers_of_the_same_results_agree)
{
    store_close(open_store());
    pid_t pids[8];
    for (int i = 0; i < 8; i++) {
        pids[i] = fork();
        if (pids[i] != 0)
            continue;
        struct store *s = open_store();
        struct err err;
        bool ok = true;
        for (int n = 0; n < 20 && ok; n++) {
            struct task_result r = small_result(n);
            r.exit_code = i;
            ok = store_put_result(s, &r, false, NULL, &err) && (n % 5 || store_sync_results(s, &err));
        }
        store_close(s);
        _exit(ok ? 0 : 1);
    }
    for (int i = 0; i < 8; i++) {
        int status;
        EXPECT_INT(waitpid(pids[i], &status, 0), pids[i]);
        EXPECT_INT(status, 0);
    }
    struct store *s = open_store();
    for (int n = 0; n < 20; n++)
        EXPECT(found_code(s, small_result(n).key) < 8);
    EXPECT_INT(count_files(in_dir("store/damaged")), 0);
    EXPECT_INT(count_temps(test_dir()), 0);
    store_close(s);
}

struct worker {
    struct store *store;
    bool ok;
    struct err err;
};

static void *work(void *arg)
{
    struct worker *w = arg;
    w->ok = true;
    for (int i = 0; i < 60 && w->ok; i++) {
        struct arena a = { 0 };
        struct task_result r = { .key = hash_bytes(&i, sizeof i),
                                 .log_out = { .path = STR("stdout") },
                                 .log_err = { .path = STR("stderr") } },
                           found;
        Hash hash;
        Str path, text = str_printf(&a, "object %d", i / 4);
        int64_t size;
        w->ok = store_put_result(w->store, &r, false, NULL, &w->err) &&
                store_find_result(w->store, r.key, &a, &found, &w->err) &&
                store_put_bytes(w->store, text, &hash, &w->err) && store_locate(w->store, hash, &a, &path, &w->err) &&
                store_hash_file(w->store, path, &hash, &size, &w->err) &&
                (i % 20 || store_sync_results(w->store, &w->err));
        arena_release(&a);
    }
    return NULL;
}

TEST(four_threads_may_use_one_store_at_once)
{
    struct worker workers[4];
    pthread_t threads[4];
    struct store *s = open_store();
    for (int i = 0; i < 4; i++) {
        workers[i] = (struct worker){ .store = s };
        EXPECT_INT(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        EXPECT_OK(workers[i].ok, workers[i].err);
    }
    store_close(s);
    EXPECT_INT(count_temps(test_dir()), 0);
    EXPECT_INT(count_files(in_dir("store/damaged")), 0);
}

TEST(a_result_that_another_process_put_meanwhile_counts_and_who_put_the_second_can_see_that)
{
    struct err err;
    struct task_result first = small_result(5), second = small_result(5);
    first.exit_code = 1, second.exit_code = 2;
    struct store *a = open_store(), *b = open_store();
    put(a, first, false, false);
    put(b, second, false, false);                       // both looked, and found none
    sync_all(a);
    EXPECT_INT(store_results_lost(b), 0);
    EXPECT_OK(store_sync_results(b, &err), err);
    EXPECT_INT(store_results_lost(a), 0);
    EXPECT_INT(store_results_lost(b), 1);
    EXPECT_INT(found_code(b, first.key), 1);
    store_close(a);
    store_close(b);
}

TEST(a_file_that_is_reused_becomes_the_next_result_and_keeps_nothing_of_its_own)
{
    struct err err;
    struct stat file, result;
    char *large = calloc(1, 60000);
    struct task_result r = small_result(5);
    struct store *s = open_store();
    write_file(in_dir("spare"), (Str){ large, 60000 });
    EXPECT_INT(stat(in_dir("spare"), &file), 0);
    EXPECT(store_reuse_file(s, str_of(in_dir("spare"))));
    EXPECT(access(in_dir("spare"), F_OK) != 0);
    put(s, r, false, false);
    sync_all(s);
    EXPECT_INT(stat(in_store("results", r.key).data, &result), 0);
    EXPECT_INT(result.st_ino, file.st_ino);
    EXPECT(result.st_size < 60000);
    EXPECT_INT(result.st_mode & 0777, 0444);
    EXPECT_INT(found_code(s, r.key), r.exit_code);
    EXPECT_INT(count_temps(in_dir("store")), 0);
    store_close(s);
    s = open_store();
    EXPECT_INT(found_code(s, r.key), r.exit_code);
    EXPECT_OK(store_each(s, true, expect_sound, NULL, &err), err);
    store_close(s);
    free(large);
}

TEST(files_that_are_never_reused_go_with_the_store_and_more_than_enough_are_not_taken)
{
    struct store *s = open_store();
    int taken = 0;
    for (int i = 0; i < 1000; i++) {
        write_file(in_dir("spare"), STR("x"));
        taken += store_reuse_file(s, str_of(in_dir("spare")));
    }
    EXPECT(taken > 10 && taken < 1000);
    EXPECT(access(in_dir("spare"), F_OK) == 0);
    EXPECT_INT(count_temps(in_dir("store")), taken);
    EXPECT(!store_reuse_file(s, STR("/nothing/there")));
    store_close(s);
    EXPECT_INT(count_temps(in_dir("store")), 0);
}

TEST(a_reused_file_that_has_gone_or_got_another_name_is_not_written_to)
{
    struct task_result one = small_result(5), two = small_result(6);
    struct store *s = open_store();
    write_file(in_dir("spare"), STR("x"));
    EXPECT_INT(link(in_dir("spare"), in_dir("mine")), 0);
    EXPECT(store_reuse_file(s, str_of(in_dir("spare"))));
    put(s, one, false, false);
    sync_all(s);
    EXPECT(has_bytes(in_dir("mine"), STR("x")));
    write_file(in_dir("spare"), STR("x"));
    EXPECT(store_reuse_file(s, str_of(in_dir("spare"))));
    EXPECT_INT(system(str_printf(&scratch, "rm -f '%s'/.tmp-*", in_dir("store/results")).data), 0);
    put(s, two, false, false);
    sync_all(s);
    EXPECT_INT(found_code(s, one.key), one.exit_code);
    EXPECT_INT(found_code(s, two.key), two.exit_code);
    store_close(s);
    arena_release(&scratch);
}
