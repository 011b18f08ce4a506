// SPDX-License-Identifier: Apache-2.0
// Which language a workflow is written in. CWL is the only one so far; the next stands in the same three places.
#include "lang/lang.h"

#include "base/arena.h"
#include "lang/cwl/cwl.h"
#include "lang/cwl/links.h"

struct workflow *workflow_load(struct arena *a, Str path, struct diags *diags)
{
    static const struct { Str ending; const char *name; } others[] = {
        { STR_CONST(".wdl"), "WDL" }, { STR_CONST(".nf"), "Nextflow" }, { STR_CONST(".smk"), "Snakemake" }, { STR_CONST("Snakefile"), "Snakemake" },
    };
    for (size_t i = 0; i < LEN(others); i++)
        if (str_ends(path, others[i].ending)) {
            struct source *source = NEW(a, struct source);
            source->name = str_copy(a, path);
            diag_add(diags, (struct span){ .source = source }, "%s workflows cannot be run yet", others[i].name);
            diag_hint(diags, "this version runs CWL v1.0, v1.1 and v1.2");
            return NULL;
        }
    return cwl_workflow_load(a, path, diags);
}

bool workflow_inputs(struct arena *a, const struct workflow *w, Str job_path, Value overrides, Value *inputs, struct diags *diags)
{
    return cwl_workflow_inputs(a, w, job_path, overrides, inputs, diags);
}

void workflow_links(struct arena *a, const struct workflow *w, const struct workflow_link **links, size_t *count)
{
    cwl_workflow_links(a, w, links, count);
}

bool workflow_images(struct arena *a, const struct workflow *w, Value inputs, struct image_request **requests, size_t *count, struct err *err)
{
    return cwl_workflow_images(a, w, inputs, requests, count, err);
}

struct evaluation *evaluation_start(const struct workflow *w, Value inputs, struct driver *d, const struct evaluation_options *o, struct err *err)
{
    return cwl_evaluation_start(w, inputs, d, o, err);
}
