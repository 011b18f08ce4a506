// SPDX-License-Identifier: Apache-2.0
#pragma once
// For this folder only: what the files of the loader share. document.c reads files into trees, load*.c make the model.
#include "base/map.h"
#include "base/vec.h"
#include "lang/cwl/model.h"
#include "lang/cwl/schema.h"

struct err;

struct cwl_file {
    struct source source;               // first: the span of a node leads here
    Str path;                           // absolute
    const struct node *raw;             // as read; NULL when it could not be
    struct node *tree;                  // with $import, $include and $mixin done
    bool is_resolved;                   // `tree` was tried
    Value namespaces;                   // prefix -> IRI; null: none
};
struct import_frame {                   // an import under way, for the error that names a cycle
    const struct import_frame *outer;
    Str key;                            // "path#id"
};
struct load_frame {                     // a process under way: likewise for `run`
    const struct load_frame *outer;
    Str key;
};
struct loader {
    struct arena *a;
    struct diags *diags;
    Str cwd;
    struct map files;                   // absolute path -> struct cwl_file
    struct map processes;               // "path#id version" -> struct cwl_process
    VEC(Str) paths;                     // every file read, $include'd ones too
    size_t imported_nodes;
    const struct load_frame *running;
    int depth;                          // of processes within processes
};
enum { CWL_IMPORT_DEPTH_MAX = 50, CWL_IMPORT_NODES_MAX = 2000000, CWL_RUN_DEPTH_MAX = 60, CWL_NAMED_TYPES_MAX = 2000 };

// A named type of SchemaDefRequirement, or one written in place under a name.
struct named_type {
    Str name;                           // without what is before '#'
    const struct cwl_file *file;
    struct node *node;
    const struct cwl_type *type;        // NULL until read
    bool is_reading;
};
// What is known while one process is read.
struct scope {
    struct loader *l;
    const struct scope *outer;          // the process that holds this one in place, or NULL
    enum cwl_version version;
    bool is_tool;                       // CommandLineTool: the types stdin, stdout and stderr are allowed
    Str path;                           // "main/step1": names a process without an id
    VEC(struct named_type *) types;
};

// --- document.c
// The file, read once; NULL when it cannot be read (reported at `span`).
struct cwl_file *cwl_file_open(struct loader *l, Str path, struct span span);
// Its tree with all imports done; NULL when that failed (reported).
struct node *cwl_file_tree(struct loader *l, struct cwl_file *file);
// As the hint of the diagnostic added last: a file beside `path`, which is missing, with nearly the same name.
void cwl_hint_neighbour(struct arena *a, struct diags *diags, Str path);
// The file in which the node was written.
struct cwl_file *cwl_node_file(const struct node *n);
// "dir/x.cwl#id" relative to `from` (NULL: the current folder) into an absolute path and the id. False: it is no local
// file (reported at `span`).
bool cwl_split_reference(struct loader *l, const struct cwl_file *from, Str reference, struct span span, Str *path, Str *id);
// "edam:format_1" -> the full IRI, where the prefix is known to the file; else the name as it is.
Str cwl_expand_prefix(struct arena *a, Value namespaces, Str name);
Str cwl_after_hash(Str id);             // "main/x" of "file#main/x"; all of it without '#'
Str cwl_short_id(Str id);               // "x" of "file#main/x"

// --- load_fields.c
struct item {                           // of a list of maps with ids, or of a map from ids to maps ("idmap")
    Str id;                             // as written
    struct node *node;                  // a map; without the id where that was the key
    struct span span;
};
// `what`: "input"; `key`: "id"; `value_key`: the field that a bare value stands for ("type"), or NULL.
size_t cwl_items(struct loader *l, struct node *n, const char *what, const char *key, const char *value_key, struct item **out);
// A string, or the strings of a list (others in it are reported).
size_t cwl_strings(struct loader *l, const struct node *n, const char *what, const Str **out);
bool cwl_bool(const struct node *n, bool otherwise);
Str cwl_doc(struct loader *l, const struct node *n);
// One of `words` (ended by NULL): its index + 1; 0 when absent or wrong (reported).
int cwl_word(struct loader *l, const struct node *n, const char *what, const char *const *words);
enum cwl_listing cwl_listing_word(struct loader *l, const struct node *n);
enum cwl_link_merge cwl_link_merge_word(struct loader *l, const struct node *n);
enum cwl_pick cwl_pick_word(struct loader *l, const struct node *n);
// The node's value with the locations of Files and Directories in it made absolute.
Value cwl_data(struct loader *l, const struct node *n);
// Resolves "location"s and "path"s of Files and Directories below `n`, in place, by the folder of the file they stand in.
void cwl_locate(struct loader *l, struct node *n);

// --- load_type.c
void cwl_scope_add_types(struct scope *s, struct node *list);           // SchemaDefRequirement.types
void cwl_scope_read_types(struct scope *s);     // all of them, also those that nothing uses
const struct cwl_type *cwl_type_read(struct scope *s, struct node *n);  // Any after a mistake (reported)

// --- load_param.c
// Inputs, outputs, fields: `construct` is one of CWL_C_INPUT, _OUTPUT, _WORKFLOW_OUTPUT, _FIELD.
struct cwl_param cwl_param_read(struct scope *s, const struct item *item, enum cwl_construct construct);
const struct cwl_binding *cwl_binding_read(struct scope *s, struct node *n);

// --- load_requirement.c
struct cwl_requirements cwl_requirements_read(struct scope *s, struct node *n, bool is_hint);

// --- load_process.c, load_step.c
enum { CWL_NO_VERSION = -1 };
// The process that `n`, the `run` of a step in `outer`, describes (a map) or refers to (a string). `place`: "main/step".
// NULL after a mistake (reported).
const struct cwl_process *cwl_run_read(struct loader *l, const struct scope *outer, struct node *n, Str place);
// The process "file.cwl#id" relative to `from`; `version` holds where the document names none (CWL_NO_VERSION: it must).
const struct cwl_process *cwl_process_find(struct loader *l, int version, Str reference, const struct cwl_file *from, struct span span);
// Steps, and the sources of the outputs (read before) in their short form.
void cwl_steps_read(struct scope *s, struct cwl_process *p, struct cwl_param *outputs, struct node *n);

// --- check_*.c
struct check {
    struct arena *a;
    struct diags *diags;
    struct map seen;                    // processes checked, with the requirements around them
    long comparisons;                   // of types: bounds what a hostile document can ask for
};
// Every expression of the process (without its steps); has_js: InlineJavascriptRequirement holds there.
void cwl_check_expressions(struct check *c, const struct cwl_process *p, bool has_js);
void cwl_check_step_expressions(struct check *c, const struct cwl_step *step, bool has_js);
// The links of a workflow: sources, types, required inputs, circles.
void cwl_check_links(struct check *c, const struct cwl_process *p);
// Can a value of `source` be one of `sink`? For unions it is enough that some member fits: the rest shows at run time.
bool cwl_type_flows(struct check *c, const struct cwl_type *source, const struct cwl_type *sink);
// Types made of others.
const struct cwl_type *cwl_type_array(struct arena *a, const struct cwl_type *items);
const struct cwl_type *cwl_type_union(struct arena *a, const struct cwl_type *const *members, size_t count);
const struct cwl_type *cwl_type_with_null(struct arena *a, const struct cwl_type *type);
const struct cwl_type *cwl_type_without_null(struct arena *a, const struct cwl_type *type);
const struct cwl_type *cwl_type_flattened(struct arena *a, const struct cwl_type *type);       // File of File[], of File | File[]
const struct cwl_type *cwl_type_items(const struct cwl_type *type);     // of an array, or the array in a union; NULL
