// SPDX-License-Identifier: Apache-2.0
#pragma once
// Open-file-description locks: they die with the process, readers need none.
#include "base/err.h"

// Takes an exclusive lock on the file (made if absent, mode 0644). *fd stays open while the lock is held.
// ERR_CONFLICT: held by another. ERR_UNSUPPORTED: this filesystem has no working locks.
bool lock_take(Str path, int *fd, struct err *err) MUST_CHECK;
bool lock_is_held(Str path);                            // by anybody; false if the file is absent
