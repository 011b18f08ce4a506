// SPDX-License-Identifier: Apache-2.0
// FASTQ, alone and with itself as its mate: as many records are read both ways, and a file is no mate of itself.
#include "check_one.h"

static void check_alone(struct check_file *f) { check_fastq(f, NULL); }

static void check_with_itself(struct check_file *f)
{
    struct check_file mate = *f;
    char *text = xmalloc(f->window.len + 1);
    memcpy(text, f->window.data, f->window.len);
    mate.facts = value_map_begin(f->arena);
    window_open_text(&mate.window, text, f->window.len);
    check_fastq(f, &mate);
    f->faults.errors += mate.faults.errors;
    window_close(&mate.window);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct check_options options = { .kept_per_code = 3 };
    struct arena a = { 0 };
    struct check_file *f = check_one(&a, data, size, check_alone, &options);
    int64_t reads = value_get_int(value_map_end(&f->facts), STR("reads"), -1);
    f = check_one(&a, data, size, check_with_itself, &options);
    CHECK(value_get_int(value_map_end(&f->facts), STR("reads"), -1) == reads);
    CHECK(reads == 0 || f->faults.errors > 0);
    arena_release(&a);
    return 0;
}
