// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a run cost by a price table. Compute is what was reserved, for as long as the attempt ran, whether it succeeded or not; a result
// that was known costs nothing. Storage and egress are of the final outputs. Nothing is rounded here.
#include "view/run_record.h"

struct price_table {                    // all 0: no prices are set
    Str currency;                       // "EUR", as it is to be shown
    double core_hour, gib_hour, gpu_hour;
    double gb_month, egress_gb;         // GB: 10^9 bytes
};
// Is any of them more than 0?
bool prices_are_set(const struct price_table *p);
Value prices_value(struct arena *a, const struct price_table *p);       // as recorded with a run; null when none are set
// From such a record. False: none there.
bool prices_from_value(Value v, struct price_table *out);

struct cost {
    int64_t attempts;                   // that ran
    int64_t unmeasured;                 // of these: nobody knows for how long, so they count as nothing
    Time wall, cpu;                     // of the attempts together; cpu: what they used, where measured
    double core_hours, gib_hours, gpu_hours;
    double money;                       // for compute
};
// `now`: for an attempt that still runs.
struct cost cost_of_attempt(const struct recorded_attempt *t, const struct price_table *p, Time now);
struct cost cost_of_task(const struct recorded_task *t, const struct price_table *p, Time now);         // all its attempts, in all starts

struct cost_line {                      // a step or a sample
    Str name;                           // sample: empty for tasks without one
    struct cost cost;
};
struct run_cost {
    struct price_table prices;
    struct cost total;
    VEC(struct cost_line) steps, samples;               // in order of appearance; no samples: no task has one
    int64_t output_bytes;               // of the final outputs
    double storage_month, egress;       // money for keeping these for a month; for taking them out once
};
// prices NULL: those recorded with the run.
struct run_cost *cost_of_run(struct arena *a, const struct run_record *r, const struct price_table *prices, Time now);
Value run_cost_value(struct arena *a, const struct run_record *r, const struct run_cost *c);            // the JSON form
// "12.34 EUR", "0.0012 EUR": two decimals, or as many as two digits need.
Str money_text(struct arena *a, double money, const struct price_table *p);
