// SPDX-License-Identifier: Apache-2.0
#include "lang/js/js.h"

#include <signal.h>
#include <sys/wait.h>

#include "base/arena.h"
#include "lang/js/js_region.h"
#include "unit/lang/js_fork.h"
#include "unit/test.h"
#include "value/read.h"

enum { LONG_MS = 30000, SHORT_MS = 80 };
#define MEMORY ((int64_t)64 << 20)

static struct arena arena;
static struct js *js;
static struct err err;
static pid_t last_child;
static int starts;

static bool start_counted(const char *node, pid_t *pid, int *fd, struct err *e)
{
    starts++;
    bool done = js_fork(node, pid, fd, e);
    last_child = *pid;
    return done;
}

static void open_js(int timeout_ms, int64_t memory_bytes)
{
    js_start = start_counted;
    js = js_new(timeout_ms, memory_bytes);
}

static void close_js(void)
{
    js_free(js);
    arena_release(&arena);
}

static Value json(const char *text)
{
    Value v;
    EXPECT_OK(json_parse(&arena, str_of(text), &v, &err), err);
    return v;
}

static bool eval_with(const char *code, bool is_body, const char *context, Value *out)
{
    return js_eval(js, &arena, str_of(code), is_body, NULL, 0, json(context), out, &err);
}

static void expect_json(Value v, const char *want)
{
    struct strbuf b = { 0 };
    json_write(&b, v, 0);
    EXPECT_STR(strbuf_str(&b), str_of(want));
    strbuf_release(&b);
}

static void expect(const char *code, const char *context, const char *want)
{
    Value v;
    EXPECT_OK(eval_with(code, false, context, &v), err);
    expect_json(v, want);
}

static void expect_body(const char *code, const char *want)
{
    Value v;
    EXPECT_OK(eval_with(code, true, "{}", &v), err);
    expect_json(v, want);
}

static void expect_error(const char *code, const char *context, const char *want)
{
    Value v;
    EXPECT_ERR(eval_with(code, false, context, &v), err, ERR_INVALID);
    EXPECT_STR(str_of(err.text), str_of(want));
}

TEST(an_endless_loop_ends_when_its_time_is_up_and_the_next_evaluation_works)
{
    open_js(SHORT_MS, MEMORY);
    Value v;
    EXPECT_ERR(eval_with("while (true) {}", true, "{}", &v), err, ERR_LIMIT);
    EXPECT_STR(str_of(err.text), STR("the expression did not end within 80 ms; mend it, or raise the setting js.timeout"));
    EXPECT(kill(last_child, 0) < 0);                    // dead and reaped
    expect("1 + 1", "{}", "2");
    EXPECT_INT(starts, 2);
    close_js();
}

TEST(memory_without_end_is_an_error_and_the_child_lives_on)
{
    open_js(LONG_MS, 16 << 20);
    Value v;
    EXPECT_ERR(eval_with("var a = []; while (true) a.push('some text ' + a.length);", true, "{}", &v), err, ERR_LIMIT);
    EXPECT_STR(str_of(err.text), STR("the expression needs more than 16.0 MiB of memory"));
    EXPECT_ERR(eval_with("var s = 'x'; while (true) s += s;", true, "{}", &v), err, ERR_LIMIT);
    expect("1 + 1", "{}", "2");
    EXPECT_INT(starts, 1);
    close_js();
}

TEST(a_library_that_needs_too_much_memory_is_an_error)
{
    open_js(LONG_MS, 16 << 20);
    Value v;
    Str lib = STR("var hoard = []; while (true) hoard.push('some text ' + hoard.length);");
    EXPECT_ERR(js_eval(js, &arena, STR("1"), false, &lib, 1, json("{}"), &v, &err), err, ERR_LIMIT);
    expect("1 + 1", "{}", "2");
    close_js();
}

TEST(a_context_larger_than_the_memory_is_an_error)
{
    open_js(LONG_MS, 4 << 20);
    Value v;
    struct strbuf big = { 0 };
    while (big.len < 6 << 20)
        strbuf_addz(&big, "a line of text that is repeated many times ");
    Value context = value_with(&arena, json("{}"), STR("inputs"), value_string(&arena, strbuf_str(&big)));
    strbuf_release(&big);
    EXPECT_ERR(js_eval(js, &arena, STR("1"), false, NULL, 0, context, &v, &err), err, ERR_LIMIT);
    expect("1 + 1", "{}", "2");
    close_js();
}

TEST(a_child_that_was_killed_is_an_error_once)
{
    open_js(LONG_MS, MEMORY);
    expect("1", "{}", "1");
    kill(last_child, SIGKILL);
    siginfo_t info;
    EXPECT(waitid(P_PID, (id_t)last_child, &info, WEXITED | WNOWAIT) == 0);
    Value v;
    EXPECT_ERR(eval_with("1", false, "{}", &v), err, ERR_INTERNAL);
    EXPECT_STR(str_of(err.text), STR("the JavaScript process was ended by signal 9"));
    expect("2", "{}", "2");
    close_js();
}

static bool start_nothing(const char *node UNUSED, pid_t *pid UNUSED, int *fd UNUSED, struct err *e)
{
    return err_set(e, ERR_UNAVAILABLE, "no process is left");
}

TEST(a_child_that_cannot_start_is_an_error)
{
    open_js(LONG_MS, MEMORY);
    js_start = start_nothing;
    Value v;
    EXPECT_ERR(eval_with("1", false, "{}", &v), err, ERR_UNAVAILABLE);
    EXPECT_STR(str_of(err.text), STR("starting the JavaScript process: no process is left"));
    close_js();
}

TEST(deep_recursion_is_an_error_and_no_crash)
{
    open_js(LONG_MS, MEMORY);
    expect_error("(function f() { return 1 + f(); })()", "{}", "line 1: RangeError: callstack limit");
    Value v;
    EXPECT_ERR(eval_with("var a = []; for (var i = 0; i < 1e5; i++) a = [a]; return a;", true, "{}", &v), err,
               ERR_INVALID);
    EXPECT_STR(str_of(err.text), STR("the result is nested deeper than 190 levels, or contains itself"));
    EXPECT_ERR(eval_with("var a = {}; a.a = a; return a;", true, "{}", &v), err, ERR_INVALID);
    struct strbuf nested = { 0 };
    for (int i = 0; i < 100000; i++)
        strbuf_addc(&nested, '(');
    EXPECT(!js_eval(js, &arena, strbuf_str(&nested), false, NULL, 0, json("{}"), &v, &err));
    strbuf_release(&nested);
    EXPECT_ERR(eval_with("JSON.stringify(JSON.parse(new Array(1e5).join('[')))", false, "{}", &v), err, ERR_INVALID);
    expect("1 + 1", "{}", "2");
    EXPECT_INT(starts, 1);
    close_js();
}

TEST(syntax_errors_name_the_line)
{
    open_js(LONG_MS, MEMORY);
    expect_error("\n\n a b", "{}", "line 3: SyntaxError: parse error");
    expect_error("1 +", "{}", "line 1: SyntaxError: empty expression not allowed");
    expect_error("", "{}", "line 1: SyntaxError: empty expression not allowed");
    expect_error("[1].map(x => x)", "{}", "line 1: SyntaxError: parse error "
                 "(the language is ES5.1: write 'function (x) { return ...; }' for 'x => ...')");
    Value v;
    EXPECT_ERR(eval_with("var a = 1;\nlet b = 2;\nreturn a;", true, "{}", &v), err, ERR_INVALID);
    EXPECT(str_find(str_of(err.text), STR("write 'var' for 'let'")) > 0);
    EXPECT_ERR(eval_with("return `a`;", true, "{}", &v), err, ERR_INVALID);
    EXPECT(str_find(str_of(err.text), STR("'a' + b")) > 0);
    close_js();
}

TEST(what_is_thrown_is_shown_with_its_line)
{
    open_js(LONG_MS, MEMORY);
    Value v;
    EXPECT_ERR(eval_with("\nthrow new Error('no sample sheet');", true, "{}", &v), err, ERR_INVALID);
    EXPECT_STR(str_of(err.text), STR("line 2: Error: no sample sheet"));
    EXPECT_ERR(eval_with("throw 'too few lanes';", true, "{}", &v), err, ERR_INVALID);
    EXPECT_STR(str_of(err.text), STR("too few lanes"));
    EXPECT_ERR(eval_with("throw { message: 'own kind' };", true, "{}", &v), err, ERR_INVALID);
    EXPECT_STR(str_of(err.text), STR("own kind"));
    EXPECT_ERR(eval_with("throw { secret: 1 };", true, "{}", &v), err, ERR_INVALID);
    EXPECT_STR(str_of(err.text), STR("the expression threw an object without a message"));
    EXPECT_ERR(eval_with("throw { get message() { throw 1; } };", true, "{}", &v), err, ERR_INVALID);
    EXPECT_STR(str_of(err.text), STR("the expression threw something that cannot be shown"));
    expect_error("inputs.a.b", "{\"inputs\": {}}", "line 1: TypeError: cannot read property 'b' of undefined");
    expect_error("unheard", "{}", "line 1: ReferenceError: identifier 'unheard' undefined");
    close_js();
}

TEST(messages_of_the_engine_do_not_quote_the_data)
{
    open_js(LONG_MS, MEMORY);
    const char *context = "{\"inputs\": {\"seq\": \"ACGTACGT\", \"n\": 4711, \"o\": {}}}";
    expect_error("inputs.seq.fold()", context, "line 1: TypeError: undefined not callable (property 'fold' of '...')");
    expect_error("inputs.seq()", context, "line 1: TypeError: '...' not callable (property 'seq' of [object Object])");
    expect_error("inputs.n.fold()", context, "line 1: TypeError: undefined not callable (property 'fold' of a number)");
    expect_error("inputs.n()", context, "line 1: TypeError: a number not callable (property 'n' of [object Object])");
    expect_error("inputs.o[inputs.seq].x", context, "line 1: TypeError: cannot read property 'x' of undefined");
    expect_error("inputs.o[inputs.seq]()", context,
                 "line 1: TypeError: undefined not callable (property '...' of [object Object])");
    expect_error("Object.create(inputs.seq)", context,
                 "line 1: TypeError: object required, found '...' (stack index 0)");
    expect_error("'mine'()", context, "line 1: TypeError: 'mine' not callable");
    close_js();
}

TEST(results_that_json_does_not_have_are_named)
{
    open_js(LONG_MS, MEMORY);
    expect_error("(function () {})", "{}", "the result is a function, which JSON does not have");
    expect_error("({ a: [1, function () {}] })", "{}", "the result at .a[1] is a function, which JSON does not have");
    expect_error("0 / 0", "{}", "the result is NaN, which JSON does not have");
    expect_error("[[1 / 0]]", "{}", "the result at [0][0] is Infinity, which JSON does not have");
    expect_error("Symbol('x')", "{}", "the result is a symbol, which JSON does not have");
    close_js();
}

TEST(values_come_back_with_their_types)
{
    open_js(LONG_MS, MEMORY);
    expect("undefined", "{}", "null");
    expect("null", "{}", "null");
    expect("[undefined, 1, 1.5, 'a', true, {b: undefined, c: -2}]", "{}", "[null,1,1.5,\"a\",true,{\"c\":-2}]");
    expect("2 * 2.0", "{}", "4");
    expect("9007199254740991", "{}", "9007199254740991");
    expect("new Date(0)", "{}", "\"1970-01-01T00:00:00.000Z\"");
    expect_body("return 1; // with a comment at the end", "1");
    expect_body("var unused = 1;", "null");
    expect("1 // a comment", "{}", "1");
    expect("1, 2", "{}", "2");
    close_js();
}

TEST(the_fields_of_the_context_are_globals)
{
    open_js(LONG_MS, MEMORY);
    expect("inputs.a + self.length + runtime.cores",
           "{\"inputs\": {\"a\": 1}, \"self\": [1, 2], \"runtime\": {\"cores\": 4}}", "7");
    expect("self", "{\"self\": null}", "null");
    close_js();
}

TEST(characters_beyond_the_basic_plane_count_as_two_and_survive)
{
    open_js(LONG_MS, MEMORY);
    const char *context = "{\"self\": \"a\\u00e9\\ud83e\\uddec\"}";
    expect("self.length", context, "4");
    expect("self", context, "\"a\xc3\xa9\xf0\x9f\xa7\xac\"");
    expect("'\xf0\x9f\xa7\xac'.length", "{}", "2");
    expect("self.charAt(2)", context, "\"\xef\xbf\xbd\"");      // half a pair
    expect("({'\xf0\x9f\xa7\xac': 'a\\u0000b'})", "{}", "{\"\xf0\x9f\xa7\xac\":\"a\\u0000b\"}");
    close_js();
}

TEST(evaluations_do_not_influence_each_other)
{
    open_js(LONG_MS, MEMORY);
    Value v;
    EXPECT_OK(eval_with("Array.prototype.map = 1; Object.prototype.x = 2; JSON.stringify = null; "
                        "(new Function('leak = 1'))(); (new Function('return this'))().inputs = 3; return 1;",
                        true, "{}", &v),
              err);
    expect("[typeof [].map, typeof ({}).x, typeof JSON.stringify, typeof leak, typeof inputs]", "{}",
           "[\"function\",\"undefined\",\"function\",\"undefined\",\"undefined\"]");
    Value first, second;
    EXPECT_OK(eval_with("Math.random()", false, "{}", &first), err);
    EXPECT_OK(eval_with("Math.random()", false, "{}", &second), err);
    EXPECT(value_eq(first, second));                    // the same inputs, the same outputs
    close_js();
}

TEST(code_runs_in_strict_mode)
{
    open_js(LONG_MS, MEMORY);
    expect_error("x = 1", "{}", "line 1: ReferenceError: identifier 'x' undefined");
    expect("typeof this", "{}", "\"undefined\"");
    close_js();
}

TEST(libraries_are_loaded_in_order_once_and_stay_as_they_were)
{
    open_js(LONG_MS, MEMORY);
    Str libs[] = { STR("var list = [1]; function twice(x) { return 2 * x; }"),
                   STR("var more = twice(list[0]) + 1; list.push(more);") };
    Value v;
    for (int i = 0; i < 3; i++) {
        EXPECT_OK(js_eval(js, &arena, STR("[list.push(9), twice(list.length), more]"), false, libs, 2, json("{}"), &v,
                          &err),
                  err);
        expect_json(v, "[3,6,3]");
        expect("typeof twice", "{}", "\"undefined\"");  // not without the libraries
        EXPECT_OK(js_eval(js, &arena, STR("typeof more + twice(4)"), false, libs, 1, json("{}"), &v, &err), err);
        expect_json(v, "\"undefined8\"");
    }
    close_js();
}

TEST(an_error_in_a_library_names_it_each_time)
{
    open_js(LONG_MS, MEMORY);
    Str libs[] = { STR("var ok = 1;"), STR("\nvar bad = ;"), STR("function f() {\n return undefined.x; }") };
    Value v;
    for (int i = 0; i < 2; i++) {
        EXPECT_ERR(js_eval(js, &arena, STR("1"), false, libs, 2, json("{}"), &v, &err), err, ERR_INVALID);
        EXPECT_STR(str_of(err.text), STR("expressionLib 2, line 2: SyntaxError: empty expression not allowed"));
    }
    EXPECT_ERR(js_eval(js, &arena, STR("f()"), false, &libs[2], 1, json("{}"), &v, &err), err, ERR_INVALID);
    EXPECT_STR(str_of(err.text), STR("expressionLib 1, line 2: TypeError: cannot read property 'x' of undefined"));
    close_js();
}

TEST(many_different_libraries_start_a_new_child_and_work)
{
    open_js(LONG_MS, MEMORY);
    for (int i = 0; i < 70; i++) {
        Str lib = str_printf(&arena, "var n = %d;", i);
        Value v;
        EXPECT_OK(js_eval(js, &arena, STR("n"), false, &lib, 1, json("{}"), &v, &err), err);
        EXPECT_INT(v.integer, i);
    }
    EXPECT_INT(starts, 3);
    close_js();
}

TEST(newer_library_functions_are_there)
{
    open_js(LONG_MS, MEMORY);
    expect("[[1, 2].includes(2), [1, 2].find(function (x) { return x > 1; }), 'a'.padStart(3, '-'), 'a'.padEnd(3)]",
           "{}", "[true,2,\"--a\",\"a  \"]");
    expect("[Object.entries({a: 1}), Object.values({a: 1}), Array.from('ab'), Array.of(7), [[1], [2]].flat()]", "{}",
           "[[[\"a\",1]],[1],[\"a\",\"b\"],[7],[1,2]]");
    expect("[Number.isInteger(1.5), Math.trunc(-1.5), Math.sign(-2), [0, 0].fill(1), 'aXbX'.replaceAll('X', '')]", "{}",
           "[false,-1,-1,[1,1],\"ab\"]");
    expect("(function () { var keys = ''; for (var k in [5]) keys += k; return keys; })()", "{}", "\"0\"");
    close_js();
}

TEST(large_values_go_there_and_back)
{
    open_js(LONG_MS, MEMORY);
    Value v;
    EXPECT_OK(eval_with("var a = []; for (var i = 0; i < 100000; i++) a.push('file' + i); return a;", true, "{}", &v),
              err);
    EXPECT_INT(value_len(v), 100000);
    Value context = value_with(&arena, json("{}"), STR("self"), v), again;
    EXPECT_OK(js_eval(js, &arena, STR("self"), false, NULL, 0, context, &again, &err), err);
    EXPECT(value_eq(v, again));
    close_js();
}

TEST(a_region_gives_memory_back_and_refuses_beyond_its_limit)
{
    struct region r;
    EXPECT(region_init(&r, 1 << 20));
    char *a = region_alloc(&r, 100), *b = region_alloc(&r, 5000);
    memset(a, 'a', 100);
    memset(b, 'b', 5000);
    struct region_photo photo = region_photo(&r);
    a = region_realloc(&r, a, 300);
    EXPECT(a && a[99] == 'a');
    EXPECT(region_realloc(&r, NULL, 16) != NULL);
    EXPECT(region_realloc(&r, b, 0) == NULL);
    EXPECT(region_alloc(&r, 4600) == b);                // the same size class
    EXPECT(region_alloc(&r, 2 << 20) == NULL && r.over);
    memset(b, 'x', 4600);
    region_restore(&r, &photo);
    EXPECT(!r.over && b[0] == 'b' && b[4999] == 'b');
    EXPECT(region_alloc(&r, 0) == NULL);
    region_free(&r, NULL);
    region_free(&r, b);
    for (size_t size = 1; size < 70000; size += size / 7 + 1) {         // every class holds what it says
        char *block = region_alloc(&r, size);
        EXPECT(block != NULL);
        memset(block, 0x5a, size);
        region_free(&r, block);
        EXPECT(region_alloc(&r, size) == block);
        region_free(&r, block);
    }
    free(photo.bytes);
}

TEST(only_newer_syntax_goes_to_a_second_engine_and_without_it_the_first_error_stays)
{
    Value v;
    open_js(LONG_MS, MEMORY);
    js_use_node(js, "/nonexistent/node");
    EXPECT(eval_with("1 + 1", false, "{}", &v));
    EXPECT(!eval_with("nothing.here", false, "{}", &v));
    EXPECT_INT(starts, 1);
    EXPECT(!eval_with("(x => x)(1)", false, "{}", &v));
    EXPECT_INT(starts, 2);
    EXPECT(str_find(str_of(err.text), STR("SyntaxError")) >= 0 && str_find(str_of(err.text), STR("node")) >= 0);
    EXPECT(eval_with("2 + 2", false, "{}", &v));
    close_js();
}

TEST(nothing_is_started_before_the_first_evaluation)
{
    open_js(LONG_MS, MEMORY);
    close_js();
    EXPECT_INT(starts, 0);
    js_free(NULL);
}
