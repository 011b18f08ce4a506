// SPDX-License-Identifier: Apache-2.0
#pragma once
// Inside the exports only: a walk over the parts of a folder, and the formats.
#include "model/embed_export.h"
#include "model/outfile.h"
#include "value/value.h"

struct export {
    Str dir;
    Value manifest, parts;
    bool pooled;
    enum tensor_type type;
    int64_t width, rows, sequences;
};
struct export_part {                    // one part in memory
    struct arena arena;
    struct tensor vectors;
    Str ids;                            // of the .ids.tsv, behind its header line
};
struct export_id {
    Str id;
    int64_t first_row, rows;            // in the part
};

// One part of the manifest into memory, checked against it.
bool export_part_open(const struct export *e, size_t number, struct export_part *p, struct err *err) MUST_CHECK;
void export_part_close(struct export_part *p);           // after a failed open too
// Takes the next line off *rest; `row` is its number in the part. ERR_DAMAGED: the line is not as petri embed writes it.
bool export_next_id(const struct export *e, const struct export_part *p, Str *rest, int64_t row, struct export_id *out, struct err *err) MUST_CHECK;

// The formats; `path` is where the file goes.
typedef bool export_fn(struct arena *a, const struct export *e, Str path, struct err *err);
export_fn export_hdf5, export_npz, export_safetensors, export_tsv;
