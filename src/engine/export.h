// SPDX-License-Identifier: Apache-2.0
#pragma once
// Final outputs to a folder a person chose.
#include "base/err.h"
#include "base/hash.h"
#include "value/value.h"

struct arena;
struct driver;

// Copies every File and Directory of the output object below `outdir` under its basename (secondary files beside their
// file; "name_2.ext" when a different file of that name is an output too), replacing older files of these names. A
// file that is there already with the right content is left alone. *exported is `outputs` with location (file:// IRI), path,
// size, checksum (sha1$…) and "petri:digest" (blake3:…) of each file. The bytes must be present (driver_need).
bool outputs_export(struct arena *a, struct driver *d, Value outputs, Str outdir, Value *exported, struct err *err) MUST_CHECK;
// The same object without the "petri:digest" fields, for printing.
Value outputs_public(struct arena *a, Value exported);

// Where bytes of Files in Values are, in "location":
//   petri:blake3:<hex>         an object of the store or of a result; "#…" behind it, whose it is, does not matter for the bytes
//   file:///percent/encoded    a user's own file
Str location_of_hash(struct arena *a, Hash hash);
bool location_is_hash(Str location, Hash *hash);
Str location_of_path(struct arena *a, Str path);                        // absolute path -> file:// IRI, percent-encoded
bool location_path(struct arena *a, Str location, Str *path);           // file:// IRI or a plain absolute path -> path
