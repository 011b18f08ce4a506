// SPDX-License-Identifier: Apache-2.0
#pragma once
// For this folder only: libyaml counts characters, we say lines and bytes. A cursor that walks from mark to mark.
#include "value/diag.h"

struct place {
    const struct source *source;
    const char *start, *at, *end;       // the text that libyaml sees
    size_t chars;                       // characters before `at`
    const char *line_start;
    uint32_t line;
};

// At the first byte. Places may be asked for in any order; each costs the distance to the one before.
struct place place_begin(const struct source *source, Str text);
struct span place_of_char(struct place *p, size_t index);               // of the character with this number
struct span place_of_byte(struct place *p, size_t offset);              // of the byte, for errors of the reader
