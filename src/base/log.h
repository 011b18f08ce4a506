// SPDX-License-Identifier: Apache-2.0
#pragma once
// The log is for operators: printf-checked logfmt, one line, on stderr. Ids, sizes, digests, times and codes
// only: never sequences, patient identifiers or secrets. What users and recovery need goes into the journal.
#include "base/base.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };
extern enum log_level log_threshold;                    // LOG_WARN at start

#define LOG(level, ...) ((level) <= log_threshold ? log_write((level), __func__, __VA_ARGS__) : (void)0)
// Called through LOG(), which asks for the level first. `func` names the place; one write for the whole line.
void log_write(enum log_level level, const char *func, const char *fmt, ...) PRINTF(3, 4);
