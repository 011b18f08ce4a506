// SPDX-License-Identifier: Apache-2.0
// The program's voice. Results go to stdout and nowhere else, everything else to stderr.
#include "cli/report.h"

#include <stdarg.h>
#include <unistd.h>

#include "sys/file.h"
#include "value/diag.h"
#include "value/read.h"

const struct exit_meaning exit_meanings[] = {
    { EXIT_OK, "All went well." },
    { EXIT_FAILED, "The run failed, a document has mistakes, or something that was checked is not as it should be." },
    { EXIT_USAGE, "The command line is wrong." },
    { EXIT_NOT_FOUND, "A file, run or object is not there." },
    { EXIT_CONFLICT, "Another process holds it, or it exists already: a run in use, a name that is taken." },
    { EXIT_DENIED, "Not allowed: permissions, or a folder that is read-only." },
    { EXIT_UNAVAILABLE, "Not possible now: the disk is full, memory is out, too many files are open. Try again later; 'petri resume' goes on." },
    { EXIT_DAMAGED, "Stored bytes are not what they were." },
    { EXIT_NOT_SUPPORTED, "The workflow asks for a feature that Petri, or this machine, does not have." },
    { EXIT_INTERNAL, "A system call failed that should not, or Petri has a bug." },
    { EXIT_CANCELLED, "The run was cancelled (Ctrl-C, SIGTERM, 'petri cancel'); 'petri resume' goes on." },
    { 0, NULL },
};

int exit_code_of(enum err_code code)
{
    switch (code) {
    case ERR_NONE: return EXIT_OK;
    case ERR_INVALID: case ERR_LIMIT: return EXIT_FAILED;
    case ERR_NOT_FOUND: return EXIT_NOT_FOUND;
    case ERR_CONFLICT: return EXIT_CONFLICT;
    case ERR_DENIED: return EXIT_DENIED;
    case ERR_UNAVAILABLE: return EXIT_UNAVAILABLE;
    case ERR_UNSUPPORTED: return EXIT_NOT_SUPPORTED;
    case ERR_DAMAGED: return EXIT_DAMAGED;
    case ERR_CANCELLED: return EXIT_CANCELLED;
    case ERR_INTERNAL: return EXIT_INTERNAL;
    }
    return EXIT_INTERNAL;
}

static void say(const char *before, const char *fmt, va_list args) PRINTF(2, 0);
static void say(const char *before, const char *fmt, va_list args)
{
    struct strbuf line = { 0 };
    strbuf_addz(&line, before);
    strbuf_addv(&line, fmt, args);
    strbuf_addc(&line, '\n');
    fwrite(line.data, 1, line.len, stderr);             // one write: several processes may speak at once
    strbuf_release(&line);
}

void report_error(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    say("petri: ", fmt, args);
    va_end(args);
}

void report_hint(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    say("  hint: ", fmt, args);
    va_end(args);
}

int report_err(const struct err *err)
{
    report_error("%s", err->text);
    return exit_code_of(err->code);
}

bool report_diags(const struct diags *diags, bool is_quiet)
{
    struct strbuf text = { 0 };
    if (diags->errors || (diags->warnings && !is_quiet))
        diag_print(diags, &text);
    fwrite(text.data ? text.data : "", 1, text.len, stderr);
    strbuf_release(&text);
    return diags->errors == 0;
}

// The loaders' word for it, as diagnostics have no code; the conformance runner wants to tell "can't" from "wrong".
int diags_exit_code(const struct diags *diags)
{
    size_t unsupported = 0;
    for (size_t i = 0; i < diags->len; i++)
        unsupported += diags->at[i].level == DIAG_ERROR && str_starts(diags->at[i].text, STR("unsupported: "));
    return unsupported && unsupported == diags->errors ? EXIT_NOT_SUPPORTED : EXIT_FAILED;
}

int print_out(struct strbuf *text)
{
    struct err err;
    bool ok = !text->overflow || err_set(&err, ERR_LIMIT, "more than %d MiB", 1024);
    ok = ok && (text->len == 0 || fd_write_all(STDOUT_FILENO, text->data, text->len, &err));
    strbuf_release(text);
    if (!ok)
        report_error("writing the result to standard output: %s", err.text);
    return ok ? EXIT_OK : EXIT_FAILED;
}

int print_json(Value v)
{
    struct strbuf text = { 0 };
    json_write(&text, v, 4);
    strbuf_addc(&text, '\n');
    return print_out(&text);
}
