// SPDX-License-Identifier: Apache-2.0
// How an attempt ended: into what the core does next, and into a sentence for the user. It decides no retry: the core does.
#include "engine/driver_private.h"
#include "sys/machine.h"

enum { DISK_FULL_BYTES = 1 << 20 };      // less: a tool that failed probably failed for that

static const char *times(int64_t count, char out[TIME_TEXT])
{
    snprintf(out, TIME_TEXT, count == 1 ? "once" : "%lld times", (long long)count);
    return out;
}

// "512 MiB", where size_text() says "512.0 MiB".
static void limit_text(int64_t bytes, char out[TIME_TEXT])
{
    size_text(bytes, out);
    char *zero = strstr(out, ".0 ");
    if (zero)
        memmove(zero, zero + 2, strlen(zero + 2) + 1);
}

// Behind the error of a command that failed: what it was refused may be the reason.
static void add_refusal(struct driver_task *t, const struct attempt_outcome *o)
{
    const struct attempt_limit *limit = &o->limit;
    char text[TIME_TEXT];
    if (o->hidden.len)
        strbuf_addf(&t->error, "; the command names " STR_FMT ", which the sandbox does not show: make it an input, or add it to sandbox.paths",
                    STR_ARG(o->hidden));
    if (limit->kind == LIMIT_NETWORK)
        strbuf_addf(&t->error, "; it tried to reach the network (%s), which it did not ask for (NetworkAccess)", times(limit->seen, text));
    if (limit->kind == LIMIT_PROCESSES)
        strbuf_addf(&t->error, "; it was refused more than %lld processes (limits.processes)", (long long)limit->limit);
}

static enum core_ended class_of_exit(struct driver_task *t, const struct attempt_outcome *o)
{
    switch (task_exit_class(t->spec, o->exit_code)) {
    case EXIT_IS_SUCCESS: return ENDED_SUCCESS;
    case EXIT_IS_TEMPORARY:
        strbuf_addf(&t->error, "exit code %d (temporary)", o->exit_code);
        add_refusal(t, o);
        return ENDED_TEMPORARY;
    case EXIT_IS_PERMANENT: break;
    }
    strbuf_addf(&t->error, "exit code %d", o->exit_code);
    add_refusal(t, o);
    int64_t left = disk_free_bytes(t->driver->config.home);
    if (left >= 0 && left < DISK_FULL_BYTES)
        strbuf_addf(&t->error, "; the disk of " STR_FMT " is full: free some space, then resume the run", STR_ARG(t->driver->config.home));
    for (size_t i = 0; i < t->spec->policy.permanent_count; i++)
        if (t->spec->policy.permanent_codes[i] == o->exit_code)
            return ENDED_PERMANENT;
    return ENDED_FAILURE;
}

static enum core_ended class_of_memory(struct driver_task *t, const struct attempt_limit *limit)
{
    char at[TIME_TEXT], asked[TIME_TEXT], peak[TIME_TEXT];
    limit_text(limit->limit, at), limit_text(limit->asked, asked), limit_text(limit->seen, peak);
    strbuf_addf(&t->error, "out of memory: killed at %s; asked %s; peak %s", at, asked, peak);
    return ENDED_MEMORY;
}

static enum core_ended class_of_signal(struct driver_task *t, const struct attempt_outcome *o)
{
    char asked[TIME_TEXT], peak[TIME_TEXT];
    if (o->limit.kind == LIMIT_PROCESSES) {
        strbuf_addf(&t->error, "killed with %lld processes; its limit is %lld (limits.processes)", (long long)o->limit.seen,
                    (long long)o->limit.limit);
        return ENDED_FAILURE;
    }
    if (o->limit.kind == LIMIT_FILE_SIZE) {
        limit_text(o->limit.limit, asked);
        strbuf_addf(&t->error, "killed for a file larger than %s (limits.file_size)", asked);
        return ENDED_FAILURE;
    }
    if (o->signal != 9) {
        strbuf_addf(&t->error, "killed by signal %d (%s)", o->signal, strsignal(o->signal));
        add_refusal(t, o);
        return ENDED_FAILURE;
    }
    size_text(core_memory(t->core), asked), size_text(MAX(o->measured.peak_memory_bytes, 0), peak);
    strbuf_addf(&t->error, "killed by signal 9, probably for memory; asked %s; peak %s", asked, peak);
    return ENDED_MEMORY;
}

static enum core_ended class_of_end(struct driver_task *t, const struct attempt_outcome *o)
{
    bool has_run = o->end == ATTEMPT_EXITED || o->end == ATTEMPT_SIGNALED;
    if (has_run && o->limit.kind == LIMIT_MEMORY)       // whatever the shell that waited for it made of it
        return class_of_memory(t, &o->limit);
    switch (o->end) {
    case ATTEMPT_EXITED: return class_of_exit(t, o);
    case ATTEMPT_SIGNALED: return class_of_signal(t, o);
    case ATTEMPT_KILLED:
        strbuf_addz(&t->error, "cancelled");
        return ENDED_KILLED;
    case ATTEMPT_NOT_STARTED:
        strbuf_addz(&t->error, o->err.text);
        return o->err.code == ERR_UNAVAILABLE ? ENDED_TEMPORARY : ENDED_PERMANENT;
    case ATTEMPT_LOST:
        strbuf_addz(&t->error, "the process that watched it died");
        return ENDED_TEMPORARY;
    case ATTEMPT_BAD_OUTPUT:
        strbuf_addz(&t->error, o->err.text);
        return ENDED_PERMANENT;
    case ATTEMPT_STORE_FAILED:
        strbuf_addz(&t->error, o->err.text);
        driver_break(t->driver, &o->err);
        return ENDED_PERMANENT;
    }
    return ENDED_PERMANENT;
}

void driver_attempt_done(void *arg UNUSED, struct attempt *attempt, const struct attempt_outcome *outcome)
{
    struct driver_task *t = attempt->owner;
    t->outcome = *outcome;
    driver_attempt_ended(t, class_of_end(t, outcome));
}

void driver_attempt_left(void *arg, struct attempt *attempt)
{
    const struct driver_task *t = attempt->owner;
    driver_event(arg, (struct core_event){ .kind = CORE_LEFT, .task = t->core });
}
