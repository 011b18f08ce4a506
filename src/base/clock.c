// SPDX-License-Identifier: Apache-2.0
// The two clocks, and times and sizes as people read them. No time zones: everything is UTC.
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static Time read_clock(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (Time)t.tv_sec * SECOND + t.tv_nsec;
}

Time time_now(void) { return read_clock(CLOCK_REALTIME); }
Time time_steady(void) { return read_clock(CLOCK_BOOTTIME); }

void time_text(Time t, char out[TIME_TEXT])
{
    Time second = t / SECOND - (t % SECOND < 0);
    time_t seconds = (time_t)second;
    struct tm parts;
    gmtime_r(&seconds, &parts);
    size_t len = strftime(out, TIME_TEXT, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(out + len, TIME_TEXT - len, ".%03dZ", (int)((t - second * SECOND) / MILLISECOND));
}

void time_duration_text(Time t, char out[TIME_TEXT])
{
    double seconds = (double)t / (double)SECOND;
    long whole = (long)(seconds + 0.5);
    if (seconds < 1)
        snprintf(out, TIME_TEXT, "%d ms", (int)(t / MILLISECOND));
    else if (seconds < 99.95)
        snprintf(out, TIME_TEXT, "%.1f s", seconds);
    else if (whole < 3600)
        snprintf(out, TIME_TEXT, "%ld m %02ld s", whole / 60, whole % 60);
    else if (whole < 86400)
        snprintf(out, TIME_TEXT, "%ld h %02ld m", whole / 3600, whole / 60 % 60);
    else
        snprintf(out, TIME_TEXT, "%ld d %ld h", whole / 86400, whole / 3600 % 24);
}

void size_text(int64_t bytes, char out[TIME_TEXT])
{
    static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" };
    double size = (double)bytes;
    size_t unit = 0;
    while (size >= (unit ? 1023.95 : 1024) && unit + 1 < LEN(units))     // never "1024.0 KiB"
        size /= 1024, unit++;
    snprintf(out, TIME_TEXT, unit ? "%.1f %s" : "%.0f %s", size, units[unit]);
}
