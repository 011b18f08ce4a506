// SPDX-License-Identifier: Apache-2.0
// What all executors have in common: the calls go through here, are checked, counted and logged.
#include "engine/executor.h"

#include "base/log.h"

bool executor_submit(struct executor *x, struct attempt *attempt, struct arena *a, struct err *err)
{
    CHECK(attempt->label.len > 0 && attempt->spec != NULL && a != NULL);
    if (!x->ops->submit(x, attempt, a, err)) {
        LOG(LOG_INFO, "attempt refused executor=%s attempt=" STR_FMT " code=%s", x->ops->name, STR_ARG(attempt->label),
            err_code_name(err->code));
        return false;
    }
    x->running++;
    LOG(LOG_DEBUG, "attempt submitted executor=%s attempt=" STR_FMT, x->ops->name, STR_ARG(attempt->label));
    return true;
}

void executor_cancel(struct executor *x, struct attempt *attempt, int grace_ms)
{
    LOG(LOG_DEBUG, "attempt cancelled executor=%s attempt=" STR_FMT, x->ops->name, STR_ARG(attempt->label));
    x->ops->cancel(x, attempt, MAX(grace_ms, 0));
}

void executor_usage(struct executor *x, double *cores, int64_t *memory_bytes)
{
    *cores = 0;
    *memory_bytes = 0;
    if (x->ops->usage)
        x->ops->usage(x, cores, memory_bytes);
}

void executor_free(struct executor *x)
{
    if (x)
        x->ops->free(x);
}
