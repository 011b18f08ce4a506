// SPDX-License-Identifier: Apache-2.0
#pragma once
// Runs a model's sequence head or token head over files of sequences and writes a table (TSV), in the order of the input, in constant memory.
//     sequence head   id, length, label, p(each label), flags          one logit alone (regression): id, length, value, flags
//     token head      id, chain, position, label, p(each label)        a line a residue; positions count from 1 within each chain
// Probabilities are softmax; of a model with several labels at once, sigmoid each, and `label` lists those from 0.5 on, joined by '|'.
#include "model/batcher.h"
#include "model/seqfile.h"

struct classify_options {
    const struct checkpoint *checkpoint;
    const Str *inputs;
    size_t input_count;
    enum seqfile_chain chain;
    struct length_policy policy;        // longest 0: the model's own
    struct encoder_options encoder;
    // Takes the table, piece by piece, beginning with its header line.
    bool (*write)(void *arg, Str text, struct err *err);
    void *arg;
};
struct classify_summary {
    int64_t sequences, residues, unknown, truncated, windowed;
};
// What was written before a failure stays with who took it.
bool classify_run(const struct classify_options *o, struct classify_summary *out, struct err *err) MUST_CHECK;
