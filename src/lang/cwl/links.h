// SPDX-License-Identifier: Apache-2.0
#pragma once
// workflow_links() of lang.h for CWL: from `source` and `outputSource`, for steps that run tools and expressions.
#include "lang/lang.h"

// As workflow_links().
void cwl_workflow_links(struct arena *a, const struct workflow *w, const struct workflow_link **links, size_t *count);
