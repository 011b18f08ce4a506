// SPDX-License-Identifier: Apache-2.0
// Any bytes as a log of results: every record lies inside of it, one behind the other.
#include "store/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Str bytes = { (const char *)data, size }, rest;
    struct log_record record;
    if (!log_head(bytes, &rest))
        return 0;
    CHECK(rest.len < size);
    for (size_t left = rest.len; log_next(&rest, &record); left = rest.len)
        CHECK(rest.len + record.text.len < left && record.text.data + record.text.len == rest.data);
    return 0;
}
