// SPDX-License-Identifier: Apache-2.0
// Locations and paths. No network and no disk: text alone.
#include "lang/cwl/iri.h"

#include "base/arena.h"

static bool is_alnum(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
static bool is_safe(char c) { return is_alnum(c) || (c && strchr("-._~/@+,=", c)); }

Str iri_of_path(struct arena *a, Str path)
{
    struct strbuf out = { 0 };
    strbuf_addz(&out, "file://");
    for (size_t i = 0; i < path.len; i++)
        if (is_safe(path.data[i]))
            strbuf_addc(&out, path.data[i]);
        else
            strbuf_addf(&out, "%%%02X", (unsigned char)path.data[i]);
    return strbuf_take(&out, a);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    char lower = (char)(c | 32);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// A '%' without two hex digits behind it stays: people write file names, not IRIs. A NUL byte is never made.
static Str decode(struct arena *a, Str text)
{
    char *out = arena_alloc(a, text.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        int high = i + 2 < text.len && text.data[i] == '%' ? hex_digit(text.data[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(text.data[i + 2]) : -1;
        if (low >= 0 && high * 16 + low > 0) {
            out[len++] = (char)(high * 16 + low);
            i += 2;
        } else {
            out[len++] = text.data[i];
        }
    }
    return (Str){ out, len };
}

Str iri_scheme(Str iri)
{
    ptrdiff_t colon = str_find_char(iri, ':');
    if (colon <= 0)
        return (Str){ 0 };
    Str scheme = str_first(iri, (size_t)colon);
    if (str_is(scheme, "_") || str_is(scheme, "file") || str_is(scheme, "data") || str_is(scheme, "urn"))
        return scheme;
    if (!str_starts(str_from(iri, (size_t)colon), STR("://")))
        return (Str){ 0 };
    for (size_t i = 0; i < scheme.len; i++)
        if (!is_alnum(scheme.data[i]) && !memchr("+-.", scheme.data[i], 3))
            return (Str){ 0 };
    return scheme;
}

Str iri_to_path(struct arena *a, Str iri)
{
    if (!str_is(iri_scheme(iri), "file"))
        return (Str){ 0 };
    Str rest = str_from(iri, 5);
    if (str_starts(rest, STR("//localhost/")))
        rest = str_from(rest, 11);
    else if (str_starts(rest, STR("//")))
        rest = str_from(rest, 2);
    return rest.len && rest.data[0] == '/' ? str_normal_path(a, decode(a, rest)) : (Str){ 0 };
}

Str iri_resolve(struct arena *a, Str location, Str dir)
{
    if (str_is(iri_scheme(location), "file")) {
        Str path = iri_to_path(a, location);
        return path.len ? iri_of_path(a, path) : str_copy(a, location);
    }
    if (iri_scheme(location).len)
        return str_copy(a, location);
    return iri_of_path(a, str_normal_path(a, str_join_path(a, dir, decode(a, location))));
}
