// SPDX-License-Identifier: Apache-2.0
// Reading a journal, also one that grows meanwhile: no lock, no write permission, bounded memory.
#include "journal/format.h"

#include <fcntl.h>
#include <unistd.h>

#include "sys/file.h"
#include "base/arena.h"

enum { END_SIZE = 128 };

// With a live writer, what is not complete is not there yet. Only a bad record with something behind it is damage.
static bool may_be_growing(int fd, const struct journal_cursor *cursor, enum scan_end end)
{
    uint8_t head[RECORD_HEAD];
    struct stat st;
    if (end == SCAN_TORN)
        return true;
    if (fstat(fd, &st) != 0 || pread(fd, head, sizeof head, (off_t)cursor->offset) != sizeof head)
        return true;
    return cursor->offset + RECORD_HEAD + record_len(head) >= (uint64_t)st.st_size && cursor->offset > 0;
}

static void tell_end(const struct journal_cursor *cursor, enum scan_end end, char text[END_SIZE])
{
    unsigned long long offset = cursor->offset;
    if (end == SCAN_TORN)
        snprintf(text, END_SIZE,
                 "incomplete last record at byte %llu (its writer was stopped; it was never acknowledged)", offset);
    else if (end == SCAN_DAMAGED)
        snprintf(text, END_SIZE, "damaged at byte %llu: what follows can't be read", offset);
}

static bool read_open(int fd, Str dir, struct journal_cursor *cursor,
                      bool (*visit)(void *arg, uint8_t type, Str payload), void *arg, char text[END_SIZE],
                      struct err *err)
{
    char owner[128];
    struct stat st;
    if (fstat(fd, &st) != 0)
        return err_errno(err, STR_FMT "/journal", STR_ARG(dir));
    if ((uint64_t)st.st_size < cursor->offset) {
        snprintf(text, END_SIZE, "damaged: shorter than the %llu bytes read before",
                 (unsigned long long)cursor->offset);
        return true;
    }
    if (st.st_size == 0)
        return true;
    enum scan_end end = journal_scan(fd, cursor, visit, arg, err);
    if (end == SCAN_TORN || end == SCAN_DAMAGED) {
        bool is_live = journal_is_live(dir, owner);
        if (!is_live)                                   // its writer may have finished and gone since
            end = journal_scan(fd, cursor, visit, arg, err);
        else if (may_be_growing(fd, cursor, end))
            end = SCAN_CLEAN;
    }
    tell_end(cursor, end, text);
    return end != SCAN_FAILED || err_wrap(err, STR_FMT "/journal", STR_ARG(dir));
}

bool journal_read(Str dir, struct journal_cursor *cursor, bool (*visit)(void *arg, uint8_t type, Str payload),
                  void *arg, char end[END_SIZE], struct err *err)
{
    struct arena scratch = { 0 };
    end[0] = '\0';
    Str path = str_join_path(&scratch, dir, STR("journal"));
    int fd = open(str_z(&scratch, path), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    bool ok = fd >= 0 || err_errno(err, "cannot read " STR_FMT, STR_ARG(path));
    ok = ok && read_open(fd, dir, cursor, visit, arg, end, err);
    if (fd >= 0)
        close(fd);
    arena_release(&scratch);
    return ok;
}
