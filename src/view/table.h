// SPDX-License-Identifier: Apache-2.0
#pragma once
// A table for people: titles, rows, columns aligned by their widest cell, two spaces between. Nothing at the end of lines.
#include "base/str.h"

struct table;

// `titles` has `columns` entries; one that begins with '>' makes a column aligned to the right.
struct table *table_new(struct arena *a, const char *const *titles, size_t columns);
void table_row(struct table *t, const Str *cells);      // as many as columns; what they point to is not copied
void table_print(const struct table *t, struct strbuf *out);            // titles in capitals; nothing without a row
