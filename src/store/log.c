// SPDX-License-Identifier: Apache-2.0
// The log of results whose files are not synced one by one, and what is made of one that a crash left.
#include "store/log.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/log.h"
#include "store/inside.h"
#include "sys/file.h"
#include "sys/lock.h"
#include "task/result.h"

#define LOG_FOLDER "unsynced"
#define LOG_MAX_BYTES ((int64_t)1 << 30)
static const char head_line[] = "petri results 1\n";
enum { RECORD_MARK = 0x53455250, FLAG_REPLACES = 1, RECORD_HEAD = 12 + 32 };    // "PRES"
enum { SETTLE_BYTES = 32 << 20 };       // so large: about 40,000 results

// --- reading

static uint32_t get_u32(const char *at)
{
    const unsigned char *b = (const unsigned char *)at;
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

bool log_head(Str bytes, Str *rest)
{
    *rest = str_from(bytes, sizeof head_line - 1);
    return str_starts(bytes, str_of(head_line));
}

// What is left of a log whose maker died while it wrote the first line.
static bool is_cut_head(Str bytes)
{
    return bytes.len < sizeof head_line - 1 && str_starts(str_of(head_line), bytes);
}

bool log_next(Str *rest, struct log_record *out)
{
    if (rest->len < RECORD_HEAD || get_u32(rest->data) != RECORD_MARK)
        return false;
    size_t len = get_u32(rest->data + 8);
    if (rest->len - RECORD_HEAD < len)
        return false;
    out->replaces = get_u32(rest->data + 4) & FLAG_REPLACES;
    memcpy(out->key.bytes, rest->data + 12, sizeof out->key.bytes);
    out->text = str_first(str_from(*rest, RECORD_HEAD), len);
    *rest = str_from(*rest, RECORD_HEAD + len);
    return true;
}

// --- writing

static void add_u32(struct strbuf *b, uint32_t v)
{
    char bytes[4] = { (char)v, (char)(v >> 8), (char)(v >> 16), (char)(v >> 24) };
    strbuf_add(b, (Str){ bytes, sizeof bytes });
}

// Another process that opens the store may find the file before it is locked, and take it for one that a crash left.
static bool take_new(struct store *s, struct arena *scratch, int *fd, struct err *err)
{
    for (int attempt = 0; attempt < 100; attempt++) {
        snprintf(s->log.name, sizeof s->log.name, LOG_FOLDER "/%016llx-%llu", (unsigned long long)s->token,
                 (unsigned long long)atomic_fetch_add(&s->temp_count, 1));
        if (lock_take(str_printf(scratch, "%s/%s", s->root, s->log.name), fd, err))
            return true;
        if (err->code != ERR_CONFLICT)
            break;
    }
    return false;
}

static bool log_open(struct store *s, struct err *err)
{
    struct result_log *log = &s->log;
    struct arena scratch = { 0 };
    bool is_new = mkdirat(s->fd, LOG_FOLDER, 0777) == 0;
    if (!is_new && errno != EEXIST)
        return write_failed(s, LOG_FOLDER, err);
    Str head = str_of(head_line);
    int fd = -1;
    bool ok = take_new(s, &scratch, &fd, err) && write_all(s, fd, log->name, head, err) && sync_folder(s, LOG_FOLDER, err)
        && (!is_new || sync_folder(s, ".", err));
    if (ok)
        log->fd = fd, log->size = (off_t)head.len, log->is_needed = false;
    else if (fd >= 0)
        unlinkat(s->fd, log->name, 0), close(fd);
    arena_release(&scratch);
    return ok;
}

bool log_append(struct store *s, struct pending *const *at, size_t count, struct err *err)
{
    struct result_log *log = &s->log;
    struct strbuf b = { 0 };
    if (log->fd == 0 && !log_open(s, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (at[i]->is_dropped)
            continue;
        add_u32(&b, RECORD_MARK);
        add_u32(&b, at[i]->replace ? FLAG_REPLACES : 0);
        add_u32(&b, (uint32_t)at[i]->text.len);
        strbuf_add(&b, (Str){ (const char *)at[i]->key.bytes, sizeof at[i]->key.bytes });
        strbuf_add(&b, at[i]->text);
    }
    bool ok = write_all(s, log->fd, log->name, strbuf_str(&b), err);
    if (ok && fsync(log->fd) != 0)
        ok = sync_failed(s, log->name, err);
    else if (ok)
        log->size += (off_t)b.len;
    else if (ftruncate(log->fd, log->size) != 0 || lseek(log->fd, log->size, SEEK_SET) < 0)
        sync_failed(s, log->name, err); // what comes behind half a record would never be read
    strbuf_release(&b);
    return ok;
}

bool log_is_full(const struct result_log *log) { return log->size >= SETTLE_BYTES; }

static bool sync_files(struct store *s, struct err *err) { return syncfs(s->fd) == 0 || sync_failed(s, kind_folders[KIND_RESULT], err); }

bool log_settle(struct store *s, struct err *err)
{
    struct result_log *log = &s->log;
    if (log->fd == 0)
        return true;
    bool ok = sync_files(s, err);
    if (ok && !log->is_needed)
        unlinkat(s->fd, log->name, 0);
    close(log->fd);
    log->fd = 0;
    return ok;
}

void log_leave(struct store *s)
{
    if (s->log.fd > 0)
        close(s->log.fd);
    s->log.fd = 0;
}

// --- what a crash left

struct recovery {
    struct store *s;
    bool is_failed;
    size_t restored;
};

static bool has_text(struct store *s, const char *name, Str text)
{
    struct arena scratch = { 0 };
    struct err ignored;
    Str there, path = str_printf(&scratch, "%s/%s", s->root, name);
    bool same = file_read(&scratch, path, (int64_t)text.len + 1, &there, &ignored) && str_eq(there, text);
    arena_release(&scratch);
    return same;
}

// A name alone says nothing: without a reboot too a filesystem may have lost what was not synced (a disk that was unplugged or failed and
// was mounted again, a file server that started anew).
static bool is_there(struct recovery *r, const struct log_record *record, const char *name)
{
    struct task_result found;
    struct stat st;
    struct err ignored;
    if (record->replaces)
        return has_text(r->s, name, record->text);
    struct arena scratch = { 0 };
    bool ok = result_read(r->s, name, record->key, &scratch, &found, &st, &ignored) || ignored.code == ERR_UNSUPPORTED;
    arena_release(&scratch);
    return ok;
}

static bool is_sound(const struct log_record *record)
{
    struct arena scratch = { 0 };
    struct task_result r;
    struct err ignored;
    bool ok = result_decode(&scratch, record->text, &r, &ignored) && hash_eq(r.key, record->key);
    arena_release(&scratch);
    return ok;
}

static void restore(struct recovery *r, const struct log_record *record)
{
    char name[NAME_SIZE];
    struct err err;
    name_of(KIND_RESULT, record->key, name);
    if (is_there(r, record, name))
        return;
    if (result_write(r->s, record->key, record->text, NULL, &err)) {
        r->restored++;
        return;
    }
    r->is_failed = true;
    LOG(LOG_WARN, "a result that a crash left could not be restored: %s", err.text);
}

static void recover_log(struct store *s, Str path)
{
    struct arena scratch = { 0 };
    struct err err;
    struct log_record record;
    Str bytes, rest;
    int fd;
    if (!lock_take(path, &fd, &err))    // its store lives; or it is another user's
        return;
    struct recovery r = { .s = s };
    if (!file_read(&scratch, path, LOG_MAX_BYTES, &bytes, &err)) {
        r.is_failed = true;
        LOG(LOG_WARN, "%s", err.text);
    } else if (log_head(bytes, &rest)) {
        while (log_next(&rest, &record) && is_sound(&record))
            restore(&r, &record);
    } else if (!is_cut_head(bytes)) {   // of a newer version, or damaged: not ours to remove
        r.is_failed = true;
        LOG(LOG_WARN, STR_FMT " is no log of results that this Petri knows: it stays", STR_ARG(path));
    }
    if (!r.is_failed && sync_files(s, &err))
        unlink(path.data);
    if (r.restored)
        LOG(LOG_INFO, "%zu results of a run that was cut off were restored", r.restored);
    close(fd);
    arena_release(&scratch);
}

void log_recover(struct store *s)
{
    struct arena scratch = { 0 };
    struct err ignored;
    Str *names, folder = str_printf(&scratch, "%s/" LOG_FOLDER, s->root);
    size_t count;
    if (faccessat(s->fd, LOG_FOLDER, F_OK, 0) == 0 && dir_list(&scratch, folder, &names, &count, &ignored))
        for (size_t i = 0; i < count; i++)
            recover_log(s, str_join_path(&scratch, folder, names[i]));
    arena_release(&scratch);
}
