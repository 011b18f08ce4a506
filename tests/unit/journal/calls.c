// SPDX-License-Identifier: Apache-2.0
// Each system call of a journal's writer fails in turn: what was acknowledged is read afterwards, and the next writer goes on behind it.
#include "help.h"
#include "unit/failing.h"

static bool count_record(void *arg, uint8_t type UNUSED, Str payload UNUSED)
{
    ++*(int *)arg;
    return true;
}

static int count_all(void)
{
    struct journal_cursor cursor = { 0 };
    struct err err;
    char end[128];
    int count = 0;
    if (!journal_read(run_dir(), &cursor, count_record, &count, end, &err))
        EXPECT_INT(err.code, ERR_NOT_FOUND);
    return count;
}

TEST(whichever_call_of_a_writer_fails_what_was_acknowledged_is_read_and_the_next_goes_on)
{
    int acknowledged = 0, more = 1;
    for (int n = 1; more; n++) {
        struct arena a = { 0 };
        struct err err;
        int written = 0, seen;
        fail_call(n);
        struct journal *j = journal_open(&a, run_dir(), NULL, &err);
        for (int i = 0; j && i < 3; i++) {
            journal_append(j, 1, STR("{\"a\":1}"));
            written++;
            acknowledged += journal_commit(j, &err);
        }
        (void)journal_is_live(run_dir(), (char[128]){ 0 });
        journal_close(j);
        more = call_failed();
        seen = count_all();
        if (seen < acknowledged)
            test_fail(__FILE__, __LINE__, "call %d: %d records were acknowledged, %d are there", n, acknowledged, seen);
        EXPECT(seen <= acknowledged + written);
        acknowledged = seen;
        arena_release(&a);
        EXPECT(more || n > 8);
    }
}

TEST(whichever_call_of_who_opens_a_damaged_journal_fails_its_bytes_are_kept)
{
    for (int n = 1, more = 1; more; n++) {
        struct arena a = { 0 };
        struct err err;
        Str damage = { 0 };
        struct journal *j = open_run();
        add(j, "{\"a\":1}");
        add(j, "{\"b\":2}");
        journal_close(j);
        Str bytes = file_bytes(&a, in_run("journal"));
        char *changed = arena_copy(&a, bytes.data, bytes.len);
        changed[bytes.len - 3] ^= 1;
        put_bytes(in_run("journal"), (Str){ changed, bytes.len });
        int before = count_all();
        size_t aside = count_named("journal.damaged-");
        fail_call(n);
        j = journal_open(&a, run_dir(), &damage, &err);
        more = call_failed();
        EXPECT(j == NULL || damage.len > 0);
        EXPECT_INT(count_all(), before);
        EXPECT(j == NULL || count_named("journal.damaged-") > aside);
        journal_close(j);
        if (j == NULL) {
            j = journal_open(&a, run_dir(), &damage, &err);
            EXPECT_OK(j != NULL, err);
            EXPECT_INT(count_all(), before);
            journal_close(j);
        }
        arena_release(&a);
    }
}
