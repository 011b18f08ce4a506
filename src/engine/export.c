// SPDX-License-Identifier: Apache-2.0
// Copies final outputs out of the store, and the forms of "location". It never links into the store: what the user does to
// an output must not reach the stored bytes.
#include "engine/export.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/map.h"
#include "engine/driver.h"
#include "store/store.h"
#include "sys/file.h"
#include "sys/machine.h"
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

struct export {
    struct arena *arena;                // of what is exported: values, and paths that are taken
    struct arena scratch;               // of one file
    struct driver *driver;
    struct map taken;                   // path -> struct taken
    struct map paths;                   // path as named, newline, digest -> the path that it got
    unsigned parts;                     // temporary files made so far
    struct err *err;
};

// The name with its number: "m.txt", "m_2.txt", "m_3.txt" …
static Str numbered(struct arena *a, Str dir, Str name, int n)
{
    Str root, extension;
    str_split_extension(name, &root, &extension);
    return str_join_path(a, dir, n == 1 ? name : str_printf(a, STR_FMT "_%d" STR_FMT, STR_ARG(root), n, STR_ARG(extension)));
}

// What this export put at a path, and which number is next for its name.
struct taken {
    Str digest;
    int next;
};

// The path for `name` in `dir`: the same for the same content, and not taken by anything else. As many steps as names that
// clash by accident ("m_2.txt" as an output's own name), not as outputs of one name.
static Str free_path(struct export *x, Str dir, Str name, Str digest)
{
    Str first = numbered(x->arena, dir, name, 1), by_content = str_printf(x->arena, STR_FMT "\n" STR_FMT, STR_ARG(first), STR_ARG(digest));
    const Str *known = map_find(&x->paths, by_content);
    if (known)
        return *known;
    struct taken *root = map_find(&x->taken, first);
    Str path = first;
    for (int n = root ? root->next : 1; map_has(&x->taken, path); n++) {
        path = numbered(x->arena, dir, name, n);
        root->next = n + 1;
    }
    map_set(&x->taken, path, arena_copy(x->arena, &(struct taken){ digest, 2 }, sizeof(struct taken)));
    map_set(&x->paths, by_content, arena_copy(x->arena, &path, sizeof path));
    return path;
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

#define PART ".petri-part-"

// A name that no other head uses, and that tells whose it is.
static Str part_name(struct export *x, Str path)
{
    Str name = str_printf(&x->scratch, PART STR_FMT "-%d-%u", STR_ARG(machine_host()), (int)getpid(), x->parts++);
    return str_join_path(&x->scratch, str_dirname(path), name);
}

// Takes away what an export left in `dir` whose process has died.
static void sweep_parts(struct export *x, Str dir)
{
    struct err ignored;
    Str *names, mine = str_printf(x->arena, PART STR_FMT "-", STR_ARG(machine_host()));
    size_t count;
    if (!dir_list(x->arena, dir, &names, &count, &ignored))
        return;
    for (size_t i = 0; i < count; i++) {
        Str rest = str_from(names[i], mine.len), pid = str_cut(&rest, '-');
        int64_t number;
        if (str_starts(names[i], mine) && str_to_int(pid, &number) && number > 0 && kill((pid_t)number, 0) != 0 && errno == ESRCH)
            unlink(str_join_path(x->arena, dir, names[i]).data);
    }
}

static bool is_there(struct export *x, Str path, Hash hash)
{
    Hash there;
    int64_t size;
    struct err ignored;
    struct stat st;
    char *z = str_z(&x->scratch, path);
    return lstat(z, &st) == 0 && S_ISREG(st.st_mode) && store_hash_file(driver_store(x->driver), path, &there, &size, &ignored)
        && hash_eq(there, hash);
}

// Complete or not there; durable with all others, by one sync at the end.
static bool write_whole(struct export *x, Str path, Str bytes, mode_t mode)
{
    Str part = part_name(x, path);
    int fd = open(part.data, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return err_errno(x->err, "cannot write " STR_FMT, STR_ARG(part));
    bool ok = fd_write_all(fd, bytes.data, bytes.len, x->err);
    if (close(fd) != 0 && ok)
        ok = err_errno(x->err, "cannot write " STR_FMT, STR_ARG(part));
    if (ok && rename(part.data, str_z(&x->scratch, path)) != 0)
        ok = err_errno(x->err, "cannot write " STR_FMT, STR_ARG(path));
    if (!ok)
        unlink(part.data);
    return ok;
}

static bool put_bytes(struct export *x, Hash hash, Str source, Str path, bool is_executable)
{
    Str from, bytes;
    if (is_there(x, path, hash))
        return true;
    if (!driver_bytes(x->driver, &x->scratch, hash, source, &from, &bytes, x->err))
        return err_wrap(x->err, "output " STR_FMT, STR_ARG(path));
    if (from.len && source.len == 0 && store_has(driver_store(x->driver), hash)) {
        Str part = part_name(x, path);
        if (!store_copy(driver_store(x->driver), hash, part, is_executable, x->err))
            return false;
        return rename(part.data, str_z(&x->scratch, path)) == 0 || err_errno(x->err, "cannot write " STR_FMT, STR_ARG(path));
    }
    if (from.len) {
        Str part = part_name(x, path);
        if (!tree_remove(part, x->err) || !file_copy(from, part, x->err))
            return false;
        if (rename(str_z(&x->scratch, part), str_z(&x->scratch, path)) != 0)
            return err_errno(x->err, "cannot write " STR_FMT, STR_ARG(path));
        return true;
    }
    return write_whole(x, path, bytes, is_executable ? 0777 : 0666);
}

static bool export_value(struct export *x, Value v, Str dir, Value *out);

static void set_names(struct export *x, struct value_builder *b, Str name)
{
    Str root, extension;
    str_split_extension(name, &root, &extension);
    value_map_set(b, STR("basename"), value_string(x->arena, name));
    value_map_set(b, STR("nameroot"), value_string(x->arena, root));
    value_map_set(b, STR("nameext"), value_string(x->arena, extension));
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
    if (!location_path(&x->scratch, location, source))
        return err_set(x->err, ERR_INVALID, "output file with the location '" STR_FMT "': expected a file", STR_ARG(location));
    return store_hash_file(driver_store(x->driver), *source, hash, &size, x->err);
}

static bool export_literal(struct export *x, Value file, Str dir, Hash *hash, Str *path)
{
    Str contents = value_get_str(file, STR("contents")), name = value_get_str(file, STR("basename"));
    *hash = hash_bytes(contents.data, contents.len);
    *path = free_path(x, dir, name.len ? name : STR("file"), hash_text(x->arena, *hash));
    return is_there(x, *path, *hash) || write_whole(x, *path, contents, 0666);
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
    for (size_t i = 0; i < file.map->len; i++)
        if (!str_is(value_key(file, i), "petri:executable"))
            value_map_set(&b, value_key(file, i), file.map->at[i].value);
    Value secondary = value_get(file, STR("secondaryFiles"));
    if (value_len(secondary) > 0) {
        if (!export_value(x, secondary, dir, &secondary))
            return false;
        value_map_set(&b, STR("secondaryFiles"), secondary);
    }
    if (!set_file_fields(x, &b, path, hash))
        return false;
    *out = value_map_end(&b);
    arena_release(&x->scratch);
    return true;
}

static bool export_directory(struct export *x, Value directory, Str dir, Value *out)
{
    Str name = value_get_str(directory, STR("basename"));
    Str id = value_get_str(directory, STR("location"));
    Value listing = value_get(directory, STR("listing"));
    if (id.len == 0) {                  // a literal is known by what is in it
        struct strbuf b = { 0 };
        json_write_canonical(&b, listing);
        id = hash_text(x->arena, hash_bytes(b.data, b.len));
        strbuf_release(&b);
    }
    Str path = free_path(x, dir, name.len ? name : STR("directory"), str_concat(x->arena, STR("dir:"), id));
    if (!dir_make_all(path, x->err))
        return false;
    sweep_parts(x, path);
    if (!export_value(x, listing, path, &listing))
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
        *out = value_array_of(x->arena, items, v.array->len);
    } else if (v.kind == VALUE_MAP) {
        struct value_builder b = value_map_begin(x->arena);
        for (size_t i = 0; i < v.map->len; i++) {
            Value field;
            if (!export_value(x, v.map->at[i].value, dir, &field))
                return false;
            value_map_set(&b, value_key(v, i), field);
        }
        *out = value_map_end(&b);
    }
    return true;
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
        sweep_parts(&x, outdir);
    ok = ok && export_value(&x, outputs, path_absolute(a, outdir), exported);
    arena_release(&x.scratch);
    map_release(&x.taken);
    map_release(&x.paths);
    return ok && sync_all(outdir, err);
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
