// SPDX-License-Identifier: Apache-2.0
// Finds images by name, as CWL's DockerRequirement means it (v1.2, CommandLineTool, DockerRequirement): what is here by that
// name is taken; else it is pulled, loaded, imported or built. With a lock file only what it says is taken, whatever the name
// means today. docker and podman here; apptainer's files are images_apptainer.c's.
#include "exec/container/images.h"

#include "base/arena.h"
#include "base/hash.h"
#include "base/vec.h"
#include "exec/container/command.h"
#include "exec/container/images_apptainer.h"
#include "exec/container/inspect.h"

struct words {
    VEC(Str) at;
};

static bool call(struct arena *a, const struct image_search *s, const char *const *words, Str last, Str input, bool show,
                 struct command_result *r, struct err *err)
{
    struct words argv = { 0 };
    vec_push(a, &argv.at, s->engine.program);
    for (; *words; words++)
        vec_push(a, &argv.at, str_of(*words));
    if (last.len)
        vec_push(a, &argv.at, last);
    return command_run(a, argv.at.at, argv.at.len, input, show, r, err);
}

// --- names

Str image_full_name(struct arena *a, Str name)
{
    Str rest = name, first = str_cut(&rest, '/');
    bool has_registry = rest.len && (str_has(first, '.') || str_has(first, ':') || str_is(first, "localhost"));
    if (!has_registry)
        rest = name, first = STR("docker.io");
    if (str_is(first, "index.docker.io"))
        first = STR("docker.io");
    bool is_official = str_is(first, "docker.io") && !str_has(rest, '/');
    Str last = str_basename(rest);
    bool has_tag = str_has(last, ':') || str_has(rest, '@');
    return str_printf(a, STR_FMT "/%s" STR_FMT "%s", STR_ARG(first), is_official ? "library/" : "", STR_ARG(rest), has_tag ? "" : ":latest");
}

// "docker.io/library/debian" of "docker.io/library/debian:12" or "…@sha256:…".
static Str repository_of(Str full)
{
    Str name = str_cut(&full, '@');
    ptrdiff_t colon = str_rfind_char(name, ':'), slash = str_rfind_char(name, '/');
    return colon > slash ? str_first(name, (size_t)colon) : name;
}

static bool check_name(Str name, struct err *err)
{
    for (size_t i = 0; i < name.len; i++)
        if ((unsigned char)name.data[i] <= ' ' || name.data[i] == 0x7f)
            return err_set(err, ERR_INVALID, "the name of an image cannot hold blanks or control characters");
    if (name.len == 0 || name.len > 4096 || name.data[0] == '-')
        return err_set(err, ERR_INVALID, "this cannot be the name of an image");
    return true;
}

// --- asking the engine

// ERR_NOT_FOUND: the engine has no such image.
static bool look(struct arena *a, const struct image_search *s, Str name, struct image *out, struct err *err)
{
    static const char *const words[] = { "image", "inspect", NULL };
    struct command_result r;
    if (!call(a, s, words, name, (Str){ 0 }, false, &r, err))
        return false;
    if (r.exit_code != 0)
        return err_set(err, ERR_NOT_FOUND, "not here: " STR_FMT, STR_ARG(command_complaint(a, &r)));
    return inspect_read(a, r.out, repository_of(image_full_name(a, name)), out, err);
}

// As written first: a local image may have any name. Then in full, since podman asks about short names.
static bool look_by_name(struct arena *a, const struct image_search *s, Str name, struct image *out, struct err *err)
{
    Str full = image_full_name(a, name);
    if (look(a, s, name, out, err))
        return true;
    if (err->code != ERR_NOT_FOUND || str_eq(full, name) || image_id_is_valid(name))
        return false;
    return look(a, s, full, out, err);
}

static bool is_here(struct arena *a, const struct image_search *s, Str name, struct image *out)
{
    struct err ignored = { 0 };
    *out = (struct image){ 0 };
    return name.len && look_by_name(a, s, name, out, &ignored) && out->id.len;
}

static bool said_no(struct arena *a, const char *did, const struct command_result *r, bool was_shown, struct err *err)
{
    if (was_shown && r->err.len == 0)
        return err_set(err, ERR_NOT_FOUND, "%s failed, see above", did);
    return err_set(err, ERR_NOT_FOUND, "%s failed: " STR_FMT, did, STR_ARG(command_complaint(a, r)));
}

static void say(struct arena *a, const struct image_search *s, const char *doing, Str name)
{
    if (s->say)
        s->say(str_printf(a, "%s " STR_FMT " (%s)", doing, STR_ARG(name), engine_name(s->engine.kind)));
}

static bool pull(struct arena *a, const struct image_search *s, Str name, struct image *out, struct err *err)
{
    static const char *const words[] = { "pull", "--quiet", NULL }, *const shown[] = { "pull", NULL };
    struct command_result r;
    Str full = image_full_name(a, name);
    say(a, s, "pulling", full);
    if (!call(a, s, s->show ? shown : words, full, (Str){ 0 }, s->show, &r, err))
        return false;
    if (r.exit_code != 0)
        return said_no(a, "pulling it", &r, s->show, err);
    return look(a, s, full, out, err);
}

// --- load, import, build

// "Loaded image: debian:12", "Loaded image(s): …", "Loaded image ID: sha256:…": the last of them.
static Str loaded_name(Str text)
{
    Str found = { 0 };
    while (text.len) {
        Str line = str_trim(str_cut(&text, '\n'));
        ptrdiff_t at = str_find(line, STR(": "));
        if (str_starts(line, STR("Loaded image")) && at > 0)
            found = str_trim(str_from(line, (size_t)at + 2));
    }
    return found;
}

static bool load(struct arena *a, const struct image_search *s, const struct image_request *r, struct image *out, struct err *err)
{
    static const char *const words[] = { "load", "--input", NULL };
    struct command_result result;
    say(a, s, "loading", r->load);
    if (!call(a, s, words, r->load, (Str){ 0 }, false, &result, err))
        return false;
    if (result.exit_code != 0)
        return said_no(a, "loading it from dockerLoad", &result, false, err);
    if (is_here(a, s, r->id, out) || is_here(a, s, r->pull, out))
        return true;
    Str name = loaded_name(result.out.len ? result.out : result.err);
    if (r->id.len)
        return err_set(err, ERR_NOT_FOUND, "dockerLoad holds no image of this name; it has '" STR_FMT "'", STR_ARG(name));
    return name.len ? look(a, s, name, out, err) : err_set(err, ERR_NOT_FOUND, "dockerLoad: the engine does not say what it has loaded");
}

static bool import(struct arena *a, const struct image_search *s, const struct image_request *r, struct image *out, struct err *err)
{
    struct command_result result;
    struct words argv = { 0 };
    vec_push(a, &argv.at, s->engine.program);
    vec_push(a, &argv.at, STR("import"));
    vec_push(a, &argv.at, r->import);
    say(a, s, "importing", r->import);
    if (r->id.len)
        vec_push(a, &argv.at, r->id);
    if (!command_run(a, argv.at.at, argv.at.len, (Str){ 0 }, false, &result, err))
        return false;
    if (result.exit_code != 0)
        return said_no(a, "importing it from dockerImport", &result, false, err);
    if (r->id.len)
        return look_by_name(a, s, r->id, out, err);
    return look(a, s, str_trim(result.out), out, err);
}

// Without a context: a Dockerfile of a workflow can COPY nothing.
static bool build(struct arena *a, const struct image_search *s, const struct image_request *r, struct image *out, struct err *err)
{
    static const char *const shown[] = { "build", "--tag", NULL };
    struct command_result result;
    struct words argv = { 0 };
    Str tag = r->id;
    if (tag.len == 0) {
        char hex[HASH_HEX + 1];
        hash_hex(hash_bytes(r->file.data, r->file.len), hex);
        tag = str_printf(a, "petri-dockerfile:%.16s", hex);
    }
    vec_push(a, &argv.at, s->engine.program);
    for (size_t i = 0; shown[i]; i++)
        vec_push(a, &argv.at, str_of(shown[i]));
    vec_push(a, &argv.at, tag);
    say(a, s, "building", tag);
    vec_push(a, &argv.at, STR("-"));
    if (!command_run(a, argv.at.at, argv.at.len, r->file, s->show, &result, err))
        return false;
    if (result.exit_code != 0)
        return said_no(a, "building it from dockerFile", &result, s->show, err);
    return look_by_name(a, s, tag, out, err);
}

static bool fetch(struct arena *a, const struct image_search *s, const struct image_request *r, struct image *out, struct err *err)
{
    if (r->load.len)
        return load(a, s, r, out, err);
    if (r->import.len)
        return import(a, s, r, out, err);
    if (r->file.len)
        return build(a, s, r, out, err);
    if (!pull(a, s, r->pull.len ? r->pull : r->id, out, err))
        return false;
    if (image_id_is_valid(r->id) && !str_eq(r->id, out->id))
        return err_set(err, ERR_CONFLICT, "dockerPull gives the image " STR_FMT ", which is not that of dockerImageId", STR_ARG(out->id));
    return true;
}

// --- with a lock, and without

static bool pinned(struct arena *a, const struct image_search *s, const struct image *lock, struct image *out, struct err *err)
{
    if (is_here(a, s, lock->id, out))
        return true;
    if (s->fetch == IMAGES_LOOK) {
        *out = *lock;                   // it would be fetched
        return true;
    }
    if (lock->digest.len == 0)
        return err_set(err, ERR_NOT_FOUND, STR_FMT " pins it to " STR_FMT ", which is not here, and which no registry is known to have; "
                       "load it, or pin what is here: petri images pin --update", STR_ARG(s->lock_name), STR_ARG(lock->id));
    if (!pull(a, s, lock->digest, out, err))
        return err_wrap(err, "pinned to " STR_FMT " by " STR_FMT, STR_ARG(lock->digest), STR_ARG(s->lock_name));
    return str_eq(out->id, lock->id) ||
           err_set(err, ERR_CONFLICT, "pulling " STR_FMT " gave the image " STR_FMT ", but " STR_FMT " pins it to " STR_FMT
                   " (another processor architecture?)", STR_ARG(lock->digest), STR_ARG(out->id), STR_ARG(s->lock_name), STR_ARG(lock->id));
}

static bool unpinned(struct arena *a, const struct image_search *s, const struct image_request *r, struct image *out, struct err *err)
{
    bool is_named = r->id.len || r->pull.len;
    bool asks_again = s->fetch == IMAGES_UPDATE && (r->pull.len || r->file.len || r->import.len || r->load.len);
    if (is_named && !asks_again && (is_here(a, s, r->id, out) || (r->id.len == 0 && is_here(a, s, r->pull, out))))
        return true;
    if (s->fetch != IMAGES_LOOK)
        return fetch(a, s, r, out, err);
    out->id = str_printf(a, "not here: " STR_FMT, STR_ARG(r->name));
    return true;
}

static bool find(struct arena *a, const struct image_search *s, const struct image_request *r, struct image *out, struct err *err)
{
    const Str names[] = { r->pull, r->id };
    for (size_t i = 0; i < LEN(names); i++)
        if (names[i].len && !check_name(names[i], err))
            return false;
    const struct image *lock = s->lock ? image_find(s->lock->images, s->lock->count, r->name) : NULL;
    if (s->lock && !lock)
        return err_set(err, ERR_CONFLICT, "it is not in " STR_FMT "; 'petri images pin WORKFLOW' adds it", STR_ARG(s->lock_name));
    if (s->engine.kind == ENGINE_APPTAINER)
        return apptainer_image(a, s, r, lock, out, err);
    return lock ? pinned(a, s, lock, out, err) : unpinned(a, s, r, out, err);
}

bool image_resolve(struct arena *a, const struct image_search *s, const struct image_request *r, struct image *out, struct err *err)
{
    *out = (struct image){ 0 };
    if (!find(a, s, r, out, err))
        return err_wrap(err, "the image '" STR_FMT "' (%s)", STR_ARG(r->name), engine_name(s->engine.kind));
    out->name = r->name;
    return true;
}

bool image_of_id(struct arena *a, const struct image_search *s, Str id, struct image *out, struct err *err)
{
    if (s->engine.kind == ENGINE_APPTAINER)
        return apptainer_image_of_id(a, s, id, out, err);
    return look(a, s, id, out, err) || err_wrap(err, "the image " STR_FMT " (%s)", STR_ARG(id), engine_name(s->engine.kind));
}
