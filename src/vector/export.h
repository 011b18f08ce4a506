// SPDX-License-Identifier: Apache-2.0
#pragma once
// An index in the files of other libraries:
//     faiss      write_index() of FAISS 1.7: IndexFlat (exact) or IndexHNSWFlat (hnsw), inner product or L2
//     hnswlib    saveIndex() of hnswlib 0.6 and later: spaces "l2", "ip" and "cosine"; of an index with a graph
// With cosine, vectors are written normalised (zeros stay zeros), as both libraries want them. Rows and labels are the index's rows; FILE.ids.txt has
// the id of each, a line a row.
#include "base/err.h"
#include "vector/index.h"

struct arena;

// Is there such a format? ERR_INVALID.
bool index_export_check(Str format, struct err *err) MUST_CHECK;
// Writes both files whole or not at all. ERR_UNSUPPORTED: the format needs a graph. ERR_DAMAGED: the graph is not sound.
bool index_export(struct arena *a, const struct vector_index *x, Str format, Str path, struct err *err) MUST_CHECK;
