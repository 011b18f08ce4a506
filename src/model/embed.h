// SPDX-License-Identifier: Apache-2.0
#pragma once
// The embedding farm: sequences in, shards of vectors out, in constant memory, resumable at every shard. In the folder that is made:
//     part-NNNNN.npy         a row a sequence (fp16 or fp32); with per-residue outputs a row a residue
//     part-NNNNN.ids.tsv     id, digest of the letters (BLAKE3 of them in upper case), residues, flags; per residue also first row, rows
//     manifest.json          written last: model, settings, counts, and digest and size of each file
// While it is being made, .petri-embed/ holds what is finished. A part is made of the next sequences up to the shard's size: the same
// input and settings give the same files, byte for byte, however often the making was interrupted.
#include "model/batcher.h"
#include "model/seqfile.h"
#include "value/value.h"

enum embed_kind { EMBED_MEAN, EMBED_CLS, EMBED_MEAN_ALL, EMBED_MAX, EMBED_RESIDUES, EMBED_LOGITS, EMBED_CONTACTS };

struct embed_progress {                 // told after each part
    int64_t part, sequences, residues;
    bool was_known;                     // finished by an earlier call
    double seconds;
    int64_t tokens;
};
struct embed_options {
    const struct checkpoint *checkpoint;
    Str out;                            // made if it is not there
    const Str *inputs;
    size_t input_count;
    enum seqfile_chain chain;
    int layer;                          // -1: the last
    enum embed_kind kind;
    enum tensor_type type;              // F16 or F32
    struct length_policy policy;        // longest 0: the model's own
    int64_t shard_sequences;            // 0: so that a part stays under 256 MiB, at most 65,536
    int64_t batch_tokens;
    struct encoder_options encoder;
    void (*progress)(void *arg, const struct embed_progress *p);        // may be NULL
    void *arg;
};
struct embed_summary {
    int64_t sequences, residues, duplicates, unknown, truncated, windowed, parts, parts_known, tokens;
    double seconds;                     // of the encoder and its pooling alone
    Value manifest;
};
// Makes what is missing of the folder. ERR_CONFLICT: it holds embeddings made with other settings, or another process is at it. ERR_INVALID:
// a sequence is too long for TOO_LONG_ERROR (file:line and its length are named), or an input is damaged; finished parts stay.
bool embed_run(struct arena *a, const struct embed_options *o, struct embed_summary *out, struct err *err) MUST_CHECK;

const char *embed_kind_name(enum embed_kind kind);      // "mean", "cls", "mean-all", "max", "residues", "logits", "contacts"
bool embed_kind_find(Str name, enum embed_kind *out);    // false: there is none of that name
// Rows of one sequence with this kind are one vector (mean, cls, mean-all, max), not many.
static inline bool embed_kind_is_pooled(enum embed_kind kind) { return kind <= EMBED_MAX; }
