// SPDX-License-Identifier: Apache-2.0
#pragma once
// Sequences from files, one after the other, in constant memory: FASTA, FASTQ (the qualities are passed over), and tables (CSV, TSV) with a
// header line; each plain, gzip or BGZF. What a file is shows in its first byte, tables by their name.
#include "base/err.h"

struct seqfile;

enum seqfile_chain { CHAIN_ANY, CHAIN_HEAVY, CHAIN_LIGHT, CHAIN_BOTH };
enum { SEQFILE_RESIDUES_MAX = 64 * 1024 * 1024 };       // of one sequence

struct sequence {                       // views, valid until the next call
    Str id;                             // up to the first blank; "row N" for a table without a column of names
    Str residues;                       // without line ends and blanks; "H:L" where a table's two chains are joined
    int64_t line;                       // where it begins, from 1
};

// "-" is standard input. `chain` says which column of a table to take: CHAIN_ANY: "sequence"; heavy and light: "H" or "L", "sequence_H",
// "h_sequence", "heavy" and the like; other files have no chains.
struct seqfile *seqfile_open(Str path, enum seqfile_chain chain, struct err *err);      // NULL after a failure
// True with *end false: a sequence. Errors say path:line and what was expected, never what stands there.
bool seqfile_next(struct seqfile *f, struct sequence *out, bool *end, struct err *err) MUST_CHECK;
Str seqfile_path(const struct seqfile *f);
void seqfile_close(struct seqfile *f);                  // NULL is fine
