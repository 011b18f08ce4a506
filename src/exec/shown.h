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
// A command named by its path, wherever that is: its folder is shown as if it stood in PATH. For a process of its own.
void shown_add_program(struct arena *a, struct shown *s, Str program, Str home, Str user_home);
