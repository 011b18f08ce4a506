// SPDX-License-Identifier: Apache-2.0
// Opens libhts once.
#include "bio/hts.h"

#include <dlfcn.h>

#include "sys/library.h"

const char *hts_library = "libhts.so.3";

static const struct library_symbol functions[] = {
    { "hts_set_log_level", offsetof(struct hts, set_log_level) },
    { "hts_open", offsetof(struct hts, open) },
    { "hts_close", offsetof(struct hts, close) },
    { "hts_set_opt", offsetof(struct hts, set_opt) },
    { "hts_set_threads", offsetof(struct hts, set_threads) },
    { "hts_set_fai_filename", offsetof(struct hts, set_fai) },
    { "sam_hdr_read", offsetof(struct hts, read_header) },
    { "sam_hdr_destroy", offsetof(struct hts, free_header) },
    { "sam_hdr_str", offsetof(struct hts, header_text) },
    { "bam_init1", offsetof(struct hts, new_record) },
    { "bam_destroy1", offsetof(struct hts, free_record) },
    { "sam_read1", offsetof(struct hts, read_record) },
    { "bcf_hdr_read", offsetof(struct hts, read_vcf_header) },
    { "bcf_hdr_destroy", offsetof(struct hts, free_vcf_header) },
    { "bcf_hdr_format", offsetof(struct hts, format_vcf_header) },
    { "bcf_init", offsetof(struct hts, new_vcf_record) },
    { "bcf_destroy", offsetof(struct hts, free_vcf_record) },
    { "bcf_read", offsetof(struct hts, read_vcf_record) },
    { "vcf_format", offsetof(struct hts, format_vcf_record) },
    { "fai_build3", offsetof(struct hts, index_fasta) },
    { "sam_index_build3", offsetof(struct hts, index_alignments) },
    { "bcf_index_build3", offsetof(struct hts, index_bcf) },
    { "tbx_index_build3", offsetof(struct hts, index_text) },
};

const struct hts *hts_open_library(struct err *err)
{
    static struct hts hts;
    static bool is_open;
    if (is_open)
        return &hts;
    setenv("REF_PATH", "/dev/null/%s", 1);              // else a CRAM without its reference asks a server for it
    setenv("REF_CACHE", "", 1);
    void *library = dlopen(hts_library, RTLD_NOW | RTLD_LOCAL);
    is_open = library && library_find(library, functions, LEN(functions), &hts);
    if (!is_open) {
        bool unused UNUSED = err_set(err, ERR_UNSUPPORTED, "CRAM, BCF and indexes need the library %s: install the package libhts3", hts_library);
        return NULL;
    }
    hts.set_log_level(0);
    return &hts;
}
