// SPDX-License-Identifier: Apache-2.0
#pragma once
// Reads FASTQ: Cock et al. 2010 (doi:10.1093/nar/gkp1137). Four lines a record, or wrapped over more; LF or CR LF; records of no
// bases. What breaks the structure is a fault and the reader goes on at the next place that looks like a record.
#include "bio/fault.h"
#include "bio/window.h"

struct fastq {
    struct window *window;
    struct faults *faults;              // NULL: nobody wants to know, they are only counted
    struct strbuf bases, quality;       // of wrapped records
    int64_t records, wrapped, broken;   // broken: records whose structure is wrong
    bool gave_up;                       // after so many broken ones that the file is no FASTQ
};
struct fastq_record {                   // views that stay until the next call
    Str title;                          // without '@'
    Str bases, plus, quality;           // plus: what stands behind '+'
    Str text;                           // the whole record as it stands in the file, unless it was wrapped
    int64_t line;                       // of the title
    bool is_wrapped;
};

// False: there is no further record.
bool fastq_next(struct fastq *f, struct fastq_record *r);
void fastq_release(struct fastq *f);                    // not the window
// The name: the title up to the first blank.
Str fastq_name(Str title);
// 1 or 2 as the title says ("/1" behind the name, or "1:…" as the first word behind it), 0: it says nothing.
int fastq_mate(Str title);
// Are these titles those of two mates? Names are equal, or differ in a 1 and a 2 behind '/', '.', '_' or ':' at their ends.
bool fastq_titles_match(Str first, Str second);
// The name without what tells the mates apart: equal for both.
Str fastq_template(Str title);
