// SPDX-License-Identifier: Apache-2.0
// Every byte changed, every length cut: found each time, and what is read is a prefix of what was written.
#include "help.h"

#include <dlfcn.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char *const texts[] = { "{\"a\":1}", "{}", "{\"long\":\"0123456789012345678\"}", "{\"d\":4}" };
static const char all[] = "{\"a\":1}|{}|{\"long\":\"0123456789012345678\"}|{\"d\":4}|";

static Str sample(struct arena *a)
{
    struct journal *j = open_run();
    for (size_t i = 0; i < LEN(texts); i++)
        add(j, texts[i]);
    journal_close(j);
    return file_bytes(a, in_run("journal"));
}

static bool ignore_record(void *arg UNUSED, uint8_t type UNUSED, Str payload UNUSED) { return true; }

TEST(whatever_bit_of_a_journal_is_changed_it_is_found_and_no_changed_record_is_given_out)
{
    struct arena a = { 0 };
    struct err err;
    Str bytes = sample(&a);
    char *changed = arena_copy(&a, bytes.data, bytes.len);
    for (size_t i = 0; i < bytes.len; i++)
        for (int bit = 0; bit < 8; bit++) {
            struct told told = { 0 };
            struct journal_cursor cursor = { 0 };
            changed[i] ^= (char)(1 << bit);
            put_bytes(in_run("journal"), (Str){ changed, bytes.len });
            if (journal_read(run_dir(), &cursor, ignore_record, NULL, told.end, &err)) {
                told = read_all(NULL);
                if (!str_starts(str_of(told.end), STR("damaged")))
                    test_fail(__FILE__, __LINE__, "bit %d of byte %zu: '%s'", bit, i, told.end);
                EXPECT(str_starts(str_of(all), str_of(told.payloads)));
                EXPECT(told.count < LEN(texts));
            } else {
                EXPECT_INT(err.code, ERR_UNSUPPORTED);
                EXPECT(i == 14);
            }
            changed[i] ^= (char)(1 << bit);
        }
    arena_release(&a);
}

static bool clock_stands;

// Before the C library's.
int clock_gettime(clockid_t clock, struct timespec *now)
{
    static int (*real_clock)(clockid_t clock, struct timespec *now);
    if (!real_clock)
        real_clock = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    if (!clock_stands || clock != CLOCK_REALTIME)
        return real_clock(clock, now);                  // not a system call: those of others fail in turn
    *now = (struct timespec){ .tv_sec = 1700000000 };
    return 0;
}

TEST(a_writer_sets_a_damaged_journal_aside_and_goes_on_from_its_sound_part_each_time_in_the_same_millisecond)
{
    clock_stands = true;
    struct arena a = { 0 };
    struct err err;
    Str bytes = sample(&a), damage;
    char *changed = arena_copy(&a, bytes.data, bytes.len);
    for (size_t i = 0; i < bytes.len; i++) {
        changed[i] ^= 4;
        put_bytes(in_run("journal"), (Str){ changed, bytes.len });
        size_t before = count_named("journal.damaged-");
        struct journal *j = journal_open(&a, run_dir(), &damage, &err);
        if (j == NULL) {
            EXPECT(i == 14);
            EXPECT_INT(err.code, ERR_UNSUPPORTED);
        } else {
            EXPECT(str_find(damage, STR("set aside")) >= 0);
            EXPECT_INT(count_named("journal.damaged-"), before + 1);
            add(j, "{\"new\":1}");
            journal_close(j);
            struct told told = read_all(NULL);
            EXPECT_STR(str_of(told.end), STR(""));
            EXPECT(str_ends(str_of(told.payloads), STR("{\"new\":1}|")));
        }
        changed[i] ^= 4;
    }
    arena_release(&a);
}

TEST(a_journal_cut_at_any_length_is_a_prefix_and_never_called_damaged)
{
    struct arena a = { 0 };
    Str bytes = sample(&a);
    for (size_t len = 0; len <= bytes.len; len++) {
        put_bytes(in_run("journal"), str_first(bytes, len));
        struct told told = read_all(NULL);
        EXPECT(str_starts(str_of(all), str_of(told.payloads)));
        EXPECT(!str_starts(str_of(told.end), STR("damaged")));
        struct journal *j = open_run();                 // checks that no damage is told
        add(j, "x");
        journal_close(j);
        struct told again = read_all(NULL);
        EXPECT_STR(str_of(again.end), STR(""));
        EXPECT_INT(again.count, told.count + 1);
    }
    EXPECT_INT(count_named("journal.damaged-"), 0);
    arena_release(&a);
}

TEST(a_tail_of_zeros_is_a_torn_one)
{
    struct arena a = { 0 };
    Str bytes = sample(&a);
    EXPECT_INT(truncate(in_run("journal"), (off_t)bytes.len + 5000), 0);
    struct told told = read_all(NULL);
    EXPECT_INT(told.count, LEN(texts));
    EXPECT(str_starts(str_of(told.end), STR("incomplete")));
    struct journal *j = open_run();
    journal_close(j);
    EXPECT_INT(file_bytes(&a, in_run("journal")).len, bytes.len);
    arena_release(&a);
}

TEST(a_record_that_is_repeated_dropped_or_moved_is_found)
{
    struct arena a = { 0 };
    Str bytes = sample(&a);
    size_t first = 16, second = first + 24 + strlen(texts[0]), third = second + 24 + strlen(texts[1]);
    Str head = str_first(bytes, first), one = str_slice(bytes, first, second), two = str_slice(bytes, second, third),
        rest = str_from(bytes, third);
    const Str orders[][4] = {
        { head, one, one, rest }, { head, two, one, rest }, { head, two, rest }, { head, one, rest }
    };
    for (size_t i = 0; i < LEN(orders); i++) {
        Str file = { 0 };
        for (size_t k = 0; k < 4; k++)
            file = str_concat(&a, file, orders[i][k]);
        put_bytes(in_run("journal"), file);
        EXPECT(str_starts(str_of(read_all(NULL).end), STR("damaged")));
    }
    arena_release(&a);
}

TEST(a_journal_of_a_newer_version_is_refused_and_stays)
{
    struct arena a = { 0 };
    struct err err;
    Str damage;
    struct told told;
    struct journal_cursor cursor = { 0 };
    sample(&a);
    put_bytes(in_run("journal"), STR("petri journal 2\nwhatever"));
    EXPECT_ERR(journal_open(&a, run_dir(), &damage, &err) != NULL, err, ERR_UNSUPPORTED);
    EXPECT(str_find(str_of(err.text), STR("newer Petri")) >= 0);
    EXPECT_ERR(journal_read(run_dir(), &cursor, ignore_record, NULL, told.end, &err), err, ERR_UNSUPPORTED);
    EXPECT_STR(file_bytes(&a, in_run("journal")), STR("petri journal 2\nwhatever"));
    arena_release(&a);
}

TEST(with_a_live_writer_what_is_incomplete_is_not_there_yet_and_damage_before_it_is_told)
{
    struct arena a = { 0 };
    Str bytes = sample(&a);
    struct journal *j = open_run();
    for (size_t len = 0; len <= bytes.len; len++) {
        put_bytes(in_run("journal"), str_first(bytes, len));
        EXPECT_STR(str_of(read_all(NULL).end), STR(""));
    }
    char *changed = arena_copy(&a, bytes.data, bytes.len);
    changed[16 + 24] ^= 1;
    put_bytes(in_run("journal"), (Str){ changed, bytes.len });
    EXPECT(str_starts(str_of(read_all(NULL).end), STR("damaged")));
    journal_close(j);
    arena_release(&a);
}
