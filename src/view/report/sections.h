// SPDX-License-Identifier: Apache-2.0
#pragma once
// Report sections (docs/report-sections.md): what a workflow says about its results, read from JSON, checked, merged.
#include "base/arena.h"
#include "base/map.h"
#include "base/vec.h"
#include "value/diag.h"

enum {
    SECTION_FILE_MAX = 8 << 20, SECTION_FILES_MAX = 20000, SECTIONS_MAX = 200, SECTION_BLOCKS_MAX = 2000, SECTION_TEXT_MAX = 10000,
    SECTION_COLUMNS_MAX = 100, SECTION_ROWS_MAX = 100000, SECTION_POINTS_MAX = 1000000,
};
#define SECTION_SUFFIX ".petri-report.json"
#define SECTION_BYTES_MAX ((int64_t)128 << 20)

enum verdict { VERDICT_NONE, VERDICT_PASSED, VERDICT_WARN, VERDICT_FAILED };

#define BLOCK_KINDS(X) \
    X(METRICS, "metrics") X(TABLE, "table") X(CHECKS, "checks") X(HISTOGRAM, "histogram") X(LINE, "line") X(SCATTER, "scatter") \
    X(BARS, "bars") X(NOTE, "note") X(RATE, "rate")
enum block_kind {
#define X(name, text) BLOCK_##name,
    BLOCK_KINDS(X)
#undef X
};
#define COLUMN_FORMATS(X) \
    X(NUMBER, "number") X(INTEGER, "integer") X(PERCENT, "percent") X(BYTES, "bytes") X(SECONDS, "seconds") X(TEXT, "text")
enum column_format {
#define X(name, text) FORMAT_##name,
    COLUMN_FORMATS(X)
#undef X
};
struct column {
    Str id, title, unit, help;
    enum column_format format;
    int decimals;                       // -1: as many as needed
    bool is_hidden, is_headline;        // is_headline: its values are among the first numbers of the page (METRICS)
    double warn_below, warn_above, fail_below, fail_above;      // NaN: none
};
enum cell_kind { CELL_NONE, CELL_NUMBER, CELL_TEXT };
struct cell {
    enum cell_kind kind;
    double number;
    Str text;
};
struct section_row {
    Str name;                           // METRICS: the sample, or the name
    VEC(struct cell) cells;             // by column; may be fewer than the columns
};
struct section_check {
    enum verdict status;
    Str name, sample, text;
};
struct axis {
    Str title, unit;
    bool is_log;
    double min, max;                    // NaN: by the data
};
struct series {
    Str name, group;
    double *x, *y;                      // HISTOGRAM: x holds len + 1 edges; BARS: no x; y NaN: a gap
    Str *labels;                        // SCATTER; NULL: none
    size_t len;
};
struct axis_limit {
    bool is_x;
    double value;
    Str title;
};
struct section_amount {                 // RATE
    Str unit;
    double value;
};
struct section_block {
    enum block_kind kind;
    Str id, title, help;
    VEC(struct column) columns;
    VEC(struct section_row) rows;
    VEC(struct section_check) checks;
    VEC(struct series) series;
    VEC(struct axis_limit) limits;
    VEC(Str) categories;
    struct axis x, y;
    bool is_stacked;
    int level;                          // NOTE: 0 info, 1 warning, 2 error
    Str text;
    Str step;                           // RATE: whose tasks took the time
    VEC(struct section_amount) amounts;
    struct map row_index;               // METRICS: name -> position + 1 in rows
    size_t points;                      // of all series
};
struct section {
    Str id, title, summary;
    double order;
    VEC(struct section_block *) blocks;
};
struct section_fault {                  // of one file: all its mistakes, one a line
    Str file, text;
};
struct sections {                       // { .arena = a } is a valid empty list
    struct arena *arena;
    VEC(struct section *) at;
    VEC(struct section_fault) faults;
    size_t files, blocks;
    int64_t bytes;
};
struct verdict_reason {
    enum verdict verdict;
    Str subject, what;                  // the sample or row; section and column or check
    Str value, limit;                   // "18.2 ×", "below 20"; of a check: its text
};
struct sections_verdict {
    enum verdict verdict;
    size_t warnings, failures, judged;  // judged: cells with a limit, and checks
    VEC(struct verdict_reason) reasons; // failures before warnings, at most REASONS_MAX of each
};
enum { REASONS_MAX = 100 };

// A file's bytes, which are copied as far as they are kept. What is wrong becomes one of the faults, and then nothing of the file
// is taken. `file` is its name as shown.
void sections_add(struct sections *s, Str file, Str bytes);
// For a file that could not even be read.
void sections_add_fault(struct sections *s, Str file, Str text);
// After the last file: in the order shown.
void sections_sort(struct sections *s);
struct sections_verdict sections_judge(struct arena *a, const struct sections *s);
// Where the value stands; VERDICT_NONE: the column has no limit, or the cell holds no number.
enum verdict cell_verdict(const struct column *c, const struct cell *cell);
// As shown: "91.4 %", "18.2 ×", "–"; text is not escaped.
void cell_text(const struct column *c, const struct cell *cell, struct strbuf *out);

// For this folder: reads one file's section into *out (memory of `a`); mistakes go to diags, then false.
bool section_read(struct arena *a, const struct source *source, struct diags *diags, struct section *out) MUST_CHECK;
