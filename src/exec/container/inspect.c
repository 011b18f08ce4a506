// SPDX-License-Identifier: Apache-2.0
// Reads an engine's JSON about one image. Nothing is asked here.
#include "exec/container/inspect.h"

#include "base/arena.h"
#include "base/err.h"
#include "value/read.h"

enum { ENTRYPOINT_MAX = 10000 };

bool image_id_is_valid(Str id)
{
    const Str prefix = STR("sha256:");
    if (!str_starts(id, prefix) || id.len != prefix.len + 64)
        return false;
    for (size_t i = prefix.len; i < id.len; i++)
        if (!((id.data[i] >= '0' && id.data[i] <= '9') || (id.data[i] >= 'a' && id.data[i] <= 'f')))
            return false;
    return true;
}

static bool read_entrypoint(struct arena *a, Value v, struct image *out, struct err *err)
{
    if (v.kind == VALUE_STRING)
        v = value_array(a, &v, 1);
    if (v.kind != VALUE_ARRAY && v.kind != VALUE_NULL)
        return err_set(err, ERR_INVALID, "the image's Entrypoint is no list");
    if (value_len(v) > ENTRYPOINT_MAX)
        return err_set(err, ERR_LIMIT, "the image's Entrypoint has more than %d words", ENTRYPOINT_MAX);
    Str *words = NEW_ARRAY(a, Str, value_len(v) + 1);
    for (size_t i = 0; i < value_len(v); i++) {
        if (value_at(v, i).kind != VALUE_STRING)
            return err_set(err, ERR_INVALID, "the image's Entrypoint holds something that is no text");
        words[i] = str_copy(a, value_str(value_at(v, i)));
    }
    out->entrypoint = words;
    out->entrypoint_count = value_len(v);
    return true;
}

static Str choose_digest(Value digests, Str repository)
{
    Str first = value_str(value_at(digests, 0));
    for (size_t i = 0; digests.kind == VALUE_ARRAY && repository.len && i < value_len(digests); i++) {
        Str d = value_str(value_at(digests, i));
        if (str_starts(d, repository) && d.len > repository.len && d.data[repository.len] == '@')
            return d;
    }
    return digests.kind == VALUE_ARRAY ? first : (Str){ 0 };
}

bool inspect_read(struct arena *a, Str json, Str repository, struct image *out, struct err *err)
{
    Value v;
    *out = (struct image){ 0 };
    if (!json_parse(a, json, &v, err))
        return err_wrap(err, "what the engine says of the image");
    if (v.kind == VALUE_ARRAY)
        v = value_at(v, 0);
    Str id = value_get_str(v, STR("Id"));
    if (id.len == 64)
        id = str_concat(a, STR("sha256:"), id);
    if (v.kind != VALUE_MAP || !image_id_is_valid(id))
        return err_set(err, ERR_INVALID, "what the engine says of the image has no Id that is one");
    out->id = str_copy(a, id);
    out->digest = str_copy(a, choose_digest(value_get(v, STR("RepoDigests")), repository));
    out->size = MAX(value_get_int(v, STR("Size"), 0), 0);
    return read_entrypoint(a, value_get(value_get(v, STR("Config")), STR("Entrypoint")), out, err);
}
