// SPDX-License-Identifier: Apache-2.0
// Any bytes as a job, that is, the file of inputs of a run, for a tool that has inputs of every type: reading and checking it must
// return, whatever they hold, and what passes fits the types.
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "lang/cwl/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char document[] =
    "cwlVersion: v1.2\nclass: CommandLineTool\nbaseCommand: 'true'\noutputs: []\nrequirements: {SchemaDefRequirement: {types: ["
    "{name: pair, type: record, fields: {r1: File, r2: 'File?'}}]}}\ninputs:\n"
    "  flag: boolean?\n  n: int?\n  big: long?\n  x: double?\n  s: string?\n  f: {type: 'File?', secondaryFiles: ['.bai?', '^.idx?']}\n"
    "  d: Directory?\n  many: {type: ['null', {type: array, items: [File, string, int]}]}\n  any: Any?\n  e: {type: ['null', {type: enum, symbols: [a, b]}]}\n"
    "  rec: {type: ['null', {type: record, fields: {a: int, b: {type: {type: array, items: string}}}}]}\n  reads: ['null', '#pair']\n"
    "  deep: {type: ['null', {type: array, items: {type: array, items: int}}]}\n  with_default: {type: int, default: 3}\n";

static int file_of(const char *name, const void *bytes, size_t size)
{
    int fd = memfd_create(name, MFD_CLOEXEC);
    CHECK(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
    return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct diags diags = { .arena = &a };
    int tool = file_of("tool", document, sizeof document - 1), job = file_of("job", data, size);
    const struct cwl_document *loaded = cwl_load(&a, str_printf(&a, "/proc/self/fd/%d", tool), &diags);
    CHECK(loaded && diags.errors == 0);
    Str path = str_printf(&a, "/proc/self/fd/%d", job);
    Value given, complete;
    bool was_read = cwl_read_job(&a, path, &given, &diags);
    CHECK(was_read || diags.errors > 0);
    bool good = was_read && cwl_check_job(&a, loaded->process, given, path, &complete, &diags);
    CHECK(!was_read || good == (diags.errors == 0));
    for (size_t i = 0; good && i < loaded->process->input_count; i++)
        CHECK(cwl_type_accepts(loaded->process->inputs[i].type, value_get(complete, loaded->process->inputs[i].id), NULL));
    struct strbuf text = { 0 };
    diag_print(&diags, &text);
    strbuf_release(&text);
    close(tool);
    close(job);
    arena_release(&a);
    return 0;
}
