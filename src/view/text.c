// SPDX-License-Identifier: Apache-2.0
// Text for terminals: cleaned, measured, cut. Not a Unicode library: no wide or combining characters.
#include "view/text.h"

// Length in bytes of the printable code point at the start of `s`; 0: a byte that is shown as '?'.
static size_t printable_len(Str s)
{
    unsigned char c = (unsigned char)s.data[0];
    if (c < 0x80)
        return c >= ' ' && c != 0x7f;
    size_t len = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
    if (len > s.len || !str_is_utf8(str_first(s, len)))
        return 0;
    return len == 2 && c == 0xc2 && (unsigned char)s.data[1] < 0xa0 ? 0 : len;      // C1 controls
}

size_t text_width(Str s)
{
    size_t width = 0;
    while (s.len)
        s = str_from(s, MAX(printable_len(s), 1u)), width++;
    return width;
}

static void add_columns(struct strbuf *out, Str s, size_t width)
{
    for (; s.len && width; width--) {
        size_t len = printable_len(s);
        strbuf_add(out, len ? str_first(s, len) : STR("?"));
        s = str_from(s, MAX(len, 1u));
    }
}

void text_add(struct strbuf *out, Str s) { add_columns(out, s, s.len); }

void text_add_cut(struct strbuf *out, Str s, size_t width)
{
    if (width == 0)
        return;
    bool is_cut = text_width(s) > width;
    add_columns(out, s, is_cut ? width - 1 : width);
    if (is_cut)
        strbuf_addc(out, '~');
}

void text_add_spaces(struct strbuf *out, size_t count)
{
    while (count--)
        strbuf_addc(out, ' ');
}

void text_add_padded(struct strbuf *out, Str s, size_t width)
{
    text_add_cut(out, s, width);
    text_add_spaces(out, width - MIN(text_width(s), width));
}

Str text_last_lines(Str text, size_t lines)
{
    while (text.len && (text.data[text.len - 1] == '\n' || text.data[text.len - 1] == '\r'))
        text.len--;
    size_t start = text.len;
    while (start > 0 && (text.data[start - 1] != '\n' || --lines > 0))
        start--;
    return str_from(text, start);
}
