// SPDX-License-Identifier: Apache-2.0
// Reading the chain of records, in blocks, and telling a torn tail from damage. No locks and no files' names here.
//
// A torn tail is what a crash may leave: the last record is incomplete, or the file ends in zeros. It was never
// acknowledged, so it may be cut off. Everything else is damage, also a last record whose length alone was changed so
// that it seems incomplete: cutting that off would drop what was acknowledged, without a word.
#include "journal/format.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"

enum { BLOCK = 256 * 1024 };

void check_next(const uint8_t previous[CHECK_SIZE], uint8_t type, Str payload, uint8_t out[CHECK_SIZE])
{
    uint8_t head[CHECK_SIZE + 1];
    struct hasher hasher;
    memcpy(head, previous, CHECK_SIZE);
    head[CHECK_SIZE] = type;
    hasher_init(&hasher);
    hasher_update(&hasher, head, sizeof head);
    hasher_update(&hasher, payload.data, payload.len);
    Hash hash = hasher_finish(&hasher);
    memcpy(out, hash.bytes, CHECK_SIZE);
}

void record_head(uint8_t out[RECORD_HEAD], uint32_t len, uint8_t type, const uint8_t check[CHECK_SIZE])
{
    memset(out, 0, RECORD_HEAD);
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(len >> 8 * i);
    out[4] = type;
    memcpy(out + 8, check, CHECK_SIZE);
}

// --- a window over the file

struct window {
    int fd;
    uint8_t *bytes;
    size_t len, cap;
    uint64_t start;                     // offset of bytes[0] in the file
};

// Has `need` bytes from `offset` on in the window: *got of them, fewer at the end of the file.
static const uint8_t *window_at(struct window *w, uint64_t offset, size_t need, size_t *got, struct err *err)
{
    if (offset >= w->start && offset + need <= w->start + w->len) {
        *got = need;
        return w->bytes + (offset - w->start);
    }
    size_t kept = 0;
    if (offset >= w->start && offset < w->start + w->len) {
        kept = (size_t)(w->start + w->len - offset);
        memmove(w->bytes, w->bytes + (offset - w->start), kept);
    }
    w->start = offset;
    w->len = kept;
    if (w->cap < need) {
        w->cap = MAX(need, (size_t)BLOCK);
        w->bytes = xrealloc(w->bytes, w->cap);
    }
    while (w->len < need) {
        ssize_t n = pread(w->fd, w->bytes + w->len, w->cap - w->len, (off_t)(offset + w->len));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            err_errno(err, "reading the journal");
            return NULL;
        }
        if (n == 0)
            break;
        w->len += (size_t)n;
    }
    *got = MIN(w->len, need);
    return w->bytes;
}

// --- the end

static bool has_valid_head(const uint8_t *head)
{
    return record_len(head) <= JOURNAL_RECORD_MAX && !head[5] && !head[6] && !head[7];
}

static bool is_record(const uint8_t *head, const uint8_t previous[CHECK_SIZE], Str payload)
{
    uint8_t check[CHECK_SIZE];
    check_next(previous, head[4], payload, check);
    return memcmp(check, head + 8, CHECK_SIZE) == 0;
}

// At `tail` stands a record that claims to be longer than the file. Is its length alone wrong? Then either it is the
// last one, whole but for that, or a record that continues from its check stands somewhere behind it.
static bool has_wrong_length(const uint8_t *tail, size_t len, const uint8_t previous[CHECK_SIZE])
{
    if (is_record(tail, previous, (Str){ (const char *)tail + RECORD_HEAD, len - RECORD_HEAD }))
        return true;
    const uint8_t *check = tail + 8;
    size_t hashed = 0, most = 8 * len + BLOCK;          // payloads are JSON, so almost no place looks like a head
    for (size_t at = RECORD_HEAD; at + RECORD_HEAD <= len; at++) {
        const uint8_t *head = tail + at;
        size_t size = record_len(head);
        if (head[5] || head[6] || head[7] || size > len - at - RECORD_HEAD)
            continue;
        hashed += size;
        if (hashed > most || is_record(head, check, (Str){ (const char *)head + RECORD_HEAD, size }))
            return true;
    }
    return false;
}

static bool is_zero(const uint8_t *bytes, size_t len)
{
    return len == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0);
}

// SCAN_CLEAN: the file has grown meanwhile, and the record is there now.
static enum scan_end classify(struct window *w, const struct journal_cursor *cursor, struct err *err)
{
    struct stat st;
    if (fstat(w->fd, &st) != 0) {
        err_errno(err, "reading the journal");
        return SCAN_FAILED;
    }
    // An incomplete record is at most this long; more is not needed to see that there is more.
    uint64_t left = (uint64_t)st.st_size > cursor->offset ? (uint64_t)st.st_size - cursor->offset : 0;
    size_t got, need = (size_t)MIN(left, (uint64_t)JOURNAL_RECORD_MAX + RECORD_HEAD);
    const uint8_t *tail = window_at(w, cursor->offset, need, &got, err);
    if (tail == NULL)
        return SCAN_FAILED;
    if (got == left && is_zero(tail, got))
        return SCAN_TORN;
    if (got < RECORD_HEAD)
        return SCAN_TORN;
    size_t size = record_len(tail);
    if (!has_valid_head(tail))
        return SCAN_DAMAGED;
    if (size <= got - RECORD_HEAD)
        return is_record(tail, cursor->check, (Str){ (const char *)tail + RECORD_HEAD, size }) ? SCAN_CLEAN
                                                                                               : SCAN_DAMAGED;
    return has_wrong_length(tail, got, cursor->check) ? SCAN_DAMAGED : SCAN_TORN;
}

// --- the records

static bool is_newer_head(const uint8_t head[HEAD_SIZE])        // "petri journal 2\n", "petri journal 10"
{
    enum { NUMBER = HEAD_SIZE - 2 };
    bool is_two_digits = head[NUMBER + 1] >= '0' && head[NUMBER + 1] <= '9';
    return memcmp(head, JOURNAL_HEAD, NUMBER) == 0 && head[NUMBER] >= (is_two_digits ? '1' : '2') &&
           head[NUMBER] <= '9';
}

static enum scan_end scan_head(struct window *w, struct journal_cursor *cursor, struct err *err)
{
    size_t got;
    const uint8_t *head = window_at(w, 0, HEAD_SIZE, &got, err);
    if (head == NULL)
        return SCAN_FAILED;
    if (got == HEAD_SIZE && memcmp(head, JOURNAL_HEAD, HEAD_SIZE) == 0) {
        *cursor = (struct journal_cursor){ .offset = HEAD_SIZE };
        return SCAN_CLEAN;
    }
    if (memcmp(head, JOURNAL_HEAD, got) == 0 || is_zero(head, got))
        return SCAN_TORN;
    if (got == HEAD_SIZE && is_newer_head(head)) {
        err_set(err, ERR_UNSUPPORTED,
                "the journal was made by a newer Petri than this one (" PETRI_VERSION "), which knows "
                "version 1 of it: use the newer program");
        return SCAN_FAILED;
    }
    return SCAN_DAMAGED;
}

// The record at the cursor, whole and sound, or NULL: *end then says what is there instead.
static const uint8_t *read_record(struct window *w, const struct journal_cursor *cursor, Str *payload,
                                  enum scan_end *end, struct err *err)
{
    size_t got, size;
    *end = SCAN_FAILED;
    const uint8_t *record = window_at(w, cursor->offset, RECORD_HEAD, &got, err);
    if (record == NULL)
        return NULL;
    *end = SCAN_CLEAN;
    if (got == 0)
        return NULL;
    if (got == RECORD_HEAD && has_valid_head(record)) {
        size = record_len(record);
        *end = SCAN_FAILED;
        record = window_at(w, cursor->offset, RECORD_HEAD + size, &got, err);
        if (record == NULL)
            return NULL;
        *payload = (Str){ (const char *)record + RECORD_HEAD, size };
        if (got == RECORD_HEAD + size && is_record(record, cursor->check, *payload))
            return record;
    }
    *end = classify(w, cursor, err);
    return *end == SCAN_CLEAN ? read_record(w, cursor, payload, end, err) : NULL;
}

enum scan_end journal_scan(int fd, struct journal_cursor *cursor, bool (*visit)(void *arg, uint8_t type, Str payload),
                           void *arg, struct err *err)
{
    struct window w = { .fd = fd };
    enum scan_end end = cursor->offset == 0 ? scan_head(&w, cursor, err) : SCAN_CLEAN;
    const uint8_t *record;
    Str payload;
    while (end == SCAN_CLEAN && (record = read_record(&w, cursor, &payload, &end, err)) != NULL) {
        memcpy(cursor->check, record + 8, CHECK_SIZE);
        cursor->offset += RECORD_HEAD + payload.len;
        end = visit && !visit(arg, record[4], payload) ? SCAN_STOPPED : SCAN_CLEAN;
    }
    free(w.bytes);
    return end;
}
