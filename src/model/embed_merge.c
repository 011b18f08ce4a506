// SPDX-License-Identifier: Apache-2.0
// Merging folders of embeddings. Vectors are copied as bytes, never looked at; `same_as` in the flags counts within a part, so parts stay whole.
#include "model/embed_merge.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/arena.h"
#include "model/embed_inside.h"
#include "model/outfile.h"
#include "sys/file.h"
#include "value/read.h"

enum { COPY_BYTES = 1 << 20, MANIFEST_MAX = 512 * 1024 * 1024 };

struct merge {
    struct arena *arena;
    Str out;
    Str first;                          // the folder that all others are compared with
    Value settings;
    int64_t width;
    VEC(Value) parts;
    char *buffer;
};

// Where parts end does not decide what is in them.
static bool may_differ(Str setting) { return str_is(setting, "shard_size") || str_is(setting, "shard_residues"); }

static bool check_setting(const struct merge *m, Str folder, Value there, const struct value_field *w, struct err *err)
{
    Str name = { w->key->data, w->key->len };
    Value found = value_get(there, name);
    if (may_differ(name) || value_eq(found, w->value))
        return true;
    struct strbuf is = { 0 }, was = { 0 };
    json_write(&is, found, 0);
    json_write(&was, w->value, 0);
    err_set(err, ERR_CONFLICT, STR_FMT ": made with '" STR_FMT "' " STR_FMT ", but " STR_FMT " with " STR_FMT ": embeddings of one model and one "
            "way only can be merged", STR_ARG(folder), STR_ARG(name), STR_ARG(strbuf_str(&is)), STR_ARG(m->first), STR_ARG(strbuf_str(&was)));
    strbuf_release(&is);
    strbuf_release(&was);
    return false;
}

static bool check_settings(struct merge *m, Str folder, Value manifest, struct err *err)
{
    Value settings = value_get(manifest, STR("settings"));
    int64_t width = value_get_int(manifest, STR("width"), -1);
    if (settings.kind != VALUE_MAP || width < 1)
        return err_set(err, ERR_INVALID, STR_FMT "/manifest.json: '%s' is missing", STR_ARG(folder), width < 1 ? "width" : "settings");
    if (m->first.len == 0) {
        m->first = folder, m->settings = settings, m->width = width;
        return true;
    }
    for (size_t i = 0; i < m->settings.map->len; i++)
        if (!check_setting(m, folder, settings, &m->settings.map->at[i], err))
            return false;
    if (width != m->width)
        return err_set(err, ERR_CONFLICT, STR_FMT ": 'width' is %lld, of " STR_FMT " %lld", STR_ARG(folder), (long long)width, STR_ARG(m->first),
                       (long long)m->width);
    return true;
}

static bool copy_bytes(struct merge *m, int fd, struct outfile *o, struct err *err)
{
    for (;;) {
        ssize_t n = read(fd, m->buffer, COPY_BYTES);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(err, "read");
        if (n == 0)
            return true;
        if (!outfile_write(o, m->buffer, (size_t)n, err))
            return false;
    }
}

// Nothing appears under the new name unless size and digest are those of the manifest.
static bool copy_checked(struct merge *m, Str from, const char *name, Value file, struct err *err)
{
    struct outfile *o = NULL;
    int fd = open(from.data, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, "cannot open " STR_FMT, STR_ARG(from));
    bool ok = outfile_open(str_join_path(m->arena, m->out, str_of(name)), &o, err) && copy_bytes(m, fd, o, err);
    close(fd);
    if (ok && (outfile_size(o) != value_get_int(file, STR("size"), -1)
               || !str_eq(hash_text(m->arena, outfile_digest(o)), value_get_str(file, STR("digest")))))
        ok = err_set(err, ERR_INVALID, STR_FMT ": not what its manifest says: it was damaged or changed; make the folder again", STR_ARG(from));
    ok = ok && outfile_commit(o, err);
    outfile_close(o);
    return ok;
}

// Copies one of a part's two files and gives its new entry.
static bool merge_file(struct merge *m, Str folder, Value part, const char *field, const char *end, Value *out, struct err *err)
{
    char name[PART_NAME];
    Value file = value_get(part, str_of(field));
    Str old = value_get_str(file, STR("file"));
    if (!str_starts(old, STR("part-")) || !str_ends(old, str_of(end)) || str_has(old, '/') || old.len >= PART_NAME || str_has(old, '\0'))
        return err_set(err, ERR_INVALID, STR_FMT "/manifest.json: 'parts[].%s.file': expected part-NNNNN%s", STR_ARG(folder), field, end);
    part_name((int64_t)m->parts.len, end, name);
    *out = value_with(m->arena, file, STR("file"), value_string(m->arena, str_of(name)));
    return copy_checked(m, str_join_path(m->arena, folder, old), name, file, err);
}

static bool merge_part(struct merge *m, Str folder, Value part, struct err *err)
{
    char name[PART_NAME];
    Value vectors, ids;
    if (!merge_file(m, folder, part, "vectors", ".npy", &vectors, err) || !merge_file(m, folder, part, "ids", ".ids.tsv", &ids, err))
        return false;
    part_name((int64_t)m->parts.len, "", name);
    Value renamed = value_with(m->arena, part, STR("part"), value_string(m->arena, str_of(name)));
    renamed = value_with(m->arena, value_with(m->arena, renamed, STR("vectors"), vectors), STR("ids"), ids);
    vec_push(m->arena, &m->parts, renamed);
    return true;
}

static bool merge_folder(struct merge *m, Str folder, struct err *err)
{
    Str path = str_join_path(m->arena, folder, STR("manifest.json")), text;
    Value manifest;
    if (!file_exists(path))
        return err_set(err, ERR_NOT_FOUND, STR_FMT ": there is no manifest.json: not a folder of embeddings, or not a finished one", STR_ARG(folder));
    if (!file_read(m->arena, path, MANIFEST_MAX, &text, err))
        return false;
    if (!json_parse(m->arena, text, &manifest, err))
        return err_wrap(err, STR_FMT, STR_ARG(path));
    Value parts = value_get(manifest, STR("parts"));
    if (!str_is(value_get_str(manifest, STR("format")), "petri-embeddings") || parts.kind != VALUE_ARRAY)
        return err_set(err, ERR_INVALID, STR_FMT " is no manifest of embeddings", STR_ARG(path));
    if (!check_settings(m, folder, manifest, err))
        return false;
    for (size_t i = 0; i < value_len(parts); i++)
        if (!merge_part(m, folder, value_at(parts, i), err))
            return false;
    return true;
}

// A call that was killed leaves parts without a manifest: they are written over.
static bool open_out(struct merge *m, struct err *err)
{
    if (file_exists(str_join_path(m->arena, m->out, STR("manifest.json"))) || file_exists(str_join_path(m->arena, m->out, STR(".petri-embed"))))
        return err_set(err, ERR_CONFLICT, STR_FMT " holds embeddings already: take another folder", STR_ARG(m->out));
    return dir_make_all(m->out, err);
}

bool embed_merge(struct arena *a, const Str *folders, size_t count, Str out, Value *manifest, struct err *err)
{
    struct merge m = { .arena = a, .out = out, .settings = value_null };
    if (!open_out(&m, err))
        return false;
    m.buffer = NEW_ARRAY(a, char, COPY_BYTES);
    for (size_t i = 0; i < count; i++)
        if (!merge_folder(&m, folders[i], err))
            return false;
    *manifest = manifest_make(a, m.settings, m.width, m.parts.at, m.parts.len);
    return manifest_write(a, out, *manifest, err);
}
