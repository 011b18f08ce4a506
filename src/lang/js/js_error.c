// SPDX-License-Identifier: Apache-2.0
// Errors of JavaScript as text. The engine's own messages quote values ("'ACGT…' not callable"): a quoted text is
// shown only if the user's code contains it, so that no message carries the data that an expression worked on.
#include "lang/js/js_error.h"

#include <ctype.h>

struct request {
    const struct js_error_source *source;
    struct strbuf out;                  // not in describe(): a getter may throw there
};

static bool is_in(Str text, Str what) { return what.len && str_find(text, what) >= 0; }

static bool is_written(const struct js_error_source *source, Str what)
{
    bool found = is_in(source->code, what);
    for (size_t i = 0; i < source->lib_count && !found; i++)
        found = is_in(source->libs[i], what);
    return found;
}

// The quote that ends the text quoted from s[start]; s.len if none does.
static size_t quote_end(Str s, size_t start)
{
    for (size_t i = start; i < s.len; i++)
        if (s.data[i] == '\'' && (i + 1 == s.len || strchr(" ),:", s.data[i + 1])))
            return i;
    return s.len;
}

static bool starts_value(Str s, size_t i)
{
    return i == 0 || str_ends(str_first(s, i), STR(" of ")) || str_ends(str_first(s, i), STR("found "));
}

static void add_without_values(struct strbuf *out, Str s, const struct js_error_source *source)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.data[i];
        if (c == '\'') {
            size_t end = quote_end(s, i + 1);
            Str quoted = str_slice(s, i + 1, end);
            strbuf_addf(out, "'" STR_FMT "'", STR_ARG(is_written(source, quoted) ? quoted : STR("...")));
            i = end;
        } else if ((isdigit(c) || c == '-') && starts_value(s, i)) {
            strbuf_addz(out, "a number");
            while (i + 1 < s.len && strchr("0123456789.e+-", s.data[i + 1]))
                i++;
        } else {
            strbuf_addc(out, (char)c);
        }
    }
}

static Str property(duk_context *ctx, const char *name)
{
    duk_size_t len = 0;
    duk_get_prop_string(ctx, 0, name);                  // stays on the stack: the text lives there
    const char *text = duk_is_string(ctx, -1) ? duk_get_lstring(ctx, -1, &len) : "";
    return (Str){ text, len };
}

static void add_place(duk_context *ctx, struct strbuf *out, Str code)
{
    Str file = property(ctx, "fileName");
    duk_get_prop_string(ctx, 0, "lineNumber");
    int line = duk_get_int_default(ctx, -1, 0), lines = 1;
    bool is_code = str_is(file, JS_CODE_FILE);
    if (line <= 0 || (!is_code && !str_starts(file, STR(JS_LIB_FILE))))
        return;
    for (size_t i = 0; i < code.len; i++)
        lines += code.data[i] == '\n';
    if (is_code)
        strbuf_addf(out, "line %d: ", MIN(line, lines));    // the line after the last is ours, not the user's
    else
        strbuf_addf(out, STR_FMT ", line %d: ", STR_ARG(file), line);
}

static bool is_native(Str name)
{
    static const char *const names[] = { "TypeError",   "RangeError", "ReferenceError",
                                         "SyntaxError", "URIError",   "EvalError" };
    bool found = false;
    for (size_t i = 0; i < LEN(names); i++)
        found = found || str_is(name, names[i]);
    return found;
}

static void add_hint(struct strbuf *out, Str code)
{
    if (is_in(code, STR("=>")))
        strbuf_addz(out, " (the language is ES5.1: write 'function (x) { return ...; }' for 'x => ...')");
    else if (is_in(code, STR("let ")) || is_in(code, STR("const ")))
        strbuf_addz(out, " (the language is ES5.1: write 'var' for 'let' and 'const')");
    else if (str_has(code, '`'))
        strbuf_addz(out, " (the language is ES5.1: write 'a' + b for `a${b}`)");
}

static void add_error(duk_context *ctx, struct strbuf *out, const struct js_error_source *source)
{
    Str name = property(ctx, "name"), message = property(ctx, "message");
    add_place(ctx, out, source->code);
    if (name.len)
        strbuf_addf(out, STR_FMT ": ", STR_ARG(name));
    if (!is_native(name)) {
        strbuf_add(out, message);
        return;
    }
    bool is_syntax = str_is(name, "SyntaxError");
    ptrdiff_t place = str_find(message, STR(" (line "));
    bool at_end = is_syntax && str_find(message, STR("end of input")) >= 0;
    add_without_values(out, is_syntax && place >= 0 ? str_first(message, (size_t)place) : message, source);
    if (at_end)
        strbuf_addz(out, " at its end");
    if (is_syntax)
        add_hint(out, source->code);
}

static duk_ret_t describe(duk_context *ctx, void *udata)
{
    struct request *request = udata;
    struct strbuf *out = &request->out;
    duk_require_stack(ctx, 16);
    Str thrown = property(ctx, "message");              // of a string: undefined, so empty
    if (duk_is_error(ctx, 0))
        add_error(ctx, out, request->source);
    else if (duk_is_object(ctx, 0) && thrown.len)
        strbuf_add(out, thrown);
    else if (duk_is_object(ctx, 0))
        strbuf_addz(out, "the expression threw an object without a message");
    else
        strbuf_addz(out, duk_to_string(ctx, 0));
    return 0;
}

#define NOT_SHOWN "the expression threw something that cannot be shown"

void js_error_text(duk_context *ctx, const struct js_error_source *source, char text[JS_ERROR_TEXT])
{
    struct request request = { .source = source };
    bool done = duk_safe_call(ctx, describe, &request, 1, 1) == DUK_EXEC_SUCCESS;
    duk_pop(ctx);
    snprintf(text, JS_ERROR_TEXT, "%s", done ? strbuf_str(&request.out).data : NOT_SHOWN);
    strbuf_release(&request.out);
}

bool js_error_is_memory(const char *text)
{
    static const char *const signs[] = { "alloc failed", "DoubleError", "error in error handling", NOT_SHOWN };
    bool found = false;
    for (size_t i = 0; i < LEN(signs); i++)
        found = found || strstr(text, signs[i]);
    return found;
}
