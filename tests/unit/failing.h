// SPDX-License-Identifier: Apache-2.0
#pragma once
// The n-th system call of a test, or of the processes that it forks, fails (EIO): the test program's own open, read, stat, rename …
// come before the C library's. Not fsync, fdatasync and close, which other tests fail themselves; wait and waitpid with EINTR alone. For
// loops that end when a turn makes no n-th call any more.
#include <stdbool.h>

void fail_call(int n);                  // the n-th from now on, 1 …
void fail_with(int error);              // with this errno from now on in place of EIO
bool call_failed(void);                 // there was an n-th; afterwards none fails any more
