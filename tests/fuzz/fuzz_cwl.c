// SPDX-License-Identifier: Apache-2.0
// Any bytes as a CWL document, and as a job for it: loading and checking must return, whatever they hold. The document is a
// file in memory; what it refers to is looked for beside it and not found, but for itself.
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "lang/cwl/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct diags diags = { .arena = &a };
    int fd = memfd_create("document", MFD_CLOEXEC);
    CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    Str path = str_printf(&a, "/proc/self/fd/%d", fd);
    const struct cwl_document *document = cwl_load(&a, path, &diags);
    CHECK(document || diags.errors > 0);
    Value job, complete, empty = value_map_end(&(struct value_builder){ .arena = &a });
    if (document) {
        size_t before = diags.errors;
        bool good = cwl_check_job(&a, document->process, empty, STR("job"), &complete, &diags);
        CHECK(good == (diags.errors == before));
        for (size_t i = 0; good && i < document->process->input_count; i++) // what is complete fits
            CHECK(cwl_type_accepts(document->process->inputs[i].type, value_get(complete, document->process->inputs[i].id), NULL));
        if (cwl_read_job(&a, path, &job, &diags))
            (void)cwl_check_job(&a, document->process, job, path, &complete, &diags);
    }
    struct strbuf text = { 0 };
    diag_print(&diags, &text);
    strbuf_release(&text);
    close(fd);
    arena_release(&a);
    return 0;
}
