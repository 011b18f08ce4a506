// SPDX-License-Identifier: Apache-2.0
#include "model/room.h"

#include <sys/mman.h>

enum { LINE = 64, HUGE_PAGE = 2 * 1024 * 1024, HUGE_FROM = 1024 * 1024 };

void *room_new(size_t bytes)
{
    size_t align = bytes >= HUGE_FROM ? HUGE_PAGE : LINE;
    CHECK(bytes <= SIZE_MAX - align);
    bytes = (bytes + align) / align * align;
    void *at = aligned_alloc(align, bytes);
    CHECK(at != NULL);
    if (align == HUGE_PAGE)
        madvise(at, bytes, MADV_HUGEPAGE);              // advice: as well without
    return at;
}

void *room_calloc(size_t count, size_t size)
{
    CHECK(size == 0 || count <= PTRDIFF_MAX / 2 / size);
    return memset(room_new(count * size), 0, count * size);
}
