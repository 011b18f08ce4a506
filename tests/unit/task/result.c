// SPDX-License-Identifier: Apache-2.0
#include "base/arena.h"
#include "base/err.h"
#include "task/result.h"
#include "unit/test.h"
#include "value/read.h"

static struct output inline_output(const char *path, Str bytes)
{
    return (struct output){ .path = str_of(path), .hash = hash_bytes(bytes.data, bytes.len), .size = (int64_t)bytes.len,
                            .is_inline = true, .bytes = bytes };
}

static struct task_result sample(struct output outputs[4])
{
    outputs[0] = (struct output){ .kind = OUTPUT_DIR, .path = STR("dir") };
    outputs[1] = inline_output("dir/bin\xff", STR("\0\xff\x80 binary"));
    outputs[2] = (struct output){ .path = STR("dir/x.bam"), .hash = { { 9 } }, .size = 1 << 20, .is_executable = true };
    outputs[3] = inline_output("empty", STR(""));
    return (struct task_result){
        .key = { { 1, 2, 3 } },
        .identity = STR("{\"argv\":[\"x\"],\"task\":1}"),
        .exit_code = -3,
        .outputs = outputs,
        .output_count = 4,
        .log_out = inline_output("stdout", STR("h\xc3\xa9llo \"you\"\n")),
        .log_err = { .path = STR("stderr") },
        .measured = { 1, INT64_MAX, INT64_MIN, 4, 5, -1, 7, 8 },
        .run = STR("run1"),
        .task = STR("align[3]"),
        .host = STR("h\xfe"),
    };
}

TEST(whatever_byte_of_a_record_is_changed_it_is_damaged)
{
    struct arena a = { 0 };
    struct output outputs[4];
    struct task_result r = sample(outputs), back;
    struct err err;
    Str record = result_encode(&a, &r);
    char *bytes = arena_copy(&a, record.data, record.len);
    for (size_t i = 0; i < record.len; i++)
        for (int bit = 0; bit < 8; bit++) {
            struct arena scratch = { 0 };
            bytes[i] ^= (char)(1 << bit);
            EXPECT_ERR(result_decode(&scratch, (Str){ bytes, record.len }, &back, &err), err, ERR_DAMAGED);
            bytes[i] ^= (char)(1 << bit);
            arena_release(&scratch);
        }
    arena_release(&a);
}

TEST(a_record_that_is_cut_or_longer_is_damaged)
{
    struct arena a = { 0 };
    struct output outputs[4];
    struct task_result r = sample(outputs), back;
    struct err err;
    Str record = result_encode(&a, &r);
    for (size_t len = 0; len < record.len; len++)
        EXPECT_ERR(result_decode(&a, str_first(record, len), &back, &err), err, ERR_DAMAGED);
    EXPECT_ERR(result_decode(&a, str_concat(&a, record, STR("\n")), &back, &err), err, ERR_DAMAGED);
    EXPECT_ERR(result_decode(&a, str_concat(&a, record, record), &back, &err), err, ERR_DAMAGED);
    arena_release(&a);
}

static Value with_output(struct arena *a, Value record, Str field, Value v)
{
    Value output = value_at(value_get(record, STR("outputs")), 1);
    output = value_with(a, output, field, v);
    return value_with(a, record, STR("outputs"), value_array(a, &output, 1));
}

TEST(a_record_of_a_newer_version_is_unsupported_and_a_wrong_field_is_named)
{
    struct arena a = { 0 };
    struct output outputs[4];
    struct task_result r = sample(outputs), back;
    struct err err;
    Value v = result_value(&a, &r);
    EXPECT_ERR(result_from_value(&a, value_with(&a, v, STR("result"), value_int(2)), &back, &err), err,
               ERR_UNSUPPORTED);
    static const char *const fields[] = { "key",      "exit", "outputs", "stdout", "stderr",
                                          "measured", "run",  "task",    "host",   "identity" };
    for (size_t i = 0; i < LEN(fields); i++) {
        EXPECT_ERR(result_from_value(&a, value_without(&a, v, str_of(fields[i])), &back, &err), err, ERR_INVALID);
        EXPECT_ERR(result_from_value(&a, value_with(&a, v, str_of(fields[i]), value_bool(true)), &back, &err), err,
                   ERR_INVALID);
    }
    EXPECT_ERR(result_from_value(&a, value_null, &back, &err), err, ERR_INVALID);
    EXPECT_ERR(result_from_value(&a, with_output(&a, v, STR("size"), value_int(3)), &back, &err), err, ERR_INVALID);
    EXPECT_ERR(result_from_value(&a, with_output(&a, v, STR("hash"), value_null), &back, &err), err, ERR_DAMAGED);
    EXPECT_ERR(result_from_value(&a, with_output(&a, v, STR("base64"), value_string(&a, STR("AAAA"))), &back, &err),
               err, ERR_INVALID);
    arena_release(&a);
}

TEST(inline_bytes_that_are_not_those_of_their_digest_are_damaged)
{
    struct arena a = { 0 };
    struct output outputs[4];
    struct task_result r = sample(outputs), back;
    struct err err;
    outputs[1].bytes = STR("\0\xff\x80 binarx");
    EXPECT_ERR(result_from_value(&a, result_value(&a, &r), &back, &err), err, ERR_DAMAGED);
    arena_release(&a);
}

TEST(an_output_may_not_lie_outside_the_folder)
{
    static const char *const bad[] = { "", "/etc/passwd", "..", "a/../../b", "./a", "a//b", "a/", "a/." };
    struct arena a = { 0 };
    struct output outputs[4];
    struct task_result r = sample(outputs), back;
    struct err err;
    for (size_t i = 0; i < LEN(bad); i++) {
        outputs[2].path = str_of(bad[i]);
        EXPECT_ERR(result_from_value(&a, result_value(&a, &r), &back, &err), err, ERR_INVALID);
    }
    outputs[2].path = STR("a..b/..c");
    EXPECT_OK(result_from_value(&a, result_value(&a, &r), &back, &err), err);
    arena_release(&a);
}

static void expect_same_output(const struct output *x, const struct output *y)
{
    EXPECT_INT(x->kind, y->kind);
    EXPECT_STR(x->path, y->path);
    EXPECT(hash_eq(x->hash, y->hash));
    EXPECT_INT(x->size, y->size);
    EXPECT_INT(x->is_executable, y->is_executable);
    EXPECT_INT(x->is_inline, y->is_inline);
    EXPECT_STR(x->bytes, y->bytes);
}

TEST(every_field_of_a_result_comes_back)
{
    struct arena a = { 0 }, other = { 0 };
    struct output outputs[4];
    struct task_result r = sample(outputs), back;
    struct err err;
    Str record = result_encode(&other, &r);
    EXPECT_OK(result_decode(&a, record, &back, &err), err);
    arena_release(&other);
    EXPECT(hash_eq(back.key, r.key));
    EXPECT_STR(back.identity, r.identity);
    EXPECT_INT(back.exit_code, r.exit_code);
    EXPECT_INT(back.output_count, 4);
    for (size_t i = 0; i < 4; i++)
        expect_same_output(&back.outputs[i], &outputs[i]);
    expect_same_output(&back.log_out, &r.log_out);
    expect_same_output(&back.log_err, &r.log_err);
    EXPECT(memcmp(&back.measured, &r.measured, sizeof r.measured) == 0);
    EXPECT_STR(back.run, r.run);
    EXPECT_STR(back.task, r.task);
    EXPECT_STR(back.host, r.host);
    arena_release(&a);
}
