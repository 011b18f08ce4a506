// SPDX-License-Identifier: Apache-2.0
// Allocation that cannot fail, the bug trap and the log.
#include "base/base.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

void check_failed(const char *file, int line, const char *func, const char *cond)
{
    fprintf(stderr, "petri: bug at %s:%d in %s: %s does not hold. Please report this line.\n", file, line, func, cond);
    abort();
}

// No abort: that would leave a core file with what is secret in it. What is acknowledged is on disk, so ending here is as if killed.
void out_of_memory(size_t size)
{
    fprintf(stderr, "petri: out of memory (%zu bytes asked): free some, then try again; 'petri resume' goes on with a run\n", size);
    _exit(OUT_OF_MEMORY_EXIT);
}

static void *checked(void *ptr, size_t size)
{
    if (ptr == NULL && size > 0)
        out_of_memory(size);
    return ptr;
}

void *xmalloc(size_t size) { return checked(malloc(size), size); }
void *xcalloc(size_t count, size_t size) { return checked(calloc(count, size), count && size); }
void *xrealloc(void *ptr, size_t size) { return checked(realloc(ptr, size), size); }
char *xstrdup(const char *text) { return checked(strdup(text), 1); }

enum log_level log_threshold = LOG_WARN;

void log_write(enum log_level level, const char *func, const char *fmt, ...)
{
    static const char *const names[] = { "error", "warn", "info", "debug" };
    char line[4096], when[TIME_TEXT];
    time_text(time_now(), when);
    int len = snprintf(line, sizeof line, "%s level=%s at=%s ", when, names[level], func);
    va_list args;
    va_start(args, fmt);
    int more = vsnprintf(line + len, sizeof line - (size_t)len, fmt, args);
    va_end(args);
    size_t total = MIN((size_t)(len + MAX(more, 0)), sizeof line - 2);
    for (size_t i = 0; i < total; i++)                  // one event, one line, whatever the text
        if ((unsigned char)line[i] < ' ')
            line[i] = ' ';
    line[total] = '\n';
    fwrite(line, 1, total + 1, stderr);
}
