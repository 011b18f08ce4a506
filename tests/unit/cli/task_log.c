// SPDX-License-Identifier: Apache-2.0
#include "cli/task_log.h"

#include <unistd.h>

#include "base/arena.h"
#include "store/store.h"
#include "sys/file.h"
#include "unit/test.h"
#include "value/read.h"
#include "view/run_summary.h"

static Value parsed(struct arena *a, const char *json)
{
    struct err err;
    Value v;
    EXPECT_OK(json_parse(a, str_of(json), &v, &err), err);
    return v;
}

static void read_rest(int fd, struct strbuf *out)
{
    char block[4096];
    for (ssize_t n; (n = read(fd, block, sizeof block)) > 0;)
        strbuf_add(out, (Str){ block, (size_t)n });
}

static Str copied(struct arena *a, struct store *s, const struct output *log)
{
    struct err err;
    struct strbuf text = { 0 };
    int fds[2];
    EXPECT(pipe(fds) == 0);
    EXPECT_OK(task_log_copy(s, log, fds[1], &err), err);
    close(fds[1]);
    read_rest(fds[0], &text);
    close(fds[0]);
    return strbuf_take(&text, a);
}

TEST(a_record_without_a_log_has_none)
{
    struct arena a = { 0 };
    struct output log;
    EXPECT(!task_log_from_value(&a, value_null, &log));
    EXPECT(!task_log_from_value(&a, parsed(&a, "{\"size\":0}"), &log));
    EXPECT(!task_log_from_value(&a, parsed(&a, "{\"size\":3,\"base64\":\"***\"}"), &log));
    EXPECT(!task_log_from_value(&a, parsed(&a, "{\"size\":3,\"hash\":\"md5:12\"}"), &log));
    arena_release(&a);
}

TEST(a_log_whose_bytes_were_deleted_says_so)
{
    struct arena a = { 0 };
    struct err err;
    struct store *s = store_open(str_of(test_dir()), true, &err);
    struct output log = { .hash = hash_bytes("gone", 4), .size = 4 };
    EXPECT_ERR(task_log_copy(s, &log, 1, &err), err, ERR_NOT_FOUND);
    EXPECT(str_find(str_of(err.text), STR("petri gc")) >= 0);
    EXPECT_STR(task_log_tail(&a, s, &log, 3), STR(""));
    store_close(s);
    arena_release(&a);
}

TEST(logs_are_copied_from_records_and_from_the_store)
{
    struct arena a = { 0 };
    struct err err;
    struct output log;
    struct store *s = store_open(str_of(test_dir()), true, &err);
    EXPECT(task_log_from_value(&a, parsed(&a, "{\"size\":6,\"text\":\"a\\nb\\nc\\n\"}"), &log));
    EXPECT_STR(copied(&a, s, &log), STR("a\nb\nc\n"));
    EXPECT_STR(task_log_tail(&a, s, &log, 2), STR("b\nc"));
    EXPECT(task_log_from_value(&a, parsed(&a, "{\"size\":2,\"base64\":\"/wA=\"}"), &log));
    EXPECT_STR(copied(&a, s, &log), STR("\xff\0"));
    log = (struct output){ .size = 8 };
    EXPECT_OK(store_put_bytes(s, STR("one\ntwo\n"), &log.hash, &err), err);
    EXPECT_STR(copied(&a, s, &log), STR("one\ntwo\n"));
    EXPECT_STR(task_log_tail(&a, s, &log, 1), STR("two"));
    EXPECT_STR(copied(&a, s, &(struct output){ 0 }), STR(""));
    store_close(s);
    arena_release(&a);
}

TEST(failures_are_shown_with_the_end_of_what_they_wrote)
{
    struct arena a = { 0 };
    struct err err;
    struct strbuf text = { 0 };
    struct store *s = store_open(str_of(test_dir()), true, &err);
    struct run_failure failures[] = {
        { .task = STR("a[1]"), .why = STR("exit code 1"), .log_err = parsed(&a, "{\"size\":8,\"text\":\"no such\\n\"}") },
        { .task = STR("b"), .why = STR("exit code 2"), .log_out = parsed(&a, "{\"size\":3,\"text\":\"out\"}") },
        { .task = STR("c"), .why = STR("exit code 3") },
    };
    struct run_summary *summary = run_summary_new(&a, RUN_STEPS);
    summary->failures.at = failures, summary->failures.len = 3;
    task_log_failures(&a, s, STR("r"), summary, 2, &text);
    EXPECT_STR(strbuf_str(&text), STR("  a[1]: exit code 1\n    | no such\n  b: exit code 2\n    | out\n  and 1 more: petri logs r\n"));
    strbuf_release(&text);
    store_close(s);
    arena_release(&a);
}
