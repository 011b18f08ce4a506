// SPDX-License-Identifier: Apache-2.0
// FASTA, and the qualities beside one.
#include "check_one.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct check_options options = { .kept_per_code = 3 };
    struct arena a = { 0 };
    check_one(&a, data, size, check_fasta, &options);
    check_one(&a, data, size, check_qual, &options);
    arena_release(&a);
    return 0;
}
