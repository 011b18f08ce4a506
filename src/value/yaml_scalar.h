// SPDX-License-Identifier: Apache-2.0
#pragma once
// For this folder only: what a scalar of YAML means by the 1.2 core schema.
#include "value/value.h"

struct arena;

enum scalar_result { SCALAR_OK, SCALAR_NOT_OF_KIND, SCALAR_TOO_LARGE };

// An unquoted scalar without a tag. Never SCALAR_NOT_OF_KIND.
enum scalar_result scalar_resolve(struct arena *a, Str text, Value *out);
// A scalar whose tag says what it is: NULL, BOOL, INT, FLOAT or STRING.
enum scalar_result scalar_as(struct arena *a, enum value_kind kind, Str text, Value *out);
