// SPDX-License-Identifier: Apache-2.0
#pragma once
// A run as OpenLineage events (https://openlineage.io/spec/2-0-2/OpenLineage.json): RunEvents, one JSON object a line. One job and one
// run for the workflow's last start, and one for each attempt of a task in it, with the workflow as its parent.
#include "view/run_record.h"

// In the order of time. Ids of runs are made of the record, so the same record gives the same events.
void openlineage_write(const struct run_record *r, struct strbuf *out);
