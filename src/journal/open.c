// SPDX-License-Identifier: Apache-2.0
// Becoming the one writer of a journal: lock, epoch, and what is to be done about the end that the last writer left.
// Records are written in write.c.
#include "journal/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "sys/file.h"
#include "sys/lock.h"
#include "sys/machine.h"

enum { OWNER_MAX_BYTES = 1024 };

// --- who writes it

static bool read_owner(struct arena *a, Str dir, Str *pid, Str *host, Str *since)
{
    struct err ignored;
    Str text;
    if (!file_read(a, str_join_path(a, dir, STR("owner")), OWNER_MAX_BYTES, &text, &ignored))
        return false;
    Str *const fields[] = { pid, host, since };
    static const Str names[] = { STR_CONST("pid "), STR_CONST("host "), STR_CONST("since ") };
    for (size_t i = 0; i < LEN(fields); i++) {
        Str line = str_cut(&text, '\n');
        if (!str_starts(line, names[i]))
            return false;
        *fields[i] = str_from(line, names[i].len);
    }
    return true;
}

// For people alone, so never synced.
static void write_owner(struct journal *j, struct arena *a)
{
    char when[TIME_TEXT];
    time_text(time_now(), when);
    Str text = str_printf(a, "pid %ld\nhost " STR_FMT "\nsince %s\n", (long)getpid(), STR_ARG(machine_host()), when);
    int fd = openat(j->dir_fd, "owner", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0)
        return;
    if (pwrite(fd, text.data, text.len, 0) != (ssize_t)text.len || ftruncate(fd, (off_t)text.len) != 0)
        LOG(LOG_WARN, "cannot write %s/owner", j->dir);
    close(fd);
}

static bool in_use(struct arena *a, Str dir, struct err *err)
{
    Str pid, host, since, run = str_basename(dir);
    if (!read_owner(a, dir, &pid, &host, &since))
        return err_set(err, ERR_CONFLICT, "run " STR_FMT " is in use by another process", STR_ARG(run));
    return err_set(err, ERR_CONFLICT, "run " STR_FMT " is in use by process " STR_FMT " on " STR_FMT " since " STR_FMT,
                   STR_ARG(run), STR_ARG(pid), STR_ARG(host), STR_ARG(since));
}

bool journal_is_live(Str dir, char owner[128])
{
    struct arena scratch = { 0 };
    Str pid = STR("?"), host = STR("?"), since;
    bool is_live = lock_is_held(str_join_path(&scratch, dir, STR("lock")));
    owner[0] = '\0';
    if (is_live) {
        read_owner(&scratch, dir, &pid, &host, &since);
        snprintf(owner, 128, STR_FMT "@" STR_FMT, STR_ARG(pid), STR_ARG(host));
    }
    arena_release(&scratch);
    return is_live;
}

// --- the epoch

static bool epoch_of(Str name, int64_t *epoch)
{
    static const Str head = STR_CONST("epoch-");
    return str_starts(name, head) && str_to_int(str_from(name, head.len), epoch) && *epoch > 0 && *epoch < INT64_MAX;
}

void epoch_name(uint64_t epoch, char out[EPOCH_NAME])
{
    snprintf(out, EPOCH_NAME, "epoch-%llu", (unsigned long long)epoch);
}

// Without overwrite. A second name for the last epoch's file is cheaper than a new file, where names can be given.
static int make_epoch(struct journal *j, int64_t last)
{
    char before[EPOCH_NAME], name[EPOCH_NAME];
    epoch_name((uint64_t)last, before);
    epoch_name(j->epoch, name);
    if (last > 0 && linkat(j->dir_fd, before, j->dir_fd, name, 0) == 0)
        return 0;
    if (last > 0 && errno == EEXIST)
        return -1;
    int fd = openat(j->dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    return fd < 0 ? -1 : close(fd);
}

// Ours is made before the older ones go: a writer that wakes up finds either ours there or its own gone.
static bool raise_epoch(struct journal *j, struct arena *a, struct err *err)
{
    Str *names, dir = str_of(j->dir);
    size_t count;
    int64_t epoch, last = 0;
    if (!dir_list(a, dir, &names, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (epoch_of(names[i], &epoch))
            last = MAX(last, epoch);
    j->epoch = (uint64_t)last + 1;
    if (make_epoch(j, last) != 0)
        return errno == EEXIST
                   ? in_use(a, dir, err)
                   : err_errno(err, "cannot make the epoch file in %s (may it be written, is there space?)", j->dir);
    for (size_t i = 0; i < count; i++)
        if (epoch_of(names[i], &epoch))
            unlinkat(j->dir_fd, names[i].data, 0);
    return true;
}

// --- the end that the last writer left

static bool copy_prefix(struct journal *j, const char *temp, struct err *err)
{
    int to = openat(j->dir_fd, temp, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (to < 0)
        return err_errno(err, "cannot make %s/%s", j->dir, temp);
    char *block = xmalloc(256 * 1024);
    uint64_t at = 0;
    bool ok = true;
    while (ok && at < j->end.offset) {
        ssize_t n = pread(j->fd, block, MIN((size_t)256 * 1024, j->end.offset - at), (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        ok = n > 0 ? fd_write_all(to, block, (size_t)n, err) : err_errno(err, "reading %s/journal", j->dir);
        at += ok ? (uint64_t)n : 0;
    }
    free(block);
    if (ok && fsync(to) != 0)
        ok = err_errno(err, "cannot sync %s/%s", j->dir, temp);
    if (!ok) {
        close(to);
        return false;
    }
    close(j->fd);
    j->fd = to;
    return true;
}

enum { ASIDE_NAMES = 1000 };

// A name that no other has: two may be set aside in one millisecond. A link, so that there is always a journal; where the filesystem
// has none, it is moved.
static bool name_aside(struct journal *j, struct arena *a, Str *aside, struct err *err)
{
    char when[TIME_TEXT];
    time_text(time_now(), when);
    *aside = str_printf(a, "journal.damaged-%s", when);
    for (int i = 2; i <= ASIDE_NAMES; i++) {
        bool is_free = faccessat(j->dir_fd, aside->data, F_OK, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT;
        if (is_free && (linkat(j->dir_fd, "journal", j->dir_fd, aside->data, 0) == 0 || renameat(j->dir_fd, "journal", j->dir_fd, aside->data) == 0))
            return true;
        if (is_free)
            break;
        *aside = str_printf(a, "journal.damaged-%s-%d", when, i);
    }
    return err_errno(err, "cannot set %s/journal aside", j->dir);
}

// The sound prefix goes on under the old name; the damaged file keeps all its bytes under another.
static bool set_aside(struct journal *j, struct arena *a, Str *damage, struct err *err)
{
    static const char temp[] = ".tmp-journal";
    Str aside;
    if (!copy_prefix(j, temp, err) || !name_aside(j, a, &aside, err))
        return false;
    if (renameat(j->dir_fd, temp, j->dir_fd, "journal") != 0 || fsync(j->dir_fd) != 0)
        return err_errno(err, "cannot put a sound %s/journal in place", j->dir);
    *damage = str_printf(a,
                         "the journal was damaged behind byte %llu: it was set aside as %s/" STR_FMT
                         ", and the run goes on "
                         "from its sound part",
                         (unsigned long long)j->end.offset, j->dir, STR_ARG(aside));
    LOG(LOG_WARN, "%s", damage->data);
    return true;
}

static bool read_to_end(struct journal *j, struct arena *a, Str *damage, struct err *err)
{
    // Pages that an earlier writer failed to sync look clean and are not on disk: what counts is on disk.
    posix_fadvise(j->fd, 0, 0, POSIX_FADV_DONTNEED);
    enum scan_end end = journal_scan(j->fd, &j->end, NULL, NULL, err);
    if (end == SCAN_FAILED)
        return err_wrap(err, "%s/journal", j->dir);
    if (end == SCAN_DAMAGED && !set_aside(j, a, damage, err))
        return false;
    if (end == SCAN_TORN && ftruncate(j->fd, (off_t)j->end.offset) != 0)
        return err_errno(err, "cannot cut the incomplete end off %s/journal", j->dir);
    if (j->end.offset > 0)
        return true;
    j->is_new = true;
    j->end.offset = HEAD_SIZE;
    return (lseek(j->fd, 0, SEEK_SET) == 0 && fd_write_all(j->fd, JOURNAL_HEAD, HEAD_SIZE, err)) || err_wrap(err, "%s/journal", j->dir);
}

// --- the door

static bool open_locked(struct journal *j, struct arena *scratch, struct arena *a, Str *damage, struct err *err)
{
    j->dir_fd = open(j->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (j->dir_fd < 0)
        return err_errno(err, "cannot open %s", j->dir);
    j->fd = openat(j->dir_fd, "journal", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (j->fd < 0)
        return err_errno(err, "cannot open %s/journal", j->dir);
    if (!raise_epoch(j, scratch, err))
        return false;
    write_owner(j, scratch);
    return read_to_end(j, a, damage, err);
}

struct journal *journal_open(struct arena *a, Str dir, Str *damage, struct err *err)
{
    struct arena scratch = { 0 };
    Str ignored;
    struct journal *j = xcalloc(1, sizeof *j);
    j->lock_fd = j->dir_fd = j->fd = -1;
    j->queue.limit = j->batch.records.limit = SIZE_MAX / 4;
    Str absolute = path_absolute(&scratch, dir);
    j->dir = xstrdup(str_z(&scratch, absolute));
    damage = damage ? damage : &ignored;
    *damage = (Str){ 0 };
    bool ok = dir_make_all(absolute, err);
    if (ok && !lock_take(str_join_path(&scratch, absolute, STR("lock")), &j->lock_fd, err))
        ok = err->code == ERR_CONFLICT ? in_use(&scratch, absolute, err) : false;
    ok = ok && open_locked(j, &scratch, a, damage, err);
    arena_release(&scratch);
    if (ok)
        return j;
    journal_close(j);
    return NULL;
}

void journal_close(struct journal *j)
{
    if (j == NULL)
        return;
    const int fds[] = { j->fd, j->dir_fd, j->lock_fd };         // the lock goes last
    for (size_t i = 0; i < LEN(fds); i++)
        if (fds[i] >= 0)
            close(fds[i]);
    strbuf_release(&j->queue);
    strbuf_release(&j->batch.records);
    free(j->dir);
    free(j);
}
