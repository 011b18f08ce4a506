// SPDX-License-Identifier: Apache-2.0
#pragma once
// The helper program (inside.c), static and whole, as it is carried in this program.
#include "base/str.h"

Str helper_bytes(void);                 // the file; static
