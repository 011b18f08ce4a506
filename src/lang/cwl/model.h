// SPDX-License-Identifier: Apache-2.0
#pragma once
// A checked CWL document (v1.0, v1.1, v1.2) as typed structs. Made by load.c, checked by check.c, never changed
// afterwards. Everything lives in the arena of the document. Differences between the versions that matter at run time
// are resolved at load where possible; the rest is asked of `version`.
#include "value/node.h"

enum cwl_version { CWL_V1_0, CWL_V1_1, CWL_V1_2 };
enum cwl_class { CWL_TOOL, CWL_EXPRESSION_TOOL, CWL_WORKFLOW, CWL_OPERATION };

enum cwl_kind {                         // of a type
    CWL_NULL, CWL_BOOLEAN, CWL_INT, CWL_LONG, CWL_FLOAT, CWL_DOUBLE, CWL_STRING, CWL_FILE, CWL_DIRECTORY,
    CWL_ANY, CWL_ARRAY, CWL_RECORD, CWL_ENUM, CWL_UNION,
};
struct cwl_binding {                    // inputBinding
    Value position;                     // INT, or STRING with an expression (v1.1+); null: 0
    Str prefix;
    bool has_prefix, has_separate, separate;    // separate: true unless said otherwise
    bool has_item_separator;
    Str item_separator;
    bool has_value_from;
    Str value_from;
    bool shell_quote;                   // true unless said otherwise
    bool load_contents;
    struct span span;
};
struct cwl_param;
struct cwl_type {
    enum cwl_kind kind;
    Str name;                           // RECORD, ENUM: short name (after '#' and the last '/'), may be empty
    const struct cwl_type *items;       // ARRAY
    const struct cwl_param *fields;     // RECORD; each with its binding or output binding
    size_t field_count;
    const Str *symbols;                 // ENUM: short names
    size_t symbol_count;
    const struct cwl_type *const *members;      // UNION: ≥ 1, no unions inside, in document order
    size_t member_count;
    const struct cwl_binding *binding;  // inputBinding written on the type (array, record, enum), may be NULL
};

struct cwl_secondary {                  // a secondaryFiles entry
    Str pattern;                        // ".bai", "^.fai", or an expression
    Value required;                     // BOOL, STRING with an expression, or null: the default (inputs true, outputs false)
};
// UNSET: the LoadListingRequirement that holds decides; without one deep listings in v1.0, none later.
enum cwl_listing { CWL_LISTING_UNSET, CWL_NO_LISTING, CWL_SHALLOW_LISTING, CWL_DEEP_LISTING };
enum cwl_link_merge { CWL_MERGE_UNSET, CWL_MERGE_NESTED, CWL_MERGE_FLATTENED };
enum cwl_pick { CWL_PICK_NONE, CWL_PICK_FIRST_NON_NULL, CWL_PICK_THE_ONLY_NON_NULL, CWL_PICK_ALL_NON_NULL };

struct cwl_output_binding {
    Value glob;                         // STRING or ARRAY of STRING; null: none. May hold expressions
    bool load_contents;
    enum cwl_listing load_listing;
    bool has_output_eval;
    Str output_eval;
};
// An input or output of a process, or a field of a record.
struct cwl_param {
    Str id;                             // short: "reads"
    Str label, doc;                     // doc: joined lines
    const struct cwl_type *type;        // "stdin", "stdout", "stderr" shorthands are resolved into File + fields below
    const struct cwl_secondary *secondary;
    size_t secondary_count;
    bool streamable;
    Value format;                       // STRING or ARRAY of STRING (full IRIs, or expressions); null: none
    bool load_contents;                 // inputs
    enum cwl_listing load_listing;      // inputs
    bool has_default;
    Value default_value;                // File and Directory in it have absolute "location"s (file:// IRIs)
    const struct cwl_binding *binding;  // inputBinding, may be NULL
    const struct cwl_output_binding *output;    // outputBinding, may be NULL
    // outputs of a workflow
    const Str *sources;                 // "input" or "step/output"
    size_t source_count;
    bool sources_is_list;               // written as a list, also of one
    enum cwl_link_merge link_merge;
    enum cwl_pick pick_value;
    struct span span;
};

// Requirements and hints. `requirements` of a process, of the step that runs it, and of the workflows around it are
// merged at run time (inner wins, requirements win over hints).
enum cwl_req_kind {
    CWL_REQ_INLINE_JAVASCRIPT, CWL_REQ_SCHEMA_DEF, CWL_REQ_LOAD_LISTING, CWL_REQ_DOCKER, CWL_REQ_SOFTWARE,
    CWL_REQ_INITIAL_WORKDIR, CWL_REQ_ENV_VAR, CWL_REQ_SHELL, CWL_REQ_RESOURCE, CWL_REQ_WORK_REUSE, CWL_REQ_NETWORK,
    CWL_REQ_INPLACE_UPDATE, CWL_REQ_TIME_LIMIT, CWL_REQ_SUBWORKFLOW, CWL_REQ_SCATTER, CWL_REQ_MULTIPLE_INPUT,
    CWL_REQ_STEP_INPUT, CWL_REQ_LABELS /* Petri's own */, CWL_REQ_KINDS,
};
struct cwl_requirement {                // all kinds in one struct; only the fields of `kind` are set
    enum cwl_req_kind kind;
    Value fields;                       // the entry as a map, $import and $include done; expressions as written
    const Str *expression_lib;          // InlineJavascript
    size_t expression_lib_count;
    struct span span;
};
struct cwl_requirements {
    const struct cwl_requirement *at;   // unknown hints are dropped (with a warning where they look misspelt)
    size_t len;
};

struct cwl_argument {                   // CommandLineTool.arguments
    struct cwl_binding binding;         // value_from set; a bare string is { value_from = it }
};
struct cwl_process;
struct cwl_step_input {
    Str id;
    const Str *sources;                 // "input" or "step/output"
    size_t source_count;
    bool sources_is_list;
    enum cwl_link_merge link_merge;
    enum cwl_pick pick_value;
    bool load_contents;
    enum cwl_listing load_listing;
    bool has_default;
    Value default_value;
    bool has_value_from;
    Str value_from;
    struct span span;
};
enum cwl_scatter { CWL_SCATTER_NONE, CWL_DOTPRODUCT, CWL_NESTED_CROSSPRODUCT, CWL_FLAT_CROSSPRODUCT };
struct cwl_step {
    Str id;
    const struct cwl_step_input *in;
    size_t in_count;
    const Str *out;
    size_t out_count;
    const struct cwl_process *run;
    struct cwl_requirements requirements, hints;
    const Str *scatter;
    size_t scatter_count;
    enum cwl_scatter scatter_method;    // NONE when there is no scatter
    bool has_when;
    Str when;
    struct span span;
};

struct cwl_process {
    enum cwl_class class_;
    enum cwl_version version;
    Str id;                             // short name, or empty
    Str label, doc, intent;
    Str own_version;                    // of the workflow itself, as schema.org's "version" or "softwareVersion" says; empty: none
    const struct source *source;        // the file it was written in
    Value namespaces;                   // $namespaces of that file: prefix -> IRI; null: none
    struct span span;
    const struct cwl_param *inputs, *outputs;
    size_t input_count, output_count;
    struct cwl_requirements requirements, hints;
    // CommandLineTool
    const Str *base_command;
    size_t base_command_count;
    const struct cwl_argument *arguments;
    size_t argument_count;
    Str stdin_expr, stdout_expr, stderr_expr;           // may hold expressions; empty: none
    const int *success_codes, *temporary_codes, *permanent_codes;
    size_t success_count, temporary_count, permanent_count;
    // ExpressionTool
    Str expression;
    // Workflow
    const struct cwl_step *steps;
    size_t step_count;
};
struct cwl_document {
    const struct cwl_process *process;  // what to run
    const Str *schemas;                 // absolute paths of $schemas
    size_t schema_count;
    const Str *files;                   // absolute paths of every file that was read, for provenance
    size_t file_count;
};

// Loads `path` ("wf.cwl", "pack.cwl#main", "file:///…#id"), with all it imports and runs, checks it and converts it.
// NULL when there were errors (in diags; the texts of those about what the standard has, or may have, and this program
// lacks begin with "unsupported: "). Without '#' in a $graph document: "main", or the only process.
// Sources are named as given on the command line or relative to the current folder.
struct cwl_document *cwl_load(struct arena *a, Str path, struct diags *diags);
// Called by cwl_load: everything that can be known before running (see check.c).
void cwl_check(struct arena *a, const struct cwl_document *document, struct diags *diags);
// The type as a person writes it: "File[]?", "string | int", "record sample".
Str cwl_type_text(struct arena *a, const struct cwl_type *type);
bool cwl_type_accepts_null(const struct cwl_type *type);
// The one type behind "T?" (or a type that is no union); NULL when several remain.
const struct cwl_type *cwl_type_only(const struct cwl_type *type);

// --- input objects (inputs.c)
// Reads a job document (JSON or YAML; File and Directory locations made absolute by its folder) into a map.
// "cwl:requirements" and other extension fields are kept. An empty document is an empty map.
bool cwl_read_job(struct arena *a, Str path, Value *job, struct diags *diags);
struct node *cwl_read_job_tree(struct arena *a, Str path, struct diags *diags);     // likewise, with places; NULL on errors
// Checks `job` against the inputs of `process`, fills in defaults, normalises Files and Directories (location as
// file:// IRI for real files, class, basename; literals keep contents/listing), follows record/array/union types,
// finds the secondaryFiles named by plain patterns when they are absent, and reports every fault with the place known: `job_name`
// is the path of the job's document, where there is one. Secondary files of a pattern whose `required` is an expression are
// added when they are there and not missed when they are not. *complete holds exactly the inputs of `process`; fields of the
// job that are none, and not of the form "ns:name", are warnings.
bool cwl_check_job(struct arena *a, const struct cwl_process *process, Value job, Str job_name, Value *complete, struct diags *diags);
// Does the value fit the type? (Files by class only.) For unions: the first member that fits into *member (may be NULL).
bool cwl_type_accepts(const struct cwl_type *type, Value v, const struct cwl_type **member);
