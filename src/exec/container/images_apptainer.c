// SPDX-License-Identifier: Apache-2.0
// apptainer's image files: <cache>/<64 hex of the id>.sif, and <cache>/<BLAKE3 of the name>.name, a link to the one that a name got.
#include "exec/container/images_apptainer.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/hash.h"
#include "exec/container/command.h"
#include "exec/container/inspect.h"
#include "sys/file.h"

enum { BLOCK = 1 << 20 };

Str image_file(struct arena *a, Str cache, Str id)
{
    return str_printf(a, STR_FMT "/" STR_FMT ".sif", STR_ARG(cache), STR_ARG(str_from(id, strlen("sha256:"))));
}

static bool sha256_of_file(struct arena *a, Str path, Str *id, struct err *err)
{
    char hex[HASH_HEX + 1];
    int fd = open(path.data, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, "cannot open " STR_FMT, STR_ARG(path));
    struct sum *sum = sum_new(SUM_SHA256);
    char *block = xmalloc(BLOCK);
    ssize_t n;
    while ((n = read(fd, block, BLOCK)) > 0)
        sum_update(sum, block, (size_t)n);
    bool ok = n == 0 || err_errno(err, "cannot read " STR_FMT, STR_ARG(path));
    close(fd);
    free(block);
    sum_finish(sum, hex);
    *id = str_printf(a, "sha256:%s", hex);
    return ok;
}

static bool describe(struct arena *a, const struct image_search *s, Str id, struct image *out)
{
    struct stat st;
    *out = (struct image){ .id = str_copy(a, id) };
    if (!file_stat(image_file(a, s->cache, id), &st))
        return false;
    out->size = st.st_size;
    return true;
}

bool apptainer_image_of_id(struct arena *a, const struct image_search *s, Str id, struct image *out, struct err *err)
{
    if (!image_id_is_valid(id))
        return err_set(err, ERR_INVALID, "this is not the id of an image");
    return describe(a, s, id, out) || err_set(err, ERR_NOT_FOUND, "the image " STR_FMT " is not in " STR_FMT, STR_ARG(id), STR_ARG(s->cache));
}

static Str name_link(struct arena *a, const struct image_search *s, Str name)
{
    char hex[HASH_HEX + 1];
    hash_hex(hash_bytes(name.data, name.len), hex);
    return str_printf(a, STR_FMT "/%s.name", STR_ARG(s->cache), hex);
}

static bool known_by_name(struct arena *a, const struct image_search *s, Str name, struct image *out)
{
    char target[256];
    ssize_t len = readlink(name_link(a, s, name).data, target, sizeof target);
    Str file = { target, (size_t)MAX(len, 0) };
    if (!str_ends(file, STR(".sif")))
        return false;
    Str id = str_concat(a, STR("sha256:"), str_first(file, file.len - strlen(".sif")));
    return image_id_is_valid(id) && describe(a, s, id, out);
}

static void remember_name(struct arena *a, const struct image_search *s, Str name, Str id)
{
    Str link = name_link(a, s, name), fresh = str_printf(a, STR_FMT ".%d", STR_ARG(link), (int)getpid());
    Str target = str_printf(a, STR_FMT ".sif", STR_ARG(str_from(id, strlen("sha256:"))));
    if (symlink(target.data, fresh.data) == 0 && rename(fresh.data, link.data) != 0)
        unlink(fresh.data);             // then it is fetched again the next time
}

// pull docker://NAME, or build from an archive. The file comes under a name of its own first: all or nothing.
static bool make_file(struct arena *a, const struct image_search *s, const char *verb, Str source, Str wanted_id, Str *id, struct err *err)
{
    struct command_result r;
    Str part = str_printf(a, STR_FMT "/.part-%d.sif", STR_ARG(s->cache), (int)getpid());
    const Str argv[] = { s->engine.program, str_of(verb), STR("--force"), part, source };
    if (s->say)
        s->say(str_printf(a, "%s " STR_FMT " (apptainer)", verb, STR_ARG(source)));
    if (!dir_make_all(s->cache, err) || !command_run(a, argv, LEN(argv), (Str){ 0 }, s->show, &r, err))
        return false;
    if (r.exit_code != 0) {
        unlink(part.data);
        return err_set(err, ERR_NOT_FOUND, "%s " STR_FMT " failed: " STR_FMT, verb, STR_ARG(source), STR_ARG(command_complaint(a, &r)));
    }
    *id = wanted_id;
    if (wanted_id.len == 0 && !sha256_of_file(a, part, id, err))
        return false;
    return rename(part.data, image_file(a, s->cache, *id).data) == 0 || err_errno(err, "cannot rename " STR_FMT, STR_ARG(part));
}

static bool from_archive(struct arena *a, const struct image_search *s, const struct image_request *r, Str *id, struct err *err)
{
    if (r->load.len)
        return make_file(a, s, "build", str_concat(a, STR("docker-archive:"), r->load), (Str){ 0 }, id, err);
    return err_set(err, ERR_UNSUPPORTED, "apptainer can neither import a tree of files nor build from a Dockerfile; give dockerPull or "
                   "dockerLoad, or use docker or podman");
}

static bool is_image_file(Str name) { return str_ends(name, STR(".sif")) && file_exists(name); }

// dockerImageId may name a file, as people of apptainer are used to.
static bool own_file(struct arena *a, const struct image_search *s, Str path, Str *id, struct err *err)
{
    if (!sha256_of_file(a, str_copy(a, path), id, err) || !dir_make_all(s->cache, err))
        return false;
    Str to = image_file(a, s->cache, *id);
    return file_exists(to) || file_copy(path, to, err);
}

bool apptainer_image(struct arena *a, const struct image_search *s, const struct image_request *r, const struct image *lock,
                     struct image *out, struct err *err)
{
    Str id = lock ? lock->id : (Str){ 0 }, name = r->pull.len ? r->pull : r->id;
    if (lock ? describe(a, s, lock->id, out) : s->fetch != IMAGES_UPDATE && known_by_name(a, s, r->name, out)) {
        out->digest = lock ? lock->digest : (Str){ 0 };
        return true;
    }
    if (s->fetch == IMAGES_LOOK) {
        out->id = lock ? lock->id : str_printf(a, "not here: " STR_FMT, STR_ARG(r->name));
        return true;
    }
    if (lock && lock->digest.len) {
        if (!make_file(a, s, "pull", str_concat(a, STR("docker://"), lock->digest), lock->id, &id, err))
            return false;
    } else if (lock) {
        return err_set(err, ERR_NOT_FOUND, STR_FMT " pins it to " STR_FMT ", which no registry is known to have", STR_ARG(s->lock_name),
                       STR_ARG(lock->id));
    } else if (is_image_file(r->id)) {
        if (!own_file(a, s, r->id, &id, err))
            return false;
    } else if (r->load.len || r->import.len || r->file.len) {
        if (!from_archive(a, s, r, &id, err))
            return false;
    } else if (!make_file(a, s, "pull", str_concat(a, STR("docker://"), image_full_name(a, name)), (Str){ 0 }, &id, err)) {
        return false;
    }
    if (!lock)
        remember_name(a, s, r->name, id);
    if (!describe(a, s, id, out))
        return err_errno(err, "the image's file");
    out->digest = lock ? lock->digest : (Str){ 0 };
    return true;
}
