// SPDX-License-Identifier: Apache-2.0
#pragma once
// Letters to token ids: one residue, one token. The rules for what is no plain residue (docs/embed.md tells users the same):
//   lower case             as upper case, counted
//   X B Z U O and others   their own token where the vocabulary has one, else unknown
//   anything else          the vocabulary's unknown token, counted, its place kept; the letter itself is never shown
//   '-' and '.'            their own token where the vocabulary has one, else left out as alignment gaps, counted
//   '*' at the end         left out (the stop codon of a translation); elsewhere unknown unless the vocabulary has it
//   ':'                    between the chains of one sequence: what the family puts there (ESM, BERT, RoFormer: cls cls; RoBERTa: sep)
#include "base/err.h"
#include "model/config.h"

struct arena;

struct vocab {
    int size;
    Str *tokens;                        // by id; an empty Str where a sparse vocabulary has none
    int letter[256];                    // id; VOCAB_UNKNOWN, VOCAB_GAP or VOCAB_JOIN
    int cls, eos, unk, pad, mask;       // -1: none. Every vocabulary has cls, eos and unk
    int join[2], join_len;
};
enum { VOCAB_UNKNOWN = -1, VOCAB_GAP = -2, VOCAB_JOIN = -3 };

// vocab.txt (a token a line), else vocab.json or tokenizer.json (token to id) of a model's folder; an ESM model without any has ESM's own
// 33 tokens. Ids must lie under the model's vocab_size.
bool vocab_load(struct arena *a, Str dir, const struct model_config *c, struct vocab *out, struct err *err) MUST_CHECK;
// The vocabulary that a known configuration is made with, and its text as vocab.txt.
void vocab_default(struct arena *a, const struct model_config *c, struct vocab *out);
Str vocab_text(struct arena *a, const struct vocab *v);

enum { NOTES_PLACES_MAX = 8 };
struct vocab_notes {                    // what was met while encoding one sequence
    int64_t residues;                   // tokens that stand for residues (unknown ones too)
    int64_t unknown, lower, gaps_removed, stops_removed;
    int64_t places[NOTES_PLACES_MAX];   // of the first unknown letters, 1-based in the sequence as written
    int place_count;
};
// The body of a sequence, without cls and eos. tokens and is_residue have room for 2 * sequence.len entries each. Returns how many were
// written; *notes is overwritten.
int64_t vocab_encode(const struct vocab *v, Str sequence, int32_t *tokens, uint8_t *is_residue, struct vocab_notes *notes);
