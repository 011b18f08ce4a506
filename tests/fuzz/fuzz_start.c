// SPDX-License-Identifier: Apache-2.0
// Any bytes as the description of an attempt, as what a process said of its end, and as the settings of a sandbox. Nothing is
// started; the first byte says which.
#include <fcntl.h>
#include <unistd.h>

#include "exec/birth.h"
#include "exec/shown.h"
#include "exec/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void describe(struct arena *a, Str bytes)
{
    struct start start;
    enum wire_type type;
    Str payload;
    size_t used;
    if (start_decode_head(a, bytes, &start))
        CHECK(start_localize(a, start.label, STR("/F")).data != NULL || start.label.len == 0);
    if (start_decode(a, bytes, &start))
        for (size_t i = 0; i < start.argc; i++)
            start_localize(a, start.argv[i], STR("/F"));
    if (wire_next(bytes, &type, &payload, &used) == 1)
        CHECK(used <= bytes.len);
}

static void report(Str bytes)
{
    struct birth_report got;
    int fd[2];
    CHECK(pipe2(fd, O_CLOEXEC | O_NONBLOCK) == 0);
    CHECK(write(fd[1], bytes.data, MIN(bytes.len, (size_t)4096)) >= 0);
    birth_read(fd[0], &got);
    CHECK(memchr(got.err.text, '\0', sizeof got.err.text) && memchr(got.hidden, '\0', sizeof got.hidden));
    close(fd[0]), close(fd[1]);
}

static void settings(struct arena *a, Str text)
{
    struct task_spec spec = { 0 };
    struct attempt attempt = { .spec = &spec };
    struct sandbox_settings all = { .secrets = text, .paths = text, .environment = text };
    struct sandbox_settings one = { .paths = text };
    struct shown none = { 0 };
    struct sandbox out;
    struct err err;
    if (sandbox_choose(a, &all, &attempt, &out, &err))
        CHECK(out.secret_count == 0 || out.secrets[0].name.len > 0);
    if (sandbox_choose(a, &one, &attempt, &out, &err))
        for (size_t i = 0; i < out.path_count; i++)
            CHECK(out.paths[i].data[0] == '/' && out.paths[i].len > 1);
    shown_find_missing(a, &none, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    if (size < 1)
        return 0;
    Str bytes = { (const char *)data + 1, size - 1 };
    switch (data[0] % 3) {
    case 0: describe(&a, bytes); break;
    case 1: report(bytes); break;
    default: settings(&a, bytes); break;
    }
    arena_release(&a);
    return 0;
}
