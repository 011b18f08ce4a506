// SPDX-License-Identifier: Apache-2.0
// Reading an npy header must return, whatever the bytes, and what it accepts must fill them exactly.
#include "base/err.h"
#include "model/npy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tensor t;
    struct err err = { 0 };
    if (npy_parse((Str){ (const char *)data, size }, &t, &err)) {
        size_t bytes = (size_t)t.count * tensor_type_bytes(t.type);
        CHECK((const uint8_t *)t.data + bytes == data + size);
    } else {
        CHECK(err.text[0]);
    }
    return 0;
}
