// SPDX-License-Identifier: Apache-2.0
#pragma once
// Text on its way into the engine and out. duktape keeps a character beyond the basic plane as two surrogates of
// three bytes each (CESU-8), so that "length" counts as JavaScript says; outside, text is UTF-8.
#include "base/str.h"

void js_text_in(struct strbuf *out, Str utf8);          // both append to `out`
void js_text_out(struct strbuf *out, Str cesu8);        // half a pair becomes U+FFFD
