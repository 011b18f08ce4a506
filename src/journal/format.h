// SPDX-License-Identifier: Apache-2.0
#pragma once
// The journal's bytes: how a record is laid out, chained and told from damage. Shared by the writer and the readers.
#include "journal/journal.h"

#include <stdio.h>

#define JOURNAL_HEAD "petri journal 1\n"
enum { HEAD_SIZE = sizeof JOURNAL_HEAD - 1, RECORD_HEAD = 24, CHECK_SIZE = 16 };

// The check of a record that follows one with `previous` (zeros for the first), and the bytes before its payload.
void check_next(const uint8_t previous[CHECK_SIZE], uint8_t type, Str payload, uint8_t out[CHECK_SIZE]);
void record_head(uint8_t out[RECORD_HEAD], uint32_t len, uint8_t type, const uint8_t check[CHECK_SIZE]);
// The length of the payload, from the record's head.
static inline uint32_t record_len(const uint8_t head[RECORD_HEAD])
{
    return head[0] | (uint32_t)head[1] << 8 | (uint32_t)head[2] << 16 | (uint32_t)head[3] << 24;
}

enum scan_end {
    SCAN_CLEAN,                         // the file ends with a sound record
    SCAN_STOPPED,                       // visit said so
    SCAN_TORN,                          // an incomplete last record, or zeros
    SCAN_DAMAGED,                       // anything else
    SCAN_FAILED,                        // could not be read: err
};
// Visits the sound records from the cursor on and moves it behind the last one. visit may be NULL. A cursor at 0 reads
// the file's head first: ERR_UNSUPPORTED when a newer Petri wrote it.
enum scan_end journal_scan(int fd, struct journal_cursor *cursor, bool (*visit)(void *arg, uint8_t type, Str payload),
                           void *arg, struct err *err);
