// SPDX-License-Identifier: Apache-2.0
#pragma once
// Frames between the head and the attempt runner of the same machine and program: u32 length of the payload, u8 type,
// payload. Numbers in host order: this never leaves the machine, and both ends are the same file.
#include "base/str.h"

enum wire_type {
    WIRE_START,                         // head -> runner: one attempt; see start_encode()
    WIRE_CANCEL,                        // head -> runner: id, grace_ms
    WIRE_USAGE,                         // head -> runner: nothing; runner -> head: micro-cores, bytes
    WIRE_WARNING,                       // runner -> head: a text for the user
    WIRE_DONE,                          // runner -> head: the last there is of an attempt; send_done() in attempt.c
};
enum { WIRE_HEADER = 5, WIRE_MAX = 1 << 30 };

// A frame is begun, filled and ended in a strbuf; whether it fitted is in b->overflow.
size_t wire_begin(struct strbuf *b, enum wire_type type);
void wire_end(struct strbuf *b, size_t begun);
void wire_u32(struct strbuf *b, uint32_t number);
void wire_u64(struct strbuf *b, uint64_t number);
void wire_str(struct strbuf *b, Str s);

// The first frame of `bytes`: 1 and its size in *used when it is complete, 0 when more is needed, -1 when this is no
// frame.
int wire_next(Str bytes, enum wire_type *type, Str *payload, size_t *used);
void wire_drop(struct strbuf *b, size_t used);          // takes `used` bytes off the front
struct wire_reader {
    Str rest;
    bool is_bad;                        // something was missing; what was read since is zero or empty
};
uint32_t wire_get_u32(struct wire_reader *r);
uint64_t wire_get_u64(struct wire_reader *r);
Str wire_get_str(struct wire_reader *r);                // a view into the payload
