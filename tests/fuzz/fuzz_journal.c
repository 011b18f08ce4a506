// SPDX-License-Identifier: Apache-2.0
// Any bytes as a run's journal: journal_read() must return, and what it gives out must be a chain of sound records.
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/str.h"
#include "journal/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[] = "/tmp/petri-fuzz-XXXXXX", journal[64];

static void remove_folder(void)
{
    unlink(journal);
    rmdir(folder);
}

static bool count_record(void *arg, uint8_t type, Str payload)
{
    (void)type;
    *(size_t *)arg += 24 + payload.len;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (journal[0] == '\0') {
        CHECK(mkdtemp(folder));
        snprintf(journal, sizeof journal, "%s/journal", folder);
        atexit(remove_folder);
    }
    int fd = open(journal, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    close(fd);
    struct journal_cursor cursor = { 0 };
    struct err err;
    size_t bytes = 0;
    char end[128];
    if (journal_read(str_of(folder), &cursor, count_record, &bytes, end, &err))
        CHECK(cursor.offset <= size && (cursor.offset == 0 || cursor.offset == 16 + bytes));
    return 0;
}
