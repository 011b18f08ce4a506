// SPDX-License-Identifier: Apache-2.0
#pragma once
// The JavaScript heap's memory: one mapping with a ceiling, so that a heap can be photographed and put back.
// Everything duktape knows lives in its heap, at fixed addresses; copying the bytes back is a fresh global object.
#include "base/base.h"

enum { REGION_CLASSES = 32 + 4 * 32 };
struct region {
    char *base;
    size_t used, limit;                 // bytes handed out so far (high-water mark), and at most
    void *free[REGION_CLASSES];         // freed blocks by size class
    bool over;                          // something was refused; cleared by region_restore
};
struct region_photo {
    char *bytes;
    struct region state;
};

bool region_init(struct region *r, size_t limit) MUST_CHECK;    // false: no address space
// Allocation functions in duktape's shape; `region` is a struct region.
void *region_alloc(void *region, size_t size);          // NULL beyond the limit
void *region_realloc(void *region, void *ptr, size_t size);
void region_free(void *region, void *ptr);
struct region_photo region_photo(const struct region *r);
void region_restore(struct region *r, const struct region_photo *photo);
