// SPDX-License-Identifier: Apache-2.0
// Asks the system for large pages. Nothing is wrong where there are none.
#include "vector/pages.h"

#include <sys/mman.h>

#define LARGE ((uintptr_t)2 << 20)

void *pages_calloc(size_t count, size_t size)
{
    void *at = xcalloc(count, size);    // what is so large comes from the system, and was not touched
    uintptr_t first = ((uintptr_t)at + LARGE - 1) / LARGE * LARGE, end = ((uintptr_t)at + count * size) / LARGE * LARGE;
    if (end > first)
        madvise((void *)first, end - first, MADV_HUGEPAGE);
    return at;
}
