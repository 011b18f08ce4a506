// SPDX-License-Identifier: Apache-2.0
#pragma once
// CWL's parameter references, expressions and string interpolation (v1.0 to v1.2).
#include "base/err.h"
#include "value/value.h"

struct arena;
struct js;

struct expr_context {
    struct arena *arena;                // results live here
    struct js *js;                      // NULL without InlineJavascriptRequirement: then parameter references only
    const Str *lib;                     // expressionLib
    size_t lib_count;
    Value inputs, self, runtime;        // map, any, map; `self` is null where there is none
    bool old_escapes;                   // v1.0 and v1.1: a backslash goes, the next character is taken as it is
    bool keep_space;                    // Dirent.entry: white space around an expression is text too
};

// Does the text hold "$(" or "${", escaped or not? Then it is for expr_eval(); any other text stands for itself,
// backslashes too.
bool expr_is(Str text);
// White space at both ends goes first (as the reference runner does), unless keep_space. Is the whole text one
// reference or expression, *out is its value with its type; otherwise each is put in its place as expr_text() writes
// it, and escapes are undone. A plain parameter reference is evaluated here, everything else by JavaScript. A missing
// field is an error, for JavaScript it is `undefined`, so null. err: ERR_INVALID, or js_eval()'s, with the expression
// in front.
bool expr_eval(const struct expr_context *c, Str text, Value *out, struct err *err) MUST_CHECK;
// expr_eval() on every string in `v`, recursively; keys of maps stay.
bool expr_eval_all(const struct expr_context *c, Value v, Value *out, struct err *err) MUST_CHECK;
// For checking documents: the syntax only. Without has_js only parameter references to inputs, self, runtime and null
// pass; with it, JavaScript passes unread once its end is found. err names the offset.
bool expr_check(Str text, bool has_js, struct err *err) MUST_CHECK;

// A value within a string: a string as it is; numbers as decimals, without exponent and without ".0"; everything else
// JSON with sorted keys and a space behind ',' and ':' (the form that conformance tests compare by checksum).
Str expr_text(struct arena *a, Value v);
