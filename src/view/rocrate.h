// SPDX-License-Identifier: Apache-2.0
#pragma once
// A run as a Workflow Run RO-Crate: the metadata document of RO-Crate 1.1 (https://w3id.org/ro/crate/1.1) by the profiles Process, Workflow
// and Provenance Run Crate 0.5 (https://w3id.org/ro/wfrun/provenance/0.5) and Workflow RO-Crate 1.0.
#include "view/run_record.h"

struct crate_source {                   // a file of the workflow, as it is to lie in the crate
    Str from, to;                       // absolute; relative to the crate's folder
    Hash hash;
};
struct crate {
    Str folder;                         // absolute: where the crate lies; outputs below it have relative ids
    Str license;                        // a URL or a text; empty: none was stated
    VEC(struct crate_source) sources;   // filled in: what must lie beside the metadata
};
// The metadata document. With sources->… filled in, which the caller copies (a crate without its workflow is none).
Value crate_value(struct arena *a, const struct run_record *r, struct crate *crate);
