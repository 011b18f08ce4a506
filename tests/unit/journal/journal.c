// SPDX-License-Identifier: Apache-2.0
#include "help.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

static bool sync_fails;

int fdatasync(int fd)                                   // before the C library's
{
    if (sync_fails) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_fdatasync, fd);
}

static bool ignore_record(void *arg UNUSED, uint8_t type UNUSED, Str payload UNUSED) { return true; }

TEST(a_second_writer_is_refused_and_told_who_the_first_is)
{
    struct arena a = { 0 };
    struct err err;
    Str damage;
    char owner[128], expected[64];
    struct journal *j = open_run();
    EXPECT_ERR(journal_open(&a, run_dir(), &damage, &err) != NULL, err, ERR_CONFLICT);
    snprintf(expected, sizeof expected, "run run7 is in use by process %d on ", (int)getpid());
    EXPECT(str_starts(str_of(err.text), str_of(expected)));
    EXPECT(journal_is_live(run_dir(), owner));
    snprintf(expected, sizeof expected, "%d@", (int)getpid());
    EXPECT(str_starts(str_of(owner), str_of(expected)));
    add(j, "still writes");
    journal_close(j);
    EXPECT(!journal_is_live(run_dir(), owner));
    journal_close(open_run());
    journal_close(NULL);
    arena_release(&a);
}

TEST(a_writer_that_was_killed_is_followed_by_another_at_once)
{
    int ready[2];
    char byte, owner[128];
    EXPECT_INT(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct journal *j = open_run();
        add(j, "first");
        journal_append(j, 1, STR("never committed"));
        CHECK(write(ready[1], "x", 1) == 1);
        pause();
    }
    EXPECT_INT(read(ready[0], &byte, 1), 1);
    EXPECT(journal_is_live(run_dir(), owner));
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    struct journal *j = open_run();
    EXPECT_INT(journal_epoch(j), 2);
    add(j, "second");
    EXPECT_STR(str_of(read_all(NULL).payloads), STR("first|second|"));
    journal_close(j);
}

TEST(a_writer_that_lost_its_run_can_commit_nothing_more)
{
    struct err err;
    struct journal *first = open_run();
    add(first, "one");
    for (int later = 2; later < 5; later++) { // a filesystem that forgot the lock; then one more, and one more
        EXPECT_INT(unlink(in_run("lock")), 0);
        struct journal *next = open_run();
        EXPECT_INT(journal_epoch(next), later);
        EXPECT_INT(count_named("epoch-"), 1);
        if (later == 2) {
            journal_append(first, 1, STR("late"));
            EXPECT_ERR(journal_commit(first, &err), err, ERR_CONFLICT);
        }
        add(next, "x");
        journal_close(next);
    }
    journal_append(first, 1, STR("later still"));
    EXPECT_ERR(journal_commit(first, &err), err, ERR_INTERNAL);
    journal_close(first);
    EXPECT_STR(str_of(read_all(NULL).payloads), STR("one|x|x|x|"));
}

TEST(a_writer_two_epochs_behind_is_fenced_too)
{
    struct err err;
    struct journal *first = open_run();
    for (int i = 0; i < 2; i++) {
        EXPECT_INT(unlink(in_run("lock")), 0);
        journal_close(open_run());
    }
    journal_append(first, 1, STR("late"));
    EXPECT_ERR(journal_commit(first, &err), err, ERR_CONFLICT);
    journal_close(first);
    EXPECT_INT(read_all(NULL).count, 0);
}

TEST(after_a_failed_sync_no_batch_is_taken_even_if_the_disk_is_well_again)
{
    struct err err;
    struct journal *j = open_run();
    add(j, "one");
    sync_fails = true;
    journal_append(j, 1, STR("two"));
    EXPECT_ERR(journal_commit(j, &err), err, ERR_INTERNAL);
    sync_fails = false;
    journal_append(j, 1, STR("three"));
    EXPECT_ERR(journal_commit(j, &err), err, ERR_INTERNAL);
    EXPECT(str_find(str_of(err.text), STR("takes nothing more after")) >= 0);
    journal_close(j);
}

TEST(a_disk_that_is_full_ends_the_writer_and_the_next_one_cuts_what_is_incomplete)
{
    struct err err;
    static char long_text[100000];
    struct rlimit limit;
    struct journal *j = open_run();
    add(j, "one");
    signal(SIGXFSZ, SIG_IGN);
    EXPECT_INT(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = 50000;
    EXPECT_INT(setrlimit(RLIMIT_FSIZE, &limit), 0);
    memset(long_text, 'x', sizeof long_text);
    journal_append(j, 1, (Str){ long_text, sizeof long_text });
    EXPECT(!journal_commit(j, &err));
    journal_close(j);
    limit.rlim_cur = limit.rlim_max;
    EXPECT_INT(setrlimit(RLIMIT_FSIZE, &limit), 0);
    EXPECT(str_starts(str_of(read_all(NULL).end), STR("incomplete")));
    j = open_run();
    add(j, "two");
    EXPECT_STR(str_of(read_all(NULL).payloads), STR("one|two|"));
    journal_close(j);
}

TEST(a_journal_that_is_not_there_is_not_found)
{
    struct err err;
    char end[128], owner[128];
    struct journal_cursor cursor = { 0 };
    EXPECT_ERR(journal_read(run_dir(), &cursor, ignore_record, NULL, end, &err), err, ERR_NOT_FOUND);
    EXPECT(!journal_is_live(run_dir(), owner));
}

TEST(records_are_committed_in_batches_and_come_back_in_order)
{
    struct err err;
    struct journal *j = open_run();
    EXPECT(journal_take(j) == NULL);
    EXPECT_OK(journal_commit(j, &err), err);            // nothing to do
    EXPECT_INT(journal_append(j, 1, STR("one")), 1);
    EXPECT_INT(journal_append(j, 1, STR("")), 2);
    EXPECT_INT(read_all(NULL).count, 0);
    struct journal_batch *batch = journal_take(j);
    EXPECT_INT(journal_append(j, 1, STR("three")), 3);  // while the batch is away
    EXPECT_INT(journal_batch_last(batch), 2);
    EXPECT(journal_take(j) == NULL);
    EXPECT_OK(journal_write(j, batch, &err), err);
    journal_done(j, batch);
    EXPECT_STR(str_of(read_all(NULL).payloads), STR("one||"));
    EXPECT_OK(journal_commit(j, &err), err);
    EXPECT_STR(str_of(read_all(NULL).payloads), STR("one||three|"));
    journal_close(j);
}

TEST(a_reader_follows_a_growing_journal_with_its_cursor)
{
    struct arena a = { 0 };
    struct journal_cursor cursor = { 0 };
    struct journal *j = open_run();
    EXPECT_INT(read_all(&cursor).count, 0);
    add(j, "one");
    EXPECT_STR(str_of(read_all(&cursor).payloads), STR("one|"));
    EXPECT_INT(read_all(&cursor).count, 0);
    add(j, "two");
    journal_close(j);
    j = open_run();
    add(j, "three");
    EXPECT_STR(str_of(read_all(&cursor).payloads), STR("two|three|"));
    journal_close(j);
    put_bytes(in_run("journal"), str_first(file_bytes(&a, in_run("journal")), 30));
    EXPECT(str_starts(str_of(read_all(&cursor).end), STR("damaged: shorter")));
    arena_release(&a);
}

static bool stop_at_second(void *arg, uint8_t type UNUSED, Str payload UNUSED) { return ++*(int *)arg < 2; }

TEST(a_reader_that_stops_early_goes_on_behind_the_last_record_it_saw)
{
    struct err err;
    int count = 0;
    char end[128];
    struct journal_cursor cursor = { 0 };
    struct journal *j = open_run();
    add(j, "one"), add(j, "two"), add(j, "three");
    EXPECT_OK(journal_read(run_dir(), &cursor, stop_at_second, &count, end, &err), err);
    EXPECT_INT(count, 2);
    EXPECT_STR(str_of(read_all(&cursor).payloads), STR("three|"));
    journal_close(j);
}

TEST(a_reader_beside_a_writer_never_sees_an_incomplete_or_damaged_record)
{
    journal_close(open_run());
    pid_t pid = fork();
    if (pid == 0) {
        static char text[20000];
        memset(text, 'x', sizeof text);
        struct journal *j = open_run();
        struct err err;
        bool ok = true;
        for (int i = 0; i < 200 && ok; i++) {
            for (int k = 0; k < 10; k++)
                journal_append(j, 1, (Str){ text, (size_t)(i * 97 + k * 13) });
            ok = journal_commit(j, &err);
        }
        _exit(ok ? 0 : 1);
    }
    struct journal_cursor cursor = { 0 };
    size_t count = 0;
    int status = -1;
    bool is_running = true;
    while (is_running) {
        is_running = waitpid(pid, &status, WNOHANG) == 0;
        struct told told = read_all(&cursor);
        EXPECT_STR(str_of(told.end), STR(""));
        count += told.count;
    }
    EXPECT_INT(status, 0);
    EXPECT_INT(count, 2000);
}

static size_t total_bytes;
static bool sum_bytes(void *arg UNUSED, uint8_t type, Str payload)
{
    total_bytes += payload.len + (type == 255);
    return true;
}

TEST(a_record_of_many_megabytes_is_kept_and_a_large_journal_is_read_in_bounded_memory)
{
    struct err err;
    struct arena a = { 0 };
    enum { RECORDS = 200000, LARGE = 20 << 20 };
    char end[128];
    struct journal_cursor cursor = { 0 };
    char *large = arena_alloc(&a, LARGE);
    struct journal *j = open_run();
    journal_append(j, 255, (Str){ large, LARGE });
    EXPECT_OK(journal_commit(j, &err), err);
    Str record = STR("{\"event\":\"done\",\"task\":123456,\"key\":\"blake3:"
                     "0123456789012345678901234567890123456789\",\"wall\":12345}");
    for (int i = 0; i < RECORDS; i++)
        journal_append(j, 1, record);
    Time start = time_steady();
    EXPECT_OK(journal_commit(j, &err), err);
    Time written = time_steady();
    EXPECT_OK(journal_read(run_dir(), &cursor, sum_bytes, NULL, end, &err), err);
    Time read_time = time_steady() - written;
    EXPECT_INT(total_bytes, LARGE + 1 + RECORDS * record.len);
    fprintf(stderr, "# %d records: committed in %lld ms, read in %lld ms\n", RECORDS,
            (long long)((written - start) / MILLISECOND), (long long)(read_time / MILLISECOND));
    journal_close(j);
    arena_release(&a);
}

TEST(a_journal_is_opened_twenty_times_in_a_row)
{
    Time took = 0, best = SECOND;
    for (int i = 0; i < 20; i++) {
        Time start = time_steady();
        struct journal *j = open_run();
        took = time_steady() - start;
        best = MIN(best, took);
        add(j, "{\"event\":\"opened\"}");
        journal_close(j);
    }
    fprintf(stderr, "# journal_open: %lld us\n", (long long)(best / 1000));
    EXPECT_INT(read_all(NULL).count, 20);
}
