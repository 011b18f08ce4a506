// SPDX-License-Identifier: Apache-2.0
#pragma once
// Paths at the border to the OS: NUL-terminated on the caller's stack. For the files of sys/ and exec/.
#include "base/str.h"

#include <limits.h>

struct path_text {
    char z[PATH_MAX];
};
// Copies `path` NUL-terminated into *out. False with errno set: ENOENT (empty), EINVAL (holds a NUL byte),
// ENAMETOOLONG.
bool path_text_set(struct path_text *out, Str path) MUST_CHECK;
