// SPDX-License-Identifier: Apache-2.0
// The core schema, and small documents: what each reads as, written as canonical JSON.
#include "base/arena.h"
#include "base/err.h"
#include "unit/test.h"
#include "value/read.h"

struct yaml_case {
    Str yaml, json;
};
#define CASE(yaml, json) { STR_CONST(yaml), STR_CONST(json) }

static const struct yaml_case scalars[] = {
    CASE("null", "null"), CASE("Null", "null"), CASE("NULL", "null"), CASE("~", "null"), CASE("nULL", "\"nULL\""),
    CASE("nil", "\"nil\""), CASE("None", "\"None\""), CASE("true", "true"), CASE("True", "true"),
    CASE("TRUE", "true"), CASE("tRUE", "\"tRUE\""), CASE("false", "false"), CASE("False", "false"),
    CASE("FALSE", "false"), CASE("yes", "\"yes\""), CASE("Yes", "\"Yes\""), CASE("no", "\"no\""),
    CASE("on", "\"on\""), CASE("off", "\"off\""), CASE("y", "\"y\""), CASE("n", "\"n\""), CASE("NO", "\"NO\""),
    CASE("0", "0"), CASE("-0", "0"), CASE("+0", "0"), CASE("12", "12"), CASE("+12", "12"), CASE("-19", "-19"),
    CASE("0123", "123"), CASE("-007", "-7"), CASE("00", "0"), CASE("089", "89"), CASE("0o17", "15"),
    CASE("0o0", "0"), CASE("0o18", "\"0o18\""), CASE("0o", "\"0o\""), CASE("-0o17", "\"-0o17\""),
    CASE("0O17", "\"0O17\""), CASE("0x1F", "31"), CASE("0xff", "255"),
    CASE("0xFFFFFFFFFFFFFFFF", "18446744073709552000"), CASE("0x7FFFFFFFFFFFFFFF", "9223372036854775807"),
    CASE("0x8000000000000000", "9223372036854776000"), CASE("0x10000000000000001", "18446744073709552000"),
    CASE("0x", "\"0x\""), CASE("0xG", "\"0xG\""), CASE("-0x1F", "\"-0x1F\""), CASE("0b101", "\"0b101\""),
    CASE("1_000", "\"1_000\""), CASE("12:30:45", "\"12:30:45\""), CASE("190:20:30", "\"190:20:30\""),
    CASE("9223372036854775807", "9223372036854775807"), CASE("-9223372036854775808", "-9223372036854775808"),
    CASE("9223372036854775808", "9223372036854776000"), CASE("100000000000000000000", "100000000000000000000"),
    CASE("1.5", "1.5"), CASE("-1.5", "-1.5"), CASE("+1.5", "1.5"), CASE("1.", "1.0"), CASE(".5", "0.5"),
    CASE("-.5", "-0.5"), CASE("01.50", "1.5"), CASE("1e3", "1000.0"), CASE("1E3", "1000.0"), CASE("1e+3", "1000.0"),
    CASE("1.e-2", "0.01"), CASE("12e03", "12000.0"), CASE("-2E+05", "-200000.0"), CASE(".", "\".\""),
    CASE("..", "\"..\""), CASE("-.", "\"-.\""), CASE("+", "\"+\""), CASE("1e", "\"1e\""), CASE("e3", "\"e3\""),
    CASE("1e+", "\"1e+\""), CASE(".e3", "\".e3\""), CASE("1.2.3", "\"1.2.3\""), CASE("v1.2", "\"v1.2\""),
    CASE("1 2", "\"1 2\""), CASE("1-2", "\"1-2\""), CASE("--1", "\"--1\""), CASE("1.5GB", "\"1.5GB\""),
    CASE(".inf", "null"), CASE("-.Inf", "null"), CASE("+.INF", "null"), CASE(".nan", "null"), CASE(".NaN", "null"),
    CASE(".iNF", "\".iNF\""), CASE("-.nan", "\"-.nan\""), CASE("inf", "\"inf\""), CASE("nan", "\"nan\""),
    CASE("Infinity", "\"Infinity\""), CASE("2001-12-14", "\"2001-12-14\""),
    CASE("2001-12-14t21:59:43.10-05:00", "\"2001-12-14t21:59:43.10-05:00\""), CASE("=", "\"=\""),
    CASE("<<", "\"<<\""), CASE("a#b", "\"a#b\""), CASE("a #b", "\"a\""), CASE("'12'", "\"12\""),
    CASE("\"12\"", "\"12\""), CASE("'null'", "\"null\""), CASE("''", "\"\""), CASE("\"\"", "\"\""),
    CASE("'it''s'", "\"it's\""), CASE("\"a\\tb\\x41\\u00e9\\e\\0\"", "\"a\\tbA\xc3\xa9\\u001b\\u0000\""),
    CASE("!!str 12", "\"12\""), CASE("!!str", "\"\""), CASE("!!int '12'", "12"), CASE("!!int 0x10", "16"),
    CASE("!!float 12", "12.0"), CASE("!!float '1.5'", "1.5"), CASE("!!bool 'true'", "true"),
    CASE("!!null ''", "null"), CASE("!!null null", "null"), CASE("!<tag:yaml.org,2002:str> 5", "\"5\""),
    CASE("! text", "\"text\""), CASE("! 12", "\"12\""), CASE("! [1]", "[1]"), CASE("!!seq []", "[]"),
    CASE("!!map {}", "{}"), CASE("&a x", "\"x\""),
};

static const struct yaml_case documents[] = {
    CASE("", "null"), CASE("# only a comment\n", "null"), CASE("---\n", "null"), CASE("---\n...\n", "null"),
    CASE("\xef\xbb\xbf", "null"), CASE("--- 1\n...\n", "1"), CASE("%YAML 1.2\n---\na: 1\n", "{\"a\":1}"),
    CASE("\xef\xbb\xbf" "a: 1\n", "{\"a\":1}"), CASE("%YAML 1.1\n--- x\n", "\"x\""),
    CASE("a: 1\nb:\n  - x\n  - y: z\n", "{\"a\":1,\"b\":[\"x\",{\"y\":\"z\"}]}"),
    CASE("a:\nb: 1\n", "{\"a\":null,\"b\":1}"), CASE("- a\n-\n- - b\n", "[\"a\",null,[\"b\"]]"),
    CASE("a:\n- 1\n- 2\n", "{\"a\":[1,2]}"),
    CASE("1: a\n'2': b\ntrue: c\n~: d\n1.50: e\n0x1F: f\n",
    "{\"0x1F\":\"f\",\"1\":\"a\",\"1.50\":\"e\",\"2\":\"b\",\"true\":\"c\",\"~\":\"d\"}"),
    CASE("? \n: x\n", "{\"\":\"x\"}"), CASE("? a\n: b\n? c\n", "{\"a\":\"b\",\"c\":null}"),
    CASE("1e999: a\n", "{\"1e999\":\"a\"}"),
    CASE("a: |\n  x\n   y\n\nb: |-\n  x\nc: >\n  x\n  y\n\n  z\nd: |+\n  x\n\n",
    "{\"a\":\"x\\n y\\n\",\"b\":\"x\",\"c\":\"x y\\nz\\n\",\"d\":\"x\\n\\n\"}"),
    CASE("a: |2\n    x\n", "{\"a\":\"  x\\n\"}"), CASE("a: b\n  c\n", "{\"a\":\"b c\"}"),
    CASE("a: \"b\n  c\\\n  d\"\n", "{\"a\":\"b cd\"}"),
    CASE("{a: 1, b: [2, 3,], 'c': {d: }}", "{\"a\":1,\"b\":[2,3],\"c\":{\"d\":null}}"),
    CASE("[a, b: c, {d: e}]", "[\"a\",{\"b\":\"c\"},{\"d\":\"e\"}]"),
    CASE("{\"a\":1,\"b\":\"x\"}", "{\"a\":1,\"b\":\"x\"}"), CASE("{a, b}", "{\"a\":null,\"b\":null}"),
    CASE("[]", "[]"), CASE("a: {}\n", "{\"a\":{}}"), CASE("a: &x [1, 2]\nb: *x\n", "{\"a\":[1,2],\"b\":[1,2]}"),
    CASE("a: &x 1\nb: &x 2\nc: *x\n", "{\"a\":1,\"b\":2,\"c\":2}"),
    CASE("&k key: 1\nother: *k\n", "{\"key\":1,\"other\":\"key\"}"),
    CASE("a: &x 010\n*x : b\n", "{\"010\":\"b\",\"a\":10}"), CASE("&n 1: a\nb: *n\n", "{\"1\":\"a\",\"b\":1}"),
    CASE("base: &b {x: 1}\nd:\n  <<: *b\n  y: 2\n", "{\"base\":{\"x\":1},\"d\":{\"<<\":{\"x\":1},\"y\":2}}"),
    CASE("&a [&a 1, *a]", "[1,1]"), CASE("[&e , *e]", "[null,null]"), CASE("a: b: c\n", "!"),
    CASE("a:\tb\n", "{\"a\":\"b\"}"), CASE("a: b\r\nc: d\r\n", "{\"a\":\"b\",\"c\":\"d\"}"),
    CASE("a: 'x: y'\n", "{\"a\":\"x: y\"}"), CASE("cmd: $(inputs.x)\n", "{\"cmd\":\"$(inputs.x)\"}"),
    CASE("e: ${return 1;}\n", "{\"e\":\"${return 1;}\"}"), CASE("s3: s3://b/k\n", "{\"s3\":\"s3://b/k\"}"),
    CASE("t: string?\nu: File[]\n", "{\"t\":\"string?\",\"u\":\"File[]\"}"),
    CASE("$import: x.yml\n", "{\"$import\":\"x.yml\"}"), CASE("'#id': 1\n", "{\"#id\":1}"),
    // refused
    CASE("a: 1\n---\nb: 2\n", "!"), CASE("--- 1\n--- 2\n", "!"), CASE("a: 1\na: 2\n", "!"),
    CASE("{a: 1, 'a': 2}", "!"), CASE("1: a\n'1': b\n", "!"), CASE("[a: *x]", "!"), CASE("*x", "!"),
    CASE("&a [*a]", "!"), CASE("&a {b: {c: *a}}", "!"), CASE("? [a]\n: b\n", "!"), CASE("{[a]: b}", "!"),
    CASE("? {a: b}\n: c\n", "!"), CASE("a: &x [1]\n*x : b\n", "!"), CASE("a: !foo b\n", "!"),
    CASE("!!binary aGk=\n", "!"), CASE("!!timestamp 2001-01-01\n", "!"), CASE("!!set {a}\n", "!"),
    CASE("!!int abc\n", "!"), CASE("!!int 1.5\n", "!"), CASE("!!bool yes\n", "!"), CASE("!!null x\n", "!"),
    CASE("!!str [a]\n", "!"), CASE("!!map [a]\n", "!"), CASE("!!seq {}\n", "!"), CASE("!!seq x\n", "!"),
    CASE("!foo {}\n", "!"), CASE("!e!x y\n", "!"), CASE("!!nope a: b\n", "!"), CASE("a:\n\t- b\n", "!"),
    CASE("\ta: b\n", "!"), CASE("a: [1, 2\n", "!"), CASE("a: {b: 1\n", "!"), CASE("a: 'b\n", "!"),
    CASE("a: \"b\n", "!"), CASE("a: \"\\q\"\n", "!"), CASE("a: @b\n", "!"), CASE("a: `b`\n", "!"),
    CASE("a: %b\n", "!"), CASE("a: b\n c: d\n", "!"), CASE("a: b\n- c\n", "!"), CASE("- a\nb: c\n", "!"),
    CASE("a\nb: c\n", "!"), CASE("[a]]", "!"), CASE("{a: b} c", "!"), CASE("a: - b\n", "!"),
    CASE("a: |x\n b\n", "!"), CASE("a: |\n\tb\n", "!"), CASE("%YAML 3.0\n--- a\n", "!"),
    CASE("%YAML 1.1\n%YAML 1.1\n--- a\n", "!"), CASE("a: \xff\n", "!"), CASE("a: \"\xc3\"\n", "!"),
    CASE("a: \x01\n", "!"), CASE("a: b\0c\n", "!"), CASE("a: 1e999\n", "!"), CASE("a: -1e999\n", "!"),
    CASE("!!float 1e999", "!"), CASE("&a &b c", "!"), CASE("a: &x\n  *y\n", "!"), CASE("\xff\xfe" "a\0", "!"),
};

static void check(const struct yaml_case *c)
{
    struct arena a = { 0 };
    struct diags diags = { .arena = &a };
    struct source source = { STR("case.yml"), { arena_copy(&a, c->yaml.data, c->yaml.len), c->yaml.len } };
    struct node *root = yaml_read(&a, &source, &diags);
    bool wanted = !str_is(c->json, "!");
    if ((root != NULL) != wanted)
        test_fail(__FILE__, __LINE__, "'" STR_FMT "' was %s: " STR_FMT, STR_ARG(c->yaml), root ? "read" : "refused",
            STR_ARG(root ? STR("") : diags.at[0].text));
    EXPECT_INT(diags.len, wanted ? 0 : 1);
    if (root) {
        struct strbuf out = { 0 };
        json_write_canonical(&out, node_value(&a, root));
        if (!str_eq(strbuf_str(&out), c->json))
            test_fail(__FILE__, __LINE__, "'" STR_FMT "' was read as %s, expected " STR_FMT, STR_ARG(c->yaml),
                out.data, STR_ARG(c->json));
        strbuf_release(&out);
    } else {
        EXPECT(diags.at[0].span.line >= 1 && diags.at[0].span.column >= 1 && diags.at[0].text.len > 0);
    }
    arena_release(&a);
}

TEST(small_documents_read_as_they_should_or_are_refused_with_one_diagnostic)
{
    for (size_t i = 0; i < LEN(documents); i++)
        check(&documents[i]);
}

TEST(scalars_mean_what_the_core_schema_says)
{
    for (size_t i = 0; i < LEN(scalars); i++)
        check(&scalars[i]);
}

TEST(scalars_mean_the_same_inside_a_map)
{
    for (size_t i = 0; i < LEN(scalars); i++) {
        struct arena a = { 0 };
        struct yaml_case inside = { str_printf(&a, "k: " STR_FMT "\n", STR_ARG(scalars[i].yaml)), str_printf(&a,
            "{\"k\":" STR_FMT "}", STR_ARG(scalars[i].json)) };
        check(&inside);
        arena_release(&a);
    }
}
