// SPDX-License-Identifier: Apache-2.0
#pragma once
// Cuts a string field into text and expressions; no evaluation.
#include "base/err.h"

enum expr_piece_kind { PIECE_END, PIECE_TEXT, PIECE_PAREN, PIECE_BRACE };
struct expr_piece {
    enum expr_piece_kind kind;
    Str text;                           // TEXT: with escapes undone; else the code between the brackets
    size_t start, end;                  // its place in the source
};
struct expr_scan {                      // { .text = …, .old_escapes = … }
    Str text;
    bool old_escapes;
    size_t at;
};

// The next piece into *p; PIECE_END behind the last. False: an expression without end, err names its offset.
bool expr_scan_next(struct expr_scan *s, struct expr_piece *p, struct err *err) MUST_CHECK;

// One segment of a parameter reference.
struct expr_segment {
    bool is_index;
    size_t index;
    Str key;                            // as written: \' and \" still in it
    bool has_escapes;
};
// Takes the leading symbol off a reference ("inputs.a[0]"); false if there is none.
bool expr_take_symbol(Str *code, Str *symbol) MUST_CHECK;
// Takes the next segment off; false if what follows is no segment (or nothing follows).
bool expr_take_segment(Str *code, struct expr_segment *segment) MUST_CHECK;
// Is all of `code` a parameter reference?
bool expr_is_reference(Str code);
