// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a step should ask for next time, by what its tasks used. Pure.
#include "base/clock.h"

struct usage {                          // of all attempts of a step that are measured
    size_t measured;                    // how many
    Time wall;                          // of them together
    double cores_asked, cores_used;     // asked: most; used: that nineteen of twenty stayed below; NaN: not known
    int64_t memory_asked, memory_used;  // asked: by the workflow; used: most; -1: not known
    int64_t memory_limit_hit;           // most that an attempt had or was allowed when it was ended for its memory; 0: none was
};
enum advice { ADVICE_NONE, ADVICE_FITS, ADVICE_MORE, ADVICE_LESS };
struct suggestion {
    enum advice memory, cores;          // NONE: not measured, not asked, or too short to tell
    int64_t memory_bytes;               // for MORE and LESS
    double core_count;
};
// Memory: a quarter above the most that was used, in steps that people write. Cores: what was used, rounded up. Nothing is said
// of tasks that were over in a moment.
struct suggestion suggest_request(const struct usage *u);
