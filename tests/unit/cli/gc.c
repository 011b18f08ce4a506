// SPDX-License-Identifier: Apache-2.0
#include "cli/gc.h"

#include "base/arena.h"
#include "cli/home.h"
#include "engine/record.h"
#include "journal/journal.h"
#include "store/store.h"
#include "sys/file.h"
#include "task/result.h"
#include "unit/test.h"
#include "value/read.h"

#define DAY (86400 * SECOND)

static Hash put(struct store *s, const char *bytes)
{
    struct err err;
    Hash hash;
    EXPECT_OK(store_put_bytes(s, str_of(bytes), &hash, &err), err);
    return hash;
}

static struct journal *make_run(struct arena *a, Str home, const char *name, enum record_type type, Str payload)
{
    struct err err;
    Str dir = run_folder(a, home, str_of(name)), damage;
    EXPECT_OK(dir_make_all(dir, &err), err);
    struct journal *j = journal_open(a, dir, &damage, &err);
    EXPECT(j != NULL);
    journal_append(j, (uint8_t)type, payload);
    EXPECT_OK(journal_commit(j, &err), err);
    return j;
}

TEST(the_set_of_what_stays_grows_and_forgets_nothing)
{
    struct arena a = { 0 };
    struct gc_keep keep = { .arena = &a };
    EXPECT(!gc_keep_has(&keep, hash_bytes("x", 1)));
    gc_keep_add(&keep, (Hash){ 0 });                    // no digest: nothing to keep
    EXPECT_INT(keep.count, 0);
    for (int i = 0; i < 1000; i++) {
        gc_keep_add(&keep, hash_bytes(&i, sizeof i));
        gc_keep_add(&keep, hash_bytes(&i, sizeof i));
    }
    EXPECT_INT(keep.count, 1000);
    for (int i = 0; i < 2000; i++)
        EXPECT_INT(gc_keep_has(&keep, hash_bytes(&i, sizeof i)), i < 1000);
    arena_release(&a);
}

TEST(digests_of_outputs_are_kept_at_any_depth)
{
    struct arena a = { 0 };
    struct gc_keep keep = { .arena = &a };
    struct err err;
    Value v;
    Hash one = hash_bytes("1", 1), two = hash_bytes("2", 1);
    Str json = str_printf(&a, "{\"o\":[{\"class\":\"File\",\"petri:digest\":\"" STR_FMT "\",\"secondaryFiles\":[{\"petri:digest\":\"" STR_FMT "\"}]}],\"n\":1}",
                          STR_ARG(hash_text(&a, one)), STR_ARG(hash_text(&a, two)));
    EXPECT_OK(json_parse(&a, json, &v, &err), err);
    gc_keep_outputs(&keep, v);
    EXPECT(gc_keep_has(&keep, one) && gc_keep_has(&keep, two));
    EXPECT_INT(keep.count, 2);
    arena_release(&a);
}

TEST(a_run_whose_journal_cannot_be_understood_stops_the_deletion)
{
    struct arena a = { 0 };
    struct gc_keep keep = { .arena = &a };
    struct err err;
    Str home = str_of(test_dir());
    struct store *s = store_open(home, true, &err);
    journal_close(make_run(&a, home, "r", RECORD_END, STR("{")));
    EXPECT(!gc_collect(&keep, home, s, &err));
    EXPECT(str_find(str_of(err.text), STR("nothing was deleted")) >= 0);
    store_close(s);
    arena_release(&a);
}

TEST(old_intermediates_go_and_outputs_logs_results_and_what_live_runs_use_stay)
{
    struct arena a = { 0 };
    struct gc_keep keep = { .arena = &a };
    struct gc_counts counts;
    struct err err;
    Str home = str_of(test_dir());
    struct store *s = store_open(home, true, &err);
    EXPECT(s != NULL);
    Hash output = put(s, "a final output"), log = put(s, "the log of a failure"), used = put(s, "used by a live run"), idle = put(s, "an intermediate");
    struct output out = { .kind = OUTPUT_FILE, .path = STR("x"), .hash = used, .size = 18 };
    struct task_result result = { .key = hash_bytes("key", 3), .identity = STR("{}"), .outputs = &out, .output_count = 1 };
    EXPECT_OK(store_put_result(s, &result, false, NULL, &err), err);
    EXPECT_OK(store_sync_results(s, &err), err);
    Str key = str_printf(&a, "{\"key\":\"" STR_FMT "\"}", STR_ARG(hash_text(&a, result.key)));
    journal_close(make_run(&a, home, "done", RECORD_END, str_printf(&a, "{\"outputs\":{\"o\":{\"petri:digest\":\"" STR_FMT "\"}}}", STR_ARG(hash_text(&a, output)))));
    journal_close(make_run(&a, home, "failed", RECORD_FAILED, str_printf(&a, "{\"log_err\":{\"hash\":\"" STR_FMT "\"}}", STR_ARG(hash_text(&a, log)))));
    struct journal *live = make_run(&a, home, "live", RECORD_DONE, key);
    EXPECT_OK(gc_collect(&keep, home, s, &err), err);
    EXPECT_INT(keep.count, 3);
    EXPECT_OK(gc_sweep(&keep, s, 30 * DAY, time_now(), false, &counts, &err), err);
    EXPECT_INT(counts.freed, 0);
    EXPECT_INT(counts.kept_young, 1);
    EXPECT_OK(gc_sweep(&keep, s, 30 * DAY, time_now() + 31 * DAY, true, &counts, &err), err);
    EXPECT_INT(counts.freed, 1);
    EXPECT(store_has(s, idle));
    EXPECT_OK(gc_sweep(&keep, s, 30 * DAY, time_now() + 31 * DAY, false, &counts, &err), err);
    EXPECT_INT(counts.objects, 4);
    EXPECT_INT(counts.kept_outputs, 3);
    EXPECT_INT(counts.freed_bytes, 15);
    EXPECT(!store_has(s, idle));
    EXPECT(store_has(s, output) && store_has(s, log) && store_has(s, used));
    struct task_result again;
    EXPECT_OK(store_find_result(s, result.key, &a, &again, &err), err);
    journal_close(live);
    store_close(s);
    arena_release(&a);
}

TEST(what_only_a_finished_run_used_is_an_intermediate)
{
    struct arena a = { 0 };
    struct gc_keep keep = { .arena = &a };
    struct err err;
    Str home = str_of(test_dir());
    struct store *s = store_open(home, true, &err);
    struct output out = { .kind = OUTPUT_FILE, .path = STR("x"), .hash = put(s, "bytes"), .size = 5 };
    struct task_result result = { .key = hash_bytes("key", 3), .identity = STR("{}"), .outputs = &out, .output_count = 1 };
    EXPECT_OK(store_put_result(s, &result, false, NULL, &err), err);
    journal_close(make_run(&a, home, "over", RECORD_DONE, str_printf(&a, "{\"key\":\"" STR_FMT "\"}", STR_ARG(hash_text(&a, result.key)))));
    EXPECT_OK(gc_collect(&keep, home, s, &err), err);
    EXPECT_INT(keep.count, 0);
    store_close(s);
    arena_release(&a);
}
