// SPDX-License-Identifier: Apache-2.0
#pragma once
// Str: a view of bytes, by value, not NUL-terminated. strbuf: a growing buffer with a ceiling.
#include "base/base.h"

#include <stdarg.h>
#include <string.h>

struct arena;

typedef struct {
    const char *data;
    size_t len;
} Str;
#define STR(lit) ((Str){ "" lit, sizeof(lit) - 1 })
#define STR_CONST(lit) { "" lit, sizeof(lit) - 1 }
#define STR_FMT "%.*s"
#define STR_ARG(s) (int)(s).len, ((s).data ? (s).data : "")

// Views of the same bytes: nothing is copied.
static inline Str str_of(const char *z) { return z ? (Str){ z, strlen(z) } : (Str){ 0 }; }
static inline bool str_eq(Str a, Str b) { return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0); }
static inline bool str_is(Str a, const char *z) { return str_eq(a, str_of(z)); }

int str_compare(Str a, Str b);                          // bytewise, as memcmp
// Every Str begins and ends with an empty one.
bool str_starts(Str s, Str prefix);
bool str_ends(Str s, Str suffix);
bool str_has(Str s, char c);                            // anywhere; c may be NUL
ptrdiff_t str_find(Str s, Str what);                    // offset or -1
ptrdiff_t str_find_char(Str s, char c);                 // first, or -1
ptrdiff_t str_rfind_char(Str s, char c);                // last, or -1
Str str_from(Str s, size_t start);                      // the rest; empty beyond the end
Str str_first(Str s, size_t len);                       // the first len bytes, or all
Str str_slice(Str s, size_t start, size_t end);         // up to, without, `end`; both are cut to fit
Str str_trim(Str s);                                    // without white space at both ends
// Takes the field before `sep` off the front of *rest (and the separator). Without a separator: all of it.
Str str_cut(Str *rest, char sep);
Str str_basename(Str path);                             // after the last '/', trailing slashes ignored
// Relative, and leading out of no folder that it is put into: no empty part, no "." or "..", no NUL.
bool str_is_inner_path(Str path);
// "a.tar.gz": "a.tar" and ".gz". A leading dot starts no extension; without one *extension is empty.
void str_split_extension(Str name, Str *root, Str *extension);
Str str_dirname(Str path);                              // before it; "." when there is none
bool str_to_int(Str s, int64_t *out) MUST_CHECK;        // all of s, decimal, sign allowed
bool str_to_double(Str s, double *out) MUST_CHECK;      // all of s, JSON or C number syntax, finite; no hex
uint64_t str_hash(Str s);                               // for tables in memory only
bool str_is_utf8(Str s);                                // strict: no surrogates, no overlong forms

Str str_copy(struct arena *a, Str s);                   // NUL-terminated behind the view
char *str_z(struct arena *a, Str s);                    // as a C string, for the border to the OS; a NUL in s ends it early
// NUL-terminated too, as are the paths below.
Str str_printf(struct arena *a, const char *fmt, ...) PRINTF(2, 3);
Str str_vprintf(struct arena *a, const char *fmt, va_list args) PRINTF(2, 0);
Str str_concat(struct arena *a, Str x, Str y);
Str str_join_path(struct arena *a, Str dir, Str name);  // one '/' between; an absolute name wins
// "." ".." and doubled slashes taken out by text alone; a leading ".." of a relative path stays. NUL-terminated.
Str str_normal_path(struct arena *a, Str path);

// Always valid to pass on; data is NUL-terminated once anything was added. limit 0 means 1 GiB.
struct strbuf {
    char *data;
    size_t len, cap, limit;
    bool overflow;                                      // something did not fit; stays set
};
bool strbuf_add(struct strbuf *b, Str s);               // false (and overflow set) when over the limit
bool strbuf_addc(struct strbuf *b, char c);
bool strbuf_addz(struct strbuf *b, const char *z);
bool strbuf_addf(struct strbuf *b, const char *fmt, ...) PRINTF(2, 3);
bool strbuf_addv(struct strbuf *b, const char *fmt, va_list args) PRINTF(2, 0);
void strbuf_clear(struct strbuf *b);                    // empty, memory kept
void strbuf_release(struct strbuf *b);
Str strbuf_str(const struct strbuf *b);                 // view, valid until the next change
Str strbuf_take(struct strbuf *b, struct arena *a);     // copy into the arena, buffer released

// The candidate nearest to `name` by edit distance, or an empty Str when none is close enough to suggest.
Str str_nearest(Str name, const Str *candidates, size_t count);
