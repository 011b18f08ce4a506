// SPDX-License-Identifier: Apache-2.0
// Collecting diagnostics. Showing them is in diag_print.c. Not for failures of the machine or of Petri: those are
// struct err; what is collected here is always a mistake in a document, with its place.
#include "value/diag.h"

#include "base/vec.h"

PRINTF(4, 0)
static void diag_addv(struct diags *d, enum diag_level level, struct span span, const char *fmt, va_list args)
{
    if (level == DIAG_ERROR)
        d->errors++;
    else
        d->warnings++;
    if (d->len == DIAG_MAX) {
        d->dropped++;
        return;
    }
    vec_push(d->arena, d, (struct diag){ .level = level, .span = span, .text = str_vprintf(d->arena, fmt, args) });
}

void diag_add(struct diags *d, struct span span, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    diag_addv(d, DIAG_ERROR, span, fmt, args);
    va_end(args);
}

void diag_warn(struct diags *d, struct span span, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    diag_addv(d, DIAG_WARNING, span, fmt, args);
    va_end(args);
}

// NULL when there is none, or when it was dropped: its hint must not end up at another one.
static struct diag *diag_last(struct diags *d) { return d->len == 0 || d->dropped ? NULL : &d->at[d->len - 1]; }

void diag_hint(struct diags *d, const char *fmt, ...)
{
    struct diag *last = diag_last(d);
    if (last == NULL)
        return;
    va_list args;
    va_start(args, fmt);
    last->hint = str_vprintf(d->arena, fmt, args);
    va_end(args);
}

void diag_suggest(struct diags *d, Str name, const Str *candidates, size_t count)
{
    Str nearest = str_nearest(name, candidates, count);
    if (nearest.len)
        diag_hint(d, "did you mean '" STR_FMT "'?", STR_ARG(nearest));
}

Str span_text(struct arena *a, struct span span)
{
    if (span.source == NULL)
        return STR("(unknown place)");
    if (span.line == 0)
        return str_copy(a, span.source->name);
    return str_printf(a, STR_FMT ":%u:%u", STR_ARG(span.source->name), span.line, span.column);
}
