// SPDX-License-Identifier: Apache-2.0
// VCF: header and records of every version.
#include "check_one.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct check_options options = { .kept_per_code = 3 };
    struct arena a = { 0 };
    check_one(&a, data, size, check_vcf, &options);
    arena_release(&a);
    return 0;
}
