// SPDX-License-Identifier: Apache-2.0
#pragma once
// The trace: a table with a line for every attempt and every known result, separated by tabs, in the columns and the raw units of
// Nextflow's trace file (https://www.nextflow.io/docs/latest/reports.html#trace-file, trace.raw = true: milliseconds, bytes, times in
// milliseconds since 1970), then Petri's own. "-": not known.
#include "view/cost.h"

// A header line and one line per attempt, in the order of tasks; of all starts of the run. prices: NULL: those recorded.
void trace_write(const struct run_record *r, const struct price_table *prices, struct strbuf *out);
