// SPDX-License-Identifier: Apache-2.0
#pragma once
// 8-bit vectors in memory, which a graph that is being made is walked by: a quarter of the memory that a walk waits for, and products of whole
// numbers. As in build_codes.h they are of the vectors less the center of them all. What a walk finds is put in order by the floats.
#include "vector/graph.h"

struct space_codes;
// Of all rows. The space must outlive it.
struct space_codes *space_codes_new(const struct space *s, struct team *team);
void space_codes_free(struct space_codes *c);           // NULL is fine
size_t space_codes_stride(const struct space_codes *c); // bytes of a row's code, seen as a query's
// Makes `p`, a row, one that can be compared by codes: `code` has room for stride bytes.
void space_codes_point(const struct space_codes *c, uint32_t row, uint8_t *code, struct point *p);
// As space_nearness(), nearly.
void space_codes_nearness(const struct space_codes *c, const struct point *p, const uint32_t *which, size_t count, float *nearness);
// Asks for what comparing with a row reads.
void space_codes_fetch(const struct space_codes *c, uint32_t row);
