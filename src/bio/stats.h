// SPDX-License-Identifier: Apache-2.0
#pragma once
// `petri stats`: one file, read once in constant memory, as numbers. It trusts the file as far as that is safe: what is wrong with
// one is for check.h.
#include "base/err.h"
#include "bio/kind.h"
#include "value/value.h"

struct arena;
struct window;

struct stats_options {
    Str reference;                      // for CRAM; empty: none
    enum bio_kind kind;                 // KIND_UNKNOWN: the file says itself
    int threads;
};
// A map: "path", "kind", and what follows from the kind, percentages as numbers from 0 to 100. ERR_INVALID: it can't be read as
// what it is; the text names the line.
bool stats_file(struct arena *a, Str path, const struct stats_options *o, Value *out, struct err *err) MUST_CHECK;
// For people: a line a number, names and values in columns.
void stats_print(Value stats, struct strbuf *out);

// For this folder: what is known of each kind. They set facts in b.
bool stats_fastq(struct window *w, struct value_builder *b, struct err *err) MUST_CHECK;
bool stats_fasta(struct window *w, struct value_builder *b, struct err *err) MUST_CHECK;
bool stats_bam(struct arena *a, struct window *w, struct value_builder *b, struct err *err) MUST_CHECK;
bool stats_sam(struct arena *a, struct window *w, struct value_builder *b, struct err *err) MUST_CHECK;
bool stats_cram(struct arena *a, Str path, const struct stats_options *o, struct value_builder *b, struct err *err) MUST_CHECK;
bool stats_vcf(struct arena *a, struct window *w, struct value_builder *b, struct err *err) MUST_CHECK;
// part * 100 / whole with two digits; null where whole is 0.
Value stats_percent(int64_t part, int64_t whole);
