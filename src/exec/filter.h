// SPDX-License-Identifier: Apache-2.0
#pragma once
// Which system calls a task in a sandbox may not make.
#include "base/err.h"

// For this process and all that descend from it, for ever. Needs PR_SET_NO_NEW_PRIVS to be set.
bool filter_install(struct err *err) MUST_CHECK;
