// SPDX-License-Identifier: Apache-2.0
#pragma once
// `petri index`: the index that programs want beside a file; text formats are packed as BGZF first.
#include "base/err.h"
#include "bio/kind.h"

struct arena;

struct index_options {
    enum bio_kind kind;
    bool overwrite;                     // a packed file that is there
    bool csi;                           // CSI in place of BAI and TBI
    int threads;
};
struct index_result {
    Str indexed;                        // the file that has the index: the one given, or the packed one
    Str indexes[2];                     // the second may be empty
};
// FASTA: .fai (packed: .gzi too); BAM: .bai, or .csi where a sequence is longer than 2^29; CRAM: .crai; BCF: .csi; VCF, BED, GFF3, GTF
// and SAM: .tbi (SAM: .csi), of NAME.gz, which is made if the file is plain. All appear complete or not at all.
bool index_file(struct arena *a, Str path, const struct index_options *o, struct index_result *out, struct err *err) MUST_CHECK;
