// SPDX-License-Identifier: Apache-2.0
// Escaping, and numbers as people read them. Not a template language: a page is written from top to bottom.
#include "view/report/html.h"

#include <math.h>

#include "value/utf8.h"

#define UNKNOWN "\xe2\x80\x93"          // "–"
#define REPLACEMENT "\xef\xbf\xbd"      // U+FFFD
#define ELLIPSIS "\xe2\x80\xa6"

// Bytes of the first code point; *shown is false where it must not be passed on.
static size_t code_point(Str s, bool *shown)
{
    size_t len;
    int32_t c = utf8_decode(s, &len);
    *shown = utf8_is_shown(c) || c == '\n' || c == '\t';
    return len;
}

static void add_escaped(struct strbuf *out, Str one)
{
    switch (one.data[0]) {
    case '&': strbuf_addz(out, "&amp;"); break;
    case '<': strbuf_addz(out, "&lt;"); break;
    case '>': strbuf_addz(out, "&gt;"); break;
    case '"': strbuf_addz(out, "&quot;"); break;
    case '\'': strbuf_addz(out, "&#39;"); break;
    default: strbuf_add(out, one);
    }
}

void html_add_cut(struct strbuf *out, Str s, size_t max)
{
    while (s.len) {
        if (max-- == 0) {
            strbuf_addz(out, ELLIPSIS);
            return;
        }
        bool shown;
        size_t len = code_point(s, &shown);
        if (shown)
            add_escaped(out, str_first(s, len));
        else
            strbuf_addz(out, REPLACEMENT);
        s = str_from(s, len);
    }
}

void html_add(struct strbuf *out, Str s) { html_add_cut(out, s, SIZE_MAX); }

// Bytes of the terminal's control sequence at the start (ECMA-48: CSI … final byte, OSC … BEL or ST, else two); 0: none.
static size_t escape_len(Str s)
{
    if (s.data[0] != 0x1b)
        return 0;
    if (s.len < 2)
        return 1;
    size_t i = 2;
    if (s.data[1] == '[') {
        while (i < s.len && s.data[i] >= 0x20 && s.data[i] < 0x40)
            i++;
        return MIN(i + 1, s.len);
    }
    if (s.data[1] != ']')
        return 2;
    while (i < s.len && s.data[i] != 0x07 && s.data[i] != 0x1b)
        i++;
    return MIN(i + (i < s.len && s.data[i] == 0x1b ? 2 : 1), s.len);
}

static void add_log_line(struct strbuf *out, Str line, size_t columns)
{
    while (line.len && line.data[line.len - 1] == '\r')
        line.len--;
    line = str_from(line, (size_t)(str_rfind_char(line, '\r') + 1));
    struct strbuf plain = { 0 };
    while (line.len) {
        size_t skip = escape_len(line);
        if (skip == 0)
            strbuf_addc(&plain, line.data[0]);
        line = str_from(line, skip ? skip : 1);
    }
    html_add_cut(out, strbuf_str(&plain), columns);
    strbuf_release(&plain);
}

void html_add_log(struct strbuf *out, Str text, size_t columns)
{
    while (text.len) {
        add_log_line(out, str_cut(&text, '\n'), columns);
        strbuf_addc(out, '\n');
    }
}

// --- numbers

// The digits of "-1234567.25" with commas.
static void add_grouped(struct strbuf *out, const char *text)
{
    if (*text == '-') {
        strbuf_addz(out, "\xe2\x88\x92");               // a minus, not a hyphen
        text++;
    }
    size_t digits = strspn(text, "0123456789");
    for (size_t i = 0; i < digits; i++) {
        strbuf_addc(out, text[i]);
        if (digits - i > 1 && (digits - i) % 3 == 1)
            strbuf_addc(out, ',');
    }
    strbuf_addz(out, text + digits);
}

void html_add_int(struct strbuf *out, int64_t n)
{
    char text[NUMBER_SHORT];
    snprintf(text, sizeof text, "%lld", (long long)n);
    add_grouped(out, text);
}

void html_add_part(struct strbuf *out, size_t some, size_t all)
{
    html_add_int(out, (int64_t)some);
    strbuf_addz(out, " of ");
    html_add_int(out, (int64_t)all);
}

// Without the zeros at the end of its decimals.
static void trim_zeros(char *text)
{
    if (strchr(text, '.') == NULL || strchr(text, 'e'))
        return;
    size_t len = strlen(text);
    while (text[len - 1] == '0')
        text[--len] = 0;
    if (text[len - 1] == '.')
        text[--len] = 0;
}

void html_add_number(struct strbuf *out, double v, int decimals)
{
    enum { DIGITS = 6 };
    char text[400];
    if (!isfinite(v)) {
        strbuf_addz(out, UNKNOWN);
        return;
    }
    double size = fabs(v);
    if (size != 0 && (size >= 1e15 || (decimals < 0 && size < 1e-4))) {
        snprintf(text, sizeof text, "%.3g", v);
    } else if (decimals >= 0) {
        snprintf(text, sizeof text, "%.*f", decimals, v);
    } else {
        int whole = size >= 1 ? (int)floor(log10(size)) + 1 : 1;
        snprintf(text, sizeof text, "%.*f", MAX(DIGITS - whole, 0), v);
        trim_zeros(text);
    }
    if (strspn(text, "-0.") == strlen(text) && text[0] == '-')
        memmove(text, text + 1, strlen(text));          // no "-0.0"
    add_grouped(out, text);
}

void html_add_bytes(struct strbuf *out, int64_t bytes)
{
    char text[TIME_TEXT];
    if (bytes >= 0)
        size_text(bytes, text);
    strbuf_addz(out, bytes >= 0 ? text : UNKNOWN);
}

void html_add_duration(struct strbuf *out, Time t)
{
    char text[TIME_TEXT];
    if (t >= 0)
        time_duration_text(t, text);
    strbuf_addz(out, t >= 0 ? text : UNKNOWN);
}

void html_add_time(struct strbuf *out, Time t)
{
    char text[TIME_TEXT];
    if (t <= 0) {
        strbuf_addz(out, UNKNOWN);
        return;
    }
    time_text(t, text);                                 // 2026-03-01T12:34:56.789Z
    strbuf_addf(out, "%.10s %.8s UTC", text, text + 11);
}

void svg_add_coordinate(struct strbuf *out, double v)
{
    char text[NUMBER_SHORT];
    if (!isfinite(v))
        v = 0;
    v = MAX(-1e7, MIN(1e7, v));
    snprintf(text, sizeof text, "%.2f", v);
    trim_zeros(text);
    strbuf_addz(out, strcmp(text, "-0") == 0 ? "0" : text);
}
