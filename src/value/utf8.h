// SPDX-License-Identifier: Apache-2.0
#pragma once
// UTF-8, one character at a time.
#include "base/str.h"

enum { UTF8_INVALID = -1, UTF8_MAX = 4 };

// The character that `s` begins with (not empty), its bytes in *len. UTF8_INVALID with *len 1 where there is none.
int32_t utf8_decode(Str s, size_t *len);
size_t utf8_encode(uint32_t character, char out[UTF8_MAX]);
size_t utf8_valid_prefix(Str s);        // bytes up to the first that is no UTF-8: s.len if there is none
size_t utf8_cut(Str s, size_t max);      // the largest length up to `max` that cuts no character of valid UTF-8
Str utf8_skip_bom(Str s);               // without a byte order mark at the front
// Is it safe on a terminal? No control characters, no direction overrides, no line separators.
bool utf8_is_shown(int32_t character);
