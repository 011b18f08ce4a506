// SPDX-License-Identifier: Apache-2.0
#pragma once
// htslib, opened when first needed: for CRAM and BCF, and to make indexes. It is not linked, since it brings libcurl with it.
// Declared here is what is used of the public interface of 1.16 (soname libhts.so.3), with the layouts of its structs.
#include "base/err.h"

typedef struct hts_file hts_file;
typedef struct hts_header hts_header;   // of SAM
typedef struct hts_vcf_header hts_vcf_header;
typedef struct hts_vcf_record hts_vcf_record;
typedef struct hts_bgzf hts_bgzf;

struct hts_record {                     // bam1_t
    int64_t pos;
    int32_t tid;
    uint16_t bin;
    uint8_t quality, extra_nuls;
    uint16_t flag, name_len;
    uint32_t cigar_count;
    int32_t base_count, mate_tid;
    int64_t mate_pos, length;
    uint64_t id;
    uint8_t *data;
    int data_len;
    uint32_t data_max, policy;
};
struct hts_string {                     // kstring_t
    size_t len, max;
    char *text;
};
struct hts_tabix_columns {              // tbx_conf_t
    int32_t preset, sequence, begin, end, meta, skip;
};
enum { HTS_OPTION_NO_MD = 0, HTS_OPTION_FIELDS = 18, HTS_FIELDS_NO_BASES = 0x1ff };

struct hts {
    void (*set_log_level)(int level);
    hts_file *(*open)(const char *path, const char *mode);
    int (*close)(hts_file *file);
    int (*set_opt)(hts_file *file, int option, ...);
    int (*set_threads)(hts_file *file, int count);
    int (*set_fai)(hts_file *file, const char *fai);
    hts_header *(*read_header)(hts_file *file);
    void (*free_header)(hts_header *header);
    const char *(*header_text)(hts_header *header);
    struct hts_record *(*new_record)(void);
    void (*free_record)(struct hts_record *record);
    int (*read_record)(hts_file *file, hts_header *header, struct hts_record *record);
    hts_vcf_header *(*read_vcf_header)(hts_file *file);
    void (*free_vcf_header)(hts_vcf_header *header);
    int (*format_vcf_header)(const hts_vcf_header *header, int is_bcf, struct hts_string *out);
    hts_vcf_record *(*new_vcf_record)(void);
    void (*free_vcf_record)(hts_vcf_record *record);
    int (*read_vcf_record)(hts_file *file, const hts_vcf_header *header, hts_vcf_record *record);
    int (*format_vcf_record)(const hts_vcf_header *header, const hts_vcf_record *record, struct hts_string *out);
    int (*index_fasta)(const char *path, const char *fai, const char *gzi);
    int (*index_alignments)(const char *path, const char *index, int min_shift, int threads);
    int (*index_bcf)(const char *path, const char *index, int min_shift, int threads);
    int (*index_text)(const char *path, const char *index, int min_shift, int threads, const struct hts_tabix_columns *columns);
};

// The file that is opened. Tests put another name here.
extern const char *hts_library;
// The library's functions, quiet and kept off the network; NULL and ERR_UNSUPPORTED if it is not there.
const struct hts *hts_open_library(struct err *err);
