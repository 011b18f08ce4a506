// SPDX-License-Identifier: Apache-2.0
#pragma once
// For this folder only: an index from keys to their places in a list of fields, for maps too large to walk.
// Open addressing in uint32_t slots; a slot holds place + 1, 0 is empty. The hash is keyed per process, so that
// no document can be made whose keys all fall into one slot.
#include "base/str.h"

enum { KEYS_WALK_MAX = 16 };            // up to here a walk is faster than an index

struct key_list {                       // where the keys are: `at(fields, i)` is the key of field i
    Str (*at)(const void *fields, size_t i);
    const void *fields;
};
struct key_pair {                       // the places of two equal keys
    size_t first, second;
};

size_t key_index_size(size_t len);      // slots of an index over `len` keys: a power of two, half empty
// The place of `key`, or SIZE_MAX.
size_t key_index_find(const uint32_t *slots, size_t size, struct key_list keys, Str key);
// Enters the key of field `place`. SIZE_MAX, or the place of an equal key that was there before (nothing is entered).
size_t key_index_put(uint32_t *slots, size_t size, struct key_list keys, size_t place);
// Enters all `len` keys into empty slots. False if a key occurs twice: that pair is in *twice.
bool key_index_fill(uint32_t *slots, size_t size, struct key_list keys, size_t len, struct key_pair *twice);
// True if a key occurs twice among `len` keys: the earliest such pair is then in *twice.
bool key_list_duplicate(struct key_list keys, size_t len, struct key_pair *twice);
