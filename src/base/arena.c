// SPDX-License-Identifier: Apache-2.0
// Bump allocation in chunks. Under ASan each object is followed by a poisoned redzone, so that an
// overrun inside a chunk is reported like one of malloc's.
#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
enum { REDZONE = 16 };
#define POISON(ptr, size) ASAN_POISON_MEMORY_REGION((ptr), (size))
#define UNPOISON(ptr, size) ASAN_UNPOISON_MEMORY_REGION((ptr), (size))
#else
enum { REDZONE = 0 };
#define POISON(ptr, size) ((void)(ptr), (void)(size))
#define UNPOISON(ptr, size) ((void)(ptr), (void)(size))
#endif

enum { ALIGN = 16, CHUNK_FIRST = 1024, CHUNK_MAX = 64 * 1024 };

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

static void arena_grow(struct arena *a, size_t need)
{
    size_t last = a->chunks ? a->chunks->size : 0;
    size_t size = MIN(MAX(last * 2, (size_t)CHUNK_FIRST), (size_t)CHUNK_MAX);
    size = MAX(size, need + sizeof(struct arena_chunk));
    struct arena_chunk *chunk = xmalloc(size);
    chunk->size = size;
    a->total += size;
    size_t room = size - sizeof *chunk;
    chunk->next = a->chunks;
    a->chunks = chunk;
    a->at = chunk->bytes;
    a->end = chunk->bytes + room;
    POISON(a->at, room);
}

void *arena_alloc(struct arena *a, size_t size)
{
    CHECK(size < SIZE_MAX / 2);
    size_t need = (size + REDZONE + ALIGN - 1) / ALIGN * ALIGN;
    if (need == 0)
        need = ALIGN;
    if (a->at == NULL || (size_t)(a->end - a->at) < need)
        arena_grow(a, need);
    char *object = a->at;
    a->at += need;
    UNPOISON(object, size);
    return memset(object, 0, size);
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
