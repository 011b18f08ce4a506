// SPDX-License-Identifier: Apache-2.0
#pragma once
// A file that appears whole or not at all: written beside its place under another name, synced, renamed. Buffered; its BLAKE3 digest and
// its size are known when it is finished.
#include "base/err.h"
#include "base/hash.h"

struct outfile;
// *out is NULL after a failure. `path` lies in a folder that is there.
bool outfile_open(Str path, struct outfile **out, struct err *err) MUST_CHECK;
bool outfile_write(struct outfile *o, const void *bytes, size_t len, struct err *err) MUST_CHECK;
// Syncs and renames. After a failure nothing stands at the path that was not there before. The folder is the caller's to sync, once for
// all files in it: until then a power cut may take the file back, never a part of it.
bool outfile_commit(struct outfile *o, struct err *err) MUST_CHECK;
// Of what was written; after outfile_commit().
Hash outfile_digest(const struct outfile *o);
int64_t outfile_size(const struct outfile *o);
// Removes the temporary file unless it was committed. NULL is fine.
void outfile_close(struct outfile *o);
