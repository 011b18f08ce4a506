// SPDX-License-Identifier: Apache-2.0
#pragma once
// An error is a fixed struct on the caller's stack, passed last: no allocation, nothing to free.
// Codes are chosen by what the caller does next; HTTP status, exit code and retry follow from them alone.
#include "base/str.h"

enum err_code {
    ERR_NONE,
    ERR_INVALID,        // what was given is wrong; trying again won't help
    ERR_NOT_FOUND,      // it is not there
    ERR_CONFLICT,       // it is there already, or somebody else holds it
    ERR_DENIED,         // not allowed
    ERR_LIMIT,          // larger, longer or deeper than allowed
    ERR_UNAVAILABLE,    // try again later: no space, no connection, busy
    ERR_UNSUPPORTED,    // a feature that Petri, or this machine, does not have
    ERR_DAMAGED,        // stored bytes are not what they were
    ERR_CANCELLED,
    ERR_INTERNAL,
};
struct err {
    enum err_code code;
    char text[1024];
};

// Sets code and text (cut to fit) and returns false, so that failing is one line.
bool err_set(struct err *err, enum err_code code, const char *fmt, ...) PRINTF(3, 4);
// As err_set, with ": strerror(errno)" behind it. The code follows from errno (ENOENT: ERR_NOT_FOUND,
// EACCES, EPERM, EROFS: ERR_DENIED, ENOSPC, EDQUOT, EAGAIN, EMFILE: ERR_UNAVAILABLE, else ERR_INTERNAL).
bool err_errno(struct err *err, const char *fmt, ...) PRINTF(2, 3);
// Puts "fmt: " before the text; the code stays. Returns false.
bool err_wrap(struct err *err, const char *fmt, ...) PRINTF(2, 3);
const char *err_code_name(enum err_code code);
