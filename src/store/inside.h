// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the store's own files share. Names are relative to <home>/store ("objects/ab/cdef…"), by openat.
#include "base/arena.h"
#include "base/map.h"
#include "store/log.h"
#include "store/memo.h"
#include "store/store.h"

#include <stdatomic.h>

enum kind { KIND_OBJECT, KIND_RESULT, KIND_COUNT };
extern const char *const kind_folders[KIND_COUNT];      // "objects", "results"
enum { NAME_SIZE = 96, PREFIXES = 256, DURABLE_SLOTS = 1024, SPARES_MAX = 256 };
#define TEMP_PREFIX ".tmp-"

// A result that was put and waits for store_sync_results(): what can be seen is on disk.
struct pending {
    Hash key;
    Str text;                           // owned
    bool replace;
    bool is_dropped;                    // another was put in its place, or it has its name
};
struct pending_list {
    struct { struct pending **at; size_t len, cap; } items;
    struct map by_key;                  // Str of the 32 bytes -> struct pending
};

struct store {
    char *root;                         // <home>/store, absolute
    int fd;                             // of root
    dev_t device;
    bool can_write;
    mode_t object_mode;                 // 0444 without the umask's bits
    uint64_t token;                     // in the names of our temporary files
    _Atomic uint64_t temp_count;
    struct memo memo;

    pthread_mutex_t prefix_lock;        // guards what follows
    bool prefix_exists[KIND_COUNT][PREFIXES], is_listed[KIND_COUNT];
    bool has_new_prefix[KIND_COUNT];    // the folder of prefix folders must be synced before anything is durable
    Hash durable[DURABLE_SLOTS];        // objects that this process made durable, by their first bytes; a cache

    pthread_mutex_t lock;               // guards what follows
    bool is_closed;                     // a sync failed: final
    char closed_text[1024];
    bool has_failed;                    // a batch could not be written (a full disk): what still waits at the end is dropped
    struct pending_list pending, syncing;
    _Atomic size_t pending_count;       // in both lists; 0: no need to look
    uint64_t spares[SPARES_MAX];        // files for results to come, numbers of their names
    _Atomic size_t spare_count;
    _Atomic size_t lost_count;          // results that found another's under their name
    pthread_mutex_t sync_lock;          // one store_sync_results() at a time; guards the log
    struct result_log log;
};

// --- store.c
void name_of(enum kind kind, Hash hash, char out[NAME_SIZE]);
bool check_writable(struct store *s, struct err *err) MUST_CHECK; // ERR_DENIED, or ERR_INTERNAL after a failed sync
// Both use errno and return false. A failed sync closes the store for writing; other failures are not final.
bool sync_failed(struct store *s, const char *name, struct err *err);
bool write_failed(struct store *s, const char *name, struct err *err);

// --- write.c
// A new empty temporary file in the folder of `kind`, or in its prefix folder when prefix >= 0. -1: err is set.
int temp_open(struct store *s, enum kind kind, int prefix, char name[NAME_SIZE], struct err *err);
bool write_all(struct store *s, int fd, const char *name, Str bytes, struct err *err) MUST_CHECK;
bool sync_fd(struct store *s, int fd, const char *name, struct err *err) MUST_CHECK;
bool make_prefix(struct store *s, enum kind kind, uint8_t prefix, struct err *err) MUST_CHECK;
bool sync_folder(struct store *s, const char *name, struct err *err) MUST_CHECK;
bool sync_prefix(struct store *s, enum kind kind, uint8_t prefix, struct err *err) MUST_CHECK;
// As rename, but what is there stays (EEXIST); where the filesystem can't, link and unlink. 0, or -1 with errno.
int rename_new(int from_fd, const char *from, int to_fd, const char *to);
// Moves an object or a result into damaged/, if it is still the file that was `seen`. Nothing in a store that may only
// be read.
bool set_aside(struct store *s, enum kind kind, Hash hash, const struct stat *seen, const char *reason,
               struct err *err) MUST_CHECK;
// Gives the file a second name there, and it stays.
void keep_aside(struct store *s, enum kind kind, Hash hash, const char *reason);

// --- spare.c
// A file for a result, open for writing, under a temporary name and with `size` bytes that are none of the result's. -1: there is none.
int spare_open(struct store *s, char name[NAME_SIZE], off_t *size);
void spares_release(struct store *s);   // removes them

// --- object.c
enum soundness { OBJECT_ABSENT, OBJECT_SOUND, OBJECT_DAMAGED };
// Is the object there, with its bytes? Through the memo unless `always`. False: it could not be read.
bool object_check(struct store *s, Hash hash, bool always, enum soundness *out, struct stat *st,
                  struct err *err) MUST_CHECK;
// Is there a sound object? Then it is durable afterwards. A damaged one is set aside.
bool object_settle(struct store *s, Hash hash, bool *exists, struct err *err) MUST_CHECK;
// Makes a synced file the object, and durable. Where one is already, the file is removed. `fd` is open on the file;
// *is_elsewhere (may be NULL): nothing was done, the file is on another filesystem.
bool object_install(struct store *s, int from_fd, const char *name, int fd, Hash hash, bool *is_elsewhere,
                    struct err *err) MUST_CHECK;
bool same_file(const struct stat *x, const struct stat *y);             // and neither written nor replaced between

// --- result.c
// ERR_NOT_FOUND, ERR_DAMAGED, or ERR_UNSUPPORTED (of a newer version).
bool result_read(struct store *s, const char *name, Hash key, struct arena *a, struct task_result *out, struct stat *st,
                 struct err *err) MUST_CHECK;
// Is there a sound one? A damaged one is set aside.
bool result_exists(struct store *s, Hash key, bool *exists, struct err *err) MUST_CHECK;
// Writes the record under its key, not synced. is_taken: where one is already it stays, and this says so; NULL: it is replaced.
bool result_write(struct store *s, Hash key, Str text, bool *is_taken, struct err *err) MUST_CHECK;
void pending_add(struct pending_list *list, struct pending *p);
void pending_free(struct pending *p);
void pending_release(struct pending_list *list);        // frees all
