// SPDX-License-Identifier: Apache-2.0
// Any bytes as a result: as a record, and, since no fuzzer guesses a digest, as the JSON inside one. What is read must be
// written and read again as the same.
#include "base/arena.h"
#include "base/err.h"
#include "task/result.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_twice(struct arena *a, Str record)
{
    struct task_result first, second;
    struct err err;
    if (!result_decode(a, record, &first, &err))
        return;
    Str again = result_encode(a, &first);
    CHECK(result_decode(a, again, &second, &err));
    CHECK(str_eq(result_encode(a, &second), again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    Str bytes = { (const char *)data, size };
    read_twice(&a, bytes);
    Str line = str_first(bytes, (size_t)MAX(str_find_char(bytes, '\n'), 0));
    if (line.len == 0)
        line = bytes;
    Str check = hash_text(&a, hash_bytes(line.data, line.len));
    read_twice(&a, str_printf(&a, STR_FMT "\n" STR_FMT "\n", STR_ARG(line), STR_ARG(check)));
    arena_release(&a);
    return 0;
}
