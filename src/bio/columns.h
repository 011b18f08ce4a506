// SPDX-License-Identifier: Apache-2.0
#pragma once
// Fields of lines, and what they may be.
#include "base/str.h"

// The fields of `line` between `sep`. Returns how many there are; the first `max` of them go to out.
size_t columns_split(Str line, char sep, Str *out, size_t max);
bool column_count(Str s, int64_t *out);                 // digits alone: an integer that is not negative
bool column_integer(Str s, int64_t *out);               // with a sign
bool column_number(Str s);                              // [-+]?[0-9]*\.?[0-9]*([eE][-+]?[0-9]+)?, with a digit
bool column_is_printable(Str s);                        // of bytes from '!' to '~', and not empty
bool column_is_words(Str s, const char *more);          // of letters, digits and those in `more`, and not empty
bool column_is_one_of(Str s, const char *words);        // of words with a blank between them
