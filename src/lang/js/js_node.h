// SPDX-License-Identifier: Apache-2.0
#pragma once
// JavaScript newer than ES5.1: node in the place of the child that js_child.c is. It speaks the frames of js_wire.h, too, and is
// asked only where that child reports a syntax error.
#include "base/base.h"

enum { JS_EXIT_NO_NODE = 72 };          // there is no such program

// Becomes node (`petri js NODE`), with the head's socket on file descriptor 3. Where that fails the process ends with JS_EXIT_NO_NODE.
// `program`: a path, or a name to be found in PATH.
NORETURN void js_node_serve(const char *program);
