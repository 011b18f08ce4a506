// SPDX-License-Identifier: Apache-2.0
// Places, messages and limits of the JSON readers.
#include "base/arena.h"
#include "base/err.h"
#include "unit/test.h"
#include "value/read.h"

static struct node *read_text(struct arena *a, Str text, struct diags *diags)
{
    struct source *source = NEW(a, struct source);
    *source = (struct source){ STR("in.json"), text };
    return json_read(a, source, diags);
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

TEST(a_mistake_says_where_it_is_what_was_expected_and_what_was_found)
{
    expect_message(STR("{\n\"a\": 1,\n  \"b\": 12 x}"),
        STR("in.json:3:11: expected ',' or '}' after this value, found 'x'"));
    expect_message(STR("[1 2]"), STR("in.json:1:4: expected ',' or ']' after this value, found '2'"));
    expect_message(STR("[1,]"), STR("in.json:1:4: expected a value, found ']'"));
    expect_message(STR("{\"a\" 1}"), STR("in.json:1:6: expected ':' after this key, found '1'"));
    expect_message(STR("{a: 1}"), STR("in.json:1:2: expected a key in double quotes, found 'a'"));
    expect_message(STR("[\n"), STR("in.json:2:1: expected a value, found the end of the document"));
    expect_message(STR("[]\n\n []"), STR("in.json:3:2: expected the end of the document after the value, found '['"));
    expect_message(STR("['a']"), STR("in.json:1:2: expected a value, found a single quote"));
    expect_message(STR("[\x01]"), STR("in.json:1:2: expected a value, found the character U+0001"));
    expect_message(STR("[\xc3\xa9]"), STR("in.json:1:2: expected a value, found '\xc3\xa9'"));
    expect_message(STR("[\xff]"), STR("in.json:1:2: expected a value, found the byte 0xff, which is not UTF-8"));
    expect_message(STR("\xef\xbb\xbf[x]"), STR("in.json:1:2: expected a value, found 'x'"));
    expect_message(STR("[1.x]"), STR("in.json:1:4: expected a digit of this number, found 'x'"));
    expect_message(STR("[ 012]"), STR("in.json:1:3: a number must not begin with 0"));
    expect_message(STR("[ 1e999]"), STR("in.json:1:3: this number is larger than a float can hold (1.8e308)"));
}

TEST(mistakes_in_strings_are_placed_at_what_is_wrong)
{
    expect_message(STR("[1,\n \"ab"),
        STR("in.json:2:2: this string is not closed: expected '\"' before the end of the document"));
    expect_message(STR("[\"ab\n\"]"),
        STR("in.json:1:2: this string is not closed: expected '\"' before the end of the line"));
    expect_message(STR("[\"ab\\q\"]"),
        STR("in.json:1:5: expected one of \" \\ / b f n r t u after a backslash, found 'q'"));
    expect_message(STR("[\"ab\\u12x4\"]"), STR("in.json:1:5: expected four hexadecimal digits after \\u"));
    expect_message(STR("[\"\\ud800\"]"),
        STR("in.json:1:3: \\ud800 is one half of a surrogate pair, without the other half"));
    expect_message(STR("[\"a\tb\"]"),
        STR("in.json:1:4: control character 0x09 in a string: expected it written as \\u0009"));
    expect_message(STR("[\"\xc3\xa9 \xe9\"]"), STR("in.json:1:6: the byte 0xe9 here is not UTF-8"));
}

TEST(a_duplicate_key_names_both_places)
{
    expect_message(STR("{\"a\": 1,\n \"b\": 2,\n \"a\": 3}"),
                   STR("in.json:3:2: the key 'a' is given a second time: the first is at line 1, column 2"));
    struct arena a = { 0 };
    struct err err;
    Value v;
    EXPECT_ERR(json_parse(&a, STR("{\"a\":1,\"a\":2}"), &v, &err), err, ERR_INVALID);
    EXPECT_STR(str_of(err.text), STR("byte 12: the map that ends here has the key 'a' twice"));
    EXPECT(value_is_null(v));
    arena_release(&a);
}

TEST(a_duplicate_among_many_keys_is_found)
{
    struct arena a = { 0 };
    struct strbuf text = { 0 };
    for (int i = 0; i < 5000; i++)
        strbuf_addf(&text, "%s\"key%d\":%d", i ? "," : "{", i == 4321 ? 1234 : i, i);
    strbuf_addz(&text, "}");
    struct diags diags = { .arena = &a };
    EXPECT(read_text(&a, strbuf_str(&text), &diags) == NULL);
    EXPECT(str_find(diags.at[0].text, STR("'key1234'")) > 0);
    strbuf_release(&text);
    arena_release(&a);
}

TEST(parse_errors_count_bytes_from_zero)
{
    struct arena a = { 0 };
    struct err err;
    Value v;
    EXPECT_ERR(json_parse(&a, STR("[1,\n2 x]"), &v, &err), err, ERR_INVALID);
    EXPECT_STR(str_of(err.text), STR("byte 6: expected ',' or ']' after this value, found 'x'"));
    EXPECT_ERR(json_parse(&a, (Str){ 0 }, &v, &err), err, ERR_INVALID);
    EXPECT_STR(str_of(err.text), STR("byte 0: expected a value, found the end of the document"));
    arena_release(&a);
}

static Str nested(struct arena *a, const char *open, const char *close, int depth)
{
    struct strbuf text = { 0 };
    for (int i = 0; i < depth; i++)
        strbuf_addz(&text, open);
    strbuf_addz(&text, "1");
    for (int i = 0; i < depth && close; i++)
        strbuf_addz(&text, close);
    return strbuf_take(&text, a);
}

TEST(depth_is_limited_by_both_readers)
{
    struct arena a = { 0 };
    struct diags diags = { .arena = &a };
    struct err err;
    Value v;
    EXPECT(read_text(&a, nested(&a, "[", "]", READ_DEPTH_MAX), &diags));
    EXPECT_OK(json_parse(&a, nested(&a, "{\"a\":", "}", READ_DEPTH_MAX), &v, &err), err);
    EXPECT(read_text(&a, nested(&a, "{\"a\":", "}", READ_DEPTH_MAX + 1), &diags) == NULL);
    EXPECT_STR(diags.at[0].text, STR("nested more than 200 deep"));
    EXPECT_INT(diags.at[0].span.column, 5 * READ_DEPTH_MAX + 1);
    EXPECT_ERR(json_parse(&a, nested(&a, "[", "]", READ_DEPTH_MAX + 1), &v, &err), err, ERR_INVALID);
    EXPECT(read_text(&a, nested(&a, "[", NULL, 1000000), &diags) == NULL);
    EXPECT_ERR(json_parse(&a, nested(&a, "[{\"a\":", NULL, 500000), &v, &err), err, ERR_INVALID);
    arena_release(&a);
}

TEST(every_node_knows_its_place)
{
    struct arena a = { 0 };
    struct diags diags = { .arena = &a };
    struct node *root = read_text(&a, STR("\xef\xbb\xbf{\r\n  \"\xc3\xa9\": [1,\n\ttrue], \"b\":\n\"x\"}"), &diags);
    EXPECT(root && root->span.line == 1 && root->span.column == 1);
    struct node *key = root->fields.at[0].key, *list = root->fields.at[0].value, *last = root->fields.at[1].value;
    EXPECT(key->span.line == 2 && key->span.column == 3);
    EXPECT(list->span.line == 2 && list->span.column == 9);
    EXPECT(list->items.at[0]->span.line == 2 && list->items.at[0]->span.column == 10);
    EXPECT(list->items.at[1]->span.line == 3 && list->items.at[1]->span.column == 2);
    EXPECT(root->fields.at[1].key->span.line == 3 && root->fields.at[1].key->span.column == 9);
    EXPECT(last->span.line == 4 && last->span.column == 1 && !last->is_plain);
    EXPECT(last->span.source->name.len == 7);
    arena_release(&a);
}

TEST(strings_come_out_of_their_escapes)
{
    struct arena a = { 0 };
    struct err err;
    Value v;
    EXPECT_OK(json_parse(&a, STR("\"\\u0041\\n\\u00e9\\ud83d\\ude00 tail \\\\ \\/\\u0000.\""), &v, &err), err);
    EXPECT_STR(value_str(v), STR("A\n\xc3\xa9\xf0\x9f\x98\x80 tail \\ /\0."));
    EXPECT_INT(v.string->data[v.string->len], 0);
    EXPECT_OK(json_parse(&a, STR("{\"a\\tb\":\"\"}"), &v, &err), err);
    EXPECT(value_has(v, STR("a\tb")));
    arena_release(&a);
}

TEST(numbers_keep_their_kind_and_every_bit)
{
    struct arena a = { 0 };
    struct err err;
    Value v;
    EXPECT_OK(json_parse(&a, STR("[9223372036854775807,-9223372036854775808,9223372036854775808,1.0,1e2,-0,-0.0,"
                                 "0.1,123456789012345678,1.7976931348623157e308,9007199254740993.0,4.35,1e23]"), &v,
                                     &err), err);
    EXPECT_INT(value_at(v, 0).integer, INT64_MAX);
    EXPECT_INT(value_at(v, 1).integer, INT64_MIN);
    EXPECT(value_at(v, 2).kind == VALUE_FLOAT && value_at(v, 2).real == 0x1p63);
    EXPECT(value_at(v, 3).kind == VALUE_FLOAT && value_at(v, 4).kind == VALUE_FLOAT && value_at(v, 4).real == 100);
    EXPECT(value_at(v, 5).kind == VALUE_INT && value_at(v, 5).integer == 0);
    EXPECT(value_at(v, 6).kind == VALUE_FLOAT && __builtin_signbit(value_at(v, 6).real));
    EXPECT(value_at(v, 7).real == 0.1 && value_at(v, 8).integer == 123456789012345678);
    EXPECT(value_at(v, 9).real == 1.7976931348623157e308 && value_at(v, 10).real == 9007199254740992.0);
    EXPECT(value_at(v, 11).real == 4.35 && value_at(v, 12).real == 1e23);
    arena_release(&a);
}

TEST(a_document_cut_anywhere_is_refused_with_a_diagnostic)
{
    Str whole = STR("\xef\xbb\xbf{\"na\\u00efve \xc3\xa9\": [1, -2.5e+10, true, null, {\"x\": \"\\ud83d\\ude00\"}], \"b\": false, \"c\": \"d\\n\"}");
    for (size_t len = 0; len < whole.len; len++) {
        struct arena a = { 0 };
        struct diags diags = { .arena = &a };
        struct err err;
        Value v;
        Str cut = { arena_copy(&a, whole.data, len), len };
        EXPECT(read_text(&a, cut, &diags) == NULL);
        EXPECT_INT(diags.len, 1);
        EXPECT_ERR(json_parse(&a, cut, &v, &err), err, ERR_INVALID);
        arena_release(&a);
    }
}

TEST(the_tree_of_a_list_of_records_stays_within_twelve_times_its_text)
{
    struct arena a = { 0 }, b = { 0 };
    struct strbuf text = { 0 };
    for (int i = 0; i < 3000; i++)
        strbuf_addf(&text,
            "%s{\"class\": \"File\", \"location\": \"s3://bucket/run/sample_%06d_R1.fastq.gz\", \"size\": %d}\n",
                i ? "," : "[", i, i * 7919);
    strbuf_addz(&text, "]");
    struct diags diags = { .arena = &a };
    struct err err;
    Value v;
    EXPECT(read_text(&a, strbuf_str(&text), &diags));
    EXPECT_OK(json_parse(&b, strbuf_str(&text), &v, &err), err);
#ifndef __SANITIZE_ADDRESS__
    EXPECT(a.total < 12 * text.len);
    EXPECT(b.total < 4 * text.len);
#endif
    strbuf_release(&text);
    arena_release(&a);
    arena_release(&b);
}
