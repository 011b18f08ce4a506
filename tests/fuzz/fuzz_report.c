// SPDX-License-Identifier: Apache-2.0
// Any bytes as a report section, twice, since files of one id are merged. What comes of it must be drawn in bounded size, and no
// text of it may become markup.
#include "base/arena.h"
#include "view/report/parts.h"
#include "view/report/sections.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct sections s = { .arena = &a };
    struct strbuf out = { 0 };
    Str bytes = { (const char *)data, size };
    sections_add(&s, STR("first"), bytes);
    sections_add(&s, STR("second"), bytes);
    sections_sort(&s);
    struct sections_verdict v = sections_judge(&a, &s);
    CHECK(v.failures + v.warnings <= v.judged);
    for (size_t i = 0; i < s.at.len; i++)
        part_section(&out, s.at.at[i], NULL);
    part_section_faults(&out, &s);
    CHECK(str_find(strbuf_str(&out), STR("<script")) < 0);
    strbuf_release(&out);
    arena_release(&a);
    return 0;
}
