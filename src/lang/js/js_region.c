// SPDX-License-Identifier: Apache-2.0
// A small allocator in one mapping: size classes, free lists, a bump pointer. No coalescing: the region is put back
// to its photograph after each evaluation, so fragmentation cannot accumulate.
#include "lang/js/js_region.h"

#include <sys/mman.h>
#include <unistd.h>

enum { STEP = 16, SMALL_MAX = 512, SMALL_CLASSES = SMALL_MAX / STEP, KEEP_BYTES = 1 << 20 };

struct block {                          // in front of each object
    uint32_t size_class;
    uint32_t unused;
};
_Static_assert(sizeof(struct block) == 8, "objects stay aligned to 8 bytes, as duktape wants them");

bool region_init(struct region *r, size_t limit)
{
    void *base = mmap(NULL, limit, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED)
        return false;
    *r = (struct region){ .base = base, .limit = limit };
    return true;
}

// Up to 512 bytes in steps of 16, above that four classes for each power of two.
static uint32_t class_of(size_t size)
{
    if (size <= SMALL_MAX)
        return (uint32_t)((MAX(size, (size_t)1) - 1) / STEP);
    unsigned top = 63 - (unsigned)__builtin_clzll(size - 1);
    unsigned quarter = (unsigned)((size - 1 - ((size_t)1 << top)) >> (top - 2));
    return SMALL_CLASSES + (top - 9) * 4 + quarter;
}

static size_t class_size(uint32_t size_class)
{
    if (size_class < SMALL_CLASSES)
        return ((size_t)size_class + 1) * STEP;
    unsigned top = (size_class - SMALL_CLASSES) / 4 + 9, quarter = (size_class - SMALL_CLASSES) % 4;
    return ((size_t)1 << top) + (((size_t)quarter + 1) << (top - 2));
}

void *region_alloc(void *region, size_t size)
{
    struct region *r = region;
    if (size == 0)
        return NULL;
    if (size > r->limit) {
        r->over = true;
        return NULL;
    }
    uint32_t size_class = class_of(size);
    void *object = r->free[size_class];
    if (object) {
        memcpy(&r->free[size_class], object, sizeof(void *));
        return object;
    }
    size_t need = class_size(size_class) + sizeof(struct block);
    if (need > r->limit - r->used) {
        r->over = true;
        return NULL;
    }
    struct block *block = (struct block *)(void *)(r->base + r->used);
    r->used += need;
    block->size_class = size_class;
    return block + 1;
}

void region_free(void *region, void *ptr)
{
    struct region *r = region;
    if (ptr == NULL)
        return;
    uint32_t size_class = ((struct block *)ptr - 1)->size_class;
    memcpy(ptr, &r->free[size_class], sizeof(void *));
    r->free[size_class] = ptr;
}

void *region_realloc(void *region, void *ptr, size_t size)
{
    if (ptr == NULL)
        return region_alloc(region, size);
    if (size == 0) {
        region_free(region, ptr);
        return NULL;
    }
    size_t room = class_size(((struct block *)ptr - 1)->size_class);
    if (size <= room && size > room / 2)
        return ptr;
    void *moved = region_alloc(region, size);
    if (moved == NULL)
        return size <= room ? ptr : NULL;
    memcpy(moved, ptr, MIN(size, room));
    region_free(region, ptr);
    return moved;
}

struct region_photo region_photo(const struct region *r)
{
    struct region_photo photo = { xmalloc(r->used), *r };
    memcpy(photo.bytes, r->base, r->used);
    return photo;
}

void region_restore(struct region *r, const struct region_photo *photo)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), used = photo->state.used;
    size_t beyond = (used + page - 1) / page * page;
    if (r->used > beyond + KEEP_BYTES)                  // a greedy evaluation's pages go back to the system
        madvise(r->base + beyond, r->used - beyond, MADV_DONTNEED);
    *r = photo->state;
    memcpy(r->base, photo->bytes, used);
}
