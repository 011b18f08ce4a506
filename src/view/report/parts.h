// SPDX-License-Identifier: Apache-2.0
#pragma once
// The parts of a report's page, each in a file of its own. Each writes what stands below its heading.
#include "view/report/facts.h"

struct strbuf;

// What the run is, whether it and its results are good, and what decided that.
void part_summary(struct strbuf *out, const struct facts *f);
void part_failures(struct strbuf *out, const struct facts *f);          // for a run with a failed task
void part_section(struct strbuf *out, const struct section *s, const struct facts *f);          // after sections_sort(); f NULL: no run is known
void part_rate(struct strbuf *out, const struct section_block *b, const struct facts *f);       // a block of kind RATE
void part_section_faults(struct strbuf *out, const struct sections *s); // where there are some
void part_samples(struct strbuf *out, const struct facts *f);           // for a run with rows
// These five for a run with tasks.
void part_timeline(struct strbuf *out, const struct facts *f);
void part_resources(struct strbuf *out, const struct facts *f);
void part_cost(struct strbuf *out, const struct facts *f);
void part_graph(struct strbuf *out, const struct facts *f);
void part_tasks(struct strbuf *out, const struct facts *f);
// Inputs, outputs, programs, the manifest.
void part_provenance(struct strbuf *out, const struct facts *f);

// --- what they share
// "✓ done" as a badge; without the word: the glyph, with the word for those who don't see it.
void add_state(struct strbuf *out, enum task_state s, bool with_word);
const char *task_state_glyph(enum task_state s);        // "✓"
// "! warning"; nothing for NONE.
void add_verdict_badge(struct strbuf *out, enum verdict v);
// <td> with a number to sort by; `text` is what is shown and is HTML already. v NaN: sorted last.
void add_number_cell(struct strbuf *out, double v, Str text);
void add_duration_cell(struct strbuf *out, Time t);     // "–" below 0, as the next
void add_bytes_cell(struct strbuf *out, int64_t bytes);
void add_text_cell(struct strbuf *out, Str text);       // escaped
void add_head_cell(struct strbuf *out, Str text);       // <th scope="row">
void add_step_name(struct strbuf *out, Str name);       // escaped; lines may break behind each '/'
// The box of a table of so many rows, which scrolls: where they are many, with a field to filter them and cut on paper.
void table_box(struct strbuf *out, size_t rows);
// Opens a table that can be sorted, in its box; a title (HTML) that begins with '>' is a column of numbers. Ends with table_close().
void table_open(struct strbuf *out, Str caption, const char *const *titles, size_t count, size_t rows);
void table_foot(struct strbuf *out);                    // what follows are rows of the foot; ends with table_close_foot()
void table_close(struct strbuf *out);                   // ends what table_open() began
void table_close_foot(struct strbuf *out);
