// SPDX-License-Identifier: Apache-2.0
#pragma once
// Any bytes in JSON, without loss. File names, arguments and outputs are bytes, and JSON's strings are not: two
// names that differ only in invalid UTF-8 must never become the same text, and with it the same key.
#include "value/value.h"

// A string when the bytes are UTF-8 without NUL, else {"base64": "…"}.
Value bytes_value(struct arena *a, Str bytes);
// The reverse; a copy in `a`. False: neither of the two forms.
bool bytes_from_value(struct arena *a, Value v, Str *out) MUST_CHECK;
bool bytes_are_text(Str bytes);                         // UTF-8 without NUL

Str base64_encode(struct arena *a, Str bytes);          // RFC 4648, padded
// False: not the base64 that base64_encode would have written.
bool base64_decode(struct arena *a, Str text, Str *out) MUST_CHECK;
