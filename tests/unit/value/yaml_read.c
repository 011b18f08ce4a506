// SPDX-License-Identifier: Apache-2.0
// Places, messages and limits of the YAML reader.
#include <math.h>

#include "base/arena.h"
#include "unit/test.h"
#include "value/read.h"

static struct node *read_text(struct arena *a, Str text, struct diags *diags)
{
    struct source *source = NEW(a, struct source);
    *source = (struct source){ STR("in.yml"), text };
    return yaml_read(a, source, diags);
}

static void expect_message(Str text, Str want)
{
    struct arena a = { 0 };
    struct diags diags = { .arena = &a };
    EXPECT(read_text(&a, text, &diags) == NULL);
    EXPECT_INT(diags.len, 1);
    EXPECT_STR(str_printf(&a, STR_FMT ": " STR_FMT, STR_ARG(span_text(&a, diags.at[0].span)),
               STR_ARG(diags.at[0].text)), want);
    arena_release(&a);
}

TEST(mistakes_are_told_in_words_for_who_wrote_them)
{
    expect_message(STR("a: 1\nb: c: d\n"), STR("in.yml:2:5: a ':' with a value cannot stand here"));
    expect_message(STR("a:\n\tb: 1\n"), STR("in.yml:2:1: expected a value or a key, found a tab"));
    expect_message(STR("a: 1\nb\nc: 2\n"), STR("in.yml:2:1: expected a ':' after this key"));
    expect_message(STR("a: @x\n"), STR("in.yml:1:4: expected a value or a key, found '@'"));
    expect_message(STR("a: [1, 2\nb: 3\n"),
                   STR("in.yml:2:2: expected ',' or ']' after this value, found ':'; what is not finished began at 1:4"));
    expect_message(STR("glob: *.txt\n"), STR("in.yml:1:7: expected a name after '*' or '&'"));
    expect_message(STR("x: \"abc\n"),
        STR("in.yml:1:4: this quoted text is not closed: expected its closing quote before the end of the document"));
    expect_message(STR("a: 1\n---\nb: 2\n"),
        STR("in.yml:2:1: a second document begins here: expected only one in a file"));
    expect_message(STR("a: 1\nb: 2\na: 3\n"),
        STR("in.yml:3:1: the key 'a' is given a second time: the first is at line 1, column 1"));
    expect_message(STR("\xc3\xa9: 1\n\xc3\xa9\xc3\xa9: \xe9\n"), STR("in.yml:2:7: the byte 0xe9 here is not UTF-8"));
    expect_message(STR("a: \xc3\xa9\nb: \x02\n"), STR("in.yml:2:4: control characters are not allowed in YAML"));
    expect_message(STR("a: *b\n"), STR("in.yml:1:4: the alias '*b' has no anchor '&b' before it"));
    expect_message(STR("a: &b\n  c: *b\n"), STR("in.yml:2:6: the alias '*b' stands inside the value that it names"));
    expect_message(STR("a: !x b\n"), STR("in.yml:1:4: the tag '!x' is not one of the core schema"));
    expect_message(STR("a: !!int b\n"), STR("in.yml:1:4: this is no int, as its tag says"));
    expect_message(STR("a: !!map [b]\n"), STR("in.yml:1:4: this is an array, its tag says map"));
    expect_message(STR("? [a]\n: b\n"), STR("in.yml:1:3: a key must be a string or a number, found an array"));
    expect_message(STR("a: 12e3456\n"), STR("in.yml:1:4: this number is larger than a float can hold (1.8e308)"));
}

TEST(every_node_knows_its_line_and_its_column_in_bytes)
{
    struct arena a = { 0 };
    struct diags diags = { .arena = &a };
    struct node *root = read_text(&a, STR("\xef\xbb\xbf# \xe2\x82\xac comment\n\xc3\xa9: \xc3\xa9\n"
        "\xc3\xa9" "b: [ \xc3\xa9, x ]\nc:\nd:\n  - 1\n  - e: |\n      \xc3\xa9\n    f: *\n"), &diags);
    EXPECT(root == NULL && diags.len == 1);             // "*" without a name
    diags = (struct diags){ .arena = &a };
    root = read_text(&a, STR("\xef\xbb\xbf# \xe2\x82\xac comment\n\xc3\xa9: \xc3\xa9\n"
        "\xc3\xa9" "b: [ \xc3\xa9, x ]\nc:\nd:\n  - 1\n  - e: |\n      \xc3\xa9\n    f: &n  x\n"), &diags);
    EXPECT(root);
    EXPECT(root->span.line == 2 && root->span.column == 1);
    EXPECT(root->fields.at[0].value->span.line == 2 && root->fields.at[0].value->span.column == 5);
    struct node *list = root->fields.at[1].value;
    EXPECT(list->span.line == 3 && list->span.column == 6);
    EXPECT(list->items.at[0]->span.column == 8 && list->items.at[1]->span.column == 12);
    EXPECT(root->fields.at[2].value->span.line == 4 && root->fields.at[2].value->span.column == 3);
    struct node *inner = root->fields.at[3].value->items.at[1];
    EXPECT(inner->span.line == 7 && inner->span.column == 5);
    EXPECT(inner->fields.at[0].value->span.line == 7 && inner->fields.at[0].value->span.column == 8);
    EXPECT_STR(node_str(inner->fields.at[0].value), STR("\xc3\xa9\n"));
    EXPECT(inner->fields.at[1].key->span.line == 9 && inner->fields.at[1].value->span.column == 8);
    arena_release(&a);
}

TEST(plain_scalars_are_told_from_quoted_ones)
{
    struct arena a = { 0 };
    struct diags diags = { .arena = &a };
    struct node *root = read_text(&a, STR("a: x\n'b': 'x'\nc: \"x\"\nd: |\n  x\ne: 1\n"), &diags);
    EXPECT(root);
    EXPECT(root->fields.at[0].value->is_plain && root->fields.at[0].key->is_plain);
    EXPECT(!root->fields.at[1].value->is_plain && !root->fields.at[1].key->is_plain);
    EXPECT(!root->fields.at[2].value->is_plain && !root->fields.at[3].value->is_plain);
    EXPECT(root->fields.at[4].value->is_plain);
    arena_release(&a);
}

TEST(infinities_and_nan_are_floats)
{
    struct arena a = { 0 };
    struct diags diags = { .arena = &a };
    struct node *root = read_text(&a, STR("[.inf, -.inf, .nan]"), &diags);
    EXPECT(root);
    EXPECT(root->items.at[0]->scalar.real == INFINITY && root->items.at[1]->scalar.real == -INFINITY);
    EXPECT(isnan(root->items.at[2]->scalar.real));
    arena_release(&a);
}

TEST(aliases_are_copies_that_can_be_edited_apart)
{
    struct arena a = { 0 };
    struct diags diags = { .arena = &a };
    struct node *root = read_text(&a, STR("a: &x {k: [1, 2], m: n}\nb: *x\n"), &diags);
    EXPECT(root);
    struct node *first = root->fields.at[0].value, *second = root->fields.at[1].value;
    EXPECT(first != second && first->fields.at[0].value != second->fields.at[0].value);
    for (int i = 0; i < 9; i++)
        node_array_push(&a, second->fields.at[0].value, node_string(&a, STR("more"), second->span));
    EXPECT(node_map_remove(second, STR("m")));
    EXPECT_INT(first->fields.at[0].value->items.len, 2);
    EXPECT_STR(node_str(node_get(first, STR("m"))), STR("n"));
    arena_release(&a);
}

TEST(an_alias_bomb_is_refused_before_it_takes_memory)
{
    struct arena a = { 0 };
    struct diags diags = { .arena = &a };
    struct strbuf text = { 0 };
    strbuf_addz(&text, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 40; i++) {
        strbuf_addf(&text, "a%d: &a%d [", i, i);
        for (int j = 0; j < 10; j++)
            strbuf_addf(&text, "*a%d,", i - 1);
        strbuf_addz(&text, "]\n");
    }
    EXPECT(read_text(&a, strbuf_str(&text), &diags) == NULL);
    EXPECT_INT(diags.len, 1);
    EXPECT_STR(diags.at[0].text, STR("the aliases of this document expand to more than 1000000 nodes"));
    EXPECT(a.total < (size_t)256 << 20);
    strbuf_release(&text);
    arena_release(&a);
}

TEST(a_long_text_cannot_be_multiplied_by_aliases_either)
{
    struct arena a = { 0 };
    struct diags diags = { .arena = &a };
    struct strbuf text = { 0 };
    strbuf_addz(&text, "- &a ");
    for (int i = 0; i < 1000000; i++)
        strbuf_addc(&text, 'x');
    strbuf_addc(&text, '\n');
    for (int i = 0; i < 100; i++)
        strbuf_addz(&text, "- *a\n");
    EXPECT(read_text(&a, strbuf_str(&text), &diags) == NULL);
    EXPECT(str_find(diags.at[0].text, STR("expand to more than")) >= 0);
    strbuf_release(&text);
    arena_release(&a);
}

static Str repeated(struct arena *a, const char *open, const char *middle, const char *close, int times)
{
    struct strbuf text = { 0 };
    for (int i = 0; i < times; i++)
        strbuf_addz(&text, open);
    strbuf_addz(&text, middle);
    for (int i = 0; i < times; i++)
        strbuf_addz(&text, close);
    return strbuf_take(&text, a);
}

TEST(depth_is_limited_in_every_style)
{
    struct arena a = { 0 };
    struct diags diags = { .arena = &a };
    EXPECT(read_text(&a, repeated(&a, "[", "", "]", READ_DEPTH_MAX), &diags));
    EXPECT(read_text(&a, repeated(&a, "- ", "x", "", READ_DEPTH_MAX), &diags));
    EXPECT_INT(diags.len, 0);
    EXPECT(read_text(&a, repeated(&a, "[", "", "]", READ_DEPTH_MAX + 1), &diags) == NULL);
    EXPECT(read_text(&a, repeated(&a, "- ", "x", "", READ_DEPTH_MAX + 1), &diags) == NULL);
    EXPECT(read_text(&a, repeated(&a, "[", "", "", 200000), &diags) == NULL);
    EXPECT(read_text(&a, repeated(&a, "{a: ", "", "", 200000), &diags) == NULL);
    EXPECT(read_text(&a, repeated(&a, "- ", "x", "", 20000), &diags) == NULL);
    EXPECT_INT(diags.len, 5);
    EXPECT_STR(diags.at[0].text, STR("nested more than 200 deep"));
    EXPECT_STR(diags.at[2].text, STR("nested more than 200 deep"));
    arena_release(&a);
}

TEST(depth_counts_what_an_alias_brings_along)
{
    struct arena a = { 0 };
    struct diags diags = { .arena = &a };
    Str deep = repeated(&a, "[", "", "]", 120), shell = repeated(&a, "[", "*a", "]", 79), more = repeated(&a, "[",
        "*a", "]", 80);
    EXPECT(read_text(&a, str_printf(&a, "- &a " STR_FMT "\n- " STR_FMT "\n", STR_ARG(deep), STR_ARG(shell)), &diags));
    EXPECT(read_text(&a, str_printf(&a, "- &a " STR_FMT "\n- " STR_FMT "\n", STR_ARG(deep), STR_ARG(more)),
        &diags) == NULL);
    EXPECT_STR(diags.at[0].text, STR("with this alias the document is nested more than 200 deep"));
    diags = (struct diags){ .arena = &a };              // and an anchor's own height counts what its aliases brought
    EXPECT(read_text(&a, str_printf(&a, "- &a " STR_FMT "\n- &b " STR_FMT "\n- [*b]\n", STR_ARG(deep),
        STR_ARG(shell)), &diags) == NULL);
    EXPECT_INT(diags.len, 1);
    arena_release(&a);
}

TEST(a_document_cut_anywhere_gives_a_tree_or_a_diagnostic)
{
    Str whole = STR("%YAML 1.2\n---\n# c\nna\xc3\xafve: &a [1, 'q''r', \"d\\u00e9\\n\", {k: v}]\nb:\n  - |\n"
        "    text\n  - >-\n    folded\n    more\n  - *a\n? c\n: !!str 12\n...\n");
    for (size_t len = 0; len <= whole.len; len++) {
        struct arena a = { 0 };
        struct diags diags = { .arena = &a };
        struct node *root = read_text(&a, (Str){ arena_copy(&a, whole.data, len), len }, &diags);
        EXPECT(root ? diags.len == 0 : diags.len == 1);
        arena_release(&a);
    }
}
