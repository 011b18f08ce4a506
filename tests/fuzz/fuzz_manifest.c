// SPDX-License-Identifier: Apache-2.0
// Any bytes as a manifest: it must return, and no path of an output that it lets through may lead out of its folder.
#include "base/arena.h"
#include "view/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_output(Str path)
{
    CHECK(path.len > 0 && path.data[0] != '/' && !str_has(path, '\0'));
    for (Str rest = path; rest.data;) {
        Str part = str_cut(&rest, '/');
        CHECK(part.len > 0 && !str_is(part, "..") && !str_is(part, "."));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct diags diags = { .arena = &a };
    struct source source = { .name = STR("manifest.json"), .text = { (const char *)data, size } };
    struct manifest m;
    if (manifest_read(&a, &source, &m, &diags))
        for (size_t i = 0; i < m.files.len; i++)
            if (m.files.at[i].section == MANIFEST_OUTPUTS)
                check_output(m.files.at[i].path);
    arena_release(&a);
    return 0;
}
