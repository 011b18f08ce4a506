// SPDX-License-Identifier: Apache-2.0
#pragma once
// For this folder only: the check of a job's values, and what it knows while it walks. inputs.c walks values and types,
// inputs_files.c makes Files and Directories complete, inputs_sheet.c reads sheets.
#include "base/map.h"
#include "lang/cwl/model.h"

struct step_in {                        // where in the job a value is: from the inside out
    const struct step_in *outer;
    Str key;                            // of a map; empty: of a list
    size_t index;
};
struct job_check {
    struct arena *a;
    struct diags *diags;
    const struct cwl_process *process;
    Value job;
    Str job_name;
    struct source *job_source;          // for reports without a better place
    const struct node *places;          // the job's document, read again at the first report; may be NULL
    bool looked_for_places;
    Str compared;                       // the input whose value was last compared with the document's
    bool is_from_document;              // and whether it was that
    struct map sheets;                  // input -> struct node *: its rows, where it was given as a sheet
    const struct cwl_param *from_default;       // whose default is being looked at: the place is the document's then
};
// "input 'reads[2].index'"
Str job_where(struct job_check *j, const struct step_in *at);
// The place of the value in the job's document, or the nearest around it that is known.
struct span job_span(struct job_check *j, const struct step_in *at);
// In words, without showing what is in it: "a string", "a list", "a File".
Str job_describe(struct job_check *j, Value v);
// A File or Directory with an absolute location, basename, and its listing and secondaryFiles likewise. Reports what is
// missing on disk.
Value job_file(struct job_check *j, const struct step_in *at, Value v);
// With the secondary files that plain patterns name; reports those that are required and missing.
Value job_add_secondary(struct job_check *j, const struct step_in *at, const struct cwl_param *p, Value file);
// Is `v` a sheet where a list of records is expected? Only an input as a whole may be one.
bool job_is_sheet(const struct step_in *at, const struct cwl_type *type, Value v);
// The records of a sheet: a row is a record, a column a field; cells as the fields' types want them, paths relative to the sheet's
// folder. *records is to be completed as any other list. False: reported.
bool job_sheet(struct job_check *j, const struct step_in *at, const struct cwl_type *type, Value v, Value *records);
