// SPDX-License-Identifier: Apache-2.0
// The memo of digests. A cache and nothing more: no error of its file is anybody's error, and it is never synced.
// It doesn't decide what may be trusted; it only says what was seen.
#include "store/memo.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <unistd.h>

enum { WAITING_MAX = 512, RECORDS_MAX = 1 << 20, COMPACT_MIN = 1024 };
static const char magic[8] = "petrimem";
static const char file_name[] = "memo";

void memo_init(struct memo *m, int folder_fd, bool can_write)
{
    *m = (struct memo){ .folder_fd = folder_fd, .can_write = can_write };
    pthread_mutex_init(&m->lock, NULL);
}

static int64_t nanoseconds(struct timespec t) { return (int64_t)t.tv_sec * SECOND + t.tv_nsec; }

bool memo_is_settled(const struct stat *st, Time now)
{
    Time changed = MAX(nanoseconds(st->st_mtim), nanoseconds(st->st_ctim));
    bool is_coarse = st->st_ctim.tv_nsec == 0;
    return changed < now - (is_coarse ? 3 * SECOND : 20 * MILLISECOND);
}

static struct memo_record record_of(Str path, const struct stat *st)
{
    struct memo_record r = { .path = str_hash(path),
                             .device = st->st_dev,
                             .inode = st->st_ino,
                             .size = (uint64_t)st->st_size,
                             .mtime_ns = nanoseconds(st->st_mtim),
                             .ctime_ns = nanoseconds(st->st_ctim) };
    memcpy(r.magic, magic, sizeof magic);
    return r;
}

static void make_check(const struct memo_record *r, uint8_t out[8])
{
    Hash h = hash_bytes(r, offsetof(struct memo_record, check));
    memcpy(out, h.bytes, 8);
}

// --- the table

static uint32_t *slot_of(const struct memo *m, uint64_t path)
{
    size_t mask = m->slot_count - 1, i = path & mask;
    while (m->slots[i] && m->records[m->slots[i] - 1].path != path)
        i = (i + 1) & mask;
    return &m->slots[i];
}

static void table_clear(struct memo *m)
{
    free(m->records);
    free(m->slots);
    m->records = NULL;
    m->slots = NULL;
    m->len = m->cap = m->slot_count = 0;
}

static void table_grow(struct memo *m)
{
    m->cap = m->cap ? m->cap * 2 : 256;
    m->records = xrealloc(m->records, m->cap * sizeof *m->records);
    free(m->slots);
    m->slot_count = m->cap * 2;
    m->slots = xcalloc(m->slot_count, sizeof *m->slots);
    for (size_t i = 0; i < m->len; i++)
        *slot_of(m, m->records[i].path) = (uint32_t)i + 1;
}

static void table_set(struct memo *m, const struct memo_record *r)
{
    if (m->len == RECORDS_MAX)
        table_clear(m);                                 // a cache with a ceiling: begin anew
    if (m->len == m->cap)
        table_grow(m);
    uint32_t *slot = slot_of(m, r->path);
    if (*slot == 0)
        *slot = (uint32_t)++m->len;
    m->records[*slot - 1] = *r;
}

// --- the file

// Takes what is sound out of `bytes` and gives back how many of them are used up. A torn or damaged record moves what
// follows off its place: the next one is found by its first word.
static size_t take_records(struct memo *m, const char *bytes, size_t len, size_t *seen)
{
    size_t at = 0;
    while (len - at >= sizeof(struct memo_record)) {
        struct memo_record r;
        uint8_t check[8];
        memcpy(&r, bytes + at, sizeof r);
        make_check(&r, check);
        if (memcmp(r.magic, magic, sizeof magic) == 0 && memcmp(r.check, check, sizeof check) == 0) {
            table_set(m, &r);
            at += sizeof r;
            *seen += 1;
            continue;
        }
        const char *next = memmem(bytes + at + 1, len - at - 1, magic, sizeof magic);
        at = next ? (size_t)(next - bytes) : len - sizeof magic + 1;
    }
    return at;
}

// Writes the live records to a new file in place of the old one. What another process appends meanwhile is lost.
static void compact(struct memo *m)
{
    static _Atomic unsigned counter;
    char name[64];
    snprintf(name, sizeof name, ".tmp-memo-%ld-%u", (long)getpid(), atomic_fetch_add(&counter, 1));
    int fd = openat(m->folder_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return;
    size_t size = m->len * sizeof *m->records;
    bool ok = write(fd, m->records, size) == (ssize_t)size;
    if (close(fd) != 0 || !ok || renameat(m->folder_fd, name, m->folder_fd, file_name) != 0)
        unlinkat(m->folder_fd, name, 0);
}

static void load(struct memo *m)
{
    m->is_loaded = true;
    int fd = openat(m->folder_fd, file_name, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0)
        return;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        off_t most = (off_t)RECORDS_MAX * (off_t)sizeof(struct memo_record);
        off_t at = st.st_size > most ? st.st_size - most : 0;      // the newest are at the end
        enum { BLOCK = 96 * 4096 };
        char *block = xmalloc(BLOCK);
        size_t kept = 0, seen = 0;
        ssize_t n;
        while ((n = pread(fd, block + kept, BLOCK - kept, at)) > 0) {
            at += n;
            size_t used = take_records(m, block, kept + (size_t)n, &seen);
            kept = kept + (size_t)n - used;
            memmove(block, block + used, kept);
        }
        free(block);
        if (m->can_write && seen > COMPACT_MIN && seen > 2 * m->len)
            compact(m);
    }
    close(fd);
}

static void flush(struct memo *m)
{
    if (m->waiting_len && m->can_write) {
        int fd = openat(m->folder_fd, file_name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
        if (fd >= 0) {
            ssize_t n = write(fd, m->waiting, m->waiting_len * sizeof *m->waiting);
            (void)n;                                    // what is missing is hashed again one day
            close(fd);
        }
    }
    m->waiting_len = 0;
}

// --- the door

bool memo_find(struct memo *m, Str path, const struct stat *st, Hash *digest)
{
    struct memo_record want = record_of(path, st);
    bool found = false;
    pthread_mutex_lock(&m->lock);
    if (!m->is_loaded)
        load(m);
    if (m->len) {
        uint32_t slot = *slot_of(m, want.path);
        const struct memo_record *r = slot ? &m->records[slot - 1] : NULL;
        found = r && memcmp(r, &want, offsetof(struct memo_record, digest)) == 0;
        if (found)
            *digest = r->digest;
    }
    pthread_mutex_unlock(&m->lock);
    return found;
}

void memo_note(struct memo *m, Str path, const struct stat *st, Hash digest)
{
    struct memo_record r = record_of(path, st);
    r.digest = digest;
    make_check(&r, r.check);
    pthread_mutex_lock(&m->lock);
    if (!m->is_loaded)
        load(m);
    table_set(m, &r);
    if (m->waiting == NULL)
        m->waiting = xmalloc(WAITING_MAX * sizeof *m->waiting);
    m->waiting[m->waiting_len++] = r;
    if (m->waiting_len == WAITING_MAX)
        flush(m);
    pthread_mutex_unlock(&m->lock);
}

void memo_flush(struct memo *m)
{
    pthread_mutex_lock(&m->lock);
    flush(m);
    pthread_mutex_unlock(&m->lock);
}

void memo_release(struct memo *m)
{
    memo_flush(m);
    table_clear(m);
    free(m->waiting);
    pthread_mutex_destroy(&m->lock);
}
