// SPDX-License-Identifier: Apache-2.0
// Accept and reject cases in the manner of the public JSON test suites. Every case goes through both readers, which
// must agree; what is accepted must come back the same through the writer.
#include "base/arena.h"
#include "base/err.h"
#include "unit/test.h"
#include "value/read.h"

#define CASE(lit) { "" lit, sizeof(lit) - 1 }

static const Str accepted[] = {
    CASE("[]"), CASE("[ ]"), CASE("{}"), CASE("{ }"), CASE("\t\r\n []\n\r\t "), CASE("\xef\xbb\xbf[]"),
    CASE("\xef\xbb\xbf {} "), CASE("null"), CASE("true"), CASE("false"), CASE("\"\""), CASE("0"), CASE("-0"),
    CASE("42"), CASE(" 1 "), CASE("-1"), CASE("[null]"), CASE("[true,false]"), CASE("[1\n]"), CASE("[ 1]"),
    CASE("[1 ]"), CASE("[1,null,null,2]"), CASE("[[]   ]"), CASE("[\"\"]"), CASE("[[[[[[]]]]]]"),
    CASE("[{},[],{}]"), CASE("[123]"), CASE("[0e+1]"), CASE("[0e1]"), CASE("[ 4]"),
    CASE("[-0.000000000000000000000000000001]"), CASE("[20e1]"), CASE("[-0]"), CASE("[-123]"), CASE("[1E22]"),
    CASE("[1E-2]"), CASE("[1E+2]"), CASE("[123e45]"), CASE("[123.456e78]"), CASE("[1e-2]"), CASE("[1e+2]"),
    CASE("[123.456789]"), CASE("[1.0]"), CASE("[1e-400]"), CASE("[9223372036854775807]"),
    CASE("[-9223372036854775808]"), CASE("[9223372036854775808]"), CASE("[100000000000000000000000000]"),
    CASE("[0.1]"), CASE("[5e-324]"), CASE("[1.7976931348623157e308]"), CASE("[2.2250738585072014e-308]"),
    CASE("[9007199254740993.0]"), CASE("[0.00000000000000000000000000000000000001]"),
    CASE("[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]"), CASE("[\"\\u0000\"]"), CASE("[\"\\u0060\\u012a\\u12AB\"]"),
    CASE("[\"\\uD801\\udc37\"]"), CASE("[\"\\ud83d\\ude39\\ud83d\\udc8d\"]"), CASE("[\"\\uDBFF\\uDFFF\"]"),
    CASE("[\"\\\\u0000\"]"), CASE("[\"\\\"\"]"), CASE("[\"a/*b*/c/*d//e\"]"), CASE("[\"\\\\a\"]"),
    CASE("[\"\\\\n\"]"), CASE("[\"\\u0012\"]"), CASE("[\"\\uFFFF\"]"), CASE("[ \"asd\"]"),
    CASE("[\"new\\u000Aline\"]"), CASE("[\"\xf4\x8f\xbf\xbf\"]"), CASE("[\"\xef\xbf\xbf\"]"),
    CASE("[\"\xe2\x82\xa3\"]"), CASE("[\"\xc3\xa9\"]"), CASE("[\"\x7f\"]"), CASE("[\" \"]"),
    CASE("[\"\xe2\x80\xa8\"]"), CASE("[\"\xe2\x80\xa9\"]"), CASE("[\"\xf0\x9d\x84\x9e\"]"),
    CASE("[\"\xef\xbb\xbf\"]"), CASE("[\"\\uFEFF\"]"), CASE("{\"a\":1}"), CASE("{\"\":0}"), CASE("{\"a\":[]}"),
    CASE("{\"a\":{\"a\":{\"a\":1}}}"), CASE("{\"foo\\u0000bar\": 42}"), CASE("{\"a\" : 1 , \"b\" : 2 }"),
    CASE("{\"a\":\"b\",\"A\":\"b\"}"), CASE("{\n\"a\": \"b\"\n}"), CASE("{\"asdf\":\"sdf\", \"dfg\":\"fgh\"}"),
    CASE("{\"min\": -1.0e+28, \"max\": 1.0e+28}"), CASE("{\"\\u043f\": \"\\u041f\\u043e\"}"),
    CASE("[{\"k\":1},{\"k\":2},{\"k\":\"3\"}]"), CASE("[\"01234567\"]"), CASE("[\"0123456789abcdef\\n\"]"),
    CASE("{\"a\":0,\"b\":1,\"c\":2,\"d\":3,\"e\":4,\"f\":5,\"g\":6,\"h\":7,\"i\":8,\"j\":9,\"k\":10,\"l\":11,\"m\":12,\"n\":13,\"o\":14,\"p\":15,\"q\":16,\"r\":17}"),
};

static const Str refused[] = {
    CASE(""), CASE(" "), CASE("\xef\xbb\xbf"), CASE("["), CASE("{"), CASE("]"), CASE("}"), CASE("[1"), CASE("[1,"),
    CASE("[1,]"), CASE("[,1]"), CASE("[1,,2]"), CASE("[\"x\",,]"), CASE("[\"x\"]]"), CASE("[\"\","), CASE("[3[4]]"),
    CASE("[1:2]"), CASE("[1}"), CASE("[a"), CASE("[*]"), CASE("[1 true]"), CASE("[-]"), CASE("[\"a\" \"b\"]"),
    CASE("[\"a\",\n4\n,1,"), CASE("[\"\": 1]"), CASE("[\xff]"), CASE("[\xef\xbb\xbf]"), CASE("\xef\xbb"),
    CASE("\xff\xfe[\0]\0"), CASE("[nul]"), CASE("[tru]"), CASE("[fals]"), CASE("[True]"), CASE("[NULL]"),
    CASE("[nulll]"), CASE("[true1]"), CASE("[null_]"), CASE("truefalse"), CASE("[NaN]"), CASE("[-NaN]"),
    CASE("[Infinity]"), CASE("[-Infinity]"), CASE("[Inf]"), CASE("[+1]"), CASE("[++1]"), CASE("[+Inf]"),
    CASE("[-01]"), CASE("[-1.0.]"), CASE("[-2.]"), CASE("[.-1]"), CASE("[.2e-3]"), CASE("[.5]"), CASE("[0.1.2]"),
    CASE("[0.3e+]"), CASE("[0.3e]"), CASE("[0.e1]"), CASE("[0E+]"), CASE("[0E]"), CASE("[0e]"), CASE("[1.0e-]"),
    CASE("[1.0e]"), CASE("[1 000.0]"), CASE("[1eE2]"), CASE("[2.e+3]"), CASE("[9.e+]"), CASE("[0x1]"),
    CASE("[0x42]"), CASE("[1+2]"), CASE("[012]"), CASE("[-012]"), CASE("[00]"), CASE("[1a]"), CASE("[1e1a]"),
    CASE("[- 1]"), CASE("[--1]"), CASE("[1.]"), CASE("[1e400]"), CASE("[-1e400]"), CASE("[\xef\xbc\x91]"),
    CASE("2@"), CASE("1 2"), CASE("[1]x"), CASE("[\"]"), CASE("\"abc"), CASE("[\"\\"), CASE("[\"\\\"]"),
    CASE("[\"\\x00\"]"), CASE("[\"\\\\\\\"]"), CASE("[\"\\a\"]"), CASE("[\"\\'\"]"), CASE("[\"\\\t\"]"),
    CASE("[\"\\\0\"]"), CASE("[\"\\u\"]"), CASE("[\"\\u1\"]"), CASE("[\"\\u00A\"]"), CASE("[\"\\uqqqq\"]"),
    CASE("[\"\\u00"), CASE("[\"\\uD800\"]"), CASE("[\"\\uD834\\uDd\"]"), CASE("[\"\\uD800\\u\"]"),
    CASE("[\"\\uD800\\uD800\\n\"]"), CASE("[\"\\uDC00\"]"), CASE("[\"\\uDd1e\\uD834\"]"), CASE("[\"\\uD800\\n\"]"),
    CASE("[\"\\uD800abc\"]"), CASE("[\"a\0a\"]"), CASE("[\"a\na\"]"), CASE("[\"\t\"]"), CASE("[\"\x1f\"]"),
    CASE("[\"01234567\x01\"]"), CASE("[\"\xe9\"]"), CASE("[\"\xff\"]"), CASE("[\"\xc0\xaf\"]"),
    CASE("[\"\xe0\xff\"]"), CASE("[\"\xed\xa0\x80\"]"), CASE("[\"\x81\"]"), CASE("[\"\xf4\xbf\xbf\xbf\"]"),
    CASE("[\"\xfc\x83\xbf\xbf\xbf\xbf\"]"), CASE("[\"\xe2\x82\"]"), CASE("[\"\\n\xe2\x82\"]"), CASE("['a']"),
    CASE("[\\u0020\"asd\"]"), CASE("[\\n]"), CASE("\"x\"\""), CASE("{]"), CASE("{\"a\""), CASE("{\"a\":"),
    CASE("{\"a\":1"), CASE("{\"a\":1,"), CASE("{\"a\":1,}"), CASE("{\"a\":1,,\"b\":2}"), CASE("{\"a\" 1}"),
    CASE("{\"a\"::1}"), CASE("{:\"b\"}"), CASE("{1:1}"), CASE("{a: \"b\"}"), CASE("{'a':0}"), CASE("{null:null}"),
    CASE("{\"a\", 1}"), CASE("{\"a\":\"a"), CASE("{\"a\":1 \"b\":2}"), CASE("{\"a\":1]"), CASE("{[]:1}"),
    CASE("{\"a\":1}}"), CASE("{\"a\":1}#"), CASE("{\"a\":1}//"), CASE("{\"a\":/*c*/1}"), CASE("/**/{}"),
    CASE("{}/**/"), CASE("{\"a\":1,\"a\":1}"), CASE("{\"a\":1,\"\\u0061\":2}"),
    CASE("[{\"b\":{\"c\":1,\"d\":2,\"c\":3}}]"), CASE("<.>"), CASE("[\x0c]"), CASE("[\xe2\x81\xa0]"),
    CASE("{\"a\":0,\"b\":1,\"c\":2,\"d\":3,\"e\":4,\"f\":5,\"g\":6,\"h\":7,\"i\":8,\"j\":9,\"k\":10,\"l\":11,\"m\":12,\"n\":13,\"o\":14,\"p\":15,\"q\":16,\"a\":17}"),
    CASE("\0"), CASE("[]\0"), CASE("*"), CASE("[][]"),
};

static struct node *read_nodes(struct arena *a, Str text, struct diags *diags)
{
    struct source *source = NEW(a, struct source);
    *source = (struct source){ STR("case.json"), text };
    return json_read(a, source, diags);
}

TEST(what_is_no_json_is_refused_by_both_readers_with_one_diagnostic)
{
    for (size_t i = 0; i < LEN(refused); i++) {
        struct arena a = { 0 };
        struct diags diags = { .arena = &a };
        struct err err;
        Value v;
        Str text = { arena_copy(&a, refused[i].data, refused[i].len), refused[i].len };     // an overrun is then seen
        if (json_parse(&a, text, &v, &err))
            test_fail(__FILE__, __LINE__, "parsed case %zu: " STR_FMT, i, STR_ARG(text));
        EXPECT_INT(err.code, ERR_INVALID);
        EXPECT(str_starts(str_of(err.text), STR("byte ")));
        if (read_nodes(&a, text, &diags))
            test_fail(__FILE__, __LINE__, "read case %zu: " STR_FMT, i, STR_ARG(text));
        EXPECT_INT(diags.len, 1);
        EXPECT_INT(diags.errors, 1);
        EXPECT(diags.at[0].span.line >= 1 && diags.at[0].span.column >= 1);
        arena_release(&a);
    }
}

TEST(what_is_json_is_read_by_both_readers_and_comes_back_through_the_writer)
{
    for (size_t i = 0; i < LEN(accepted); i++) {
        struct arena a = { 0 };
        struct diags diags = { .arena = &a };
        struct err err;
        Value v, again;
        Str text = { arena_copy(&a, accepted[i].data, accepted[i].len), accepted[i].len };
        if (!json_parse(&a, text, &v, &err))
            test_fail(__FILE__, __LINE__, "case %zu: " STR_FMT ": %s", i, STR_ARG(text), err.text);
        struct node *root = read_nodes(&a, text, &diags);
        EXPECT(root && diags.len == 0);
        EXPECT(value_eq(node_value(&a, root), v));
        for (int indent = 0; indent < 5; indent += 2) {
            struct strbuf out = { 0 };
            json_write(&out, v, indent);
            EXPECT_OK(json_parse(&a, strbuf_str(&out), &again, &err), err);
            EXPECT(value_eq(again, v));
            EXPECT_INT(again.kind, v.kind);
            strbuf_release(&out);
        }
        arena_release(&a);
    }
}

TEST(the_table_is_as_large_as_it_should_be) { EXPECT(LEN(accepted) + LEN(refused) >= 200); }
