// SPDX-License-Identifier: Apache-2.0
#pragma once
// Which places of the machine a task in a sandbox may read: the folders of the system, what PATH leads to, and what the
// user asks for. Never a home folder as a whole, /tmp, /run, data of others, or the home of Petri (store, journals).
#include "base/vec.h"
#include "base/str.h"

struct shown_place {
    Str path;                           // absolute, normal, NUL-terminated
    Str link;                           // it is a link, to be made again; else empty
    bool is_folder;
};
struct shown {
    VEC(struct shown_place) places;     // a folder before what lies below it
    VEC(struct shown_place) hidden;     // inside of them; covered by nothing
    VEC(Str) devices;                   // graphics cards: "/dev/nvidia0", "/dev/dri/renderD128", "/dev/kfd"
};
// Everything in `a`. search_path: the head's PATH; extra: more places; home: Petri's, absolute; user_home: of the user,
// may be empty.
void shown_find(struct arena *a, struct shown *s, Str search_path, const Str *extra, size_t extra_count, Str home, Str user_home);
// The command's own program, wherever PATH or its name leads to, with the interpreter that it names in its first line: their
// folders are shown as if they stood in PATH. For a process of its own.
void shown_add_program(struct arena *a, struct shown *s, Str program, Str search_path, Str home, Str user_home);
// The first path in `text` that is there on this machine and not shown; empty: none. For a message about a failure.
Str shown_find_missing(struct arena *a, const struct shown *s, Str text);
