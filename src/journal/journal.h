// SPDX-License-Identifier: Apache-2.0
#pragma once
// The append-only record of a run. One writer, fenced by an epoch; any number of readers, from any process, at any
// time, with no lock.
//
// File: "petri journal 1\n", then records:  u32 length of payload | u8 type | u8 0 0 0 | 16 bytes of check | payload
// (little-endian). check = first 16 bytes of BLAKE3(previous check | type | payload): a chain, so that a record that
// was changed, dropped, repeated or moved is found. Payloads are JSON objects, at most JOURNAL_RECORD_MAX bytes.
#include "base/err.h"

struct arena;
struct journal;
enum { JOURNAL_RECORD_MAX = 64 << 20 };

// Opens `dir`/journal for appending (making it if absent) and becomes its only writer: takes an OFD lock on
// `dir`/lock, then raises the epoch by creating `dir`/epoch-N without overwrite (older ones are removed). `dir`/owner says
// to people who it is. *damage (may be NULL) is empty unless there was some.
// ERR_CONFLICT: another live process writes it ("in use by process P on H since T"). ERR_UNSUPPORTED: newer version, or
// the filesystem has no working locks. A torn tail (incomplete last record) is cut off. Damage before the tail:
// the file is set aside as journal.damaged-<time> and the sound prefix becomes the journal; *damage (in `a`) says so.
struct journal *journal_open(struct arena *a, Str dir, Str *damage, struct err *err) MUST_CHECK;
void journal_close(struct journal *j);                  // what was not committed is lost; NULL is allowed
uint64_t journal_epoch(const struct journal *j);

// Queues a record; nothing is written. Returns its sequence number (1 for the first after opening).
uint64_t journal_append(struct journal *j, uint8_t type, Str payload);

// Group commit, so that the loop never waits for the disk: the loop thread takes what is queued and a worker writes
// it. One batch at a time. The batch lives in the journal.
struct journal_batch;
struct journal_batch *journal_take(struct journal *j);  // NULL: nothing queued, or a batch is still away
// Checks that the epoch is still ours, writes, fdatasyncs. Any thread. An error is final: the journal accepts no
// further batch (ERR_INTERNAL). ERR_CONFLICT: fenced, another head owns the run.
bool journal_write(struct journal *j, struct journal_batch *batch, struct err *err) MUST_CHECK;
void journal_done(struct journal *j, struct journal_batch *batch);      // loop thread, after journal_write
uint64_t journal_batch_last(const struct journal_batch *batch);         // its last sequence number
// All of it at once, for callers without a loop.
bool journal_commit(struct journal *j, struct err *err) MUST_CHECK;

// Reads all sound records in order; stops at the torn tail or damage, which *end tells ("" if clean). `visit` returns
// false to stop early. offset: 0, or where an earlier call ended (*offset is set), to follow a growing journal; then
// `check` carries the chain on. While a writer lives, a record that is incomplete at the end is not there yet: no *end.
// ERR_NOT_FOUND: no journal; ERR_UNSUPPORTED: of a newer version.
struct journal_cursor {
    uint64_t offset;
    uint8_t check[16];
};
bool journal_read(Str dir, struct journal_cursor *cursor, bool (*visit)(void *arg, uint8_t type, Str payload),
                  void *arg, char end[128], struct err *err) MUST_CHECK;
// Is there a live writer? Fills in its process id and host (text "pid@host") when there is.
bool journal_is_live(Str dir, char owner[128]);
