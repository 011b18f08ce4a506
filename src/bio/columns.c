// SPDX-License-Identifier: Apache-2.0
// Small questions about fields.
#include "bio/columns.h"

size_t columns_split(Str line, char sep, Str *out, size_t max)
{
    size_t count = 0;
    const char *from = line.data, *end = line.data + line.len;
    for (;;) {
        const char *at = from == end ? NULL : memchr(from, sep, (size_t)(end - from));
        if (count < max)
            out[count] = (Str){ from, (size_t)((at ? at : end) - from) };
        count++;
        if (at == NULL)
            return count;
        from = at + 1;
    }
}

bool column_count(Str s, int64_t *out)
{
    int64_t n = 0;
    if (s.len == 0 || s.len > 18)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.data[i] < '0' || s.data[i] > '9')
            return false;
        n = n * 10 + (s.data[i] - '0');
    }
    *out = n;
    return true;
}

bool column_integer(Str s, int64_t *out)
{
    bool has_sign = s.len && (s.data[0] == '-' || s.data[0] == '+');
    if (!column_count(str_from(s, has_sign), out))
        return false;
    if (has_sign && s.data[0] == '-')
        *out = -*out;
    return true;
}

static size_t digits(Str s)
{
    size_t n = 0;
    while (n < s.len && s.data[n] >= '0' && s.data[n] <= '9')
        n++;
    return n;
}

static Str skip_sign(Str s) { return s.len && (s.data[0] == '-' || s.data[0] == '+') ? str_from(s, 1) : s; }

bool column_number(Str s)
{
    s = skip_sign(s);
    size_t whole = digits(s), part = 0;
    s = str_from(s, whole);
    if (s.len && s.data[0] == '.') {
        part = digits(str_from(s, 1));
        s = str_from(s, 1 + part);
    }
    if (whole + part == 0)
        return false;
    if (s.len && (s.data[0] == 'e' || s.data[0] == 'E')) {
        s = skip_sign(str_from(s, 1));
        size_t power = digits(s);
        return power > 0 && power == s.len;
    }
    return s.len == 0;
}

bool column_is_printable(Str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.data[i] < '!' || s.data[i] > '~')
            return false;
    return s.len > 0;
}

bool column_is_words(Str s, const char *more)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.data[i];
        bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr(more, c));
        if (!is_word)
            return false;
    }
    return s.len > 0;
}

bool column_is_one_of(Str s, const char *words)
{
    for (Str rest = str_of(words); rest.len;) {
        Str word = str_cut(&rest, ' ');
        if (str_eq(s, word))
            return true;
    }
    return false;
}
