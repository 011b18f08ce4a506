// SPDX-License-Identifier: Apache-2.0
#include "base/arena.h"
#include "unit/test.h"
#include "value/read.h"

static struct node *read_named(struct arena *a, Str name, Str text, struct diags *diags)
{
    struct source *source = NEW(a, struct source);
    *source = (struct source){ name, text };
    return document_read(a, source, diags);
}

TEST(where_both_readers_fail_the_name_decides_whose_complaint_is_given)
{
    struct arena a = { 0 };
    struct diags json = { .arena = &a }, yaml = { .arena = &a };
    EXPECT(read_named(&a, STR("x.json"), STR("{\"a\": [1, 2}"), &json) == NULL);
    EXPECT(read_named(&a, STR("x.cwl"), STR("{\"a\": [1, 2}"), &yaml) == NULL);
    EXPECT_INT(json.len, 1);
    EXPECT_INT(yaml.len, 1);
    EXPECT_STR(json.at[0].text, STR("expected ',' or ']' after this value, found '}'"));
    EXPECT_STR(yaml.at[0].text, STR("expected ',' or ']' after this value, found '}'"));
    EXPECT_INT(yaml.at[0].span.column, 12);
    json = yaml = (struct diags){ .arena = &a };
    EXPECT(read_named(&a, STR("x.json"), STR("{\"a\": 1, b: 2, \"a\": 3}"), &json) == NULL);
    EXPECT(read_named(&a, STR("x.yml"), STR("{\"a\": 1, b: 2, \"a\": 3}"), &yaml) == NULL);
    EXPECT_STR(json.at[0].text, STR("expected a key in double quotes, found 'b'"));
    EXPECT_STR(yaml.at[0].text, STR("the key 'a' is given a second time: the first is at line 1, column 2"));
    EXPECT(yaml.at[0].hint.len > 0);
    arena_release(&a);
}

TEST(flow_style_yaml_is_read_whatever_its_name)
{
    struct arena a = { 0 };
    struct diags diags = { .arena = &a };
    struct node *root = read_named(&a, STR("x.json"), STR("{a: 1, 'b': [yes, ~],}  # comment\n"), &diags);
    EXPECT(root && diags.len == 0);
    EXPECT_INT(node_get(root, STR("a"))->scalar.integer, 1);
    EXPECT_STR(node_str(node_get(root, STR("b"))->items.at[0]), STR("yes"));
    arena_release(&a);
}

TEST(json_that_libyaml_would_not_take_is_read)
{
    struct arena a = { 0 };
    struct diags diags = { .arena = &a };
    struct node *root = read_named(&a, STR("x.yml"), STR("\xef\xbb\xbf\n{\n\t\"a\":\t1,\n"
        "\t\"b\":\"x\\ud83d\\ude00\"}"), &diags);
    EXPECT(root && diags.len == 0);
    EXPECT_INT(node_get(root, STR("a"))->span.line, 3);
    EXPECT_STR(node_str(node_get(root, STR("b"))), STR("x\xf0\x9f\x98\x80"));
    arena_release(&a);
}

TEST(everything_else_is_yaml)
{
    struct arena a = { 0 };
    struct diags diags = { .arena = &a };
    EXPECT(node_is(read_named(&a, STR("x.json"), STR("a: b\n"), &diags), VALUE_MAP));
    EXPECT(node_is(read_named(&a, STR("x.json"), STR("12"), &diags), VALUE_INT));
    EXPECT(node_is(read_named(&a, STR("x.json"), STR(""), &diags), VALUE_NULL));
    EXPECT(node_is(read_named(&a, STR("x"), STR("\"quoted\""), &diags), VALUE_STRING));
    EXPECT_INT(diags.len, 0);
    arena_release(&a);
}
