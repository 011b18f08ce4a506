// SPDX-License-Identifier: Apache-2.0
// Views and buffers of bytes. No locale, no encodings beyond the UTF-8 check.
#include "base/str.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"

int str_compare(Str a, Str b)
{
    size_t n = MIN(a.len, b.len);
    int order = n ? memcmp(a.data, b.data, n) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

bool str_starts(Str s, Str prefix) { return s.len >= prefix.len && str_eq(str_first(s, prefix.len), prefix); }
bool str_ends(Str s, Str suffix) { return s.len >= suffix.len && str_eq(str_from(s, s.len - suffix.len), suffix); }
bool str_has(Str s, char c) { return str_find_char(s, c) >= 0; }

ptrdiff_t str_find(Str s, Str what)
{
    if (what.len == 0)
        return 0;
    const char *found = s.len ? memmem(s.data, s.len, what.data, what.len) : NULL;
    return found ? found - s.data : -1;
}

ptrdiff_t str_find_char(Str s, char c)
{
    const char *found = s.len ? memchr(s.data, c, s.len) : NULL;
    return found ? found - s.data : -1;
}

ptrdiff_t str_rfind_char(Str s, char c)
{
    const char *found = s.len ? memrchr(s.data, c, s.len) : NULL;
    return found ? found - s.data : -1;
}

Str str_from(Str s, size_t start)
{
    start = MIN(start, s.len);
    return start ? (Str){ s.data + start, s.len - start } : s;      // no arithmetic on a NULL
}

Str str_first(Str s, size_t len) { return (Str){ s.data, MIN(len, s.len) }; }

Str str_slice(Str s, size_t start, size_t end)
{
    return end <= start ? (Str){ 0 } : str_from(str_first(s, end), start);
}

static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

Str str_trim(Str s)
{
    while (s.len && is_space(s.data[0]))
        s = str_from(s, 1);
    while (s.len && is_space(s.data[s.len - 1]))
        s.len--;
    return s;
}

Str str_cut(Str *rest, char sep)
{
    ptrdiff_t at = str_find_char(*rest, sep);
    Str field = at < 0 ? *rest : str_first(*rest, (size_t)at);
    *rest = at < 0 ? (Str){ 0 } : str_from(*rest, (size_t)at + 1);
    return field;
}

static Str without_trailing_slashes(Str path)
{
    while (path.len > 1 && path.data[path.len - 1] == '/')
        path.len--;
    return path;
}

Str str_basename(Str path)
{
    path = without_trailing_slashes(path);
    ptrdiff_t slash = str_rfind_char(path, '/');
    return slash < 0 || path.len == 1 ? path : str_from(path, (size_t)slash + 1);
}

bool str_is_inner_path(Str path)
{
    if (path.len == 0 || str_has(path, '\0'))
        return false;
    for (Str rest = path; rest.data;) {
        Str part = str_cut(&rest, '/');
        if (part.len == 0 || str_is(part, ".") || str_is(part, ".."))
            return false;
    }
    return true;
}

void str_split_extension(Str name, Str *root, Str *extension)
{
    size_t lead = 0;
    while (lead < name.len && name.data[lead] == '.')
        lead++;
    ptrdiff_t dot = str_rfind_char(name, '.');
    size_t cut = dot > 0 && (size_t)dot >= lead ? (size_t)dot : name.len;
    *root = str_first(name, cut);
    *extension = str_from(name, cut);
}

Str str_dirname(Str path)
{
    path = without_trailing_slashes(path);
    ptrdiff_t slash = str_rfind_char(path, '/');
    if (slash < 0)
        return STR(".");
    return without_trailing_slashes(str_first(path, slash ? (size_t)slash : 1));
}

bool str_to_int(Str s, int64_t *out)
{
    size_t i = 0;
    bool negative = s.len && s.data[0] == '-';
    if (s.len && (s.data[0] == '-' || s.data[0] == '+'))
        i = 1;
    if (i == s.len)
        return false;
    int64_t value = 0;
    for (; i < s.len; i++) {
        int digit = s.data[i] - '0';
        if (digit < 0 || digit > 9 || __builtin_mul_overflow(value, 10, &value))
            return false;
        if (negative ? __builtin_sub_overflow(value, digit, &value) : __builtin_add_overflow(value, digit, &value))
            return false;
    }
    *out = value;
    return true;
}

bool str_to_double(Str s, double *out)
{
    char text[400];
    if (s.len == 0 || s.len >= sizeof text)
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (!memchr("0123456789+-.eE", s.data[i], 15))
            return false;
    memcpy(text, s.data, s.len);
    text[s.len] = '\0';
    char *end;
    *out = strtod(text, &end);
    return end == text + s.len && __builtin_isfinite(*out);
}

// FNV-1a followed by a finaliser; tables in memory need speed and spread, not strength.
uint64_t str_hash(Str s)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < s.len; i++)
        h = (h ^ (unsigned char)s.data[i]) * 0x100000001b3u;
    h ^= h >> 32;
    return h * 0x9e3779b97f4a7c15u;
}

bool str_is_utf8(Str s)
{
    if (s.len == 0)
        return true;
    const unsigned char *p = (const unsigned char *)s.data, *end = p + s.len;
    while (p < end) {
        if (*p < 0x80) {
            p++;
            continue;
        }
        int extra = *p >= 0xf0 && *p <= 0xf4 ? 3 : *p >= 0xe0 ? 2 : *p >= 0xc2 ? 1 : 0;
        if (*p > 0xf4 || extra == 0 || end - p <= extra)
            return false;
        unsigned char low = 0x80, high = 0xbf;
        if (*p == 0xe0) low = 0xa0;
        if (*p == 0xed) high = 0x9f;
        if (*p == 0xf0) low = 0x90;
        if (*p == 0xf4) high = 0x8f;
        if (p[1] < low || p[1] > high)
            return false;
        for (int i = 2; i <= extra; i++)
            if ((p[i] & 0xc0) != 0x80)
                return false;
        p += extra + 1;
    }
    return true;
}

char *str_z(struct arena *a, Str s)
{
    char *z = arena_alloc(a, s.len + 1);
    if (s.len)
        memcpy(z, s.data, s.len);
    return z;
}

Str str_copy(struct arena *a, Str s) { return (Str){ str_z(a, s), s.len }; }

Str str_vprintf(struct arena *a, const char *fmt, va_list args)
{
    struct strbuf b = { 0 };
    strbuf_addv(&b, fmt, args);
    return strbuf_take(&b, a);
}

Str str_printf(struct arena *a, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    Str s = str_vprintf(a, fmt, args);
    va_end(args);
    return s;
}

Str str_concat(struct arena *a, Str x, Str y)
{
    char *z = arena_alloc(a, x.len + y.len + 1);
    if (x.len)
        memcpy(z, x.data, x.len);
    if (y.len)
        memcpy(z + x.len, y.data, y.len);
    return (Str){ z, x.len + y.len };
}

Str str_join_path(struct arena *a, Str dir, Str name)
{
    if (dir.len == 0 || (name.len && name.data[0] == '/'))
        return str_copy(a, name);
    bool slash = dir.data[dir.len - 1] == '/';
    return str_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(dir), slash ? "" : "/", STR_ARG(name));
}

Str str_normal_path(struct arena *a, Str path)
{
    char *out = arena_alloc(a, path.len + 2);
    size_t len = 0, floor = 0;                          // nothing below `floor` can be taken back
    bool absolute = path.len && path.data[0] == '/';
    if (absolute)
        out[len++] = '/', floor = 1;
    while (path.len) {
        Str part = str_cut(&path, '/');
        if (part.len == 0 || str_is(part, "."))
            continue;
        if (str_is(part, "..")) {
            if (len > floor) {
                while (len > floor && out[len - 1] != '/')
                    len--;
                if (len > floor)
                    len--;
                continue;
            }
            if (absolute)
                continue;
        }
        if (len > 0 && out[len - 1] != '/')
            out[len++] = '/';
        memcpy(out + len, part.data, part.len);
        len += part.len;
        if (str_is(part, ".."))
            floor = len;
    }
    if (len == 0)
        out[len++] = '.';
    out[len] = '\0';                                    // what was taken back may stand there
    return (Str){ out, len };
}

static bool strbuf_reserve(struct strbuf *b, size_t extra)
{
    size_t limit = b->limit ? b->limit : (size_t)1 << 30;
    if (b->overflow || extra > limit || b->len > limit - extra) {
        b->overflow = true;
        return false;
    }
    if (b->len + extra + 1 > b->cap) {
        b->cap = MAX(b->len + extra + 1, b->cap * 2);
        b->cap = MAX(b->cap, (size_t)64);
        b->data = xrealloc(b->data, b->cap);
    }
    return true;
}

bool strbuf_add(struct strbuf *b, Str s)
{
    if (!strbuf_reserve(b, s.len))
        return false;
    if (s.len)
        memcpy(b->data + b->len, s.data, s.len);
    b->len += s.len;
    b->data[b->len] = '\0';
    return true;
}

bool strbuf_addc(struct strbuf *b, char c) { return strbuf_add(b, (Str){ &c, 1 }); }
bool strbuf_addz(struct strbuf *b, const char *z) { return strbuf_add(b, str_of(z)); }

bool strbuf_addv(struct strbuf *b, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    int need = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    CHECK(need >= 0);
    if (!strbuf_reserve(b, (size_t)need))
        return false;
    vsnprintf(b->data + b->len, (size_t)need + 1, fmt, args);
    b->len += (size_t)need;
    return true;
}

bool strbuf_addf(struct strbuf *b, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    bool fits = strbuf_addv(b, fmt, args);
    va_end(args);
    return fits;
}

void strbuf_clear(struct strbuf *b)
{
    b->len = 0;
    b->overflow = false;
    if (b->data)
        b->data[0] = '\0';
}

void strbuf_release(struct strbuf *b)
{
    free(b->data);
    *b = (struct strbuf){ .limit = b->limit };
}

Str strbuf_str(const struct strbuf *b) { return (Str){ b->data ? b->data : "", b->len }; }

Str strbuf_take(struct strbuf *b, struct arena *a)
{
    Str copy = str_copy(a, strbuf_str(b));
    strbuf_release(b);
    return copy;
}

enum { NEAREST_MAX = 64 };

static int lower(char c) { return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c; }

// Damerau-Levenshtein without repeated edits, case-insensitive for letters.
static size_t edit_distance(Str a, Str b)
{
    if (a.len > NEAREST_MAX || b.len > NEAREST_MAX)
        return SIZE_MAX;
    size_t rows[3][NEAREST_MAX + 1];
    for (size_t j = 0; j <= b.len; j++)
        rows[1][j] = j;
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t i = 1; i <= a.len; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            int x = lower(a.data[i - 1]), y = lower(b.data[j - 1]);
            size_t cost = x != y;
            row[j] = MIN(MIN(last[j] + 1, row[j - 1] + 1), last[j - 1] + cost);
            if (i > 1 && j > 1 && x == lower(b.data[j - 2]) && lower(a.data[i - 2]) == y)
                row[j] = MIN(row[j], before[j - 2] + 1);
        }
        size_t *free_row = before;
        before = last, last = row, row = free_row;
    }
    return last[b.len];
}

Str str_nearest(Str name, const Str *candidates, size_t count)
{
    Str best = { 0 };
    size_t best_distance = MAX(name.len / 3, (size_t)1) + 1;
    for (size_t i = 0; i < count; i++) {
        size_t distance = edit_distance(name, candidates[i]);
        if (distance < best_distance && distance < name.len)         // something of the name must be right
            best = candidates[i], best_distance = distance;
    }
    return best;
}
