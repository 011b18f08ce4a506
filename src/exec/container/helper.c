// SPDX-License-Identifier: Apache-2.0
// The bytes between two labels of the assembler's file that the build makes (../meson.build).
#include "exec/container/helper.h"

extern const char helper_begin[], helper_end[];

Str helper_bytes(void) { return (Str){ helper_begin, (size_t)(helper_end - helper_begin) }; }
