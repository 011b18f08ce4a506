// SPDX-License-Identifier: Apache-2.0
// Sheets: what is read, and what is said with row and column of what can't be.
#include "base/arena.h"
#include "unit/test.h"
#include "value/read.h"

static struct arena arena;

static struct node *read_text(Str text, char separator, struct diags *diags)
{
    struct node *header;
    struct source *source = NEW(&arena, struct source);
    *source = (struct source){ STR("s.csv"), text };
    *diags = (struct diags){ .arena = &arena };
    return sheet_read(&arena, source, separator, &header, diags);
}

static void expect_json(Str text, char separator, Str want)
{
    struct diags diags;
    struct strbuf out = { 0 };
    const struct node *rows = read_text(text, separator, &diags);
    EXPECT_INT(diags.len, 0);
    json_write(&out, node_value(&arena, rows), 0);
    EXPECT_STR(strbuf_str(&out), want);
    strbuf_release(&out);
    arena_release(&arena);
}

static void expect_first(Str text, Str want)
{
    struct diags diags;
    EXPECT(read_text(text, ',', &diags) == NULL);
    EXPECT(diags.errors > 0);
    EXPECT_STR(str_printf(&arena, STR_FMT ": " STR_FMT, STR_ARG(span_text(&arena, diags.at[0].span)), STR_ARG(diags.at[0].text)), want);
    arena_release(&arena);
}

TEST(rows_are_maps_from_the_headers_names_to_texts)
{
    expect_json(STR("a,b\n1,x\n2,y"), ',', STR("[{\"a\":\"1\",\"b\":\"x\"},{\"a\":\"2\",\"b\":\"y\"}]"));
    expect_json(STR("a\tb\n1\tx, y\n"), '\t', STR("[{\"a\":\"1\",\"b\":\"x, y\"}]"));
    expect_json(STR("a,b\n"), ',', STR("[]"));
    expect_json(STR("\xef\xbb\xbf" "a,b\n,\n"), ',', STR("[{\"a\":\"\",\"b\":\"\"}]"));
}

TEST(quotes_keep_separators_and_white_space_and_are_doubled_inside)
{
    expect_json(STR("\"a\",b\n\"x,y\",\"say \"\"hi\"\"\"\n"), ',', STR("[{\"a\":\"x,y\",\"b\":\"say \\\"hi\\\"\"}]"));
    expect_json(STR("a,b\n\" x \" , y \n"), ',', STR("[{\"a\":\" x \",\"b\":\"y\"}]"));
    expect_json(STR("a,b\n5\" nail,\"\"\n"), ',', STR("[{\"a\":\"5\\\" nail\",\"b\":\"\"}]"));
}

TEST(empty_rows_are_fine_at_the_end_alone)
{
    expect_json(STR("a\n1\n\n  \n"), ',', STR("[{\"a\":\"1\"}]"));
    expect_first(STR("a\n1\n\n2\n"), STR("s.csv:3:1: row 3 is empty"));
}

TEST(mistakes_name_their_row)
{
    expect_first(STR(""), STR("s.csv: the sheet is empty; row 1 names the columns"));
    expect_first(STR("\n \n"), STR("s.csv: the sheet is empty; row 1 names the columns"));
    expect_first(STR("a,b\n1,2\n1,2,3\n"), STR("s.csv:3:1: row 3 has 3 cells, the header has 2"));
    expect_first(STR("a,b\n1\n"), STR("s.csv:2:1: row 2 has 1 cell, the header has 2"));
    expect_first(STR("a,b,a\n"), STR("s.csv:1:5: two columns have the same name, 'a'"));
    expect_first(STR("a,,b\n"), STR("s.csv:1:3: the header's column 2 has no name"));
    expect_first(STR("a,b\n1,\"x\n"), STR("s.csv:2:3: row 2: a cell begins with a quote that is not closed in its row"));
    expect_first(STR("a,b\n\"x\"y,1\n"), STR("s.csv:2:4: row 2: something stands behind the closing quote of a cell"));
}

TEST(what_spreadsheets_do_to_text_is_said)
{
    expect_first(STR("a,b\r\n1,2\r\n"), STR("s.csv:1:4: row 1, at its end: Windows line ends (CR LF)"));
    expect_first(STR("a,b\n1,2\r\n"), STR("s.csv:2:4: row 2, at its end: Windows line ends (CR LF)"));
    expect_first(STR("a,b\n1,\xff\n"), STR("s.csv:2:3: row 2: this is not UTF-8 text"));
    expect_first((Str){ "a\0b\n", 4 }, STR("s.csv:1:2: row 1: this is not UTF-8 text"));
}

TEST(every_faulty_row_is_reported)
{
    struct diags diags;
    EXPECT(read_text(STR("a,b\n1\n1,2\n1,2,3\n"), ',', &diags) == NULL);
    EXPECT_INT(diags.errors, 2);
    EXPECT_INT(diags.at[1].span.line, 4);
    arena_release(&arena);
}
