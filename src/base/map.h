// SPDX-License-Identifier: Apache-2.0
#pragma once
// struct map: Str -> void *, insertion-ordered. `struct map m = { 0 };` is a valid empty map.
// Keys are not copied: they must live as long as the map. Memory is the heap's: map_release() ends it
// (or map_in() ties it to an arena).
#include "base/str.h"

struct arena;
struct map_entry {
    Str key;
    void *value;
    uint64_t hash;
};
struct map {
    struct map_entry *entries;          // in order of insertion; walk 0 … len-1
    size_t len, cap;
    uint32_t *slots;                    // index + 1 into entries; 0 is empty
    size_t slot_count;
};

void *map_find(const struct map *m, Str key);           // NULL if absent
bool map_has(const struct map *m, Str key);             // also true where the value is NULL
// Sets or replaces; returns true if the key is new. An existing key keeps its place in the order.
bool map_set(struct map *m, Str key, void *value);
bool map_remove(struct map *m, Str key);                // O(n): keeps the order
void map_release(struct map *m);
// Ties the map's memory to the arena.
void map_in(struct arena *a, struct map *m);
