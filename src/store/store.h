// SPDX-License-Identifier: Apache-2.0
#pragma once
// Objects by digest and results by key, as plain files:
//
//   <home>/store/objects/ab/cdef…   bytes, mode 0444, never overwritten
//   <home>/store/results/ab/cdef…   result_encode(), by task key
//   <home>/store/unsynced/          logs of results whose files are not synced one by one (store/log.h)
//   <home>/store/memo               (path, device, inode, size, mtime, ctime) -> digest, append-only, a cache
//   <home>/store/damaged/           what failed its digest, set aside as <hex>-<time>-<reason>
//   <home>/store/version            "petri store 1"
//
// Writes of objects: temporary file (".tmp-…") in the same folder, write, fsync, rename without overwrite, fsync of the
// folder. Results: many at once in a log by one sync, then each its file; a crash's log is taken up by store_open().
// Every function may be called from any thread (the memo has its own lock). Sync errors are final: after one,
// every further write on this store fails with ERR_INTERNAL ("the store is closed for writing after …").
#include "base/err.h"
#include "base/hash.h"

struct arena;
struct store;
struct task_result;

// Opens (and, when `create`, makes) the store below `home`. ERR_UNSUPPORTED: made by a newer version; ERR_DENIED:
// not readable, or `create` and not writable; ERR_NOT_FOUND: none there and !create. Text says what to do.
struct store *store_open(Str home, bool create, struct err *err) MUST_CHECK;
// Results that wait are synced (a failure then is only logged), but for those of a batch that failed: nobody was promised them,
// and what was left by a task on a full disk is better made again. NULL is allowed.
void store_close(struct store *s);

// --- objects
// Takes the file at `path` (same filesystem: moved, no copy; else, or when its link count is not 1: copied) as an
// object; afterwards `path` may be gone. Nobody may write to the file any more. Durable on return. Only regular files:
// else ERR_INVALID. ERR_CONFLICT: something wrote to it meanwhile, as far as its stat tells; it is not in the store then.
bool store_take_file(struct store *s, Str path, Hash *hash, int64_t *size, struct err *err) MUST_CHECK;
bool store_put_bytes(struct store *s, Str bytes, Hash *hash, struct err *err) MUST_CHECK;       // durable on return
// A path to the object's verified bytes. Bytes whose stat is as remembered are trusted; else hashed again.
// ERR_NOT_FOUND: not stored. ERR_DAMAGED: it was there but its bytes are not; it has been set aside.
bool store_locate(struct store *s, Hash hash, struct arena *a, Str *path, struct err *err) MUST_CHECK;
bool store_has(struct store *s, Hash hash);             // by a stat alone
// Digest and size of any file (not taken into the store; links are followed), through the memo. ERR_CONFLICT: it changed
// while it was read.
bool store_hash_file(struct store *s, Str path, Hash *hash, int64_t *size, struct err *err) MUST_CHECK;
// Copies an object to `path` (reflink where possible; mode 0644, or 0755), complete or not at all; digest checked
// on the way. Replaces a file that is there.
bool store_export(struct store *s, Hash hash, Str path, bool is_executable, struct err *err) MUST_CHECK;

// Copies an object to `path`, which must not exist; digest checked on the way, nothing left after a failure. Not synced:
// the caller does that, for many files at once.
bool store_copy(struct store *s, Hash hash, Str path, bool is_executable, struct err *err) MUST_CHECK;

// --- results
// ERR_NOT_FOUND: none. ERR_DAMAGED: set aside, so as good as none. The result lives in `a`.
bool store_find_result(struct store *s, Hash key, struct arena *a, struct task_result *out, struct err *err) MUST_CHECK;
// First writer wins: an existing sound result stays and *existed (may be NULL) is set. Not yet durable, and found through
// this store alone: call store_sync_results(). A damaged existing one is set aside and replaced. `replace` sets a sound
// one aside too (in damaged/, as "replaced").
bool store_put_result(struct store *s, const struct task_result *r, bool replace, bool *existed,
                      struct err *err) MUST_CHECK;
// Makes all results put through this store so far durable, by one sync of a log, and then visible under their names. A result
// that another process put under the same key meanwhile wins. After a failure that is not a failed sync, what is left waits for
// the next call.
bool store_sync_results(struct store *s, struct err *err) MUST_CHECK;
// The file becomes the next result's: made for less than a new one. It must be ours alone, with no other name, attributes or process that has
// it open. False: nothing was done (enough are kept, another filesystem).
bool store_reuse_file(struct store *s, Str path);
// How many results of this store were not kept, because another process had put one under the same key meanwhile: whoever
// put one must take that in its place.
size_t store_results_lost(const struct store *s);

// --- upkeep. Callbacks return false to stop.
struct store_entry {
    bool is_result;
    Hash hash;                          // digest of the object, or key of the result
    int64_t size;
    int64_t modified_s;                 // seconds since 1970
    Str damage;                         // empty: sound (only after a check)
};
bool store_each(struct store *s, bool check, bool (*visit)(void *arg, const struct store_entry *e), void *arg,
                struct err *err) MUST_CHECK;            // check: read and verify every byte; damaged ones are set aside
bool store_remove_object(struct store *s, Hash hash, struct err *err) MUST_CHECK;
// Removes temporary files older than a day that a crash left behind.
void store_sweep(struct store *s);
