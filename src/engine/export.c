// SPDX-License-Identifier: Apache-2.0
// Copies final outputs out of the store, and the forms of "location". It never links into the store: what the user does to
// an output must not reach the stored bytes.
#include "engine/export.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/vec.h"
#include "engine/driver.h"
#include "engine/export_files.h"
#include "store/store.h"
#include "sys/file.h"
#include "value/read.h"

#define SCHEME "petri:"

Str location_of_hash(struct arena *a, Hash hash) { return str_concat(a, STR(SCHEME), hash_text(a, hash)); }

bool location_is_hash(Str location, Hash *hash)
{
    location = str_cut(&location, '#');
    return str_starts(location, STR(SCHEME "blake3:")) && hash_parse(str_from(location, sizeof SCHEME - 1), hash);
}

static bool is_unreserved(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("-._~/+,=@", c));
}

Str location_of_path(struct arena *a, Str path)
{
    struct strbuf b = { 0 };
    strbuf_addz(&b, "file://");
    for (size_t i = 0; i < path.len; i++) {
        unsigned char c = (unsigned char)path.data[i];
        if (is_unreserved(c))
            strbuf_addc(&b, (char)c);
        else
            strbuf_addf(&b, "%%%02X", c);
    }
    return strbuf_take(&b, a);
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool location_path(struct arena *a, Str location, Str *path)
{
    if (location.len && location.data[0] == '/') {
        *path = location;
        return true;
    }
    if (!str_starts(location, STR("file://")))
        return false;
    Str rest = str_from(location, 7);
    if (str_starts(rest, STR("localhost/")))
        rest = str_from(rest, 9);
    char *out = arena_alloc(a, rest.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < rest.len; i++) {
        bool escaped = rest.data[i] == '%' && i + 2 < rest.len && hex_digit(rest.data[i + 1]) >= 0 && hex_digit(rest.data[i + 2]) >= 0;
        out[len++] = escaped ? (char)(hex_digit(rest.data[i + 1]) * 16 + hex_digit(rest.data[i + 2])) : rest.data[i];
        i += escaped ? 2 : 0;
    }
    *path = (Str){ out, len };
    return len > 0 && out[0] == '/';
}

// First it is decided where each file goes, then all are written, then the values say so. Both walks meet the files in the same order.
struct export {
    struct arena *arena;                // of what is exported: values, and paths that are taken
    struct driver *driver;
    struct map taken;                   // path -> struct taken
    struct map paths;                   // path as named, newline, digest -> the path that it got
    VEC(struct export_file *) files, met;       // each once; each as often as it is in the values
    size_t told;                        // of those met, by the second walk
    VEC(Str) folders;                   // paths of the directories, in order
    size_t folders_told;
    struct err *err;
};

// The name with its number: "m.txt", "m_2.txt", "m_3.txt" …
static Str numbered(struct arena *a, Str dir, Str name, int n)
{
    Str root, extension;
    str_split_extension(name, &root, &extension);
    return str_join_path(a, dir, n == 1 ? name : str_printf(a, STR_FMT "_%d" STR_FMT, STR_ARG(root), n, STR_ARG(extension)));
}

// What this export puts at a path, and which number is next for its name.
struct taken {
    struct export_file *file;           // NULL: a directory
    int next;
};

// The place for `name` in `dir`: the same for the same content, and not taken by anything else. As many steps as names that
// clash by accident ("m_2.txt" as an output's own name), not as outputs of one name. *is_new: nothing has it yet.
static struct taken *free_place(struct export *x, Str dir, Str name, Str digest, Str *path, bool *is_new)
{
    Str first = numbered(x->arena, dir, name, 1), by_content = str_printf(x->arena, STR_FMT "\n" STR_FMT, STR_ARG(first), STR_ARG(digest));
    const Str *known = map_find(&x->paths, by_content);
    *is_new = known == NULL;
    *path = known ? *known : first;
    if (known)
        return map_find(&x->taken, *known);
    struct taken *root = map_find(&x->taken, first), *place = NEW(x->arena, struct taken);
    for (int n = root ? root->next : 1; map_has(&x->taken, *path); n++) {
        *path = numbered(x->arena, dir, name, n);
        root->next = n + 1;
    }
    place->next = 2;
    map_set(&x->taken, *path, place);
    map_set(&x->paths, by_content, arena_copy(x->arena, path, sizeof *path));
    return place;
}

// --- where everything goes

static bool plan_value(struct export *x, Value v, Str dir);

static bool hash_of(struct export *x, Value file, struct export_file *f)
{
    Str location = value_get_str(file, STR("location"));
    int64_t size;
    if (location_is_hash(location, &f->hash))
        return true;
    if (!location_path(x->arena, location, &f->source))
        return err_set(x->err, ERR_INVALID, "output file with the location '" STR_FMT "': expected a file", STR_ARG(location));
    return store_hash_file(driver_store(x->driver), f->source, &f->hash, &size, x->err);
}

static bool plan_file(struct export *x, Value file, Str dir)
{
    struct export_file f = { .is_executable = value_get(file, STR("petri:executable")).kind == VALUE_BOOL };
    Str name = value_get_str(file, STR("basename"));
    bool is_new;
    if (value_get_str(file, STR("location")).len == 0 && value_get(file, STR("contents")).kind == VALUE_STRING) {
        f.contents = value_get_str(file, STR("contents"));
        f.contents.data = f.contents.len ? f.contents.data : "";
        f.hash = hash_bytes(f.contents.data, f.contents.len);
    } else if (!hash_of(x, file, &f)) {
        return false;
    }
    struct taken *place = free_place(x, dir, name.len ? name : STR("file"), hash_text(x->arena, f.hash), &f.path, &is_new);
    if (is_new) {
        place->file = arena_copy(x->arena, &f, sizeof f);
        vec_push(x->arena, &x->files, place->file);
    }
    vec_push(x->arena, &x->met, place->file);
    return plan_value(x, value_get(file, STR("secondaryFiles")), dir);
}

static bool plan_directory(struct export *x, Value directory, Str dir)
{
    Str name = value_get_str(directory, STR("basename")), id = value_get_str(directory, STR("location")), path;
    Value listing = value_get(directory, STR("listing"));
    bool is_new;
    if (id.len == 0) {                  // a literal is known by what is in it
        struct strbuf b = { 0 };
        json_write_canonical(&b, listing);
        id = hash_text(x->arena, hash_bytes(b.data, b.len));
        strbuf_release(&b);
    }
    free_place(x, dir, name.len ? name : STR("directory"), str_concat(x->arena, STR("dir:"), id), &path, &is_new);
    vec_push(x->arena, &x->folders, path);
    if (!dir_make_all(path, x->err))
        return false;
    export_sweep(path);
    return plan_value(x, listing, path);
}

static bool plan_value(struct export *x, Value v, Str dir)
{
    bool ok = true;
    if (value_is_file(v))
        return plan_file(x, v, dir);
    if (value_is_directory(v))
        return plan_directory(x, v, dir);
    for (size_t i = 0; v.kind == VALUE_ARRAY && ok && i < v.array->len; i++)
        ok = plan_value(x, v.array->at[i], dir);
    for (size_t i = 0; v.kind == VALUE_MAP && ok && i < v.map->len; i++)
        ok = plan_value(x, v.map->at[i].value, dir);
    return ok;
}

// --- what the values say of it

static Value tell_value(struct export *x, Value v);

static void set_names(struct export *x, struct value_builder *b, Str path)
{
    Str root, extension, name = str_basename(path);
    str_split_extension(name, &root, &extension);
    value_map_set(b, STR("location"), value_string(x->arena, location_of_path(x->arena, path)));
    value_map_set(b, STR("path"), value_string(x->arena, path));
    value_map_set(b, STR("basename"), value_string(x->arena, name));
    value_map_set(b, STR("nameroot"), value_string(x->arena, root));
    value_map_set(b, STR("nameext"), value_string(x->arena, extension));
}

static Value tell_file(struct export *x, Value file)
{
    const struct export_file *f = x->met.at[x->told++];
    struct value_builder b = value_map_begin(x->arena);
    for (size_t i = 0; i < file.map->len; i++) {
        Str key = value_key(file, i);
        bool is_inner = str_is(key, "petri:executable") || (f->contents.data && str_is(key, "contents"));       // a literal is a file now
        if (!is_inner)
            value_map_set(&b, key, file.map->at[i].value);
    }
    Value secondary = value_get(file, STR("secondaryFiles"));
    if (value_len(secondary) > 0)
        value_map_set(&b, STR("secondaryFiles"), tell_value(x, secondary));
    set_names(x, &b, f->path);
    value_map_set(&b, STR("size"), value_int(f->size));
    value_map_set(&b, STR("checksum"), value_string(x->arena, str_printf(x->arena, "sha1$%s", f->sha1)));
    value_map_set(&b, STR("petri:digest"), value_string(x->arena, hash_text(x->arena, f->hash)));
    return value_map_end(&b);
}

static Value tell_directory(struct export *x, Value directory)
{
    Str path = x->folders.at[x->folders_told++];
    struct value_builder b = value_map_begin(x->arena);
    value_map_copy(&b, directory);
    value_map_set(&b, STR("location"), value_string(x->arena, location_of_path(x->arena, path)));
    value_map_set(&b, STR("path"), value_string(x->arena, path));
    value_map_set(&b, STR("basename"), value_string(x->arena, str_basename(path)));
    value_map_set(&b, STR("listing"), tell_value(x, value_get(directory, STR("listing"))));
    return value_map_end(&b);
}

static Value tell_value(struct export *x, Value v)
{
    if (value_is_file(v))
        return tell_file(x, v);
    if (value_is_directory(v))
        return tell_directory(x, v);
    if (v.kind == VALUE_ARRAY) {
        Value *items = NEW_ARRAY(x->arena, Value, v.array->len);
        for (size_t i = 0; i < v.array->len; i++)
            items[i] = tell_value(x, v.array->at[i]);
        return value_array_of(x->arena, items, v.array->len);
    }
    if (v.kind != VALUE_MAP)
        return v;
    struct value_builder b = value_map_begin(x->arena);
    for (size_t i = 0; i < v.map->len; i++)
        value_map_set(&b, value_key(v, i), tell_value(x, v.map->at[i].value));
    return value_map_end(&b);
}

static bool sync_all(Str outdir, struct err *err)
{
    struct arena scratch = { 0 };
    int fd = open(str_z(&scratch, outdir), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && syncfs(fd) == 0;
    if (!ok)
        err_errno(err, "cannot sync " STR_FMT, STR_ARG(outdir));
    if (fd >= 0)
        close(fd);
    arena_release(&scratch);
    return ok;
}

bool outputs_export(struct arena *a, struct driver *d, Value outputs, Str outdir, Value *exported, struct err *err)
{
    struct export x = { .arena = a, .driver = d, .err = err };
    bool ok = dir_make_all(outdir, err);
    if (ok)
        export_sweep(outdir);
    ok = ok && plan_value(&x, outputs, path_absolute(a, outdir)) && export_files_write(d, x.files.at, x.files.len, err) && sync_all(outdir, err);
    if (ok)
        *exported = tell_value(&x, outputs);
    map_release(&x.taken);
    map_release(&x.paths);
    return ok;
}

Value outputs_public(struct arena *a, Value v)
{
    if (v.kind == VALUE_ARRAY) {
        Value *items = NEW_ARRAY(a, Value, v.array->len);
        for (size_t i = 0; i < v.array->len; i++)
            items[i] = outputs_public(a, v.array->at[i]);
        return value_array_of(a, items, v.array->len);
    }
    if (v.kind != VALUE_MAP)
        return v;
    struct value_builder b = value_map_begin(a);
    for (size_t i = 0; i < v.map->len; i++) {
        Str key = { v.map->at[i].key->data, v.map->at[i].key->len };
        if (!str_is(key, "petri:digest"))
            value_map_set(&b, key, outputs_public(a, v.map->at[i].value));
    }
    return value_map_end(&b);
}
