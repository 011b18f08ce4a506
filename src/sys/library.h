// SPDX-License-Identifier: Apache-2.0
#pragma once
// Libraries that are loaded only when they are needed: a table of what to find in one, and where its addresses go.
#include "base/base.h"

struct library_symbol {
    const char *name;
    size_t offset;                      // of a pointer in the struct that gets the addresses
};

// Finds all `count` symbols of a library that dlopen() gave and writes their addresses into *out. False: one is not there.
bool library_find(void *library, const struct library_symbol *symbols, size_t count, void *out) MUST_CHECK;
