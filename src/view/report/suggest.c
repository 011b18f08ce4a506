// SPDX-License-Identifier: Apache-2.0
// Requests from measurements. Careful in one direction: too little memory fails a task, too much only waits.
#include "view/report/suggest.h"

#include <math.h>

#include "base/base.h"

static int64_t rounded_up(int64_t bytes)
{
    int64_t mib = (int64_t)1 << 20, step = bytes <= 1024 * mib ? 64 * mib : bytes <= 8192 * mib ? 256 * mib : 1024 * mib;
    return (bytes + step - 1) / step * step;
}

// Less than a second each.
static bool is_short(const struct usage *u) { return u->wall < (Time)u->measured * SECOND; }

static void suggest_memory(const struct usage *u, struct suggestion *s)
{
    if (u->memory_asked <= 0 || u->memory_used <= 0)
        return;
    int64_t wanted = rounded_up(u->memory_used + u->memory_used / 4);
    if (u->memory_limit_hit >= u->memory_used)          // how much it wanted nobody knows
        wanted = rounded_up(u->memory_limit_hit / 2 * 3);
    s->memory_bytes = wanted;
    if (wanted <= u->memory_asked && is_short(u))       // a peak of a moment is easily missed
        return;
    if (wanted <= u->memory_asked)
        s->memory = wanted <= u->memory_asked / 4 * 3 ? ADVICE_LESS : ADVICE_FITS;
    else
        s->memory = u->memory_limit_hit || u->memory_used > u->memory_asked / 10 * 9 ? ADVICE_MORE : ADVICE_FITS;
}

static void suggest_cores(const struct usage *u, struct suggestion *s)
{
    if (!(u->cores_asked > 0) || !(u->cores_used >= 0) || is_short(u))
        return;
    double wanted = MAX(1, ceil(u->cores_used - 0.2));
    s->core_count = wanted;
    if (u->cores_used > u->cores_asked + 0.2)
        s->cores = ADVICE_MORE;
    else
        s->cores = wanted < u->cores_asked ? ADVICE_LESS : ADVICE_FITS;
}

struct suggestion suggest_request(const struct usage *u)
{
    struct suggestion s = { 0 };
    if (u->measured == 0)
        return s;
    suggest_memory(u, &s);
    suggest_cores(u, &s);
    return s;
}
