// SPDX-License-Identifier: Apache-2.0
#pragma once
// For this folder: a VCF line by line (the VCF specifications 4.1 to 4.5), from text or from BCF; and what its parts share.
#include "base/map.h"
#include "bio/check_kinds.h"

struct vcf;
struct vcf *vcf_new(struct check_file *f);              // in the file's arena
void vcf_line(struct vcf *v, Str text, int64_t line);   // header and records, in order
void vcf_end(struct vcf *v);                            // what needs all lines; the facts

enum vcf_type { VCF_INTEGER, VCF_FLOAT, VCF_FLAG, VCF_CHARACTER, VCF_STRING, VCF_ANY };
struct vcf_def {                        // of one INFO or FORMAT key
    char number;                        // 'n': exactly `count`; 'A', 'R', 'G', '.', or another of 4.4 and later
    int count;
    enum vcf_type type;
    bool is_reserved;                   // not from the header
};
struct vcf_header {
    struct check_file *file;
    int minor;                          // 2 of VCFv4.2
    int64_t lines;
    bool has_format, has_columns;
    struct map info, format, filters;   // ID -> struct vcf_def *; filters: NULL
    struct contigs contigs;
    struct { int64_t *at; size_t len, cap; } contig_lines;
    struct map seen;                    // "KEY:ID" of the lines so far
    size_t columns, samples;
};
void vcf_header_line(struct vcf_header *h, Str text, int64_t line);     // one that begins with "##"
void vcf_columns_line(struct vcf_header *h, Str text, int64_t line);    // "#CHROM…"
// What the specification says of a key, whether the header defines it or not. NULL: nothing.
const struct vcf_def *vcf_reserved(int minor, bool is_format, Str key);
bool vcf_contig_is_valid(Str name, int minor);
bool vcf_key_is_valid(Str key, bool is_format, int minor);

// One record, split; and what it needs to know of the header.
struct vcf_record {
    const struct vcf_header *header;
    struct faults *faults;
    int64_t line, pos;
    Str text;
    const Str *columns;                 // header->columns of them, the first nine as in the specification
    size_t alts;                        // alternative alleles
};
enum vcf_column { VCF_CHROM, VCF_POS, VCF_ID, VCF_REF, VCF_ALT, VCF_QUAL, VCF_FILTER, VCF_INFO, VCF_FORMAT, VCF_SAMPLES };
void vcf_bad(const struct vcf_record *r, Str where, const char *code, const char *expected);
void vcf_check_info(const struct vcf_record *r);
void vcf_check_samples(const struct vcf_record *r);
