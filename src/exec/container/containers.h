// SPDX-License-Identifier: Apache-2.0
#pragma once
// All that a run needs for its containers: an engine that works, every image with its digest, the helper program. Made before the
// first task, so that nothing of it is missing at hour six.
#include "exec/container/images.h"

struct containers {
    struct engine engine;
    const struct image *images;         // one for each request, in their order; empty id: run without
    size_t count;
    Str helper;                         // the program that is the first process in each container
    Str cache;                          // <home>/images
    Str warning;                        // what people should know: hints without an engine, or without an image; empty: nothing
};
struct containers_ask {
    Str home;                           // absolute; need not exist, but for running
    bool to_run;                        // the helper is needed too
    int engine;                         // enum engine_kind, or ENGINE_AUTO
    enum image_fetch fetch;
    const struct image_lock *lock;      // may be NULL
    Str lock_name;
    bool show;                          // let the engine's progress be seen
    void (*say)(Str text);              // what is about to take long; may be NULL
};
// Strings in `a` or the requests'. No requests: nothing is asked, nothing is there. On failure the first image that is missing is in
// err, with the place that asks for it. ERR_UNSUPPORTED: no engine; the rest as image_resolve().
bool containers_prepare(struct arena *a, const struct image_request *requests, size_t count, const struct containers_ask *ask,
                        struct containers *out, struct err *err) MUST_CHECK;
// The image of a task, by its id: of the run, or one that an earlier run used and that is still here.
bool containers_image(struct arena *a, const struct containers *c, Str id, struct image *out, struct err *err) MUST_CHECK;
