// SPDX-License-Identifier: Apache-2.0
#pragma once
// Sizes and durations as people write them.
#include "base/clock.h"
#include "base/err.h"

// "512M", "4 GiB", "1.5g", "100": bytes; K, M, G, T, P (with or without B or iB) are powers of 1024. ERR_INVALID.
bool size_parse(Str text, int64_t *bytes, struct err *err) MUST_CHECK;
// "30d", "1h30m", "2 weeks", "500 ms", "90": parts with ms, s, m, h, d, w; a bare number counts seconds. ERR_INVALID.
bool duration_parse(Str text, Time *out, struct err *err) MUST_CHECK;
