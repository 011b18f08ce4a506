// SPDX-License-Identifier: Apache-2.0
#include "view/table.h"

#include "base/arena.h"
#include "unit/test.h"
#include "view/text.h"

TEST(text_with_control_characters_and_broken_utf8_is_shown_as_question_marks)
{
    struct strbuf out = { 0 };
    text_add(&out, STR("a\x1b[2Jb\n\xff" "c\xc2\x9b" "d\xc3\xa9"));
    EXPECT_STR(strbuf_str(&out), STR("a?[2Jb??c?""?d\xc3\xa9"));
    EXPECT_INT(text_width(STR("\xc3\xa9t\xc3\xa9")), 3);
    EXPECT_INT(text_width(STR("\xc3")), 1);
    strbuf_release(&out);
}

TEST(text_is_cut_with_a_tilde_and_padded_with_spaces)
{
    struct strbuf out = { 0 };
    text_add_cut(&out, STR("abcdef"), 4);
    strbuf_addc(&out, '|');
    text_add_cut(&out, STR("abcd"), 4);
    strbuf_addc(&out, '|');
    text_add_cut(&out, STR("abcd"), 0);
    strbuf_addc(&out, '|');
    text_add_padded(&out, STR("\xc3\xa9"), 3);
    strbuf_addc(&out, '|');
    text_add_spaces(&out, 2);
    EXPECT_STR(strbuf_str(&out), STR("abc~|abcd||\xc3\xa9  |  "));
    strbuf_release(&out);
}

TEST(the_last_lines_of_a_text_end_without_line_ends)
{
    EXPECT_STR(text_last_lines(STR("one\ntwo\nthree\n\n"), 2), STR("two\nthree"));
    EXPECT_STR(text_last_lines(STR("one\ntwo"), 1), STR("two"));
    EXPECT_STR(text_last_lines(STR("one\ntwo"), 9), STR("one\ntwo"));
    EXPECT_STR(text_last_lines(STR(""), 3), STR(""));
}

TEST(a_table_without_rows_prints_nothing)
{
    struct arena a = { 0 };
    struct strbuf out = { 0 };
    table_print(table_new(&a, (const char *const[]){ "x" }, 1), &out);
    EXPECT_INT(out.len, 0);
    arena_release(&a);
}

TEST(a_table_aligns_its_columns_and_leaves_no_spaces_at_line_ends)
{
    struct arena a = { 0 };
    struct strbuf out = { 0 };
    struct table *t = table_new(&a, (const char *const[]){ "name", ">count", "note" }, 3);
    table_row(t, (Str[]){ STR("a"), STR("1"), STR("x") });
    table_row(t, (Str[]){ STR("longer\nname"), STR("12345"), STR("") });
    table_print(t, &out);
    EXPECT_STR(strbuf_str(&out), STR("NAME         COUNT  NOTE\n"
                                     "a                1  x\n"
                                     "longer?name  12345\n"));
    strbuf_release(&out);
    arena_release(&a);
}
