// SPDX-License-Identifier: Apache-2.0
// Bump allocation in chunks. Under ASan each object is followed by a poisoned redzone, so that an
// overrun inside a chunk is reported like one of malloc's. Nothing is given back before the whole arena is.
#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

#if defined(HAS_ASAN)
#include <sanitizer/asan_interface.h>
enum { REDZONE = 16 };
#define POISON(ptr, size) ASAN_POISON_MEMORY_REGION((ptr), (size))
#define UNPOISON(ptr, size) ASAN_UNPOISON_MEMORY_REGION((ptr), (size))
#else
enum { REDZONE = 0 };
#define POISON(ptr, size) ((void)(ptr), (void)(size))
#define UNPOISON(ptr, size) ((void)(ptr), (void)(size))
#endif

enum { ALIGN = 16, CHUNK_FIRST = 1024, CHUNK_MAX = 64 * 1024, LARGE = CHUNK_MAX / 4 };

struct arena_chunk {
    struct arena_chunk *next;
    size_t size;
    _Alignas(16) char bytes[];
};
struct arena_deferred {
    struct arena_deferred *next;
    void (*fn)(void *);
    void *arg;
};

static struct arena_chunk *add_chunk(struct arena *a, size_t size)
{
    struct arena_chunk *chunk = xmalloc(size);
    *chunk = (struct arena_chunk){ .next = a->chunks, .size = size };
    a->chunks = chunk;
    a->total += size;
    POISON(chunk->bytes, size - sizeof *chunk);
    return chunk;
}

static void start_chunk(struct arena *a, size_t need)
{
    size_t size = MIN(MAX(a->chunk_size * 2, (size_t)CHUNK_FIRST), (size_t)CHUNK_MAX);
    while (size < need + sizeof(struct arena_chunk))
        size *= 2;
    a->chunk_size = size;
    struct arena_chunk *chunk = add_chunk(a, size);
    a->at = chunk->bytes;
    a->end = (char *)chunk + size;
}

void *arena_alloc(struct arena *a, size_t size)
{
    CHECK(size < SIZE_MAX / 2);
    size_t need = (MAX(size, (size_t)1) + REDZONE + ALIGN - 1) / ALIGN * ALIGN;
    char *object;
    if (need > LARGE) {                                 // a chunk of its own: the room in the current one stays in use
        object = add_chunk(a, need + sizeof(struct arena_chunk))->bytes;
    } else {
        if (a->at == NULL || (size_t)(a->end - a->at) < need)
            start_chunk(a, need);
        object = a->at;
        a->at += need;
    }
    UNPOISON(object, size);
    return memset(object, 0, size);
}

void *arena_array(struct arena *a, size_t count, size_t item_size)
{
    size_t size;
    CHECK(!__builtin_mul_overflow(count, item_size, &size));
    return arena_alloc(a, size);
}

void *arena_copy(struct arena *a, const void *bytes, size_t size)
{
    void *copy = arena_alloc(a, size);
    if (size > 0)
        memcpy(copy, bytes, size);
    return copy;
}

void arena_defer(struct arena *a, void (*fn)(void *), void *arg)
{
    struct arena_deferred *deferred = NEW(a, struct arena_deferred);
    *deferred = (struct arena_deferred){ a->deferred, fn, arg };
    a->deferred = deferred;
}

void arena_release(struct arena *a)
{
    for (struct arena_deferred *d = a->deferred; d; d = d->next)
        d->fn(d->arg);
    struct arena_chunk *chunk = a->chunks;
    while (chunk) {
        struct arena_chunk *next = chunk->next;
        UNPOISON(chunk->bytes, chunk->size - sizeof *chunk);
        free(chunk);
        chunk = next;
    }
    *a = (struct arena){ 0 };
}
