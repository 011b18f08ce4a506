// SPDX-License-Identifier: Apache-2.0
// A binary heap with the farthest of the best on top.
#include "vector/top.h"

static void sift_down(struct near *at, size_t len, size_t i)
{
    struct near moved = at[i];
    for (size_t child; (child = 2 * i + 1) < len; i = child) {
        if (child + 1 < len && near_is_before(at[child], at[child + 1]))
            child++;
        if (!near_is_before(moved, at[child]))
            break;
        at[i] = at[child];
    }
    at[i] = moved;
}

void top_offer(struct top *t, struct near n)
{
    if (t->len == t->room) {
        if (near_is_before(n, t->at[0])) {
            t->at[0] = n;
            sift_down(t->at, t->len, 0);
        }
        return;
    }
    size_t i = t->len++;
    for (size_t parent; i > 0 && near_is_before(t->at[parent = (i - 1) / 2], n); i = parent)
        t->at[i] = t->at[parent];
    t->at[i] = n;
}
