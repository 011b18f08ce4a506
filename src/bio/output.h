// SPDX-License-Identifier: Apache-2.0
#pragma once
// Writing a file, plain or as BGZF, which every reader of gzip reads. The file appears under its name, complete, when it is
// finished; until then it has a name of its own beside it.
#include "base/err.h"

struct output;

// Is the name one of a packed file (".gz", ".bgz", ".bam")?
bool output_is_packed(Str path);
// "-": standard output. ERR_CONFLICT: the file is there, and `overwrite` is not set.
struct output *output_open(Str path, bool is_packed, bool overwrite, struct err *err);
// Errors are kept for output_finish(): a writer need not look at each.
void output_add(struct output *o, Str bytes);
int64_t output_bytes(const struct output *o);           // unpacked, so far
// Writes what is left, syncs, renames, frees. False: nothing stands under the name.
bool output_finish(struct output *o, struct err *err) MUST_CHECK;
void output_abandon(struct output *o);                  // frees; nothing stands under the name. NULL is allowed
