// SPDX-License-Identifier: Apache-2.0
#pragma once
// Text into HTML and SVG. Whatever is shown of a run was written by somebody else: names, logs, values. All of it goes
// through html_add(), which is safe in text and in quoted attributes.
#include "base/clock.h"
#include "base/str.h"

// Escaped: & < > " '. Control characters, direction overrides and bytes that are no UTF-8 become U+FFFD; line ends and tabs stay.
void html_add(struct strbuf *out, Str s);
void html_add_cut(struct strbuf *out, Str s, size_t max);       // at most `max` code points, "…" where something is missing
// As a program's output for people: terminal colours taken out, of a line that was overwritten (CR) only the last state;
// each line at most `columns` code points.
void html_add_log(struct strbuf *out, Str text, size_t columns);

// Numbers for people. NaN and infinities: "–".
enum { NUMBER_SHORT = 48 };
void html_add_int(struct strbuf *out, int64_t n);               // "12,345"
void html_add_part(struct strbuf *out, size_t some, size_t all);        // "1,000 of 12,345"
void html_add_number(struct strbuf *out, double v, int decimals);       // decimals -1: as many as needed, at most 6 digits
void html_add_bytes(struct strbuf *out, int64_t bytes);         // "–" below 0
void html_add_duration(struct strbuf *out, Time t);             // "–" below 0
void html_add_time(struct strbuf *out, Time t);                 // "2026-03-01 12:34:56 UTC"; "–" for 0
// A coordinate of a drawing: two decimals at most, never in scientific notation.
void svg_add_coordinate(struct strbuf *out, double v);
