// SPDX-License-Identifier: Apache-2.0
#pragma once
// The best few of many rows. Nearer comes first; of equally near rows the lower one. The result does not depend on the order in which rows are given.
#include "base/base.h"

struct near {
    float nearness;
    uint32_t row;
};
struct top {
    struct near *at;                    // a heap, the farthest first; the caller's memory, of `room`
    size_t len, room;                   // room: at least 1
};

// Does x come before y?
static inline bool near_is_before(struct near x, struct near y) { return x.nearness > y.nearness || (x.nearness == y.nearness && x.row < y.row); }
// What a row must reach to be let in: that of the farthest once all room is taken.
static inline float top_floor(const struct top *t) { return t->len < t->room ? -__builtin_inff() : t->at[0].nearness; }
void top_offer(struct top *t, struct near n);
