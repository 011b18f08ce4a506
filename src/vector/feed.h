// SPDX-License-Identifier: Apache-2.0
#pragma once
// Vectors to be indexed or searched for, one after the other: folders of `petri embed` (one vector a sequence) and .npy files of other origin
// (float16, float32 or float64, [rows, width]), several joined in order. Files are mapped: memory stays small.
#include "base/err.h"
#include "base/hash.h"
#include "value/value.h"

struct feed;
struct feed_row {                     // valid until the next call
    Str id;                             // of a .npy file: the row's number, from 0 over all files
    Hash digest;                        // of the residues; zero: not known
    int64_t length;                     // residues; -1: not known
    const float *vector;
};

// All must have one width and be made alike (model, layer, pooling, lengths, chain, arithmetic of the embeddings); ERR_CONFLICT names what
// differs. ERR_INVALID: no folder of embeddings, or one of many rows a sequence. NULL after a failure.
struct feed *feed_open(const Str *paths, size_t count, struct err *err);
int64_t feed_count(const struct feed *s);           // of rows, in all
int64_t feed_dims(const struct feed *s);
Value feed_settings(const struct feed *s);          // of the embeddings, as in their manifest; null: .npy files
// Row numbers that stand for ids begin here (0 when not called).
void feed_number_from(struct feed *s, int64_t first);
// The next row; *end: there is none. ERR_INVALID: a vector that is not finite, too long or too short, with file and row; ERR_DAMAGED: ids do not
// go with vectors.
bool feed_next(struct feed *s, struct feed_row *out, bool *end, struct err *err) MUST_CHECK;
void feed_close(struct feed *s);                    // NULL is fine

// Do two settings of embeddings make vectors that can be compared? Null goes with null alone. Otherwise ERR_CONFLICT: the first that
// differs is named.
bool feed_check_alike(Value there, Value given, struct err *err) MUST_CHECK;
