// SPDX-License-Identifier: Apache-2.0
#pragma once
// A binary heap of embedded items, least order first: timers and priorities.
#include "base/base.h"

struct heap_item {
    int64_t order;
    size_t place;                       // index + 1 in the heap; 0: in none
};
struct heap {
    struct heap_item **items;
    size_t len, cap;
};

void heap_push(struct heap *h, struct heap_item *item, int64_t order);     // item must be in no heap
struct heap_item *heap_peek(const struct heap *h);                         // NULL if empty
void heap_remove(struct heap *h, struct heap_item *item);                  // nothing if it is in none
void heap_release(struct heap *h);                                         // the items are the caller's
