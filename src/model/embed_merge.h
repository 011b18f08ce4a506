// SPDX-License-Identifier: Apache-2.0
#pragma once
// Several folders of embeddings as one: their parts one behind the other, numbered anew, under one manifest.
#include "base/err.h"
#include "value/value.h"

struct arena;

// Copies the parts of `folders`, in that order, into `out`, which is made and must hold no embeddings; each part is compared with the digest in
// its manifest while it is copied. The manifest comes last. The same folders give the same bytes.
// ERR_CONFLICT: other models, settings or widths (the first setting that differs is named; the size of parts may differ), or `out` is taken.
// ERR_INVALID: a manifest is not what `petri embed` writes, or a part is not what its manifest says; the folder and field or file are named.
bool embed_merge(struct arena *a, const Str *folders, size_t count, Str out, Value *manifest, struct err *err) MUST_CHECK;
