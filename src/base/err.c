// SPDX-License-Identifier: Apache-2.0
// Errors as values. Not for mistakes in a user's documents: those are diagnostics (value/diag.h).
#include "base/err.h"

#include <errno.h>
#include <stdio.h>

bool err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(err->text, sizeof err->text, fmt, args);
    va_end(args);
    err->code = code;
    return false;
}

static enum err_code code_of_errno(int number)
{
    switch (number) {
    case ENOENT: case ENOTDIR: return ERR_NOT_FOUND;
    case EACCES: case EPERM: case EROFS: return ERR_DENIED;
    case EEXIST: return ERR_CONFLICT;
    case ENOSPC: case EDQUOT: case EAGAIN: case EMFILE: case ENFILE: case ENOMEM: return ERR_UNAVAILABLE;
    case ENAMETOOLONG: case EFBIG: return ERR_LIMIT;
    default: return ERR_INTERNAL;
    }
}

// Behind the text, cut to fit.
static void append(struct err *err, const char *text)
{
    size_t len = strlen(err->text), more = MIN(strlen(text), sizeof err->text - 1 - len);
    memcpy(err->text + len, text, more);
    err->text[len + more] = '\0';
}

bool err_errno(struct err *err, const char *fmt, ...)
{
    int number = errno;
    va_list args;
    va_start(args, fmt);
    vsnprintf(err->text, sizeof err->text, fmt, args);
    va_end(args);
    append(err, ": ");
    append(err, strerror(number));
    err->code = code_of_errno(number);
    return false;
}

bool err_wrap(struct err *err, const char *fmt, ...)
{
    char inner[sizeof err->text];
    memcpy(inner, err->text, sizeof inner);
    va_list args;
    va_start(args, fmt);
    vsnprintf(err->text, sizeof err->text, fmt, args);
    va_end(args);
    append(err, ": ");
    append(err, inner);
    return false;
}

const char *err_code_name(enum err_code code)
{
    static const char *const names[] = { "none", "invalid", "not found", "conflict", "denied", "limit",
                                         "unavailable", "unsupported", "damaged", "cancelled", "internal" };
    return (size_t)code < LEN(names) ? names[code] : "unknown";
}
