// SPDX-License-Identifier: Apache-2.0
// UTF-8 to what duktape keeps and back. It checks nothing: the head sends valid UTF-8 only.
#include "lang/js/js_text.h"

void js_text_in(struct strbuf *out, Str utf8)
{
    for (size_t i = 0, done = 0; i <= utf8.len; i++) {
        bool wide = i + 3 < utf8.len && ((unsigned char)utf8.data[i] & 0xf8) == 0xf0;
        if (i < utf8.len && !wide)
            continue;
        strbuf_add(out, str_slice(utf8, done, i));
        if (i == utf8.len)
            break;
        const unsigned char *p = (const unsigned char *)utf8.data + i;
        uint32_t c = ((p[0] & 7u) << 18 | (p[1] & 63u) << 12 | (p[2] & 63u) << 6 | (p[3] & 63u)) - 0x10000;
        uint32_t pair[2] = { 0xd800 | (c >> 10 & 0x3ff), 0xdc00 | (c & 0x3ff) };
        for (int k = 0; k < 2; k++) {
            char bytes[3] = { (char)0xed, (char)(0x80 | (pair[k] >> 6 & 63)), (char)(0x80 | (pair[k] & 63)) };
            strbuf_add(out, (Str){ bytes, 3 });
        }
        i += 3;
        done = i + 1;
    }
}

static bool is_surrogate(Str s, size_t i, unsigned char low, unsigned char high)
{
    return i + 2 < s.len && (unsigned char)s.data[i] == 0xed && (unsigned char)s.data[i + 1] >= low &&
           (unsigned char)s.data[i + 1] <= high;
}

void js_text_out(struct strbuf *out, Str cesu8)
{
    size_t done = 0;
    for (size_t i = 0; i < cesu8.len; i++) {
        if (!is_surrogate(cesu8, i, 0xa0, 0xbf))
            continue;
        strbuf_add(out, str_slice(cesu8, done, i));
        const unsigned char *p = (const unsigned char *)cesu8.data + i;
        if (is_surrogate(cesu8, i, 0xa0, 0xaf) && is_surrogate(cesu8, i + 3, 0xb0, 0xbf)) {
            uint32_t c = 0x10000 + ((p[1] & 15u) << 16 | (p[2] & 63u) << 10 | (p[4] & 15u) << 6 | (p[5] & 63u));
            char bytes[4] = { (char)(0xf0 | c >> 18), (char)(0x80 | (c >> 12 & 63)), (char)(0x80 | (c >> 6 & 63)),
                              (char)(0x80 | (c & 63)) };
            strbuf_add(out, (Str){ bytes, 4 });
            i += 5;
        } else {
            strbuf_addz(out, "\xef\xbf\xbd");           // half a pair: U+FFFD
            i += 2;
        }
        done = i + 1;
    }
    strbuf_add(out, str_from(cesu8, done));
}
