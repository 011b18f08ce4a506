// SPDX-License-Identifier: Apache-2.0
#pragma once
// What is wrong with a file of sequences, alignments, variants or features: codes, places and sentences. Bounded, however bad
// the file is: some of each code are kept with their place, all are counted. A text names columns, numbers and what was
// expected; never a sequence, a read's name or a sample's.
#include "base/str.h"
#include "value/value.h"

struct arena;

enum fault_level { FAULT_ERROR, FAULT_WARNING };
struct fault {
    enum fault_level level;
    const char *code;                   // "fastq-length"; static
    int64_t line, column;               // from 1; 0: not known, or the whole file
    Str text, hint;                     // the hint may be empty
};
struct fault_count {                    // of one code
    const char *code;
    enum fault_level level;
    int64_t count;
};
enum { FAULT_CODES_MAX = 256 };
struct faults {                         // { .arena = a, .kept_per_code = 5 } is a valid empty list
    struct arena *arena;
    struct fault *at;
    size_t len, cap, kept_per_code;     // of the others it is only known how many there are
    int64_t errors, warnings;
    bool is_lenient;                    // what widespread programs get wrong is a warning
    Str refused;                        // codes with ',' between: a warning of one of them is an error
    bool last_was_kept;
    struct fault_count counts[FAULT_CODES_MAX];
    size_t count_len;
};

// An error. `line` and `column` may be 0. `code` is static.
void fault_add(struct faults *f, int64_t line, int64_t column, const char *code, const char *fmt, ...) PRINTF(5, 6);
// The same as a warning: it does not make the file bad.
void fault_warn(struct faults *f, int64_t line, int64_t column, const char *code, const char *fmt, ...) PRINTF(5, 6);
// An error against the letter of a standard that files in wide use make: a warning where the list is lenient.
void fault_convention(struct faults *f, int64_t line, int64_t column, const char *code, const char *fmt, ...) PRINTF(5, 6);
// What to do about the fault added last.
void fault_hint(struct faults *f, const char *fmt, ...) PRINTF(2, 3);

// "path:line:column: error: text [code]" and hints, one block a fault; then how many of each code are not shown.
void faults_print(const struct faults *f, Str path, struct strbuf *out);
// An array of maps with level, code, line, column, text, hint; what is not known is left out.
Value faults_value(const struct faults *f, struct arena *a);
Value faults_counts_value(const struct faults *f, struct arena *a);    // code -> how many
