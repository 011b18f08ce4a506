// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the program says and how it ends: errors on stderr, results on stdout, exit codes from error codes alone.
#include "base/err.h"
#include "value/value.h"

struct arena;
struct diags;

enum exit_code {
    EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_NOT_FOUND = 3, EXIT_CONFLICT = 4, EXIT_DENIED = 5, EXIT_UNAVAILABLE = 6,
    EXIT_DAMAGED = 7, EXIT_NOT_SUPPORTED = 33, EXIT_INTERNAL = 70, EXIT_CANCELLED = 130,
};
_Static_assert(OUT_OF_MEMORY_EXIT == (int)EXIT_UNAVAILABLE, "base/ ends a process whose memory is out with the same code");
int exit_code_of(enum err_code code);                   // an enum exit_code, for every code there is
struct exit_meaning {
    enum exit_code code;
    const char *meaning;
};
extern const struct exit_meaning exit_meanings[];       // ends with a NULL meaning; for the help

int report_err(const struct err *err);                  // "petri: text" on stderr; its exit code
void report_error(const char *fmt, ...) PRINTF(1, 2);   // "petri: …" on stderr
void report_hint(const char *fmt, ...) PRINTF(1, 2);    // "  hint: …" on stderr
// Prints the diagnostics (errors alone when quiet). True when there was no error among them.
bool report_diags(const struct diags *diags, bool is_quiet);
// Exit code for a document with mistakes: EXIT_NOT_SUPPORTED when every error begins with "unsupported: ", else EXIT_FAILED.
int diags_exit_code(const struct diags *diags);

// All of the text to stdout; EXIT_OK, or (with a message) EXIT_FAILED when it could not be written. Releases `text`.
int print_out(struct strbuf *text);
int print_json(Value v);                                // indented by four, with a line end
