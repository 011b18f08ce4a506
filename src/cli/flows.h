// SPDX-License-Identifier: Apache-2.0
#pragma once
// Flows: workflows that come with Petri, or that a lab keeps, run by their name. A flow NAME is the file NAME/NAME.cwl in a folder of
// flows: those of $PETRI_FLOWS (several with ':' between), then the one beside the program (share/petri/flows where it is
// installed, flows/ of the source tree where it was built). The first that has a name wins.
#include "base/err.h"

struct arena;

struct flow {
    Str name, path;                     // path: of its document, absolute
};
// All of them, by name. A folder that can't be read has none.
void flows_list(struct arena *a, struct flow **flows, size_t *count);
// What `word` means where a workflow is expected: the document of the flow of that name, or `word` itself. A file of the current folder
// wins over a flow, and a word with a '/' is never one.
Str flow_resolve(struct arena *a, Str word);
// Prints the names of flows that may have been meant as a hint, where `word` is neither a file nor a flow.
void flow_hint(struct arena *a, Str word);
