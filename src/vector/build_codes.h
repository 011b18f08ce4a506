// SPDX-License-Identifier: Apache-2.0
#pragma once
// 8-bit vectors beside the floats: u = vector - center, center being the mean of all, in bytes with a scale a row. Of a product with a query q,
// q·v = q·center + center·u + (q - center)·u, the last term alone is computed in 8 bits: what all embeddings of a model have in common does not
// cost precision.
#include "base/err.h"
#include "vector/index.h"

struct team;
struct writer;
// Writes codes, code_terms and code_center of these rows (count, dims, metric, vectors, norms are used), and measures recall with a sample; *recall
// is what the manifest says of it, null where there is nothing to measure.
bool codes_make(const struct vector_index *rows, struct team *team, struct writer *w, Value *recall, struct err *err) MUST_CHECK;
