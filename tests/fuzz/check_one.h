// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the fuzz targets of src/bio share: a text goes through the check of one format, which must return, with faults that can be
// shown and counted.
#include "base/arena.h"
#include "bio/check_kinds.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// The file that was checked: its faults and facts live in `a`.
static inline struct check_file *check_one(struct arena *a, const uint8_t *data, size_t size, void (*check)(struct check_file *f),
                                           const struct check_options *options)
{
    struct check_file *f = NEW(a, struct check_file);
    char *text = xmalloc(size);                         // exact, so that a byte read beyond it is seen
    if (size)
        memcpy(text, data, size);
    *f = (struct check_file){ .arena = a, .options = options, .path = STR("fuzz"), .facts = value_map_begin(a),
                              .faults = { .arena = a, .kept_per_code = 3 } };
    window_open_text(&f->window, text, size);
    check(f);
    struct strbuf shown = { 0 };
    faults_print(&f->faults, f->path, &shown);
    strbuf_release(&shown);
    CHECK(value_len(faults_value(&f->faults, a)) <= (size_t)(f->faults.errors + f->faults.warnings));
    window_close(&f->window);
    free(text);
    return f;
}
