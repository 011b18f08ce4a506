// SPDX-License-Identifier: Apache-2.0
#pragma once
// The writer's state, shared by open.c and write.c.
#include "base/arena.h"
#include "journal/format.h"

struct journal_batch {
    struct strbuf records;              // heads without their checks: those are filled in when it is written
    uint64_t last;
};
struct journal {
    char *dir;
    int dir_fd, lock_fd;
    uint64_t epoch;

    // The loop thread's:
    struct strbuf queue;
    uint64_t appended;
    bool is_taken;                      // `batch` is with a writer

    // The writer's, while a batch is taken:
    struct journal_batch batch;
    int fd;
    struct journal_cursor end;          // behind the last record written
    bool is_new;                        // its name, and its folder's, were never synced
    bool is_failed;
    char failed_text[1024];
};

enum { EPOCH_NAME = 32 };
void epoch_name(uint64_t epoch, char out[EPOCH_NAME]);  // of the file that fences: "epoch-N"
