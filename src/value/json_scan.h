// SPDX-License-Identifier: Apache-2.0
#pragma once
// For this folder only: the tokens of JSON (RFC 8259). What is built from them is up to json_parse.c (Values) and
// json_read.c (nodes with places). A function that returns false has called json_fail(): the first mistake is kept.
#include "value/value.h"

struct json_scan {
    const char *start, *at, *end;       // all of the text; what is left of it
    const char *line_start;             // of the line that `at` is in
    uint32_t line;                      // 1-based
    char *scratch;                      // a string with its escapes taken out
    size_t scratch_cap;
    const char *fail_at;                // NULL: nothing wrong so far
    char fail[240], hint[120];
    const struct value_string *keys[256];       // keys seen lately: records repeat theirs
};

// json_scan_release() frees what the scan holds itself.
void json_scan_init(struct json_scan *s, Str text);
void json_scan_release(struct json_scan *s);

// Notes what is wrong at `at`, and a hint (NULL: none), unless something was wrong before. Returns false.
bool json_fail(struct json_scan *s, const char *at, const char *hint, const char *fmt, ...) PRINTF(4, 5);
// The character at `at` as a reader sees it: "'x'", "the end of the document", "control character 0x07".
void json_describe(Str rest, char *out, size_t size);

void json_skip_space(struct json_scan *s);              // and counts lines
// At a '"'. The string without quotes and escapes: a view of the text or of the scratch, until the next string.
bool json_scan_string(struct json_scan *s, Str *out);
// As json_scan_string, for the key of a map: the same key twice is mostly the same string in `a`.
bool json_scan_key(struct json_scan *s, struct arena *a, const struct value_string **out);
// At the first byte of a value that is no '{', '[' or '"': a number, true, false or null.
bool json_scan_scalar(struct json_scan *s, Value *out);
// Behind an item of a container that ends with `close`: takes ',' (and *more) or `close`.
bool json_scan_next(struct json_scan *s, char close, bool *more);
// Behind a key: takes the ':' and the space around it.
bool json_scan_colon(struct json_scan *s);
// Behind the value: nothing but space may follow.
bool json_scan_end(struct json_scan *s);
