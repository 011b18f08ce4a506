// SPDX-License-Identifier: Apache-2.0
// Sample sheets, as CSV and TSV.
#include "check_one.h"

static void check_as_sheet(struct check_file *f)
{
    struct sheet sheet = { 0 };
    check_sheet(f, &sheet);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct check_options options = { .kept_per_code = 3 };
    struct arena a = { 0 };
    check_one(&a, data, size, check_as_sheet, &options);
    arena_release(&a);
    return 0;
}
