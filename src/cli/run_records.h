// SPDX-License-Identifier: Apache-2.0
#pragma once
// What is left beside the outputs of a run that is done.
#include "base/str.h"

struct run_plan;

// Writes manifest.json into the output folder, where the plan says so. A file of this name that is no manifest of Petri is left
// alone: then it is manifest-RUN.json. A failure is said on stderr and changes nothing: the outputs are there, and 'petri export' makes
// the manifest again.
void run_records_write(const struct run_plan *plan);
