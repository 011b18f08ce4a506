// SPDX-License-Identifier: Apache-2.0
#pragma once
// For this folder only: which fields each construct of a CWL document may have, of which kinds, and since which version.
#include "lang/cwl/model.h"

enum cwl_construct {
    CWL_C_TOOL, CWL_C_EXPRESSION_TOOL, CWL_C_WORKFLOW, CWL_C_OPERATION,     // in the order of enum cwl_class
    CWL_C_INPUT, CWL_C_OUTPUT, CWL_C_WORKFLOW_OUTPUT, CWL_C_FIELD,
    CWL_C_STEP, CWL_C_STEP_INPUT, CWL_C_STEP_OUTPUT,
    CWL_C_BINDING, CWL_C_OUTPUT_BINDING, CWL_C_SECONDARY,
    CWL_C_RECORD, CWL_C_ENUM, CWL_C_ARRAY,
    CWL_C_DIRENT, CWL_C_ENV_DEF, CWL_C_PACKAGE,
    CWL_C_REQUIREMENT,                  // + enum cwl_req_kind
};
struct loader;

// Reports fields that `construct` does not have in `version` (the nearest valid name is suggested) and fields of the
// wrong kind, which are removed from the map, so that readers need not look again. A field that is null counts as absent.
void cwl_check_fields(struct diags *diags, struct node *map, enum cwl_construct construct, enum cwl_version version);
// Kind of requirement by its class name ("DockerRequirement"), or -1.
int cwl_requirement_kind(Str class_name);
const char *cwl_requirement_name(enum cwl_req_kind kind);
// The version in which the requirement came.
enum cwl_version cwl_requirement_since(enum cwl_req_kind kind);
// The class names of all requirements, for suggestions. CWL_REQ_KINDS of them.
const Str *cwl_requirement_names(void);
const char *cwl_version_text(enum cwl_version version);                 // "v1.1"
// "a string", "a list", "the number 3", "nothing (null)": what a node is, in words.
Str cwl_describe(struct arena *a, const struct node *n);
// Is it a name of an extension: "ns:name" or with "://"?
bool cwl_is_extension(Str field);
