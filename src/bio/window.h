// SPDX-License-Identifier: Apache-2.0
#pragma once
// The text of an input as lines, without copies but where a record crosses two blocks. A reader marks the beginning of a record,
// takes its lines, and finds all of them side by side in memory; the next mark gives up what was before it.
#include "bio/input.h"

struct window {
    struct input *input;
    char *data;                         // mark <= at <= len
    size_t mark, at, len;
    bool ended;                         // no more bytes will come
    bool broken;                        // reading or unpacking failed: err says why
    struct err err;
    char *own;                          // memory for records that span blocks; NULL: none yet
    size_t own_size;
    int64_t bytes;                      // unpacked, so far
    int64_t line;                       // of the line taken last, from 1
    int64_t dos_lines;                  // that ended in CR LF
    bool last_line_open;                // the last line of the file has no line end
};
enum { WINDOW_MAX = 1 << 28 };          // bytes of one record

// A fixed text in place of a file: for tests and fuzz targets. The bytes must be writable and stay.
void window_open_text(struct window *w, char *text, size_t len);
// Opens the file and its first block. The input is the window's.
bool window_open(struct window *w, Str path, struct input_options options, struct err *err) MUST_CHECK;
void window_close(struct window *w);

// More bytes behind those there are; what lies behind the mark moves, and stays at the same distance from it. False: there
// are none, or they could not be read (broken), or the record is larger than WINDOW_MAX (broken, ERR_LIMIT).
bool window_more(struct window *w);
static inline void window_mark(struct window *w) { w->mark = w->at; }
// The next line, without its end (LF or CR LF), as a distance from the mark. False: there is none.
bool window_line(struct window *w, size_t *start, size_t *len);
// Marks, then takes a line: it stays until the next call.
bool window_next_line(struct window *w, Str *line);
// For lines of any length: marks, then takes what is there of the line, at most to its end. *is_end: it ends here.
bool window_piece(struct window *w, Str *piece, bool *is_end);
// Exactly `len` bytes from here, marked; false (with all that is left in *bytes) if there are fewer.
bool window_bytes(struct window *w, size_t len, Str *bytes);
static inline Str window_str(const struct window *w, size_t start, size_t len) { return (Str){ w->data + w->mark + start, len }; }
// The bytes at the front that are there already, without taking them.
static inline Str window_peek(const struct window *w) { return (Str){ w->data + w->at, w->len - w->at }; }
