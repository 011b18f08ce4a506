// SPDX-License-Identifier: Apache-2.0
// Asks the system for large pages. Nothing is wrong where there are none.
#include "vector/pages.h"

#include <sys/mman.h>

#define LINE ((size_t)64)
#define LARGE ((size_t)2 << 20)

void *pages_calloc(size_t count, size_t size)
{
    CHECK(size == 0 || count <= PTRDIFF_MAX / 2 / size);
    size_t align = count * size >= 2 * LARGE ? LARGE : LINE, bytes = (count * size + align) / align * align;
    void *at = aligned_alloc(align, bytes);
    CHECK(at);
    if (align == LARGE)
        madvise(at, bytes, MADV_HUGEPAGE);
    return memset(at, 0, bytes);
}
