// SPDX-License-Identifier: Apache-2.0
#include "view/task_parts.h"

#include "base/arena.h"
#include "unit/test.h"
#include "value/read.h"

#define A "blake3:1111111111111111111111111111111111111111111111111111111111111111"
#define B "blake3:2222222222222222222222222222222222222222222222222222222222222222"

static Value parsed(struct arena *a, const char *json)
{
    Value v;
    struct err err;
    EXPECT_OK(json_parse(a, str_of(json), &v, &err), err);
    return v;
}

TEST(each_part_of_a_key_is_named_with_its_old_and_its_new_value)
{
    static const struct { const char *before, *after, *what, *was, *is; } cases[] = {
        { "{\"argv\":[\"a\",\"1\"]}", "{\"argv\":[\"a\",\"2\"]}", "argument 1", "'1'", "'2'" },
        { "{\"argv\":[\"a\"]}", "{\"argv\":[\"b\"]}", "command", "'a'", "'b'" },
        { "{\"argv\":[\"a\",\"x\",\"z\"]}", "{\"argv\":[\"a\",\"x\",\"y\",\"z\"]}", "arguments from number 2 on", "", "'y'" },
        { "{\"argv\":[\"a\"],\"image\":\"i1\"}", "{\"argv\":[\"a\"],\"image\":\"i2\"}", "container image", "i1", "i2" },
        { "{\"argv\":[\"a\"]}", "{\"argv\":[\"a\"],\"network\":true}", "network access", "no", "yes" },
        { "{\"argv\":[\"a\"],\"env\":{\"X\":\"1\"}}", "{\"argv\":[\"a\"],\"env\":{\"X\":\"2\"}}", "environment variable X", "'1'", "'2'" },
        { "{\"argv\":[\"a\"]}", "{\"argv\":[\"a\"],\"env\":{\"Y\":\"2\"}}", "environment variable Y", "", "'2'" },
        { "{\"argv\":[\"a\"],\"env\":{\"DB_PASSWORD\":\"1\"}}", "{\"argv\":[\"a\"],\"env\":{\"DB_PASSWORD\":\"2\"}}", "environment variable DB_PASSWORD",
          "(not shown)", "(not shown)" },
        { "{\"argv\":[\"a\"],\"tool\":\"" A "\"}", "{\"argv\":[\"a\"],\"tool\":\"" B "\"}", "program a", "blake3:1111111111111111…",
          "blake3:2222222222222222…" },
        { "{\"argv\":[\"a\"],\"tool\":\"" A " bwa=" A "\"}", "{\"argv\":[\"a\"],\"tool\":\"" A " bwa=" B "\"}", "program bwa", "blake3:1111111111111111…",
          "blake3:2222222222222222…" },
        { "{\"argv\":[\"a\"],\"stages\":[{\"kind\":\"text\",\"path\":\"/petri/task/out/s.sh\",\"text\":\"one\\ntwo\\n\"}]}",
          "{\"argv\":[\"a\"],\"stages\":[{\"kind\":\"text\",\"path\":\"/petri/task/out/s.sh\",\"text\":\"one\\n2\\n\"}]}", "text of out/s.sh, line 2", "'two'",
          "'2'" },
        { "{\"argv\":[\"a\"],\"stages\":[{\"kind\":\"file\",\"path\":\"/petri/task/in/0/a\",\"hash\":\"" A "\",\"size\":1}]}",
          "{\"argv\":[\"a\"],\"stages\":[{\"kind\":\"file\",\"path\":\"/petri/task/in/0/b\",\"hash\":\"" A "\",\"size\":1}]}", "input in/0/b",
          "in/0/a blake3:1111111111111111…", "in/0/b blake3:1111111111111111…" },
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        struct arena a = { 0 };
        struct part_differences d;
        task_parts_compare(&a, parsed(&a, cases[i].before), parsed(&a, cases[i].after), NULL, NULL, &d);
        EXPECT_INT(d.len, 1);
        EXPECT_STR(d.at[0].what, str_of(cases[i].what));
        EXPECT_STR(d.at[0].before, str_of(cases[i].was));
        EXPECT_STR(d.at[0].after, str_of(cases[i].is));
        arena_release(&a);
    }
}

TEST(the_same_key_has_no_differences_and_another_order_of_inputs_is_one)
{
    static const char one[] = "{\"argv\":[\"a\"],\"stages\":[{\"kind\":\"dir\",\"path\":\"/x\"},{\"kind\":\"dir\",\"path\":\"/y\"}]}";
    static const char two[] = "{\"argv\":[\"a\"],\"stages\":[{\"kind\":\"dir\",\"path\":\"/y\"},{\"kind\":\"dir\",\"path\":\"/x\"}]}";
    struct arena a = { 0 };
    struct part_differences d;
    task_parts_compare(&a, parsed(&a, one), parsed(&a, one), NULL, NULL, &d);
    EXPECT_INT(d.len, 0);
    task_parts_compare(&a, parsed(&a, one), parsed(&a, two), NULL, NULL, &d);
    EXPECT_INT(d.len, 1);
    EXPECT_STR(d.at[0].what, STR("order of the inputs"));
    arena_release(&a);
}

TEST(what_is_shown_of_a_difference_cannot_move_the_cursor)
{
    struct arena a = { 0 };
    struct strbuf out = { 0 };
    struct part_differences d;
    task_parts_compare(&a, parsed(&a, "{\"argv\":[\"a\",\"\\u001b[2J\"]}"), parsed(&a, "{\"argv\":[\"a\",\"b\\nc\"]}"), NULL, NULL, &d);
    part_differences_print(&d, 10, 2, &out);
    EXPECT(str_find_char(strbuf_str(&out), '\x1b') < 0);
    EXPECT_STR(strbuf_str(&out), STR("  argument 1:\n    was  '?[2J'\n    is   'b?c'\n"));
    strbuf_release(&out);
    arena_release(&a);
}
