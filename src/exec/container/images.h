// SPDX-License-Identifier: Apache-2.0
#pragma once
// From what a workflow says of images to the images themselves, with their digests: before the first task.
#include "exec/container/engine.h"
#include "exec/container/lock.h"

enum image_fetch {
    IMAGES_LOOK,                        // only what is here; what is not gets an id that no task has (a dry run)
    IMAGES_FETCH,                       // what is not here is pulled, loaded, imported or built
    IMAGES_UPDATE,                      // names that a registry has are asked for again
};
struct image_search {
    struct engine engine;
    const struct image_lock *lock;      // NULL: none; else only what it says is taken
    Str lock_name;                      // its path, for messages
    enum image_fetch fetch;
    Str cache;                          // <home>/images: where apptainer's image files lie
    bool show;                          // let the engine's progress be seen
    void (*say)(Str text);              // what is about to take long; may be NULL
};
// The name as registries know it: "debian" is "docker.io/library/debian:latest" (as docker and containerd read names).
Str image_full_name(struct arena *a, Str name);
// ERR_NOT_FOUND: neither here nor to be had; ERR_CONFLICT: it is another one than the lock or its own id says; ERR_INVALID;
// ERR_UNSUPPORTED. The text names the image and says what to do. out: strings in `a`, or the request's.
bool image_resolve(struct arena *a, const struct image_search *s, const struct image_request *r, struct image *out, struct err *err) MUST_CHECK;
// The image with this id, as the engine has it. ERR_NOT_FOUND: not here.
bool image_of_id(struct arena *a, const struct image_search *s, Str id, struct image *out, struct err *err) MUST_CHECK;
// The file of an apptainer image.
Str image_file(struct arena *a, Str cache, Str id);
