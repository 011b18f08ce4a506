// SPDX-License-Identifier: Apache-2.0
#pragma once
// For this folder only: finished maps from lists of fields that the caller already has.
#include "value/keys.h"
#include "value/value.h"

// A map over `fields`, which it takes over; they lie in `a` or live as long, and their keys are unique.
// index: that of another map with the same keys in the same order (copied), or NULL.
// Without it uniqueness is checked: a key that occurs twice is a bug.
Value value_map_of_fields(struct arena *a, const struct value_field *fields, size_t len, const uint32_t *index);
// As above for keys that may not be unique: false if one occurs twice, and *twice are its places.
bool value_map_check_fields(struct arena *a, const struct value_field *fields, size_t len,
                            struct key_pair *twice, Value *out) MUST_CHECK;
