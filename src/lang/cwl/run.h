// SPDX-License-Identifier: Apache-2.0
#pragma once
// Evaluating a checked CWL document: what the run_*.c files share. The tree of calls:
//
//   evaluation -> call (the main process) -> [workflow] one struct step_run per step -> calls (one, or one per scatter element)
//                                         -> [tool] a task of the driver
//                                         -> [expression tool] JavaScript
//
// A call lives in an arena of its own, released when its caller has copied the outputs; what lives longer is in the
// arena of the workflow call around it. Nothing here is kept on disk.
//
// Values that flow are "flow values": a File has class, location, basename, nameroot, nameext, and where they exist size,
// format, secondaryFiles; a Directory has class, location, basename. location is file:// (a user's), petri:blake3:… (an object) or
// petri:dir:… (a folder that a task left; its listing is in evaluation.folders). Literals have contents or listing and no location.
#include "base/arena.h"
#include "base/link.h"
#include "base/map.h"
#include "base/vec.h"
#include "engine/driver.h"
#include "lang/cwl/expr.h"
#include "lang/cwl/format.h"
#include "lang/cwl/model.h"
#include "lang/js/js.h"
#include "lang/lang.h"

struct call;

// Requirements by nesting: of a process, of its step, of the workflow around it …, innermost first.
struct scope {
    const struct cwl_requirements *requirements, *hints;
    const struct scope *outer;
};

struct evaluation {
    struct arena arena;
    const struct workflow *workflow;
    const struct cwl_document *document;
    struct driver *driver;
    struct evaluation_options options;
    struct js *js;
    struct formats *formats;            // NULL until needed
    struct cwl_requirements job_requirements;           // "cwl:requirements" of the input object: above all others
    struct map files;                   // path of a user's file -> struct user_file
    struct map folders;                 // location of a folder -> struct folder
    bool has_inplace;                   // InplaceUpdateRequirement is used somewhere
    struct map updated;                 // location -> the location that replaced it (InplaceUpdate)
    struct map tools;                   // argv[0] -> struct tool_identity
    VEC(struct driver_hash_item) hashing;
    struct call *main;
    struct link calls;                  // every call that is not freed
    struct map expected;                // step -> struct expected_count
    Value inputs, outputs;              // of the main process
    Str place;                          // of the first failure
    bool has_lost;                      // the last failure was that these bytes are not there
    Hash lost;
};
struct hashes {
    Hash *at;
    size_t len, cap;
};
struct user_file {
    Hash hash;
    int64_t size;
    struct err err;                     // not ERR_NONE: could not be read
};
struct folder {
    Value listing;                      // flow values, deep
};

struct expected_count {
    int64_t tasks;
};

enum call_end { CALL_DONE, CALL_FAILED, CALL_CANCELLED, CALL_BLOCKED };
typedef void call_done(struct call *call, void *owner, enum call_end end);
// A workflow has its output (an index into process->outputs) before its end. At most once for each; v lives as long as the call.
typedef void call_gave(struct call *call, void *owner, size_t output, Value v);
struct call {
    struct link all;                    // in evaluation.calls
    struct arena arena;
    struct evaluation *e;
    const struct cwl_process *process;
    struct scope scope;                 // of the process; outer: its step
    Str name, step;                     // "align[3]/sort", "align/sort"; empty for the main process of a workflow
    Value inputs;                       // complete: a field for every input
    bool *pending;                      // workflows: which inputs are still to come, and null until then; NULL: none
    Value outputs;                      // once done
    Str error;                          // once failed
    struct span blamed;                 // the part of the document that the failure lies in; no source: not known
    int scatter_index;                  // in the caller's step
    call_done *done;
    call_gave *gave;                    // NULL: only all together, at the end
    void *owner;
    enum call_end end;
    bool ended;
    void (*retry)(struct call *c);
    // tools
    struct tool_run *tool;
    // workflows
    struct workflow_run *workflow;
};

// --- run.c
// A call of `process`. The caller fills in inputs (whose values live in call->arena, or longer than the call), then starts it.
struct call *call_new(struct evaluation *e, const struct cwl_process *process, const struct scope *outer, Str name, Str step, call_done *done,
                      void *owner);
// `done` follows exactly once, in a later turn; the caller frees the call after it.
void call_start(struct call *c);
void call_free(struct call *c);
void call_end(struct call *c, enum call_end end);       // call->outputs or call->error are set
bool call_fail(struct call *c, const char *fmt, ...) PRINTF(2, 3);      // ends it; returns false
// Before call_fail(): the failure lies in this part of the document. The first to say so knows best.
void call_blame(struct call *c, struct span span);
// Is this failure only that bytes are not there? Then they are made again and `retry(c)` is called; true.
bool call_retry_lost(struct call *c, const struct err *err, void (*retry)(struct call *c));

// A value as an input has it: the default where it is null, of the right type.
bool input_complete(struct call *c, const struct cwl_param *p, Value v, Value *out, struct err *err) MUST_CHECK;

// --- run_scope.c
const struct cwl_requirement *scope_find(const struct evaluation *e, const struct scope *s, enum cwl_req_kind kind, bool *is_hint);
// The context for expressions of a process in this scope; inputs, self, runtime as given.
struct expr_context scope_expr(struct evaluation *e, const struct scope *s, enum cwl_version version, struct arena *a, Value inputs,
                               Value self, Value runtime);
bool expr_string(const struct expr_context *x, Str text, const char *what, Str *out, struct err *err) MUST_CHECK;
bool expr_any(const struct expr_context *x, Value v, Value self, Value *out, struct err *err) MUST_CHECK;   // strings in v evaluated, deep

// --- run_files.c
Str location_now(const struct evaluation *e, Str location);             // follows in-place updates
// Digest and size of the bytes of a File with this location. *source: the user's path, or empty.
bool file_bytes(struct evaluation *e, struct arena *a, Str location, Hash *hash, int64_t *size, Str *source, struct err *err) MUST_CHECK;
// The deep listing of a Directory (a literal's own, a task's, or a user's folder from disk).
bool folder_listing(struct evaluation *e, struct arena *a, Value directory, Value *listing, struct err *err) MUST_CHECK;
Str folder_add(struct evaluation *e, Value listing);    // remembers a listing; its location
// As driver_bytes, and notes in e->lost what is not there, for call_retry_lost().
bool known_bytes(struct evaluation *e, struct arena *a, Hash hash, Str source, Str *path, Str *bytes, struct err *err) MUST_CHECK;
bool file_text(struct arena *a, Str path, Str *text, struct err *err) MUST_CHECK;        // a small file whole
// Makes a File or Directory (found anywhere in v, deep) a proper flow value: basename, nameroot, nameext; drops path, dirname, checksum
// and what only a view has. Relative or task paths must have been resolved before.
bool flow_value(struct evaluation *e, struct arena *a, Value v, Value *out, struct err *err) MUST_CHECK;
// Adds contents and listing to the Files and Directories of a parameter's value, as the flags say (for expressions).
bool load_value(struct evaluation *e, struct arena *a, Value v, bool contents, enum cwl_listing listing, enum cwl_version version,
                Value *out, struct err *err) MUST_CHECK;
enum cwl_listing listing_of(enum cwl_listing own, const struct evaluation *e, const struct scope *s, enum cwl_version version);
Value file_names(struct arena *a, Value file, Str basename);            // with basename, nameroot, nameext set
Str secondary_name(struct arena *a, Str basename, Str pattern);         // "a.bam" + "^.bai" -> "a.bai"
// Collects the user's files in `v` into e->hashing, deep, secondaryFiles and folders too.
void collect_user_files(struct evaluation *e, Value v);
// Formats: does the File fit one of the wanted ones? (file without a format: fits nothing but an unset wish)
bool format_check(struct evaluation *e, struct arena *a, const struct expr_context *x, const struct cwl_param *p, Value v,
                  struct err *err) MUST_CHECK;

// --- run_tool.c: a CommandLineTool as a task
struct stages {
    VEC(struct stage) at;
    struct map by_path;                 // path -> index + 1
    int next_input;                     // TASK_IN/<n>
};
struct inplace {                        // InplaceUpdate: what to look at afterwards
    Str location, path;
    bool is_directory;
};
struct input_at {                       // staged path -> flow value, to find passed-through inputs again
    Str path;
    Value value;
};
struct tool_run {
    const struct image *image;          // runs in this container image; NULL: on the machine
    bool is_required;                   // by a requirement, not a hint
    Str workdir;                        // dockerOutputDirectory: what the tool calls TASK_OUT; empty: that
    Value view;                         // inputs as expressions and the command line see them: with paths
    Value runtime;
    struct stages stages;
    VEC(Str) argv;
    bool uses_shell;
    VEC(struct env_var) env;
    Str stdin_path, stdout_name, stderr_name;
    VEC(Str) globs;
    bool keep_all;
    VEC(struct inplace) inplace;
    VEC(struct input_at) inputs_at;
    int exit_code;
};
void tool_start(struct call *c);
struct expr_context tool_expr(struct call *c, Value self);

// --- run_stage.c
// The value with "path" (and dirname) in every File and Directory, and what has to be staged for it added to the tool's stages.
bool stage_inputs(struct call *c, struct err *err) MUST_CHECK;
bool stage_workdir(struct call *c, struct err *err) MUST_CHECK;        // InitialWorkDirRequirement

// --- run_command.c
bool command_build(struct call *c, struct err *err) MUST_CHECK;        // fills tool->argv

// --- run_docker.c: DockerRequirement
void docker_begin(struct call *c);                      // finds the tool's image and working folder
bool tool_is_boxed(const struct call *c);               // by requirement, so that absolute paths may be mounted
Str tool_path(struct call *c, Str path);                // below TASK_OUT where the tool's own name for it was used
// Why the evaluation cannot start: an image that is required and not in options.images. NULL scope: none around.
bool docker_check(struct evaluation *e, const struct cwl_process *p, const struct scope *outer, int depth, struct err *err) MUST_CHECK;

// --- run_outputs.c
bool outputs_globs(struct call *c, struct err *err) MUST_CHECK;        // fills tool->globs, keep_all
bool outputs_collect(struct call *c, const struct task_result *r, Value *outputs, struct err *err) MUST_CHECK;
// Checks values against the declared outputs: null for what is missing where allowed, else an error.
bool outputs_check(struct call *c, Value outputs, Value *complete, struct err *err) MUST_CHECK;

// --- run_workflow.c
void workflow_start(struct call *c);
// Tells the driver of `more` tasks of a step.
void step_expect(struct evaluation *e, Str step, int64_t more);
