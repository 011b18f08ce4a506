// SPDX-License-Identifier: Apache-2.0
#pragma once
// The manifest of a run: what went in, by what it was made, what came out, with digests; who, when, where. One JSON document that lies
// beside the outputs and can be checked against them years later. docs/records.md tells its fields.
#include "value/diag.h"
#include "view/run_record.h"

enum { MANIFEST_VERSION = 1, MANIFEST_MAX = 64 << 20 };

// The manifest as a value, and as the text that stands in the file.
Value manifest_value(struct arena *a, const struct run_record *r);
Str manifest_text(struct arena *a, const struct run_record *r);

// --- reading one, which may come from anybody
enum manifest_section { MANIFEST_OUTPUTS, MANIFEST_INPUTS, MANIFEST_WORKFLOW, MANIFEST_TOOLS };
struct manifest_file {
    enum manifest_section section;
    Str path;                           // OUTPUTS: relative, leading out of nothing; the others: absolute
    Hash hash;
    int64_t size;                       // -1: the manifest does not say
};
struct manifest {
    Str run, outdir;                    // outdir: where the outputs were when it was written
    VEC(struct manifest_file) files;
};
// Reads a manifest. Refused, with the place: what is no manifest or of a newer version, paths of outputs that are absolute or hold
// "..", digests that are none, negative sizes. False: there was a mistake.
bool manifest_read(struct arena *a, const struct source *source, struct manifest *out, struct diags *diags);

// --- checking the files against it
enum manifest_fault { MANIFEST_SAME, MANIFEST_MISSING, MANIFEST_OTHER_SIZE, MANIFEST_OTHER_BYTES, MANIFEST_NO_FILE, MANIFEST_UNREADABLE };
struct manifest_difference {
    const struct manifest_file *file;
    enum manifest_fault fault;
    Str text;                           // a sentence without the path: "missing", "has 12 bytes, the manifest says 10"
};
struct manifest_check {
    int64_t checked;
    int64_t bytes;                      // that were read
    VEC(struct manifest_difference) differences;
};
// Outputs below the folder `root`; the files of the other sections, which have absolute paths, only when `all`.
void manifest_verify(struct arena *a, const struct manifest *m, Str root, bool all, struct manifest_check *out);
