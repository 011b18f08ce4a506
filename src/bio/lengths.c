// SPDX-License-Identifier: Apache-2.0
// Counted up to a million, listed beyond: there are few so long.
#include "bio/lengths.h"

#include "base/vec.h"

void lengths_add(struct lengths *l, int64_t length)
{
    if (l->counts == NULL)
        l->counts = xcalloc(LENGTHS_EXACT, sizeof *l->counts);
    if (length < LENGTHS_EXACT)
        l->counts[length]++;
    else
        vec_push_heap(&l->longer, length);
    l->shortest = l->count == 0 ? length : MIN(l->shortest, length);
    l->longest = MAX(l->longest, length);
    l->count++;
    l->sum += length;
}

static int descending(const void *x, const void *y)
{
    int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;
    return (a < b) - (a > b);
}

// The length of which sequences at least so long hold `percent` % of all bases; *rank: how many sequences these are.
static int64_t lengths_n(struct lengths *l, int percent, int64_t *rank)
{
    int64_t want = (int64_t)((double)l->sum * percent / 100 + 0.999999), have = 0;
    *rank = 0;
    if (l->longer.len)
        qsort(l->longer.at, l->longer.len, sizeof *l->longer.at, descending);
    for (size_t i = 0; i < l->longer.len; i++) {
        have += l->longer.at[i];
        ++*rank;
        if (have >= want)
            return l->longer.at[i];
    }
    for (int64_t n = LENGTHS_EXACT - 1; l->counts && n > 0; n--) {
        if (l->counts[n] == 0)
            continue;
        int64_t needed = (want - have + n - 1) / n;
        if (needed <= l->counts[n]) {
            *rank += needed;
            return n;
        }
        have += n * l->counts[n];
        *rank += l->counts[n];
    }
    return 0;
}

void lengths_facts(struct lengths *l, struct value_builder *b, bool more)
{
    int64_t rank, ignored;
    value_map_set(b, STR("shortest"), value_int(l->shortest));
    value_map_set(b, STR("longest"), value_int(l->longest));
    value_map_set(b, STR("mean_length"), l->count ? value_float((double)l->sum / (double)l->count) : value_null);
    value_map_set(b, STR("n50"), value_int(lengths_n(l, 50, &rank)));
    if (more) {
        value_map_set(b, STR("l50"), value_int(rank));
        value_map_set(b, STR("n90"), value_int(lengths_n(l, 90, &ignored)));
    }
}

void lengths_release(struct lengths *l)
{
    free(l->counts);
    free(l->longer.at);
    *l = (struct lengths){ 0 };
}
