// SPDX-License-Identifier: Apache-2.0
// Copies final outputs out of the store, and the forms of "location". It never links into the store: what the user does to
// an output must not reach the stored bytes.
#include "engine/export.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/map.h"
#include "engine/driver.h"
#include "store/store.h"
#include "sys/file.h"

#define SCHEME "petri:"

Str location_of_hash(struct arena *a, Hash hash) { return str_concat(a, STR(SCHEME), hash_text(a, hash)); }

bool location_is_hash(Str location, Hash *hash)
{
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

struct export {
    struct arena *arena;
    struct driver *driver;
    struct map taken;                   // path -> Str digest (or "dir") of what this export put there
    struct err *err;
};

// The path for `name` in `dir`, not taken by anything with another digest.
static Str free_path(struct export *x, Str dir, Str name, Str digest)
{
    for (int n = 1;; n++) {
        Str stem = name, ext = { 0 };
        ptrdiff_t dot = str_rfind_char(name, '.');
        if (n > 1 && dot > 0)
            stem = str_first(name, (size_t)dot), ext = str_from(name, (size_t)dot);
        Str numbered = n == 1 ? name : str_printf(x->arena, STR_FMT "_%d" STR_FMT, STR_ARG(stem), n, STR_ARG(ext));
        Str path = str_join_path(x->arena, dir, numbered);
        const Str *there = map_find(&x->taken, path);
        if (there && !str_eq(*there, digest))
            continue;
        if (there == NULL) {
            Str *value = arena_copy(x->arena, &digest, sizeof digest);
            map_set(&x->taken, path, value);
        }
        return path;
    }
}

static bool sha1_of_file(Str path, char out[HASH_HEX + 1], int64_t *size, struct err *err)
{
    char z[4096], *block;
    snprintf(z, sizeof z, STR_FMT, STR_ARG(path));
    int fd = open(z, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, "cannot read %s", z);
    struct sum *sum = sum_new(SUM_SHA1);
    block = xmalloc(1 << 20);
    ssize_t n;
    *size = 0;
    while ((n = read(fd, block, 1 << 20)) > 0) {
        sum_update(sum, block, (size_t)n);
        *size += n;
    }
    sum_finish(sum, out);
    free(block);
    close(fd);
    return n == 0 || err_errno(err, "cannot read %s", z);
}

static bool is_there(struct export *x, Str path, Hash hash)
{
    Hash there;
    int64_t size;
    struct err ignored;
    struct stat st;
    char *z = str_z(x->arena, path);
    return lstat(z, &st) == 0 && S_ISREG(st.st_mode) && store_hash_file(driver_store(x->driver), path, &there, &size, &ignored)
        && hash_eq(there, hash);
}

static bool put_bytes(struct export *x, Hash hash, Str source, Str path, bool is_executable)
{
    Str from, bytes;
    if (is_there(x, path, hash))
        return true;
    if (!driver_bytes(x->driver, x->arena, hash, source, &from, &bytes, x->err))
        return err_wrap(x->err, "output " STR_FMT, STR_ARG(path));
    if (from.len && source.len == 0 && store_has(driver_store(x->driver), hash))
        return store_export(driver_store(x->driver), hash, path, is_executable, x->err);
    if (from.len) {
        Str part = str_printf(x->arena, STR_FMT ".petri-part", STR_ARG(path));
        if (!tree_remove(part, x->err) || !file_copy(from, part, x->err))
            return false;
        if (rename(str_z(x->arena, part), str_z(x->arena, path)) != 0)
            return err_errno(x->err, "cannot write " STR_FMT, STR_ARG(path));
        return true;
    }
    if (!file_write_atomic(path, bytes, x->err))
        return false;
    if (is_executable)
        chmod(str_z(x->arena, path), 0755);
    return true;
}

static bool export_value(struct export *x, Value v, Str dir, Value *out);

static void set_names(struct export *x, struct value_builder *b, Str name)
{
    ptrdiff_t dot = str_rfind_char(name, '.');
    size_t cut = dot > 0 ? (size_t)dot : name.len;
    value_map_set(b, STR("basename"), value_string(x->arena, name));
    value_map_set(b, STR("nameroot"), value_string(x->arena, str_first(name, cut)));
    value_map_set(b, STR("nameext"), value_string(x->arena, str_from(name, cut)));
}

static bool set_file_fields(struct export *x, struct value_builder *b, Str path, Hash hash)
{
    char sha1[HASH_HEX + 1];
    int64_t size;
    if (!sha1_of_file(path, sha1, &size, x->err))
        return false;
    value_map_set(b, STR("location"), value_string(x->arena, location_of_path(x->arena, path)));
    value_map_set(b, STR("path"), value_string(x->arena, path));
    set_names(x, b, str_basename(path));
    value_map_set(b, STR("size"), value_int(size));
    value_map_set(b, STR("checksum"), value_string(x->arena, str_printf(x->arena, "sha1$%s", sha1)));
    value_map_set(b, STR("petri:digest"), value_string(x->arena, hash_text(x->arena, hash)));
    return true;
}

static bool hash_of(struct export *x, Value file, Hash *hash, Str *source)
{
    Str location = value_get_str(file, STR("location"));
    int64_t size;
    *source = (Str){ 0 };
    if (location_is_hash(location, hash))
        return true;
    if (!location_path(x->arena, location, source))
        return err_set(x->err, ERR_INVALID, "output file with the location '" STR_FMT "': expected a file", STR_ARG(location));
    return store_hash_file(driver_store(x->driver), *source, hash, &size, x->err);
}

static bool export_literal(struct export *x, Value file, Str dir, Hash *hash, Str *path)
{
    Str contents = value_get_str(file, STR("contents")), name = value_get_str(file, STR("basename"));
    *hash = hash_bytes(contents.data, contents.len);
    *path = free_path(x, dir, name.len ? name : STR("file"), hash_text(x->arena, *hash));
    return is_there(x, *path, *hash) || file_write_atomic(*path, contents, x->err);
}

static bool export_file(struct export *x, Value file, Str dir, Value *out)
{
    Hash hash;
    Str source = { 0 }, path;
    if (value_get_str(file, STR("location")).len == 0 && value_get(file, STR("contents")).kind == VALUE_STRING) {
        if (!export_literal(x, file, dir, &hash, &path))
            return false;
    } else {
        if (!hash_of(x, file, &hash, &source))
            return false;
        Str name = value_get_str(file, STR("basename"));
        path = free_path(x, dir, name.len ? name : STR("file"), hash_text(x->arena, hash));
        bool executable = value_get(file, STR("petri:executable")).kind == VALUE_BOOL;
        if (!put_bytes(x, hash, source, path, executable))
            return false;
    }
    struct value_builder b = value_map_begin(x->arena);
    value_map_copy(&b, value_without(x->arena, file, STR("petri:executable")));
    Value secondary = value_get(file, STR("secondaryFiles"));
    if (value_len(secondary) > 0) {
        if (!export_value(x, secondary, dir, &secondary))
            return false;
        value_map_set(&b, STR("secondaryFiles"), secondary);
    }
    if (!set_file_fields(x, &b, path, hash))
        return false;
    *out = value_map_end(&b);
    return true;
}

static bool export_directory(struct export *x, Value directory, Str dir, Value *out)
{
    Str name = value_get_str(directory, STR("basename"));
    Str id = value_get_str(directory, STR("location"));
    Str path = free_path(x, dir, name.len ? name : STR("directory"), str_concat(x->arena, STR("dir:"), id));
    Value listing = value_get(directory, STR("listing"));
    if (!dir_make_all(path, x->err) || !export_value(x, listing, path, &listing))
        return false;
    struct value_builder b = value_map_begin(x->arena);
    value_map_copy(&b, directory);
    value_map_set(&b, STR("location"), value_string(x->arena, location_of_path(x->arena, path)));
    value_map_set(&b, STR("path"), value_string(x->arena, path));
    value_map_set(&b, STR("basename"), value_string(x->arena, str_basename(path)));
    value_map_set(&b, STR("listing"), listing);
    *out = value_map_end(&b);
    return true;
}

static bool export_value(struct export *x, Value v, Str dir, Value *out)
{
    *out = v;
    if (value_is_file(v))
        return export_file(x, v, dir, out);
    if (value_is_directory(v))
        return export_directory(x, v, dir, out);
    if (v.kind == VALUE_ARRAY) {
        Value *items = NEW_ARRAY(x->arena, Value, v.array->len);
        for (size_t i = 0; i < v.array->len; i++)
            if (!export_value(x, v.array->at[i], dir, &items[i]))
                return false;
        *out = value_array(x->arena, items, v.array->len);
    } else if (v.kind == VALUE_MAP) {
        struct value_builder b = value_map_begin(x->arena);
        for (size_t i = 0; i < v.map->len; i++) {
            Value field;
            if (!export_value(x, v.map->at[i].value, dir, &field))
                return false;
            value_map_set(&b, (Str){ v.map->at[i].key->data, v.map->at[i].key->len }, field);
        }
        *out = value_map_end(&b);
    }
    return true;
}

bool outputs_export(struct arena *a, struct driver *d, Value outputs, Str outdir, Value *exported, struct err *err)
{
    struct export x = { .arena = a, .driver = d, .err = err };
    bool ok = dir_make_all(outdir, err) && export_value(&x, outputs, path_absolute(a, outdir), exported);
    map_release(&x.taken);
    return ok;
}

Value outputs_public(struct arena *a, Value v)
{
    if (v.kind == VALUE_ARRAY) {
        Value *items = NEW_ARRAY(a, Value, v.array->len);
        for (size_t i = 0; i < v.array->len; i++)
            items[i] = outputs_public(a, v.array->at[i]);
        return value_array(a, items, v.array->len);
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
