// SPDX-License-Identifier: Apache-2.0
// Before the first task: engine, images, helper.
#include "exec/container/containers.h"

#include <unistd.h>

#include "base/arena.h"
#include "base/hash.h"
#include "exec/container/helper.h"
#include "sys/file.h"

// As a file that the engines can mount; named by its content, so that two versions of Petri may use one home.
static bool place_helper(struct arena *a, Str home, Str *path, struct err *err)
{
    char hex[HASH_HEX + 1];
    Str bytes = helper_bytes();
    hash_hex(hash_bytes(bytes.data, bytes.len), hex);
    Str folder = str_join_path(a, home, STR("helper"));
    *path = str_printf(a, STR_FMT "/inside-%.16s", STR_ARG(folder), hex);
    struct stat st;
    if (file_stat(*path, &st) && st.st_size == (off_t)bytes.len && (st.st_mode & 0111))
        return true;
    Str fresh = str_printf(a, STR_FMT ".%d", STR_ARG(*path), (int)getpid());
    if (!dir_make_all(folder, err) || !file_write_atomic(fresh, bytes, err))
        return err_wrap(err, "the helper program for containers");
    if (chmod(fresh.data, 0555) != 0 || rename(fresh.data, path->data) != 0)
        return err_errno(err, "the helper program for containers, " STR_FMT, STR_ARG(*path));
    return true;
}

static bool all_hints(const struct image_request *requests, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!requests[i].is_hint)
            return false;
    return true;
}

static const struct image_request *first_required(const struct image_request *requests, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!requests[i].is_hint)
            return &requests[i];
    return NULL;
}

// Hints alone can do without.
static bool without_engine(struct arena *a, const struct image_request *requests, size_t count, struct containers *out, struct err *err)
{
    struct err why = *err;
    if (all_hints(requests, count)) {
        struct image *none = NEW_ARRAY(a, struct image, count);
        for (size_t i = 0; i < count; i++)
            none[i].name = requests[i].name;
        out->images = none;
        out->count = count;
        out->warning = str_printf(a, "%s; tools whose DockerRequirement is a hint run on this machine as they are", why.text);
        return true;
    }
    return err_set(err, ERR_UNSUPPORTED, STR_FMT ": DockerRequirement: %s; install docker, podman or apptainer, or try --no-container: "
                   "the tool then runs on this machine as it is", STR_ARG(first_required(requests, count)->place), why.text);
}

static bool resolve_all(struct arena *a, const struct image_request *requests, size_t count, const struct image_search *search,
                        struct containers *out, struct err *err)
{
    struct image *images = NEW_ARRAY(a, struct image, count);
    struct strbuf warning = { 0 };
    out->images = images;
    out->count = count;
    for (size_t i = 0; i < count; i++) {
        if (image_resolve(a, search, &requests[i], &images[i], err))
            continue;
        if (!requests[i].is_hint) {
            strbuf_release(&warning);
            return err_wrap(err, STR_FMT ": DockerRequirement", STR_ARG(requests[i].place));
        }
        strbuf_addf(&warning, "%s" STR_FMT ": %s; being a hint only, the tool runs on this machine as it is", warning.len ? "\n" : "",
                    STR_ARG(requests[i].place), err->text);
        images[i] = (struct image){ .name = requests[i].name };
    }
    out->warning = strbuf_take(&warning, a);
    return true;
}

bool containers_prepare(struct arena *a, const struct image_request *requests, size_t count, const struct containers_ask *ask,
                        struct containers *out, struct err *err)
{
    *out = (struct containers){ .cache = str_join_path(a, ask->home, STR("images")) };
    if (count == 0)
        return true;
    if (!engine_find(a, ask->engine, &out->engine, err))
        return without_engine(a, requests, count, out, err);
    struct image_search search = { .engine = out->engine, .lock = ask->lock, .lock_name = ask->lock_name, .fetch = ask->fetch,
                                   .cache = out->cache, .show = ask->show, .say = ask->say };
    return (!ask->to_run || place_helper(a, ask->home, &out->helper, err)) && resolve_all(a, requests, count, &search, out, err);
}

bool containers_image(struct arena *a, const struct containers *c, Str id, struct image *out, struct err *err)
{
    for (size_t i = 0; c && i < c->count; i++)
        if (str_eq(c->images[i].id, id)) {
            *out = c->images[i];
            return true;
        }
    if (!c || !c->engine.program.len)
        return err_set(err, ERR_NOT_FOUND, "the task needs the image " STR_FMT ", and this run has no container engine", STR_ARG(id));
    struct image_search search = { .engine = c->engine, .cache = c->cache };
    return image_of_id(a, &search, id, out, err);
}
