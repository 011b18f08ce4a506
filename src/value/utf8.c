// SPDX-License-Identifier: Apache-2.0
// UTF-8 by characters. No other encoding, no normal forms, no display widths.
#include "value/utf8.h"

int32_t utf8_decode(Str s, size_t *len)
{
    const unsigned char *p = (const unsigned char *)s.data;
    *len = 1;
    if (p[0] < 0x80)
        return p[0];
    size_t need = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (need > s.len || !str_is_utf8(str_first(s, need)))
        return UTF8_INVALID;
    int32_t character = p[0] & (0x7f >> need);
    for (size_t i = 1; i < need; i++)
        character = character << 6 | (p[i] & 0x3f);
    *len = need;
    return character;
}

size_t utf8_encode(uint32_t character, char out[UTF8_MAX])
{
    size_t len = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    if (len == 1) {
        out[0] = (char)character;
        return 1;
    }
    for (size_t i = len - 1; i > 0; i--, character >>= 6)
        out[i] = (char)(0x80 | (character & 0x3f));
    out[0] = (char)((0xf0 << (4 - len) & 0xff) | character);
    return len;
}

size_t utf8_valid_prefix(Str s)
{
    if (str_is_utf8(s))
        return s.len;
    size_t at = 0, len;
    while (at < s.len && utf8_decode(str_from(s, at), &len) != UTF8_INVALID)
        at += len;
    return at;
}

size_t utf8_cut(Str s, size_t max)
{
    size_t len = MIN(s.len, max);
    while (len > 0 && len < s.len && (s.data[len] & 0xc0) == 0x80)
        len--;
    return len;
}

Str utf8_skip_bom(Str s) { return str_starts(s, STR("\xef\xbb\xbf")) ? str_from(s, 3) : s; }

bool utf8_is_shown(int32_t c)
{
    if (c < ' ' || (c >= 0x7f && c < 0xa0))
        return false;
    bool turns_direction = c == 0x61c || c == 0x200e || c == 0x200f 
        || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
    return !turns_direction && c != 0x2028 && c != 0x2029 && c != 0xfeff;
}
