// SPDX-License-Identifier: Apache-2.0
// The tokens of JSON, strictly by RFC 8259: no comments, no trailing commas, no NaN, no single quotes. It says what
// it found and what would have been right. It builds nothing.
#include "value/json_scan.h"

#include <math.h>

#include "base/arena.h"
#include "value/number.h"
#include "value/utf8.h"

enum { KEY_KEPT_MAX = 64 };

void json_scan_init(struct json_scan *s, Str text)
{
    text = utf8_skip_bom(text);
    const char *start = text.data ? text.data : "";
    *s = (struct json_scan){ .start = start, .at = start, .end = start + text.len, .line_start = start, .line = 1 };
}

void json_scan_release(struct json_scan *s)
{
    free(s->scratch);
    s->scratch = NULL;
    s->scratch_cap = 0;
}

bool json_fail(struct json_scan *s, const char *at, const char *hint, const char *fmt, ...)
{
    if (s->fail_at)
        return false;
    va_list args;
    va_start(args, fmt);
    vsnprintf(s->fail, sizeof s->fail, fmt, args);
    va_end(args);
    snprintf(s->hint, sizeof s->hint, "%s", hint ? hint : "");
    s->fail_at = at;
    return false;
}

void json_describe(Str rest, char *out, size_t size)
{
    if (rest.len == 0) {
        snprintf(out, size, "the end of the document");
        return;
    }
    size_t len;
    int32_t character = utf8_decode(rest, &len);
    if (character == '\n' || character == '\r')
        snprintf(out, size, "the end of the line");
    else if (character == '\t')
        snprintf(out, size, "a tab");
    else if (character == '\'')
        snprintf(out, size, "a single quote");
    else if (character == UTF8_INVALID)
        snprintf(out, size, "the byte 0x%02x, which is not UTF-8", (unsigned char)rest.data[0]);
    else if (!utf8_is_shown(character))
        snprintf(out, size, "the character U+%04X", (unsigned)character);
    else
        snprintf(out, size, "'%.*s'", (int)len, rest.data);
}

static Str rest_of(const struct json_scan *s) { return (Str){ s->at, (size_t)(s->end - s->at) }; }

// "expected WHAT, found …" about the byte at s->at.
static bool fail_expected(struct json_scan *s, const char *what)
{
    char found[64];
    json_describe(rest_of(s), found, sizeof found);
    char c = s->at < s->end ? *s->at : '\0';
    const char *hint = NULL;
    if (c == '\'')
        hint = "JSON strings are written in double quotes";
    else if (c == '/' || c == '#')
        hint = "JSON has no comments";
    else if ((c == ']' || c == '}') && what[0] == 'a')
        hint = "a comma before it, or a missing value, is not allowed in JSON";
    return json_fail(s, s->at, hint, "expected %s, found %s", what, found);
}

void json_skip_space(struct json_scan *s)
{
    const char *p = s->at;
    for (; p < s->end; p++) {
        if (*p == '\n') {
            s->line++;
            s->line_start = p + 1;
        } else if (*p != ' ' && *p != '\t' && *p != '\r') {
            break;
        }
    }
    s->at = p;
}

// True if one of eight bytes is '"', '\\', a control character or above ASCII: these end a quick run.
static bool has_special(uint64_t word)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones * 0x80;
    uint64_t quote = word ^ ones * '"', slash = word ^ ones * '\\';
    uint64_t hit = (quote - ones) & ~quote;
    hit |= (slash - ones) & ~slash;
    hit |= (word - ones * 0x20) & ~word;
    return ((hit | word) & tops) != 0;
}

// Past the bytes that stand for themselves. *ascii becomes false when one above ASCII was among them.
static const char *skip_run(const char *p, const char *end, bool *ascii)
{
    uint64_t word;
    for (;;) {
        for (; end - p >= 8; p += 8) {
            memcpy(&word, p, 8);
            if (has_special(word))
                break;
        }
        if (p == end || *p == '"' || *p == '\\' || (unsigned char)*p < ' ')
            return p;
        *ascii &= (unsigned char)*p < 0x80;
        p++;
    }
}

static void scratch_add(struct json_scan *s, size_t *len, const char *from, size_t more)
{
    if (*len + more > s->scratch_cap) {
        s->scratch_cap = MAX(*len + more, MAX(s->scratch_cap * 2, (size_t)256));
        s->scratch = xrealloc(s->scratch, s->scratch_cap);
    }
    if (more)
        memcpy(s->scratch + *len, from, more);
    *len += more;
}

// Four hex digits at p, or -1.
static int32_t read_hex4(const char *p, const char *end)
{
    int32_t unit = 0;
    for (int i = 0; i < 4; i++) {
        char c = p + i < end ? p[i] : '\0';
        int digit = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

// p is behind "\u". Takes the second half of a surrogate pair too.
static const char *read_unicode(struct json_scan *s, const char *p, size_t *len)
{
    int32_t unit = read_hex4(p, s->end);
    if (unit < 0) {
        json_fail(s, p - 2, NULL, "expected four hexadecimal digits after \\u");
        return NULL;
    }
    uint32_t character = (uint32_t)unit;
    size_t taken = 4;
    if (unit >= 0xd800 && unit < 0xdc00 && s->end - p >= 10 && p[4] == '\\' && p[5] == 'u') {
        int32_t low = read_hex4(p + 6, s->end);
        if (low >= 0xdc00 && low < 0xe000) {
            character = 0x10000 + ((uint32_t)(unit - 0xd800) << 10) + (uint32_t)(low - 0xdc00);
            taken = 10;
        }
    }
    if (character >= 0xd800 && character < 0xe000) {
        json_fail(s, p - 2, NULL, "\\u%04x is one half of a surrogate pair, without the other half", (unsigned)unit);
        return NULL;
    }
    char bytes[UTF8_MAX];
    scratch_add(s, len, bytes, utf8_encode(character, bytes));
    return p + taken;
}

// p is at a backslash. Adds what it stands for; returns the place behind it, or NULL.
static const char *read_escape(struct json_scan *s, const char *p, size_t *len)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    if (p + 1 == s->end)
        return p + 1;                                   // the string does not end: its caller says so
    if (p[1] == 'u')
        return read_unicode(s, p + 2, len);
    const char *letter = p[1] ? strchr(letters, p[1]) : NULL;
    if (letter == NULL) {
        char found[64];
        json_describe((Str){ p + 1, (size_t)(s->end - p - 1) }, found, sizeof found);
        json_fail(s, p, "a backslash itself is written \\\\",
                  "expected one of \" \\ / b f n r t u after a backslash, found %s", found);
        return NULL;
    }
    scratch_add(s, len, &meanings[letter - letters], 1);
    return p + 2;
}

static bool fail_in_string(struct json_scan *s, const char *open, const char *p)
{
    if (p >= s->end || *p == '\n' || *p == '\r')
        return json_fail(s, open, p >= s->end ? NULL : "a line break inside a string is written \\n",
                         "this string is not closed: expected '\"' before the end of the %s",
                         p >= s->end ? "document" : "line");
    return json_fail(s, p, NULL, "control character 0x%02x in a string: expected it written as \\u%04x",
                     (unsigned char)*p, (unsigned char)*p);
}

static bool check_utf8(struct json_scan *s, const char *from, const char *to)
{
    Str raw = { from, (size_t)(to - from) };
    size_t valid = utf8_valid_prefix(raw);
    if (valid == raw.len)
        return true;
    return json_fail(s, from + valid, "save the document as UTF-8", "the byte 0x%02x here is not UTF-8",
                     (unsigned char)from[valid]);
}

bool json_scan_string(struct json_scan *s, Str *out)
{
    const char *open = s->at, *run = open + 1;
    bool ascii = true;
    size_t len = 0;
    const char *p = skip_run(run, s->end, &ascii);
    bool escaped = p < s->end && *p == '\\';
    while (p < s->end && *p == '\\') {
        scratch_add(s, &len, run, (size_t)(p - run));
        p = read_escape(s, p, &len);
        if (p == NULL)
            return false;
        run = p;
        p = skip_run(run, s->end, &ascii);
    }
    if (p == s->end || *p != '"')
        return fail_in_string(s, open, p);
    if (!ascii && !check_utf8(s, open + 1, p))
        return false;
    if (escaped)
        scratch_add(s, &len, run, (size_t)(p - run));
    *out = escaped ? (Str){ s->scratch, len } : (Str){ run, (size_t)(p - run) };
    s->at = p + 1;
    return true;
}

bool json_scan_key(struct json_scan *s, struct arena *a, const struct value_string **out)
{
    if (s->at == s->end || *s->at != '"')
        return fail_expected(s, "a key in double quotes");
    Str key;
    if (!json_scan_string(s, &key))
        return false;
    if (key.len == 0 || key.len > KEY_KEPT_MAX) {
        *out = value_string(a, key).string;
        return true;
    }
    unsigned char first = (unsigned char)key.data[0], last = (unsigned char)key.data[key.len - 1];
    size_t slot = (first * 31u + last * 7u + (unsigned char)key.data[key.len / 2] + key.len) % LEN(s->keys);
    const struct value_string *kept = s->keys[slot];
    if (kept == NULL || kept->len != key.len || memcmp(kept->data, key.data, key.len) != 0)
        s->keys[slot] = kept = value_string(a, key).string;
    *out = kept;
    return true;
}

static const char *skip_digits(const char *p, const char *end)
{
    while (p < end && *p >= '0' && *p <= '9')
        p++;
    return p;
}

static bool fail_number(struct json_scan *s, const char *at)
{
    s->at = at;
    return fail_expected(s, "a digit of this number");
}

static bool scan_number(struct json_scan *s, Value *out)
{
    const char *start = s->at, *p = start + (*start == '-'), *digits = p;
    p = skip_digits(p, s->end);
    if (p == digits)
        return fail_number(s, p);
    if (*digits == '0' && p - digits > 1)
        return json_fail(s, start, "write it without the zeros, or in quotes if it is a name",
                         "a number must not begin with 0");
    bool integral = true;
    if (p < s->end && *p == '.') {
        integral = false;
        digits = ++p;
        p = skip_digits(p, s->end);
        if (p == digits)
            return fail_number(s, p);
    }
    if (p < s->end && (*p | 32) == 'e') {
        integral = false;
        p++;
        p += p < s->end && (*p == '+' || *p == '-');
        digits = p;
        p = skip_digits(p, s->end);
        if (p == digits)
            return fail_number(s, p);
    }
    Str text = { start, (size_t)(p - start) };
    *out = integral ? number_read_int(text) : value_float(number_read(text));
    if (out->kind == VALUE_FLOAT && isinf(out->real))
        return json_fail(s, start, "put it in quotes if it is a name",
                         "this number is larger than a float can hold (1.8e308)");
    s->at = p;
    return true;
}

static bool scan_word(struct json_scan *s, Str word, Value v, Value *out)
{
    if (!str_starts(rest_of(s), word))
        return false;
    const char *next = s->at + word.len;
    char c = next < s->end ? *next : ' ';
    if ((c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_')
        return false;
    s->at = next;
    *out = v;
    return true;
}

bool json_scan_scalar(struct json_scan *s, Value *out)
{
    char c = s->at < s->end ? *s->at : '\0';
    if (c == '-' || (c >= '0' && c <= '9'))
        return scan_number(s, out);
    if (scan_word(s, STR("true"), value_bool(true), out) || scan_word(s, STR("false"), value_bool(false), out)
        || scan_word(s, STR("null"), value_null, out))
        return true;
    return fail_expected(s, "a value");
}

bool json_scan_next(struct json_scan *s, char close, bool *more)
{
    json_skip_space(s);
    char c = s->at < s->end ? *s->at : '\0';
    if (c != ',' && c != close)
        return fail_expected(s, close == '}' ? "',' or '}' after this value" : "',' or ']' after this value");
    s->at++;
    *more = c == ',';
    if (*more)
        json_skip_space(s);
    return true;
}

bool json_scan_colon(struct json_scan *s)
{
    json_skip_space(s);
    if (s->at == s->end || *s->at != ':')
        return fail_expected(s, "':' after this key");
    s->at++;
    json_skip_space(s);
    return true;
}

bool json_scan_end(struct json_scan *s)
{
    json_skip_space(s);
    return s->at == s->end || fail_expected(s, "the end of the document after the value");
}
