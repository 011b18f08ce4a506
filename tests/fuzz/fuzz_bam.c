// SPDX-License-Identifier: Apache-2.0
// BAM unpacked, and the layout of CRAM.
#include "check_one.h"
#include "bio/cram.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct check_options options = { .kept_per_code = 3 };
    struct arena a = { 0 };
    check_one(&a, data, size, check_bam, &options);
    char *text = xmalloc(size);
    struct window w;
    struct cram_layout layout;
    struct err err;
    memcpy(text, data, size);
    window_open_text(&w, text, size);
    if (cram_walk(&w, &layout, &err))
        CHECK(layout.containers > 0);
    window_close(&w);
    free(text);
    arena_release(&a);
    return 0;
}
