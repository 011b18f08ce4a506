// SPDX-License-Identifier: Apache-2.0
#pragma once
// Mistakes in a user's documents: many, with places, reported together and sorted by place.
#include "base/str.h"

struct arena;
struct strbuf;

// A place in a source: 1-based; line 0 means "the whole file". Columns count bytes.
struct source {
    Str name;                           // as shown to the user: the path as given or relative to it
    Str text;                           // for showing the line; may be empty
};
struct span {
    const struct source *source;        // NULL: no place known
    uint32_t line, column;
};

enum diag_level { DIAG_ERROR, DIAG_WARNING };
struct diag {
    enum diag_level level;
    struct span span;
    Str text;                           // what is wrong, and what was expected
    Str hint;                           // what to do; may be empty
};
struct diags {                          // { .arena = a } is a valid empty list
    struct arena *arena;
    struct diag *at;
    size_t len, cap;
    size_t errors, warnings;
    size_t harmless;                    // errors that leave the rest of the document readable: what follows can be checked too
    size_t dropped;                     // beyond DIAG_MAX
};
enum { DIAG_MAX = 200 };

// An error, a warning. The text is copied; beyond DIAG_MAX they are only counted.
void diag_add(struct diags *d, struct span span, const char *fmt, ...) PRINTF(3, 4);
void diag_warn(struct diags *d, struct span span, const char *fmt, ...) PRINTF(3, 4);
void diag_hint(struct diags *d, const char *fmt, ...) PRINTF(2, 3);     // for the diagnostic added last
// ": did you mean 'X'?" as the hint of the diagnostic added last, when a candidate is near enough.
void diag_suggest(struct diags *d, Str name, const Str *candidates, size_t count);
// The diagnostics sorted by file, line, column, the same text at the same place once. Returns how many.
size_t diags_in_order(const struct diags *d, const struct diag *shown[DIAG_MAX]);
// One block a diagnostic: "file:line:column: error: text", the source line with a caret, "  hint: …".
// Sorted by file, line, column. The same text at the same place is shown once.
void diag_print(const struct diags *d, struct strbuf *out);
Str span_text(struct arena *a, struct span span);                       // "file:line:column"
