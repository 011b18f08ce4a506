// SPDX-License-Identifier: Apache-2.0
#pragma once
// Writes the files of a new generation of an index. Each appears whole or not at all; nothing counts until the manifest names it.
#include "base/err.h"
#include "model/tensor.h"
#include "value/value.h"

struct outfile;
struct writer {                         // one generation
    struct arena *arena;
    Str dir;
    int64_t generation;
    struct value_builder files;         // of the manifest: key -> {file, size, digest}
};

// An array that is written piece by piece: begin, any number of outfile_write(), end. The key is its name in the manifest and its file's:
// KEY-GENERATION.npy. `columns` 0: one dimension. NULL after a failure.
struct outfile *writer_begin_array(struct writer *w, const char *key, enum tensor_type type, int64_t rows, int64_t columns, struct err *err);
struct outfile *writer_begin_text(struct writer *w, const char *key, struct err *err);         // KEY-GENERATION.txt
// Commits and notes it. The outfile is closed, also after a failure.
bool writer_end(struct writer *w, const char *key, struct outfile *o, struct err *err) MUST_CHECK;
// The whole of an array at once.
bool writer_array(struct writer *w, const char *key, enum tensor_type type, int64_t rows, int64_t columns, const void *data,
                  struct err *err) MUST_CHECK;
// Maps an array that was written into this generation.
bool writer_map(struct writer *w, struct arena *a, const char *key, struct tensor *out, struct err *err) MUST_CHECK;
// The manifest, then the folder is synced. Whoever opens the index from now on gets this generation.
bool writer_manifest(struct writer *w, Value manifest, struct err *err) MUST_CHECK;
// Removes files of other generations, and what killed calls left behind. What can't be removed stays.
void writer_sweep(struct writer *w);
