// SPDX-License-Identifier: Apache-2.0
// Reading a safetensors file must return, whatever the bytes, and what it accepts must lie inside of them.
#include "base/arena.h"
#include "model/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct safetensors s;
    struct err err = { 0 };
    if (safetensors_parse(&a, (Str){ (const char *)data, size }, &s, &err)) {
        uint64_t sum = 0, all = 0;
        for (size_t i = 0; i < s.count; i++) {
            const struct tensor *t = &s.tensors[i];
            size_t bytes = (size_t)t->count * tensor_type_bytes(t->type);
            for (size_t k = 0; k < bytes; k++)
                sum += ((const uint8_t *)t->data)[k];   // the sanitizer sees a byte outside
            all += bytes;
            CHECK(safetensors_find(&s, t->name) == t);
        }
        CHECK(all <= size && sum <= 255 * all);
    } else {
        CHECK(err.text[0]);
    }
    arena_release(&a);
    return 0;
}
