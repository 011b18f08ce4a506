// SPDX-License-Identifier: Apache-2.0
#pragma once
// Reading and writing JSON (RFC 8259), reading YAML (1.2 core schema, by libyaml's events) and sheets (CSV, TSV).
#include "value/node.h"

struct err;

// Limits of both readers: foreign documents are bounded before memory is.
enum { READ_DEPTH_MAX = 200, READ_ALIAS_NODES_MAX = 1000000 };

// A document into a tree. The source must outlive the tree (strings are copied; places point to it).
// On a mistake: NULL, and one diagnostic with its place. Integers outside int64 become FLOAT.
// Refused: invalid UTF-8, duplicate keys, depth over READ_DEPTH_MAX, anything behind the value, numbers too large
// for a double. A byte order mark in front is skipped, and not counted in columns.
struct node *json_read(struct arena *a, const struct source *source, struct diags *diags);
// YAML 1.2 core schema: null, true, false, int (decimal, 0o, 0x), float (.inf, .nan too); everything else a
// string; "yes" and "on" are strings. Also refused: several documents, tags other than the core ones, merge
// keys are plain keys; aliases that expand to more than READ_ALIAS_NODES_MAX nodes (a text counts one more for
// every 64 bytes); non-scalar keys.
// Scalar keys of any type become strings as written. An empty document is null.
struct node *yaml_read(struct arena *a, const struct source *source, struct diags *diags);
// JSON if the first byte other than white space is '{' or '[' and it is valid JSON; else YAML (whose flow style
// also begins so: where both fail, the JSON diagnostic is given if the name ends in .json, else YAML's).
struct node *document_read(struct arena *a, const struct source *source, struct diags *diags);

// A sheet (CSV or TSV) into a list of maps from the header's names to texts, all STRING. Row 1 is the header; a row is one line; cells
// may stand in quotes (RFC 4180), white space around them does not count. Every place has the row as its line and the cell as
// its column. *header: the names as STRING nodes, NULL where there are none. On mistakes NULL, and every one of them reported: rows with more
// or fewer cells than the header, empty rows but at the end, columns without a name or with the same, Windows line ends, text that is not UTF-8.
enum { SHEET_COLUMNS_MAX = 1000, SHEET_ROWS_MAX = 1000000 };
struct node *sheet_read(struct arena *a, const struct source *source, char separator, struct node **header, struct diags *diags);

// JSON bytes straight into a Value without places; for our own records. err: ERR_INVALID with "byte N: …".
// Duplicate keys, invalid UTF-8 and depth over READ_DEPTH_MAX are refused here too.
bool json_parse(struct arena *a, Str text, Value *out, struct err *err) MUST_CHECK;

// Writes JSON. FLOAT: the shortest text that reads back the same, with ".0" where it would look like an int;
// NaN and infinities become null. Invalid UTF-8 in a string is written as U+FFFD. indent 0: one line, no spaces.
void json_write(struct strbuf *out, Value v, int indent);
// The canonical form that digests are made of: keys sorted by bytes, no spaces, floats shortest, ASCII kept
// as is, only '"', '\\' and control characters escaped (\u00xx in lower case; \n, \t, … short).
void json_write_canonical(struct strbuf *out, Value v);
void json_write_string(struct strbuf *out, Str s);      // quoted and escaped
