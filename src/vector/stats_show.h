// SPDX-License-Identifier: Apache-2.0
#pragma once
// What is shown of an index's numbers: a page for people, JSON, tables, and sections of a report (docs/report-sections.md). Numbers have six digits.
#include "vector/stats.h"

struct strbuf;

struct stats_files {
    Str folder;                         // made if it is not there
    bool show_ids;                      // in the report; tables always have them
    Str step;                           // whose tasks embedded: the report tells how fast, from its own record; empty: nothing of that
};
// A line for each number.
void stats_add_text(struct strbuf *out, const struct vector_stats *s);
// An object without any id.
void stats_add_json(struct strbuf *out, const struct vector_stats *s);
// stats.json; map.tsv: id, length, x, y; neighbours.tsv: probe, rank, id, score, length; report/NAME.petri-report.json. What is there is
// written over.
bool stats_write(struct arena *a, const struct vector_stats *s, const struct stats_files *f, struct err *err) MUST_CHECK;

// For this folder: a number of six digits; whole ones with all of theirs; null where it is not finite.
void stats_add_number(struct strbuf *out, double v);
// The section "sequences", "embeddings" or "neighbours"; "throughput" where a step is named.
enum { STATS_SECTIONS = 4 };
const char *stats_section_name(int i);
bool stats_add_section(struct strbuf *out, const struct vector_stats *s, const struct stats_files *f, int i, struct err *err) MUST_CHECK;
// Identical sequences that were computed in one part, and those that were computed again in another; -1: not known.
struct stats_identical {
    int64_t all, once, again;
};
struct stats_identical stats_identical(const struct vector_stats *s);
