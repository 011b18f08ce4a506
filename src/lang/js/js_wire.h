// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the head and the JavaScript child say to each other over their socket: frames, in the byte order of this
// machine.
//
//   head -> child   SETUP        int64 memory limit in bytes; first, once
//                   LIBS         (uint32 length, source)*: the next set of libraries, numbered from 1; set 0 has none
//                   EXPRESSION   uint32 set, uint32 length of the code, code, context as a JSON object
//                   BODY         the same, for a function body
//   child -> head   one of VALUE (JSON), ERROR (text), MEMORY (nothing) for each EXPRESSION or BODY
#include "base/base.h"

enum js_frame_kind { JS_SETUP = 1, JS_LIBS, JS_EXPRESSION, JS_BODY, JS_VALUE, JS_ERROR, JS_MEMORY };
struct js_frame {
    uint32_t kind, length;              // bytes that follow
};
enum { JS_FRAME_MAX = 1 << 30 };
enum { JS_EXIT_MEMORY = 71, JS_EXIT_ENGINE = 70 };      // exit codes of a child that could not go on
