// SPDX-License-Identifier: Apache-2.0
#pragma once
// The lock file of a workflow's images: which bytes each name means. It lies beside the workflow ("main.cwl.images.lock"), is
// made by `petri images pin`, kept with the workflow, and read by every run.
#include "task/image.h"

struct arena;
struct diags;
struct err;
struct source;

struct image_lock {
    struct image *images;               // name, id, digest, size; sorted by name in the file
    size_t count;
};
Str lock_path(struct arena *a, Str workflow);           // of "dir/main.cwl#id": "dir/main.cwl.images.lock"
// The file's text. False: mistakes are in diags, each with its place.
bool lock_parse(struct arena *a, const struct source *source, struct image_lock *out, struct diags *diags) MUST_CHECK;
// NULL in *out: there is no such file.
bool lock_read(struct arena *a, Str path, struct image_lock **out, struct diags *diags) MUST_CHECK;
Str lock_text(struct arena *a, const struct image_lock *lock);
bool lock_write(struct arena *a, Str path, const struct image_lock *lock, struct err *err) MUST_CHECK;
