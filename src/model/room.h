// SPDX-License-Identifier: Apache-2.0
#pragma once
// Memory for matrices: aligned for vectors, and in huge pages where it is large and the system has them: rows that lie kilobytes apart would each
// need a page's address looked up.
#include "base/base.h"

// Not zeroed; for free(). Never NULL: see xmalloc().
void *room_new(size_t bytes);
// Zeroed, as of xcalloc().
void *room_calloc(size_t count, size_t size);
