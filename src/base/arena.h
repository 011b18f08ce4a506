// SPDX-License-Identifier: Apache-2.0
#pragma once
// Memory by lifetime: everything allocated from an arena goes at once, with arena_release().
// `struct arena a = { 0 };` is a valid empty arena. Not thread-safe. Chunks of 1 KB, doubling to 64 KB; an object over
// 16 KB has a chunk of its own.
#include "base/base.h"

struct arena_chunk;
struct arena_deferred;
struct arena {
    char *at, *end;
    struct arena_chunk *chunks;
    struct arena_deferred *deferred;
    size_t chunk_size;                  // of the last chunk for small objects
    size_t total;                       // bytes obtained from malloc
};

// Zeroed memory, aligned for any type. Never NULL: see xmalloc().
void *arena_alloc(struct arena *a, size_t size);
void *arena_array(struct arena *a, size_t count, size_t item_size);    // aborts if the product overflows
void *arena_copy(struct arena *a, const void *bytes, size_t size);
// `fn(arg)` runs when the arena is released, last registered first.
void arena_defer(struct arena *a, void (*fn)(void *), void *arg);
// Runs the deferred functions and frees everything. The arena is empty and usable afterwards.
void arena_release(struct arena *a);

#define NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define NEW_ARRAY(a, type, n) ((type *)arena_array((a), (n), sizeof(type)))
