// SPDX-License-Identifier: Apache-2.0
#pragma once
// Locations of Files and Directories are IRIs; files on this machine have paths. These convert one to the other.
#include "base/str.h"

struct arena;

// "file:///a/b%20c" of "/a/b c". Everything but letters, digits and a few safe marks is percent-encoded.
Str iri_of_path(struct arena *a, Str path);
// The path of "file:///a/b%20c" or "file://localhost/…"; an empty Str for any other scheme.
Str iri_to_path(struct arena *a, Str iri);
// "http" of "http://x", "file" of "file:/x", "_" of "_:b1"; empty for relative references. A name with a colon in it
// ("sample:1.bam") is no scheme.
Str iri_scheme(Str iri);
// An absolute IRI of `location`: as it is when it has a scheme, else a percent-encoded path relative to folder `dir`.
Str iri_resolve(struct arena *a, Str location, Str dir);
