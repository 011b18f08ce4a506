// SPDX-License-Identifier: Apache-2.0
#pragma once
// CWL behind lang.h.
#include "lang/cwl/model.h"
#include "lang/lang.h"

// workflow_load(), workflow_inputs(), evaluation_start() and workflow_images() for CWL: see lang.h.
struct workflow *cwl_workflow_load(struct arena *a, Str path, struct diags *diags);
bool cwl_workflow_inputs(struct arena *a, const struct workflow *w, Str job_path, Value overrides, Value *inputs, struct diags *diags);
struct evaluation *cwl_evaluation_start(const struct workflow *w, Value inputs, struct driver *d, const struct evaluation_options *o,
                                        struct err *err) MUST_CHECK;
bool cwl_workflow_images(struct arena *a, const struct workflow *w, Value inputs, struct image_request **requests, size_t *count,
                         struct err *err) MUST_CHECK;
// What a tool that is run by itself is called: its id, else its file's name without ".cwl".
Str cwl_tool_name(struct arena *a, Str path, const struct cwl_process *p);
// "cwl:requirements" of an input object (none: empty).
bool cwl_job_requirements(struct arena *a, Value inputs, struct cwl_requirements *out, struct err *err) MUST_CHECK;
