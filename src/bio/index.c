// SPDX-License-Identifier: Apache-2.0
// Indexes are htslib's. It writes beside, and what it wrote is renamed.
#include "bio/index.h"

#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "bio/hts.h"
#include "bio/output.h"
#include "bio/bam.h"
#include "bio/window.h"

enum { CSI_SHIFT = 14 };

static const struct { enum bio_kind kind; struct hts_tabix_columns columns; } tabix[] = {
    { KIND_VCF, { 2, 1, 2, 0, '#', 0 } },       { KIND_BED, { 0x10000, 1, 2, 3, '#', 0 } },
    { KIND_GFF3, { 0, 1, 4, 5, '#', 0 } },      { KIND_GTF, { 0, 1, 4, 5, '#', 0 } },
};

static bool pack(struct arena *a, struct window *w, Str path, bool overwrite, Str *packed, struct err *err)
{
    *packed = str_concat(a, path, STR(".gz"));
    struct output *out = output_open(*packed, true, overwrite, err);
    Str piece;
    if (out == NULL)
        return false;
    while (window_peek(w).len || window_more(w)) {
        piece = window_peek(w);
        output_add(out, piece);
        w->at = w->len;
        window_mark(w);
    }
    if (w->broken) {
        *err = w->err;
        output_abandon(out);
        return err_wrap(err, STR_FMT, STR_ARG(path));
    }
    return output_finish(out, err);
}

// A sequence longer than a .bai can hold.
static bool needs_csi(struct arena *a, struct window *w, struct err *err)
{
    struct bam_header h;
    if (!bam_read_header(a, w, &h, err))
        return false;
    for (size_t i = 0; i < h.contigs.len; i++)
        if (h.contigs.at[i].length > 1 << 29)
            return true;
    return false;
}

static bool failed(Str path, struct err *err)
{
    return err_set(err, ERR_INVALID, STR_FMT ": no index can be made: it is not sorted by place, or damaged ('petri check' says which)",
                   STR_ARG(path));
}

static bool into_place(Str beside, Str index, struct err *err)
{
    if (rename(beside.data, index.data) == 0)
        return true;
    err_errno(err, "writing " STR_FMT, STR_ARG(index));
    unlink(beside.data);
    return false;
}

static bool index_fasta(struct arena *a, const struct hts *hts, Str path, bool is_packed, struct index_result *out, struct err *err)
{
    Str fai = str_concat(a, path, STR(".fai")), gzi = str_concat(a, path, STR(".gzi"));
    Str fai_beside = str_printf(a, STR_FMT ".%d.part", STR_ARG(fai), (int)getpid());
    Str gzi_beside = str_printf(a, STR_FMT ".%d.part", STR_ARG(gzi), (int)getpid());
    if (hts->index_fasta(str_z(a, path), fai_beside.data, is_packed ? gzi_beside.data : NULL) != 0) {
        unlink(fai_beside.data);
        unlink(gzi_beside.data);
        return err_set(err, ERR_INVALID, STR_FMT ": no index can be made: lines of a sequence differ in length, or it is no FASTA "
                                                 "('petri check' says which)", STR_ARG(path));
    }
    out->indexes[0] = fai;
    out->indexes[1] = is_packed ? gzi : (Str){ 0 };
    return into_place(fai_beside, fai, err) && (!is_packed || into_place(gzi_beside, gzi, err));
}

static const char *suffix_of(enum bio_kind kind, bool csi)
{
    switch (kind) {
    case KIND_BAM: return csi ? ".csi" : ".bai";
    case KIND_SAM: case KIND_BCF: return ".csi";
    case KIND_CRAM: return ".crai";
    default: return csi ? ".csi" : ".tbi";
    }
}

static bool index_places(struct arena *a, const struct hts *hts, Str path, enum bio_kind kind, const struct index_options *o,
                         struct index_result *out, struct err *err)
{
    Str index = str_concat(a, path, str_of(suffix_of(kind, o->csi)));
    Str beside = str_printf(a, STR_FMT ".%d.part", STR_ARG(index), (int)getpid());
    int shift = str_ends(index, STR(".csi")) ? CSI_SHIFT : 0, code = -1;
    if (kind == KIND_BAM || kind == KIND_CRAM || kind == KIND_SAM)
        code = hts->index_alignments(str_z(a, path), beside.data, shift, o->threads);
    else if (kind == KIND_BCF)
        code = hts->index_bcf(str_z(a, path), beside.data, shift, o->threads);
    for (size_t i = 0; i < LEN(tabix); i++)
        if (tabix[i].kind == kind)
            code = hts->index_text(str_z(a, path), beside.data, shift, o->threads, &tabix[i].columns);
    if (code != 0) {
        unlink(beside.data);
        return failed(path, err);
    }
    out->indexes[0] = index;
    return into_place(beside, index, err);
}

bool index_file(struct arena *a, Str path, const struct index_options *given, struct index_result *out, struct err *err)
{
    struct index_options o = *given;
    struct window w;
    const struct hts *hts = hts_open_library(err);
    *out = (struct index_result){ .indexed = path };
    if (hts == NULL || !window_open(&w, path, (struct input_options){ .threads = o.threads }, err))
        return false;
    enum bio_kind kind = o.kind != KIND_UNKNOWN ? o.kind : kind_of(path, window_peek(&w));
    enum input_packing packing = input_info(w.input).packing;
    bool is_text = kind == KIND_VCF || kind == KIND_BED || kind == KIND_GFF3 || kind == KIND_GTF || kind == KIND_SAM, ok = true;
    if (kind == KIND_UNKNOWN || kind == KIND_FASTQ || kind == KIND_QUAL || kind == KIND_SHEET)
        ok = err_set(err, ERR_INVALID, STR_FMT ": there is no index for %s files: expected FASTA, SAM, BAM, CRAM, VCF, BCF, BED, GFF3 or GTF",
                     STR_ARG(path), kind == KIND_UNKNOWN ? "such" : kind_name(kind));
    else if (packing == INPUT_GZIP)
        ok = err_set(err, ERR_INVALID, STR_FMT ": is packed as gzip, not as BGZF: unpack it, and 'petri index' packs it again", STR_ARG(path));
    else if (is_text && packing == INPUT_PLAIN)
        ok = pack(a, &w, path, o.overwrite, &out->indexed, err);
    else if (kind == KIND_BAM)
        o.csi |= needs_csi(a, &w, err);
    window_close(&w);
    if (!ok)
        return false;
    bool done = kind == KIND_FASTA ? index_fasta(a, hts, path, packing == INPUT_BGZF, out, err)
                                   : index_places(a, hts, out->indexed, kind, &o, out, err);
    if (!done && !str_eq(out->indexed, path))
        unlink(str_z(a, out->indexed));                 // it was packed for the index alone
    return done;
}
