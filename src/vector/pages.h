// SPDX-License-Identifier: Apache-2.0
#pragma once
// Memory for vectors: it begins on a line of the cache (a load that lies in two lines costs two), and where it is large the system is asked for
// pages of 2 MiB, or each look here and there would cost one into the tables of pages too.
#include "base/base.h"

// Zeros, as of xcalloc(); free() gives it back.
void *pages_calloc(size_t count, size_t size);
