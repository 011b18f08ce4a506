// SPDX-License-Identifier: Apache-2.0
#pragma once
// The report sections among a run's outputs.
#include "view/report/sections.h"

struct run_record;
struct store;

// Of a run that is done: of its final outputs, at any depth. Of any other: of what its finished tasks left. The bytes come from the
// store, else from where the outputs were copied to if they are still the same. What can't be had is a fault of the sections;
// nothing fails. In order when done.
void sections_collect(struct sections *s, struct store *store, const struct run_record *record);
