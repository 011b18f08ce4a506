// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a user is told when JavaScript throws.
#include "lang/js/js_duktape.h"

#include "base/str.h"

#define JS_CODE_FILE "expression"
#define JS_LIB_FILE "expressionLib "
enum { JS_ERROR_TEXT = 900 };

struct js_error_source {                // what the user wrote: texts that may be shown again
    Str code;
    const Str *libs;
    size_t lib_count;
};
// Describes the thrown value on top of the stack: "line 3: TypeError: …", "expressionLib 1, line 2: …", or a thrown
// string alone. It is popped.
void js_error_text(duk_context *ctx, const struct js_error_source *source, char text[JS_ERROR_TEXT]);
// May the text come from memory that ran out?
bool js_error_is_memory(const char *text);
