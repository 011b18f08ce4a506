// SPDX-License-Identifier: Apache-2.0
#include "base/arena.h"
#include "unit/test.h"
#include "value/diag.h"

static Str printed(struct arena *a, const struct diags *d)
{
    struct strbuf out = { 0 };
    diag_print(d, &out);
    return strbuf_take(&out, a);
}

TEST(a_diagnostic_shows_its_place_its_line_and_a_caret)
{
    struct arena a = { 0 };
    struct diags d = { .arena = &a };
    struct source s = { STR("in.json"), STR("{\n  \"a\": 1 x\r\n}\n") };
    diag_add(&d, (struct span){ &s, 2, 10 }, "expected %s", "something");
    diag_hint(&d, "do %d things", 2);
    EXPECT_STR(printed(&a, &d), STR("in.json:2:10: error: expected something\n"
                                    "    2 |   \"a\": 1 x\n"
                                    "      |          ^\n"
                                    "  hint: do 2 things\n"));
    arena_release(&a);
}

TEST(a_diagnostic_without_a_line_or_a_source_still_says_what_it_can)
{
    struct arena a = { 0 };
    struct diags d = { .arena = &a };
    struct source s = { STR("in.yml"), STR("") };
    diag_warn(&d, (struct span){ &s, 0, 0 }, "whole file");
    diag_add(&d, (struct span){ 0 }, "nowhere");
    diag_add(&d, (struct span){ &s, 9, 9 }, "behind the end");
    EXPECT_STR(printed(&a, &d), STR("error: nowhere\nin.yml: warning: whole file\n"
               "in.yml:9:9: error: behind the end\n"));
    EXPECT_INT(d.errors, 2);
    EXPECT_INT(d.warnings, 1);
    arena_release(&a);
}

TEST(the_caret_stands_right_behind_tabs_and_characters_of_many_bytes)
{
    struct arena a = { 0 };
    struct diags d = { .arena = &a };
    struct source s = { STR("f"), STR("\t\xc3\xa9\tx") };
    diag_add(&d, (struct span){ &s, 1, 5 }, "e");
    EXPECT_STR(printed(&a, &d), STR("f:1:5: error: e\n    1 | \t\xc3\xa9\tx\n      | \t \t^\n"));
    arena_release(&a);
}

TEST(long_lines_are_cut_around_the_caret)
{
    struct arena a = { 0 };
    struct diags d = { .arena = &a };
    char line[3000];
    memset(line, 'a', sizeof line);
    line[1500] = 'X';
    struct source s = { STR("f"), { line, sizeof line } };
    diag_add(&d, (struct span){ &s, 1, 1501 }, "e");
    Str text = printed(&a, &d);
    EXPECT(text.len < 300);
    str_cut(&text, '\n');
    Str shown = str_cut(&text, '\n'), caret = str_cut(&text, '\n');
    ptrdiff_t x = str_find_char(shown, 'X');
    EXPECT(x > 0);
    EXPECT_INT(x - 2, str_find_char(caret, '^'));       // the mark in front is one character of three bytes
    arena_release(&a);
}

TEST(every_place_in_a_long_line_of_wide_characters_can_be_shown)
{
    struct arena a = { 0 };
    struct strbuf line = { 0 };
    for (int i = 0; i < 200; i++)
        strbuf_addz(&line, i % 3 ? "\xe2\x82\xac" : "\xf0\x9f\x92\xa9");
    struct source s = { STR("f"), strbuf_str(&line) };
    for (uint32_t column = 0; column < line.len + 5; column++) {
        struct diags d = { .arena = &a };
        diag_add(&d, (struct span){ &s, 1, column }, "e");
        EXPECT(str_is_utf8(printed(&a, &d)));
    }
    strbuf_release(&line);
    arena_release(&a);
}

TEST(nothing_of_a_document_can_disturb_the_terminal)
{
    struct arena a = { 0 };
    struct diags d = { .arena = &a };
    struct source s = { STR("f\x1b[2J"), STR("a\x1b]0;x\x07 \xff \xe2\x80\xae z\xc2\x9bq\x7f") };
    diag_add(&d, (struct span){ &s, 1, 1 }, "key '%s'", "\x1b[31m\n\xfe");
    EXPECT_STR(printed(&a, &d), STR("f?[2J:1:1: error: key '?[31m?\?'\n    1 | a?]0;x? ? ? z?q?\n      | ^\n"));
    arena_release(&a);
}

TEST(diagnostics_are_sorted_by_place_and_shown_once)
{
    struct arena a = { 0 };
    struct diags d = { .arena = &a };
    struct source x = { STR("x"), STR("") }, y = { STR("y"), STR("") };
    diag_add(&d, (struct span){ &y, 1, 1 }, "five");
    diag_add(&d, (struct span){ &x, 2, 1 }, "four");
    diag_add(&d, (struct span){ &x, 1, 9 }, "two");
    diag_add(&d, (struct span){ &x, 1, 9 }, "three");
    diag_add(&d, (struct span){ &x, 1, 9 }, "two");
    diag_add(&d, (struct span){ &x, 1, 3 }, "one");
    EXPECT_STR(printed(&a, &d), STR("x:1:3: error: one\nx:1:9: error: two\nx:1:9: error: three\n"
               "x:2:1: error: four\ny:1:1: error: five\n"));
    arena_release(&a);
}

TEST(beyond_the_maximum_diagnostics_are_counted_and_hints_do_not_go_astray)
{
    struct arena a = { 0 };
    struct diags d = { .arena = &a };
    diag_hint(&d, "to nobody");
    for (int i = 0; i < DIAG_MAX + 7; i++)
        diag_add(&d, (struct span){ 0 }, "number %d", i);
    diag_hint(&d, "astray");
    EXPECT_INT(d.len, DIAG_MAX);
    EXPECT_INT(d.errors, DIAG_MAX + 7);
    EXPECT_INT(d.dropped, 7);
    EXPECT_INT(d.at[DIAG_MAX - 1].hint.len, 0);
    EXPECT(str_ends(printed(&a, &d), STR("7 more errors and warnings are not shown\n")));
    arena_release(&a);
}

TEST(a_near_name_is_suggested_and_a_far_one_is_not)
{
    struct arena a = { 0 };
    struct diags d = { .arena = &a };
    Str names[] = { STR("inputs"), STR("outputs") };
    diag_add(&d, (struct span){ 0 }, "unknown");
    diag_suggest(&d, STR("zzz"), names, 2);
    EXPECT_INT(d.at[0].hint.len, 0);
    diag_suggest(&d, STR("inptus"), names, 2);
    EXPECT_STR(d.at[0].hint, STR("did you mean 'inputs'?"));
    arena_release(&a);
}

TEST(a_span_is_written_as_far_as_it_is_known)
{
    struct arena a = { 0 };
    struct source s = { STR("main.cwl"), STR("") };
    EXPECT_STR(span_text(&a, (struct span){ &s, 3, 4 }), STR("main.cwl:3:4"));
    EXPECT_STR(span_text(&a, (struct span){ &s, 0, 0 }), STR("main.cwl"));
    EXPECT_STR(span_text(&a, (struct span){ 0 }), STR("(unknown place)"));
    arena_release(&a);
}
