// SPDX-License-Identifier: Apache-2.0
#include "cwl_files.h"

#include "base/arena.h"
#include "base/err.h"
#include "sys/file.h"

struct arena cwl_arena;
struct diags cwl_diags = { .arena = &cwl_arena };

__attribute__((destructor)) static void release(void) { arena_release(&cwl_arena); }

Str cwl_write(const char *name, const char *text)
{
    struct err err;
    Str path = str_join_path(&cwl_arena, str_of(test_dir()), str_of(name));
    EXPECT_OK(dir_make_all(str_dirname(path), &err), err);
    EXPECT_OK(file_write_atomic(path, str_of(text), &err), err);
    return path;
}

const struct cwl_document *cwl_try(const char *text)
{
    cwl_diags = (struct diags){ .arena = &cwl_arena };
    return cwl_load(&cwl_arena, cwl_write("main.cwl", text), &cwl_diags);
}

const struct cwl_process *cwl_good(const char *text)
{
    const struct cwl_document *document = cwl_try(text);
    Str report = cwl_report((Str){ 0 });
    if (!document)
        test_fail(__FILE__, __LINE__, "it should load: " STR_FMT, STR_ARG(report));
    return document->process;
}

static Str replaced(Str text, Str folder)
{
    struct strbuf out = { 0 };
    for (ptrdiff_t at; folder.len && (at = str_find(text, folder)) >= 0; text = str_from(text, (size_t)at + folder.len)) {
        strbuf_add(&out, str_first(text, (size_t)at));
        strbuf_addz(&out, "DIR");
    }
    strbuf_add(&out, text);
    return strbuf_take(&out, &cwl_arena);
}

Str cwl_report(Str folder)
{
    struct strbuf out = { 0 };
    for (size_t i = 0; i < cwl_diags.len; i++) {
        const struct diag *d = &cwl_diags.at[i];
        strbuf_addf(&out, STR_FMT ": %s: " STR_FMT "\n", STR_ARG(span_text(&cwl_arena, d->span)),
                    d->level == DIAG_ERROR ? "error" : "warning", STR_ARG(d->text));
        if (d->hint.len)
            strbuf_addf(&out, "  hint: " STR_FMT "\n", STR_ARG(d->hint));
    }
    return replaced(strbuf_take(&out, &cwl_arena), folder);
}

void cwl_expect_report(const char *file, int line, const char *part)
{
    for (size_t i = 0; i < cwl_diags.len; i++)
        if (str_find(cwl_diags.at[i].text, str_of(part)) >= 0 || str_find(cwl_diags.at[i].hint, str_of(part)) >= 0)
            return;
    Str report = cwl_report((Str){ 0 });
    test_fail(file, line, "nothing says '%s': " STR_FMT, part, STR_ARG(report));
}
