// SPDX-License-Identifier: Apache-2.0
// Between a workflow and exec/container: which images, by which lock file, and what the record of a run says of them.
#include "cli/images.h"

#include "base/arena.h"
#include "cli/report.h"
#include "lang/lang.h"
#include "value/diag.h"

void images_say(Str text) { report_error(STR_FMT, STR_ARG(text)); }

bool images_lock(struct arena *a, const struct workflow *w, Str *path, struct image_lock **lock, int *code)
{
    struct diags diags = { .arena = a };
    *path = lock_path(a, w->path);
    bool ok = lock_read(a, *path, lock, &diags);
    report_diags(&diags, true);
    *code = ok ? EXIT_OK : diags_exit_code(&diags);
    return ok;
}

bool images_prepare(struct arena *a, const struct workflow *w, Value inputs, struct containers_ask *ask, struct containers *out, struct err *err)
{
    struct image_request *requests;
    struct image_lock *lock;
    size_t count;
    int code;
    *out = (struct containers){ 0 };
    if (!workflow_images(a, w, inputs, &requests, &count, err))
        return false;
    if (count == 0)
        return true;
    if (!images_lock(a, w, &ask->lock_name, &lock, &code))
        return err_set(err, code == EXIT_NOT_SUPPORTED ? ERR_UNSUPPORTED : ERR_INVALID, "the lock file of the workflow's images has mistakes");
    ask->lock = lock;
    return containers_prepare(a, requests, count, ask, out, err);
}

Value images_value(struct arena *a, const struct containers *c)
{
    struct value_builder all = value_map_begin(a);
    for (size_t i = 0; i < c->count; i++) {
        const struct image *image = &c->images[i];
        if (image->id.len == 0)
            continue;
        struct value_builder b = value_map_begin(a);
        value_map_set(&b, STR("id"), value_string(a, image->id));
        if (image->digest.len)
            value_map_set(&b, STR("digest"), value_string(a, image->digest));
        value_map_set(&b, STR("engine"), value_string(a, str_of(engine_name(c->engine.kind))));
        value_map_set(&all, image->name, value_map_end(&b));
    }
    return value_map_end(&all);
}
