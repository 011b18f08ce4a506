// SPDX-License-Identifier: Apache-2.0
// What comes from other programs and other people about containers: lock files, engines' descriptions of images, helpers' reports. Whatever
// the bytes: an end without a crash, and what a lock file says is written and read again as the same.
#include "base/arena.h"
#include "exec/container/box.h"
#include "exec/container/images.h"
#include "exec/container/inspect.h"
#include "value/diag.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct diags diags = { .arena = &a }, again = { .arena = &a };
    struct source source = { .name = STR("lock"), .text = { (const char *)data, size } };
    struct image_lock lock, back;
    struct image image;
    struct err err;
    if (lock_parse(&a, &source, &lock, &diags)) {
        struct source second = { .name = STR("lock"), .text = lock_text(&a, &lock) };
        CHECK(lock_parse(&a, &second, &back, &again) && back.count == lock.count);
        CHECK(str_eq(lock_text(&a, &back), second.text));
    }
    if (inspect_read(&a, source.text, STR("docker.io/library/debian"), &image, &err))
        CHECK(image_id_is_valid(image.id));
    struct box_report r = box_report_read(source.text);
    CHECK(r.failure >= 0 && r.number >= 0 && r.number <= 255 && r.peak_bytes >= -1);
    if (size < 4096)
        CHECK(image_full_name(&a, source.text).len > 0);
    arena_release(&a);
    return 0;
}
