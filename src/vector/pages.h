// SPDX-License-Identifier: Apache-2.0
#pragma once
// Memory that is read here and there: in pages of 2 MiB where the system gives them, or each look would cost one into the tables of pages too.
#include "base/base.h"

// As xcalloc(); free() gives it back.
void *pages_calloc(size_t count, size_t size);
