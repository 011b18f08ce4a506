// SPDX-License-Identifier: Apache-2.0
#include "lang/cwl/expr.h"

#include <math.h>

#include "base/arena.h"
#include "lang/cwl/expr_scan.h"
#include "unit/lang/js_fork.h"
#include "unit/test.h"
#include "value/read.h"

static struct arena arena;
static struct err err;

static Value json(Str text)
{
    Value v;
    EXPECT_OK(json_parse(&arena, text, &v, &err), err);
    return v;
}

static struct expr_context context_of(const char *inputs)
{
    return (struct expr_context){ .arena = &arena, .inputs = json(str_of(inputs)), .runtime = json(STR("{}")) };
}

// ---- the corpus

struct corpus {
    Str text;
    size_t line, cases;
    Value standard;
    struct expr_context context;        // the settings; the values are each case's own
    struct js *js;
    bool with_js, without_js;
};

// Tests run in the source tree or in a build folder below it.
static FILE *open_above(const char *path)
{
    static const char *const up[] = { "", "../", "../../", "../../../" };
    FILE *in = NULL;
    for (size_t i = 0; i < LEN(up) && in == NULL; i++)
        in = fopen(str_printf(&arena, "%s%s", up[i], path).data, "re");
    return in;
}

static Str read_corpus(const char *path)
{
    FILE *in = open_above(path);
    EXPECT(in != NULL);
    struct strbuf b = { 0 };
    char chunk[4096];
    for (size_t n; (n = fread(chunk, 1, sizeof chunk, in)) > 0;)
        strbuf_add(&b, (Str){ chunk, n });
    fclose(in);
    return strbuf_take(&b, &arena);
}

static Str next_line(struct corpus *c)
{
    c->line++;
    return str_cut(&c->text, '\n');
}

static void set(struct corpus *c, Str line)
{
    if (str_starts(line, STR("%context ")))
        c->standard = json(str_from(line, 9));
    else if (str_is(line, "%js") || str_is(line, "%nojs") || str_is(line, "%both"))
        c->with_js = !str_is(line, "%nojs"), c->without_js = !str_is(line, "%js");
    else if (str_is(line, "%old") || str_is(line, "%new"))
        c->context.old_escapes = str_is(line, "%old");
    else if (str_is(line, "%space") || str_is(line, "%trim"))
        c->context.keep_space = str_is(line, "%space");
    else
        test_fail("expr.t", (int)c->line, "unknown setting");
}

static void run_case(struct corpus *c, Str text, Value values, Str want, struct js *js)
{
    struct expr_context x = c->context;
    x.js = js;
    x.inputs = value_get(values, STR("inputs"));
    x.self = value_get(values, STR("self"));
    x.runtime = value_get(values, STR("runtime"));
    Value got;
    bool done = expr_eval(&x, text, &got, &err);
    struct strbuf shown = { 0 };
    if (done)
        json_write(&shown, got, 0);
    else
        strbuf_addf(&shown, "error: %s", err.text);
    bool wants_error = str_starts(want, STR("error: "));
    bool same =
        wants_error ? !done && str_find(str_of(err.text), str_from(want, 7)) >= 0 : done && value_eq(got, json(want));
    if (!same)
        test_fail("tests/corpus/cwl/expr.t", (int)c->line, "%s is " STR_FMT, js ? "with JavaScript it" : "it",
                  STR_ARG(strbuf_str(&shown)));
    strbuf_release(&shown);
}

static void run_cases(struct corpus *c)
{
    while (c->text.len) {
        Str line = next_line(c);
        if (line.len == 0 || line.data[0] == '#')
            continue;
        if (line.data[0] == '%') {
            set(c, line);
            continue;
        }
        Str text = str_starts(line, STR("json:")) ? value_str(json(str_from(line, 5))) : line;
        Str context = next_line(c), want = next_line(c);
        Value values = str_is(context, "-") ? c->standard : json(context);
        if (c->without_js)
            run_case(c, text, values, want, NULL);
        if (c->with_js)
            run_case(c, text, values, want, c->js);
        c->cases++;
    }
}

TEST(the_corpus_of_expressions_gives_what_it_says)
{
    js_start = js_fork;
    struct corpus c = { .text = read_corpus("tests/corpus/cwl/expr.t"),
                        .js = js_new(30000, 64 << 20),
                        .context.arena = &arena };
    run_cases(&c);
    EXPECT(c.cases >= 100);
    js_free(c.js);
    arena_release(&arena);
}

// ---- what the corpus cannot say

TEST(expr_check_refuses_javascript_where_it_is_not_allowed)
{
    EXPECT_ERR(expr_check(STR("a $(1+1)"), false, &err), err, ERR_INVALID);
    EXPECT(str_starts(str_of(err.text), STR("at offset 2: in $(1+1): this is not a parameter reference")));
    EXPECT_ERR(expr_check(STR("${ return 1; }"), false, &err), err, ERR_INVALID);
    EXPECT_ERR(expr_check(STR("$(input.x)"), false, &err), err, ERR_INVALID);
    EXPECT_STR(str_of(err.text), STR("at offset 0: in $(input.x): 'input' is not known: expected inputs, self or "
                                     "runtime; did you mean 'inputs'?"));
    EXPECT_ERR(expr_check(STR("$(null.x)"), false, &err), err, ERR_INVALID);
    EXPECT_ERR(expr_check(STR("$(inputs.x"), false, &err), err, ERR_INVALID);
    EXPECT_ERR(expr_check(STR("$(inputs.x"), true, &err), err, ERR_INVALID);
}

TEST(expr_check_accepts_what_can_be_evaluated)
{
    EXPECT_OK(expr_check(STR("a $(1+1) ${ return '}'; }"), true, &err), err);
    EXPECT_OK(expr_check(STR("$(inputs.x['y'][0].z) $(self) $(runtime.cores) $(null)"), false, &err), err);
    EXPECT_OK(expr_check(STR("\\$(1+1) \\${"), false, &err), err);
    EXPECT_OK(expr_check(STR("no expression ( { '"), false, &err), err);
    EXPECT_OK(expr_check(STR(""), false, &err), err);
}

TEST(expr_is_tells_what_needs_evaluation)
{
    EXPECT(expr_is(STR("a $(b)")) && expr_is(STR("${}")) && expr_is(STR("\\$(x)")));
    EXPECT(!expr_is(STR("")) && !expr_is(STR("$ ( \\ {")));
}

TEST(expr_eval_all_evaluates_strings_everywhere_and_leaves_keys)
{
    struct expr_context c = context_of("{\"n\": 7}");
    Value v;
    Value in = json(STR("{\"$(inputs.n)\": [\"$(inputs.n)\", \"a$(inputs.n)\", {\"x\": \"$(inputs)\", \"y\": null}], "
                        "\"b\": 1.5, \"c\": true}"));
    EXPECT_OK(expr_eval_all(&c, in, &v, &err), err);
    EXPECT(value_eq(
        v, json(STR("{\"$(inputs.n)\": [7, \"a7\", {\"x\": {\"n\": 7}, \"y\": null}], \"b\": 1.5, \"c\": true}"))));
    EXPECT_ERR(expr_eval_all(&c, json(STR("{\"a\": [\"$(inputs.m)\"]}")), &v, &err), err, ERR_INVALID);
    arena_release(&arena);
}

TEST(libraries_are_there_for_expressions)
{
    js_start = js_fork;
    struct expr_context c = context_of("{\"n\": 7}");
    Str lib[] = { STR("var foo = function (x) { return x + 1; }; var table = { a: 1 };") };
    c.js = js_new(30000, 64 << 20);
    c.lib = lib;
    c.lib_count = 1;
    Value v;
    EXPECT_OK(expr_eval(&c, STR("$(foo(inputs.n)) $(table.a)"), &v, &err), err);
    EXPECT_STR(value_str(v), STR("8 1"));
    js_free(c.js);
    arena_release(&arena);
}

TEST(numbers_are_written_without_exponent)
{
    static const struct { double real; const char *text;
    } cases[] = {
        { 0, "0" },
        { -0.0, "0" },
        { 1, "1" },
        { -1.5, "-1.5" },
        { 1e21, "1000000000000000000000" },
        { 1e-7, "0.0000001" },
        { 123456.789, "123456.789" },
        { 0.1, "0.1" },
        { 1.5e10, "15000000000" },
        { -2.5e-10, "-0.00000000025" },
        { 100, "100" },
        { INFINITY, "null" },
        { 9007199254740993e3, "9007199254740993000" },
    };
    for (size_t i = 0; i < LEN(cases); i++)
        EXPECT_STR(expr_text(&arena, value_float(cases[i].real)), str_of(cases[i].text));
    for (double d = 5e-324; d < 1e308; d *= 12345.678) {        // what is written reads back the same
        double back = strtod(expr_text(&arena, value_float(d)).data, NULL);
        EXPECT(back == d);
    }
    EXPECT_STR(expr_text(&arena, value_int(INT64_MIN)), STR("-9223372036854775808"));
    EXPECT_STR(expr_text(&arena, json(STR("{\"b\": \"x\", \"a\": []}"))), STR("{\"a\": [], \"b\": \"x\"}"));
    arena_release(&arena);
}

TEST(a_long_expression_is_shortened_in_messages_at_a_characters_border)
{
    struct expr_context c = context_of("{}");
    struct strbuf text = { 0 };
    strbuf_addz(&text, "$(inputs.x");
    while (text.len < 200)
        strbuf_addz(&text, "é");
    strbuf_addz(&text, ")");
    Value v;
    EXPECT_ERR(expr_eval(&c, strbuf_str(&text), &v, &err), err, ERR_INVALID);
    EXPECT(str_find(str_of(err.text), STR(" ...: ")) > 0 && str_is_utf8(str_of(err.text)));
    strbuf_release(&text);
    arena_release(&arena);
}

TEST(pieces_carry_their_place)
{
    struct expr_scan scan = { .text = STR("a\\$(b)$(c){${d}") };
    static const struct expr_piece want[] = {
        { PIECE_TEXT, STR_CONST("a"), 0, 1 },   { PIECE_TEXT, STR_CONST("$("), 1, 4 },
        { PIECE_TEXT, STR_CONST("b)"), 4, 6 },  { PIECE_PAREN, STR_CONST("c"), 6, 10 },
        { PIECE_TEXT, STR_CONST("{"), 10, 11 }, { PIECE_BRACE, STR_CONST("d"), 11, 15 },
        { PIECE_END, STR_CONST(""), 15, 15 },
    };
    for (size_t i = 0; i < LEN(want); i++) {
        struct expr_piece p;
        EXPECT_OK(expr_scan_next(&scan, &p, &err), err);
        EXPECT_INT(p.kind, want[i].kind);
        EXPECT_STR(p.text, want[i].text);
        EXPECT(p.start == want[i].start && p.end == want[i].end);
    }
}

TEST(references_are_cut_into_segments)
{
    Str code = STR("inputs.a['b\\'c'][12][\"d\"]"), symbol;
    struct expr_segment s;
    EXPECT(expr_is_reference(code));
    EXPECT(expr_take_symbol(&code, &symbol) && str_is(symbol, "inputs"));
    EXPECT(expr_take_segment(&code, &s) && str_is(s.key, "a") && !s.is_index);
    EXPECT(expr_take_segment(&code, &s) && str_is(s.key, "b\\'c") && s.has_escapes);
    EXPECT(expr_take_segment(&code, &s) && s.is_index && s.index == 12);
    EXPECT(expr_take_segment(&code, &s) && str_is(s.key, "d") && !s.has_escapes);
    EXPECT(!expr_take_segment(&code, &s) && code.len == 0);
    EXPECT(!expr_is_reference(STR("")) && !expr_is_reference(STR("a..b")) && !expr_is_reference(STR("a[")) &&
           !expr_is_reference(STR("a['b'")));
}
