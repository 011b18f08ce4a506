// SPDX-License-Identifier: Apache-2.0
// From libyaml's marks to places. Marks come nearly in order, so each costs the distance to the one before; lines end
// with '\n' alone, as everywhere in Petri (libyaml's own count also takes U+2028 for a line end, editors don't).
#include "value/yaml_place.h"

struct place place_begin(const struct source *source, Str text)
{
    const char *start = text.data ? text.data : "";
    return (struct place){ source, start, start, start + text.len, 0, start, 1 };
}

static bool is_first_byte(const char *p) { return (*p & 0xc0) != 0x80; }

static void step_forward(struct place *p)
{
    char c = *p->at++;
    while (p->at < p->end && !is_first_byte(p->at))
        p->at++;
    p->chars++;
    if (c == '\n') {
        p->line++;
        p->line_start = p->at;
    }
}

static void step_back(struct place *p)
{
    do
        p->at--;
    while (p->at > p->start && !is_first_byte(p->at));
    p->chars--;
    if (p->at < p->line_start) {
        const char *before = memrchr(p->start, '\n', (size_t)(p->at - p->start));
        p->line_start = before ? before + 1 : p->start;
        p->line--;
    }
}

static struct span span_of(const struct place *p)
{
    return (struct span){ p->source, p->line, (uint32_t)(p->at - p->line_start) + 1 };
}

struct span place_of_char(struct place *p, size_t index)
{
    while (p->chars < index && p->at < p->end)
        step_forward(p);
    while (p->chars > index)
        step_back(p);
    return span_of(p);
}

struct span place_of_byte(struct place *p, size_t offset)
{
    const char *wanted = p->start + MIN(offset, (size_t)(p->end - p->start));
    while (p->at < wanted)
        step_forward(p);
    while (p->at > wanted)
        step_back(p);
    return span_of(p);
}
