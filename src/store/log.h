// SPDX-License-Identifier: Apache-2.0
#pragma once
// For this folder only: the log that makes a batch of results durable by one sync in place of one for each.
//
//   <home>/store/unsynced/<token>   "petri results 1\n", then records. Locked by its store as long as that lives.
//   record                          "PRES", flags (1: replaces), length of the text: 3 × u32, little-endian; key: 32 bytes; the text
//
// A result is in the synced log before its file gets its name; the file itself is not synced. Once all files of a log are
// (syncfs: when the log is large, and at the end), the log is removed. A log without an owner was left by a crash: whoever
// opens the store next reads every file of it, and writes again what has no name or was taken by a power cut.
#include "base/hash.h"

struct err;
struct pending;
struct store;

struct result_log {
    int fd;                             // 0: none
    char name[64];                      // below the store's root
    off_t size;
    bool is_needed;                     // a result of it could not be given its name: the log must stay
};
// Makes these results durable, those that are dropped left out. After a failure the log is as before.
bool log_append(struct store *s, struct pending *const *at, size_t count, struct err *err) MUST_CHECK;
bool log_is_full(const struct result_log *log);         // so large that it should be settled now
// Makes the files durable and removes the log, if there is one.
bool log_settle(struct store *s, struct err *err) MUST_CHECK;
// Lets go of the log as it is: the next who opens the store reads it, as after a crash.
void log_leave(struct store *s);
// Takes up logs that have no owner. What fails is logged, and tried again by the next who opens the store.
void log_recover(struct store *s);

struct log_record {
    Hash key;
    bool replaces;
    Str text;
};
// The head of a log: false if it is none. *rest begins at the first record.
bool log_head(Str bytes, Str *rest) MUST_CHECK;
// The next record of *rest; false at the end or where the log is torn.
bool log_next(Str *rest, struct log_record *out) MUST_CHECK;
