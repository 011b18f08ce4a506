// SPDX-License-Identifier: Apache-2.0
#pragma once
// What every language offers to the command line: load and check a workflow, tell its inputs, evaluate it. An evaluator
// keeps no state on disk: to resume is to evaluate again from the start, and every finished task answers from its key.
#include "engine/driver.h"
#include "task/image.h"
#include "value/diag.h"
#include "value/value.h"

enum input_base { INPUT_BOOL, INPUT_INT, INPUT_FLOAT, INPUT_STRING, INPUT_FILE, INPUT_DIR, INPUT_ENUM, INPUT_RECORD,
                  INPUT_OTHER };
struct workflow_input {
    Str name, type_text, doc;
    enum input_base base;               // of the element type when is_array
    bool is_array, is_required, has_default;
    bool may_be_array;                  // one value or an array of such
    Value default_value;
    const Str *symbols;                 // INPUT_ENUM
    size_t symbol_count;
    const struct workflow_input *fields;                // INPUT_RECORD: without what they are made of in turn
    size_t field_count;
};
struct workflow {
    const char *language;               // "cwl"
    Str path, label, doc;               // path absolute, with "#id" where given
    Str version;                        // as the workflow says of itself (CWL: schema.org's version, softwareVersion); empty: it does not
    const struct workflow_input *inputs;
    size_t input_count;
    const Str *files;                   // every source file, absolute
    size_t file_count;
    const void *document;               // the language's own
};
// Loads and checks; NULL when there were errors. By the file's name and content the language is chosen.
struct workflow *workflow_load(struct arena *a, Str path, struct diags *diags);
// The complete input object: the job file (may be empty: none) overlaid with `overrides` (a map; strings given on the
// command line are converted by the input's type: an int for "3", a File for a path relative to the current folder).
// Every fault is reported. Result: a map with all inputs.
bool workflow_inputs(struct arena *a, const struct workflow *w, Str job_path, Value overrides, Value *inputs, struct diags *diags);

struct workflow_link { Str from, to; }; // steps, by the names that the steps of tasks have: `to` needs something of `from` to begin
// How the steps hang together: each pair once, those without a command (expressions) among them. Lives in `a`.
void workflow_links(struct arena *a, const struct workflow *w, const struct workflow_link **links, size_t *count);

// The container images that tools ask for, each name once: of all processes that the workflow runs, and of "cwl:requirements"
// in `inputs` (which may be null). A name is a hint's only if no tool requires it.
bool workflow_images(struct arena *a, const struct workflow *w, Value inputs, struct image_request **requests, size_t *count,
                     struct err *err) MUST_CHECK;

struct evaluation_options {
    int64_t subset;                     // > 0: only the first N elements of each scattered top-level input array
    bool keep_going;                    // after a failure go on with what does not depend on it
    bool no_container;                  // run DockerRequirement tools on this machine as they are
    int js_timeout_ms;
    const char *js_node;                // for expressions in newer JavaScript, path or name; NULL or "none": none
    const struct image *images;         // for workflow_images(), in its order or another; those with an empty id are not to be had
    size_t image_count;
    Str warning;                        // lines, each for driver_warn() at the start
};
struct evaluation;
// Starts the evaluation; it submits tasks to the driver and ends by driver_finish(). Memory: own arenas.
struct evaluation *evaluation_start(const struct workflow *w, Value inputs, struct driver *d, const struct evaluation_options *o,
                                    struct err *err) MUST_CHECK;
void evaluation_free(struct evaluation *e);             // NULL is allowed
