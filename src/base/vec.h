// SPDX-License-Identifier: Apache-2.0
#pragma once
// VEC(T): a growing array. vec_push grows it in an arena; vec_push_heap with realloc (free(v.at) ends it).
#include "base/arena.h"

#define VEC(T) struct { T *at; size_t len, cap; }
#define vec_push(a, v, ...) \
    ((v)->len == (v)->cap ? vec_grow((a), (void **)&(v)->at, &(v)->cap, sizeof *(v)->at) : (void)0, \
     (v)->at[(v)->len++] = (__VA_ARGS__))
#define vec_push_heap(v, ...) vec_push(NULL, v, __VA_ARGS__)

// Doubles *cap. With an arena the old array stays behind in it; without one it is realloc'ed.
void vec_grow(struct arena *a, void **at, size_t *cap, size_t item_size);
