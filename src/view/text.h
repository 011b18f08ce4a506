// SPDX-License-Identifier: Apache-2.0
#pragma once
// Text as it fits on a terminal. Names come from users and file systems: control characters and bytes that are not
// UTF-8 are shown as '?', so that a name can't move the cursor. Every code point counts as one column.
#include "base/str.h"

size_t text_width(Str s);                               // columns it takes once cleaned
void text_add(struct strbuf *out, Str s);               // cleaned
// Cleaned, cut to at most `width` columns with "~" as the last one where something is missing.
void text_add_cut(struct strbuf *out, Str s, size_t width);
void text_add_spaces(struct strbuf *out, size_t count);
void text_add_padded(struct strbuf *out, Str s, size_t width);          // cut or filled with spaces to exactly `width`
// The last `lines` lines of `text`, without trailing line ends.
Str text_last_lines(Str text, size_t lines);
