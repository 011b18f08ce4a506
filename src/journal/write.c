// SPDX-License-Identifier: Apache-2.0
// Queueing records and committing them in batches. What a record means is not known here.
#include "journal/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "sys/file.h"

enum { BUFFER_KEPT = 1 << 20 };         // a larger buffer is given back after its batch

uint64_t journal_epoch(const struct journal *j) { return j->epoch; }
uint64_t journal_batch_last(const struct journal_batch *batch) { return batch->last; }

uint64_t journal_append(struct journal *j, uint8_t type, Str payload)
{
    static const uint8_t no_check[CHECK_SIZE];
    uint8_t head[RECORD_HEAD];
    CHECK(payload.len <= JOURNAL_RECORD_MAX);
    record_head(head, (uint32_t)payload.len, type, no_check);
    CHECK(strbuf_add(&j->queue, (Str){ (const char *)head, sizeof head }) && strbuf_add(&j->queue, payload));
    return ++j->appended;
}

struct journal_batch *journal_take(struct journal *j)
{
    if (j->queue.len == 0 || j->is_taken)
        return NULL;
    struct strbuf free_buffer = j->batch.records;
    j->batch.records = j->queue;
    j->queue = free_buffer;
    j->batch.last = j->appended;
    j->is_taken = true;
    return &j->batch;
}

void journal_done(struct journal *j, struct journal_batch *batch)
{
    CHECK(j->is_taken && batch == &j->batch);
    if (batch->records.cap > BUFFER_KEPT)
        strbuf_release(&batch->records);
    strbuf_clear(&batch->records);
    j->is_taken = false;
}

// --- the writer

static bool is_there(const struct journal *j, uint64_t epoch)
{
    char name[EPOCH_NAME];
    epoch_name(epoch, name);
    return faccessat(j->dir_fd, name, F_OK, 0) == 0;
}

static bool check_fence(const struct journal *j, struct err *err)
{
    if (is_there(j, j->epoch) && !is_there(j, j->epoch + 1))
        return true;
    return err_set(err, ERR_CONFLICT,
                   "%s: another process has taken over this run; this one has lost it and stops (nothing of "
                   "it was written since)",
                   j->dir);
}

static void fill_checks(struct journal_cursor *end, struct strbuf *records)
{
    for (size_t at = 0; at < records->len;) {
        uint8_t *head = (uint8_t *)records->data + at;
        Str payload = { (const char *)head + RECORD_HEAD, record_len(head) };
        check_next(end->check, head[4], payload, end->check);
        memcpy(head + 8, end->check, CHECK_SIZE);
        at += RECORD_HEAD + payload.len;
    }
}

static bool write_at(const struct journal *j, Str bytes, uint64_t offset, struct err *err)
{
    while (bytes.len > 0) {
        ssize_t n = pwrite(j->fd, bytes.data, bytes.len, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(err, "cannot write %s/journal%s", j->dir,
                             errno == ENOSPC || errno == EDQUOT ? " (free some space, then resume the run)" : "");
        bytes = str_from(bytes, (size_t)n);
        offset += (uint64_t)n;
    }
    return true;
}

// The names above a new journal: <home>/runs/<run>/journal.
static bool sync_names(struct journal *j, struct err *err)
{
    Str folder = str_of(j->dir);
    for (int level = 0; level < 3 && folder.len > 1; level++) {
        if (!dir_sync(folder, err))
            return false;
        folder = str_dirname(folder);
    }
    j->is_new = false;
    return true;
}

static bool write_batch(struct journal *j, struct journal_batch *batch, struct err *err)
{
    struct journal_cursor end = j->end;
    fill_checks(&end, &batch->records);
    if (!check_fence(j, err) || !write_at(j, strbuf_str(&batch->records), j->end.offset, err))
        return false;
    if (fdatasync(j->fd) != 0) {
        err_errno(err, "%s/journal could not be made durable (check the disk, then resume the run)", j->dir);
        err->code = ERR_INTERNAL;
        return false;
    }
    if (j->is_new && !sync_names(j, err))
        return false;
    j->end = end;
    j->end.offset += batch->records.len;
    return true;
}

bool journal_write(struct journal *j, struct journal_batch *batch, struct err *err)
{
    CHECK(j->is_taken && batch == &j->batch);
    if (j->is_failed)
        return err_set(err, ERR_INTERNAL, "the journal takes nothing more after: %s", j->failed_text);
    if (write_batch(j, batch, err))
        return true;
    j->is_failed = true;
    memcpy(j->failed_text, err->text, sizeof j->failed_text);
    return false;
}

bool journal_commit(struct journal *j, struct err *err)
{
    CHECK(!j->is_taken);
    struct journal_batch *batch = journal_take(j);
    if (batch == NULL)
        return true;
    bool ok = journal_write(j, batch, err);
    journal_done(j, batch);
    return ok;
}
