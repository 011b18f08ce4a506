// SPDX-License-Identifier: Apache-2.0
#pragma once
// Fields of JSON that is shown. What is not known is left out.
#include "base/clock.h"
#include "value/value.h"

void json_set_text(struct value_builder *b, Str key, Str text);         // left out when empty
void json_set_time(struct value_builder *b, Str key, Time t);           // as text (UTC); left out when 0
