// SPDX-License-Identifier: Apache-2.0
#include "base/str.h"

#include "base/arena.h"
#include "unit/test.h"

TEST(str_compare_orders_by_bytes_then_length)
{
    EXPECT(str_compare(STR("a"), STR("b")) < 0);
    EXPECT(str_compare(STR("b"), STR("a")) > 0);
    EXPECT(str_compare(STR("a"), STR("ab")) < 0);
    EXPECT(str_compare(STR("ab"), STR("a")) > 0);
    EXPECT(str_compare(STR("\xff"), STR("a")) > 0);
    EXPECT_INT(str_compare(STR("a\0b"), STR("a\0b")), 0);
    EXPECT_INT(str_compare((Str){ 0 }, STR("")), 0);
    EXPECT(str_eq((Str){ 0 }, STR("")) && str_is(STR("x"), "x") && !str_is(STR("x"), "xy"));
    EXPECT_INT(str_of(NULL).len, 0);
}

TEST(str_finds_and_misses)
{
    EXPECT(str_starts(STR("abc"), STR("ab")) && str_starts(STR("abc"), STR("")) && !str_starts(STR("a"), STR("ab")));
    EXPECT(str_ends(STR("abc"), STR("bc")) && str_ends(STR("abc"), STR("")) && !str_ends(STR("c"), STR("bc")));
    EXPECT(str_has(STR("abc"), 'c') && !str_has((Str){ 0 }, 'c'));
    EXPECT_INT(str_find(STR("abcabc"), STR("ca")), 2);
    EXPECT_INT(str_find(STR("abc"), STR("abcd")), -1);
    EXPECT_INT(str_find((Str){ 0 }, STR("a")), -1);
    EXPECT_INT(str_find((Str){ 0 }, STR("")), 0);
    EXPECT_INT(str_find_char(STR("abab"), 'b'), 1);
    EXPECT_INT(str_rfind_char(STR("abab"), 'b'), 3);
    EXPECT_INT(str_rfind_char(STR("abab"), 'c'), -1);
    EXPECT_INT(str_rfind_char((Str){ 0 }, 'c'), -1);
}

TEST(str_parts_never_leave_the_string)
{
    EXPECT_STR(str_from(STR("abc"), 1), STR("bc"));
    EXPECT_STR(str_from(STR("abc"), 9), STR(""));
    EXPECT_STR(str_from((Str){ 0 }, 3), STR(""));
    EXPECT_STR(str_first(STR("abc"), 2), STR("ab"));
    EXPECT_STR(str_first(STR("abc"), 9), STR("abc"));
    EXPECT_STR(str_slice(STR("abc"), 1, 2), STR("b"));
    EXPECT_STR(str_slice(STR("abc"), 1, 99), STR("bc"));
    EXPECT_STR(str_slice(STR("abc"), 2, 1), STR(""));
    EXPECT_STR(str_slice(STR("abc"), 7, 9), STR(""));
    EXPECT_STR(str_trim(STR(" \t\r\n a b \v\f")), STR("a b"));
    EXPECT_STR(str_trim(STR("  ")), STR(""));
    EXPECT_STR(str_trim((Str){ 0 }), STR(""));
}

TEST(str_cut_takes_one_field_and_keeps_the_rest)
{
    Str rest = STR("a,,b");
    EXPECT_STR(str_cut(&rest, ','), STR("a"));
    EXPECT_STR(str_cut(&rest, ','), STR(""));
    EXPECT_STR(str_cut(&rest, ','), STR("b"));
    EXPECT_INT(rest.len, 0);
    EXPECT_STR(str_cut(&rest, ','), STR(""));
}

TEST(str_basename_and_dirname_split_a_path)
{
    static const struct { const char *path, *dir, *base; } cases[] = {
        { "a/b/c.bam", "a/b", "c.bam" }, { "a/b//", "a", "b" }, { "c", ".", "c" }, { "/", "/", "/" }, { "//", "/", "/" },
        { "/a", "/", "a" }, { "a//b", "a", "b" }, { "", ".", "" },
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        EXPECT_STR(str_dirname(str_of(cases[i].path)), str_of(cases[i].dir));
        EXPECT_STR(str_basename(str_of(cases[i].path)), str_of(cases[i].base));
    }
}

TEST(str_to_int_refuses_what_is_no_int64)
{
    static const char *const bad[] = { "", "+", "-", "1.0", "1e3", " 1", "1 ", "0x1", "9223372036854775808",
                                       "-9223372036854775809", "99999999999999999999999", "--1" };
    int64_t out = 7;
    for (size_t i = 0; i < LEN(bad); i++)
        EXPECT(!str_to_int(str_of(bad[i]), &out));
    EXPECT_INT(out, 7);
    EXPECT(!str_to_int(STR("1\0"), &out));
    EXPECT(str_to_int(STR("9223372036854775807"), &out) && out == INT64_MAX);
    EXPECT(str_to_int(STR("-9223372036854775808"), &out) && out == INT64_MIN);
    EXPECT(str_to_int(STR("+007"), &out) && out == 7);
}

TEST(str_to_double_refuses_what_is_no_finite_number)
{
    static const char *const bad[] = { "", "inf", "nan", "0x1p3", "1e999", "-1e999", "1 ", " 1", "e5", "1e", ".", "1.2.3", "1,5" };
    double out;
    for (size_t i = 0; i < LEN(bad); i++)
        EXPECT(!str_to_double(str_of(bad[i]), &out));
    EXPECT(!str_to_double(STR("1\0"), &out));
    char digits[500];
    memset(digits, '1', sizeof digits);
    EXPECT(!str_to_double((Str){ digits, sizeof digits }, &out));
    EXPECT(str_to_double(STR("-1.5e3"), &out) && out == -1500);
    EXPECT(str_to_double(STR("0.1"), &out) && out == 0.1);
    EXPECT(str_to_double(str_first(STR("12x"), 2), &out) && out == 12);
}

TEST(str_hash_depends_on_every_byte)
{
    EXPECT(str_hash(STR("abc")) == str_hash(STR("abc")));
    EXPECT(str_hash(STR("abc")) != str_hash(STR("abd")));
    EXPECT(str_hash(STR("")) != str_hash(STR("\0")));
    EXPECT(str_hash((Str){ 0 }) == str_hash(STR("")));
}

TEST(str_is_utf8_refuses_overlong_surrogate_cut_and_too_high)
{
    static const Str bad[] = {
        STR_CONST("\x80"), STR_CONST("\xc0\x80"), STR_CONST("\xc1\xbf"), STR_CONST("\xc3"), STR_CONST("\xc3("),
        STR_CONST("\xe0\x9f\xbf"), STR_CONST("\xed\xa0\x80"), STR_CONST("\xe2\x82"), STR_CONST("\xe2\x82("),
        STR_CONST("\xf0\x8f\xbf\xbf"), STR_CONST("\xf4\x90\x80\x80"), STR_CONST("\xf5\x80\x80\x80"),
        STR_CONST("\xf0\x9f\x98"), STR_CONST("\xff"), STR_CONST("ab\xfe"),
    };
    static const Str good[] = {
        STR_CONST(""), STR_CONST("abc\0\x7f"), STR_CONST("\xc2\x80"), STR_CONST("\xdf\xbf"), STR_CONST("\xe0\xa0\x80"),
        STR_CONST("\xed\x9f\xbf"), STR_CONST("\xee\x80\x80"), STR_CONST("\xef\xbf\xbf"), STR_CONST("\xf0\x90\x80\x80"),
        STR_CONST("\xf4\x8f\xbf\xbf"), { 0 },
    };
    for (size_t i = 0; i < LEN(bad); i++)
        EXPECT(!str_is_utf8(bad[i]));
    for (size_t i = 0; i < LEN(good); i++)
        EXPECT(str_is_utf8(good[i]));
}

TEST(str_copies_live_in_the_arena_with_a_nul_behind)
{
    struct arena a = { 0 };
    char source[] = "abc";
    Str copy = str_copy(&a, (Str){ source, 2 });
    source[0] = 'x';
    EXPECT_STR(copy, STR("ab"));
    EXPECT_INT(copy.data[2], 0);
    EXPECT_STR(str_of(str_z(&a, (Str){ 0 })), STR(""));
    EXPECT_STR(str_printf(&a, "%d-%s", 5, "x"), STR("5-x"));
    EXPECT_STR(str_printf(&a, "%s", ""), STR(""));
    EXPECT_STR(str_concat(&a, STR("ab"), STR("c")), STR("abc"));
    EXPECT_STR(str_concat(&a, (Str){ 0 }, (Str){ 0 }), STR(""));
    arena_release(&a);
}

TEST(str_join_path_puts_one_slash_and_lets_absolute_names_win)
{
    struct arena a = { 0 };
    EXPECT_STR(str_join_path(&a, STR("a"), STR("b")), STR("a/b"));
    EXPECT_STR(str_join_path(&a, STR("a/"), STR("b")), STR("a/b"));
    EXPECT_STR(str_join_path(&a, STR("a"), STR("/b")), STR("/b"));
    EXPECT_STR(str_join_path(&a, STR(""), STR("b")), STR("b"));
    EXPECT_STR(str_join_path(&a, STR("/"), STR("b")), STR("/b"));
    arena_release(&a);
}

TEST(str_normal_path_works_by_text_alone)
{
    static const struct { const char *path, *normal; } cases[] = {
        { "", "." }, { ".", "." }, { "./", "." }, { "/", "/" }, { "//", "/" }, { "a", "a" }, { "a/", "a" },
        { "./a//b/./c/", "a/b/c" }, { "a/..", "." }, { "a/../b", "b" }, { "a/b/..", "a" }, { "/a/b/..", "/a" },
        { "/..", "/" }, { "/../a", "/a" }, { "/a/../..", "/" }, { "..", ".." }, { "../a", "../a" },
        { "../a/../..", "../.." }, { "../../a", "../../a" }, { "a/../../b", "../b" }, { "...", "..." }, { "a..b/..c", "a..b/..c" },
    };
    struct arena a = { 0 };
    for (size_t i = 0; i < LEN(cases); i++) {
        Str normal = str_normal_path(&a, str_of(cases[i].path));
        EXPECT_STR(normal, str_of(cases[i].normal));
        EXPECT_INT(normal.data[normal.len], 0);
    }
    arena_release(&a);
}

TEST(strbuf_stops_at_its_limit_and_says_so)
{
    struct strbuf b = { .limit = 5 };
    EXPECT(strbuf_add(&b, STR("abc")));
    EXPECT(!strbuf_add(&b, STR("def")));
    EXPECT(b.overflow);
    EXPECT(!strbuf_addc(&b, 'x'));                      // even what would fit: no text with a hole
    EXPECT_STR(strbuf_str(&b), STR("abc"));
    strbuf_clear(&b);
    EXPECT(!b.overflow && b.len == 0);
    EXPECT(strbuf_addf(&b, "%d", 12345));
    EXPECT(!strbuf_addf(&b, "%s", "6"));
    strbuf_release(&b);
    EXPECT_INT(b.limit, 5);
    EXPECT(!strbuf_addz(&b, "123456"));
    strbuf_release(&b);
}

TEST(strbuf_grows_and_stays_terminated)
{
    struct arena a = { 0 };
    struct strbuf b = { 0 };
    EXPECT_STR(strbuf_str(&b), STR(""));
    EXPECT(strbuf_add(&b, (Str){ 0 }) && b.data[0] == '\0');
    for (int i = 0; i < 1000; i++)
        EXPECT(strbuf_addc(&b, 'x') && strbuf_addz(&b, "yz") && strbuf_addf(&b, "%d", i % 10));
    EXPECT_INT(b.len, 4000);
    EXPECT_INT(strlen(b.data), 4000);
    Str taken = strbuf_take(&b, &a);
    EXPECT_INT(taken.len, 4000);
    EXPECT_STR(str_first(taken, 8), STR("xyz0xyz1"));
    EXPECT(b.data == NULL && b.len == 0);
    EXPECT_STR(strbuf_take(&b, &a), STR(""));
    arena_release(&a);
}

TEST(str_nearest_suggests_only_what_is_near)
{
    static const Str names[] = { STR_CONST("inputs"), STR_CONST("outputs"), STR_CONST("baseCommand"), STR_CONST("id") };
    EXPECT_STR(str_nearest(STR("input"), names, LEN(names)), STR("inputs"));
    EXPECT_STR(str_nearest(STR("ouptuts"), names, LEN(names)), STR("outputs"));
    EXPECT_STR(str_nearest(STR("OUPTUTS"), names, LEN(names)), STR("outputs"));
    EXPECT_STR(str_nearest(STR("basecommand"), names, LEN(names)), STR("baseCommand"));
    EXPECT_STR(str_nearest(STR("ide"), names, LEN(names)), STR("id"));
    EXPECT_STR(str_nearest(STR("requirements"), names, LEN(names)), STR(""));
    EXPECT_STR(str_nearest(STR(""), names, LEN(names)), STR(""));
    static const Str letters[] = { STR_CONST("a") };
    EXPECT_STR(str_nearest(STR("b"), letters, 1), STR(""));
    char text[100];
    memset(text, 'a', sizeof text);
    Str same = { text, sizeof text };
    EXPECT_STR(str_nearest(same, &same, 1), STR(""));   // too long to compare
    EXPECT_STR(str_nearest(STR("a"), NULL, 0), STR(""));
}
