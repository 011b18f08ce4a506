// SPDX-License-Identifier: Apache-2.0
// Bytes in JSON and base64. One text per byte sequence and the reverse: nothing lenient, since keys hang on it.
#include "task/bytes.h"

#include "base/arena.h"

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool bytes_are_text(Str bytes) { return str_is_utf8(bytes) && !str_has(bytes, '\0'); }

Value bytes_value(struct arena *a, Str bytes)
{
    if (bytes_are_text(bytes))
        return value_string(a, bytes);
    struct value_builder b = value_map_begin(a);
    value_map_set(&b, STR("base64"), value_string(a, base64_encode(a, bytes)));
    return value_map_end(&b);
}

bool bytes_from_value(struct arena *a, Value v, Str *out)
{
    if (v.kind == VALUE_STRING) {
        *out = str_copy(a, value_str(v));
        return true;
    }
    Value encoded = value_get(v, STR("base64"));
    return value_len(v) == 1 && encoded.kind == VALUE_STRING && base64_decode(a, value_str(encoded), out) &&
           !bytes_are_text(*out);                       // else it would have two forms
}

Str base64_encode(struct arena *a, Str bytes)
{
    size_t len = (bytes.len + 2) / 3 * 4;
    char *out = arena_alloc(a, len + 1), *at = out;
    const unsigned char *in = (const unsigned char *)bytes.data;
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t left = bytes.len - i;
        uint32_t group = (uint32_t)in[i] << 16 | (left > 1 ? (uint32_t)in[i + 1] << 8 : 0) | (left > 2 ? in[i + 2] : 0);
        *at++ = letters[group >> 18];
        *at++ = letters[group >> 12 & 63];
        *at++ = left > 1 ? letters[group >> 6 & 63] : '=';
        *at++ = left > 2 ? letters[group & 63] : '=';
    }
    return (Str){ out, len };
}

static int letter_value(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool base64_decode(struct arena *a, Str text, Str *out)
{
    if (text.len % 4 != 0)
        return false;
    size_t padding = str_ends(text, STR("==")) ? 2 : str_ends(text, STR("=")) ? 1 : 0;
    size_t len = text.len / 4 * 3 - padding;
    unsigned char *bytes = arena_alloc(a, len + 1);
    uint32_t group = 0;
    size_t used = 0;
    for (size_t i = 0; i < text.len; i++) {
        bool is_padding = i >= text.len - padding;
        int value = is_padding ? 0 : letter_value(text.data[i]);
        if (value < 0)
            return false;
        group = group << 6 | (uint32_t)value;
        if (i % 4 != 3)
            continue;
        for (int shift = 16; shift >= 0; shift -= 8) {
            if (used < len)
                bytes[used++] = (unsigned char)(group >> shift);
            else if (group >> shift & 0xff)
                return false;                           // bits behind the end: a second spelling
        }
        group = 0;
    }
    *out = (Str){ (const char *)bytes, len };
    return true;
}
