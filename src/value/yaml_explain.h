// SPDX-License-Identifier: Apache-2.0
#pragma once
// For this folder only: what libyaml refused, in words for who wrote the document.
#include <yaml.h>

#include "value/yaml_place.h"

// One diagnostic for the error that `parser` stopped with.
void yaml_explain(const yaml_parser_t *parser, struct place *place, struct diags *diags);
