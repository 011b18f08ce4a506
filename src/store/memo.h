// SPDX-License-Identifier: Apache-2.0
#pragma once
// The memo: which digest the bytes behind a path had when its stat looked like this. A cache: losing it costs time only.
//
// File: records of 96 bytes, native byte order, each appended whole by one write (several at a time):
//   "petrimem" | hash of path | device | inode | size | mtime_ns | ctime_ns (u64 each) | digest (32) | check (8)
// check = first 8 bytes of BLAKE3 of what stands before it. What does not check is skipped.
#include "base/clock.h"
#include "base/hash.h"

#include <pthread.h>
#include <sys/stat.h>

struct memo_record {
    char magic[8];
    uint64_t path, device, inode, size;
    int64_t mtime_ns, ctime_ns;
    Hash digest;
    uint8_t check[8];
};
_Static_assert(sizeof(struct memo_record) == 96, "the form on disk");

struct memo {
    pthread_mutex_t lock;
    int folder_fd;                      // where the file "memo" lies; not owned
    bool can_write, is_loaded;
    struct memo_record *records;        // one a path, the last one counts
    size_t len, cap;
    uint32_t *slots;                    // index + 1 into records; 0 is empty
    size_t slot_count;
    struct memo_record *waiting;        // not yet appended to the file
    size_t waiting_len;
};

// Reads nothing yet: the file is loaded at the first use. A missing or damaged one is no error.
void memo_init(struct memo *m, int folder_fd, bool can_write);
void memo_release(struct memo *m);                      // writes what waits
// True, with the digest, when the path was seen with just this stat.
bool memo_find(struct memo *m, Str path, const struct stat *st, Hash *digest);
void memo_note(struct memo *m, Str path, const struct stat *st, Hash digest);
void memo_flush(struct memo *m);
// Was the file left alone long enough before `now` that a change after it must show in its stat? Timestamps come
// in ticks (of up to 10 ms; of a whole second or two where they have no fraction).
bool memo_is_settled(const struct stat *st, Time now);
