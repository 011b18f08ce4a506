// SPDX-License-Identifier: Apache-2.0
#pragma once
// For this folder only: what the two readers need when a map ends.
#include "value/keys.h"
#include "value/node.h"

// True if a key occurs twice.
bool node_fields_duplicate(const struct node_field *fields, size_t len, struct key_pair *twice);
// Reports the second of two equal keys, naming the place of the first.
void node_report_duplicate(struct diags *diags, const struct node_field *first, const struct node_field *second);
