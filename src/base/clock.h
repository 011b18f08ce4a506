// SPDX-License-Identifier: Apache-2.0
#pragma once
// Time: nanoseconds. Wall times are labels; decisions use the clock that never jumps.
#include "base/base.h"

typedef int64_t Time;
#define SECOND ((Time)1000000000)
#define MILLISECOND ((Time)1000000)
enum { TIME_TEXT = 32 };

Time time_now(void);                    // wall clock, since 1970-01-01 UTC
Time time_steady(void);                 // CLOCK_BOOTTIME: since boot, runs on in suspend, never goes back
void time_text(Time t, char out[TIME_TEXT]);            // "2026-03-01T12:34:56.789Z"
// "340 ms", "12.3 s", "4 m 05 s", "2 h 03 m", "3 d 4 h"
void time_duration_text(Time t, char out[TIME_TEXT]);
// "12.3 MiB" and the like, into out
void size_text(int64_t bytes, char out[TIME_TEXT]);
