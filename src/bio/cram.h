// SPDX-License-Identifier: Apache-2.0
#pragma once
// The outer layout of CRAM (the CRAM specification 3.1, 6 to 9): containers and blocks with their checksums. Needs no reference,
// and unpacks nothing.
#include "bio/window.h"

struct cram_layout {
    int major, minor;
    int64_t containers, blocks, records;
    bool has_end;                       // the container that ends the file
};
// Walks the file from the window's beginning to its end. ERR_INVALID: what is wrong, with the container's number.
bool cram_walk(struct window *w, struct cram_layout *out, struct err *err) MUST_CHECK;
