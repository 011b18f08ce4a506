// SPDX-License-Identifier: Apache-2.0
#include "view/json_fields.h"

void json_set_text(struct value_builder *b, Str key, Str text)
{
    if (text.len)
        value_map_set(b, key, value_string(b->arena, text));
}

void json_set_time(struct value_builder *b, Str key, Time t)
{
    char text[TIME_TEXT];
    if (t == 0)
        return;
    time_text(t, text);
    value_map_set(b, key, value_string(b->arena, str_of(text)));
}
