// SPDX-License-Identifier: Apache-2.0
// Files and Directories as values: where their bytes are, what is in them, what they are called. Staging is run_stage.c.
#include <errno.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "engine/export.h"
#include "lang/cwl/run.h"
#include "store/store.h"
#include "sys/file.h"
#include "value/read.h"

enum { CONTENTS_MAX = 64 * 1024, FOLDER_DEPTH_MAX = 200, OUTPUT_OBJECT_MAX = 64 << 20 };

Str location_now(const struct evaluation *e, Str location)
{
    const Str *next;
    while ((next = map_find(&e->updated, location)) != NULL)
        location = *next;
    return location;
}

// --- a user's files

static struct user_file *user_file_of(struct evaluation *e, Str path)
{
    struct user_file *f = map_find(&e->files, path);
    if (f)
        return f;
    f = NEW(&e->arena, struct user_file);
    if (store_hash_file(driver_store(e->driver), path, &f->hash, &f->size, &f->err))
        f->err.code = ERR_NONE;         // what was tried on the way may have left its error
    map_set(&e->files, str_copy(&e->arena, path), f);
    return f;
}

bool file_bytes(struct evaluation *e, struct arena *a, Str location, Hash *hash, int64_t *size, Str *source, struct err *err)
{
    location = location_now(e, location);
    *source = (Str){ 0 };
    *size = 0;
    if (location_is_hash(location, hash))
        return true;
    if (!location_path(a, location, source))
        return err_set(err, ERR_UNSUPPORTED, "location '" STR_FMT "': only local files (file://) can be read", STR_ARG(location));
    const struct user_file *f = user_file_of(e, *source);
    if (f->err.code != ERR_NONE) {
        *err = f->err;
        return false;
    }
    *hash = f->hash, *size = f->size;
    return true;
}


static void collect_path(struct evaluation *e, Str path)
{
    if (map_has(&e->files, path))
        return;
    struct user_file *f = NEW(&e->arena, struct user_file);
    Str copy = str_copy(&e->arena, path);
    map_set(&e->files, copy, f);
    vec_push(&e->arena, &e->hashing, (struct driver_hash_item){ .path = copy });
}

void collect_user_files(struct evaluation *e, Value v)
{
    struct arena scratch = { 0 };
    Str path;
    if (v.kind == VALUE_ARRAY) {
        for (size_t i = 0; i < v.array->len; i++)
            collect_user_files(e, v.array->at[i]);
    } else if (v.kind == VALUE_MAP) {
        Str location = value_get_str(v, STR("location"));
        if (value_is_file(v) && location_path(&scratch, location, &path))
            collect_path(e, path);
        struct err ignored;             // a folder that can't be read is reported where it is used
        Value listing;
        if (value_is_directory(v) && location.len && folder_listing(e, &e->arena, v, &listing, &ignored))
            collect_user_files(e, listing);
        for (size_t i = 0; i < v.map->len; i++)
            collect_user_files(e, v.map->at[i].value);
    }
    arena_release(&scratch);
}

// --- folders

Str folder_add(struct evaluation *e, Value listing)
{
    struct strbuf b = { 0 };
    struct folder *f = NEW(&e->arena, struct folder);
    f->listing = value_copy(&e->arena, listing);
    json_write_canonical(&b, listing);
    Hash hash = hash_bytes(b.data, b.len);
    strbuf_release(&b);
    Str location = str_concat(&e->arena, STR("petri:dir:"), hash_text(&e->arena, hash));
    if (!map_has(&e->folders, location))
        map_set(&e->folders, location, f);
    return location;
}

static bool read_folder(struct evaluation *e, struct arena *a, Str path, int depth, Value *listing, struct err *err)
{
    Str *names;
    size_t count;
    if (depth > FOLDER_DEPTH_MAX)
        return err_set(err, ERR_LIMIT, STR_FMT ": folders nested more than %d deep", STR_ARG(path), FOLDER_DEPTH_MAX);
    if (!dir_list(a, path, &names, &count, err))
        return false;
    Value *items = NEW_ARRAY(a, Value, count + 1);
    for (size_t i = 0; i < count; i++) {
        Str child = str_join_path(a, path, names[i]);
        struct stat st;
        if (!file_stat(child, &st))
            return err_errno(err, "cannot read " STR_FMT, STR_ARG(child));
        if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
            return err_set(err, ERR_INVALID, STR_FMT ": neither a file nor a folder, so it cannot be an input", STR_ARG(child));
        struct value_builder b = value_map_begin(a);
        value_map_set(&b, STR("class"), value_string(a, S_ISDIR(st.st_mode) ? STR("Directory") : STR("File")));
        value_map_set(&b, STR("location"), value_string(a, location_of_path(a, child)));
        if (S_ISREG(st.st_mode))
            value_map_set(&b, STR("size"), value_int(st.st_size));
        items[i] = file_names(a, value_map_end(&b), names[i]);
        if (S_ISDIR(st.st_mode)) {
            Value inner;
            if (!read_folder(e, a, child, depth + 1, &inner, err))
                return false;
            items[i] = value_with(a, items[i], STR("listing"), inner);
        }
    }
    *listing = value_array_of(a, items, count);
    return true;
}

bool folder_listing(struct evaluation *e, struct arena *a, Value directory, Value *listing, struct err *err)
{
    Str location = location_now(e, value_get_str(directory, STR("location"))), path;
    Str rest = location, folder = str_starts(location, STR("petri:")) ? str_cut(&rest, '#') : location;
    const struct folder *known = map_find(&e->folders, folder);
    if (known) {
        *listing = known->listing;
        return true;
    }
    *listing = value_get(directory, STR("listing"));
    if (listing->kind == VALUE_ARRAY && !location_path(a, location, &path))
        return true;                    // a literal
    if (location.len == 0) {
        *listing = value_array(a, NULL, 0);
        return true;
    }
    if (!location_path(a, location, &path))
        return err_set(err, ERR_UNSUPPORTED, "location '" STR_FMT "': only local folders (file://) can be read", STR_ARG(location));
    struct folder *f = NEW(&e->arena, struct folder);
    if (!read_folder(e, &e->arena, path, 0, &f->listing, err))
        return false;
    map_set(&e->folders, str_copy(&e->arena, location), f);
    *listing = f->listing;
    return true;
}

// --- names

static void set_names(struct value_builder *b, bool is_file, Str basename)
{
    value_map_set(b, STR("basename"), value_string(b->arena, basename));
    if (!is_file)
        return;
    Str root, extension;
    str_split_extension(basename, &root, &extension);
    value_map_set(b, STR("nameroot"), value_string(b->arena, root));
    value_map_set(b, STR("nameext"), value_string(b->arena, extension));
}

Value file_names(struct arena *a, Value file, Str basename)
{
    struct value_builder b = value_map_begin(a);
    value_map_copy(&b, file);
    set_names(&b, value_is_file(file), basename);
    return value_map_end(&b);
}

Str secondary_name(struct arena *a, Str basename, Str pattern)
{
    while (str_starts(pattern, STR("^"))) {
        Str extension;
        str_split_extension(basename, &basename, &extension);
        pattern = str_from(pattern, 1);
    }
    return str_concat(a, basename, pattern);
}

static Str name_of(struct arena *a, Value v)
{
    Str name = value_get_str(v, STR("basename"));
    Str location = value_get_str(v, STR("location")), path;
    if (name.len)
        return name;
    if (location_path(a, location, &path))
        return str_copy(a, str_basename(path));
    struct strbuf b = { 0 };            // a literal without a name: named by its content, so that keys stay the same
    json_write_canonical(&b, v);
    char hex[HASH_HEX + 1];
    hash_hex(hash_bytes(b.data, b.len), hex);
    strbuf_release(&b);
    return str_printf(a, "literal-%.16s", hex);
}

static bool is_view_field(Str key)
{
    return str_is(key, "path") || str_is(key, "dirname") || str_is(key, "checksum");
}

// Bytes in a File with this location, or of this literal; -1: not known (that is no error yet).
static int64_t size_of(struct evaluation *e, struct arena *a, Value file)
{
    Str location = location_now(e, value_get_str(file, STR("location"))), path;
    if (location.len == 0)
        return (int64_t)value_get_str(file, STR("contents")).len;
    if (!location_path(a, location, &path))
        return value_get_int(file, STR("size"), -1);
    const struct user_file *f = user_file_of(e, path);
    return f->err.code == ERR_NONE ? f->size : -1;
}

static bool flow_fields(struct evaluation *e, struct arena *a, Value v, struct value_builder *b, struct err *err)
{
    bool is_file = value_is_file(v), has_location = value_get_str(v, STR("location")).len > 0;
    for (size_t i = 0; i < v.map->len; i++) {
        Str key = value_key(v, i);
        Value field = v.map->at[i].value;
        bool is_loaded = has_location && (str_is(key, "contents") || (str_is(key, "listing") && !is_file));
        if (is_view_field(key) || is_loaded || value_is_null(field))
            continue;
        if (!flow_value(e, a, field, &field, err))
            return false;
        value_map_set(b, key, field);
    }
    return true;
}

static bool flow_file(struct evaluation *e, struct arena *a, Value v, Value *out, struct err *err)
{
    Str path = value_get_str(v, STR("path"));
    if (value_get_str(v, STR("location")).len == 0 && path.len && path.data[0] == '/')
        v = value_with(a, v, STR("location"), value_string(a, location_of_path(a, path)));
    struct value_builder b = value_map_begin(a);
    if (!flow_fields(e, a, v, &b, err))
        return false;
    int64_t size = value_is_file(v) ? size_of(e, a, v) : -1;
    if (size >= 0)
        value_map_set(&b, STR("size"), value_int(size));
    if (value_get_str(v, STR("basename")).len) {
        set_names(&b, value_is_file(v), value_get_str(v, STR("basename")));
        *out = value_map_end(&b);
    } else {
        Value file = value_map_end(&b);
        *out = file_names(a, file, name_of(a, file));
    }
    return true;
}

bool flow_value(struct evaluation *e, struct arena *a, Value v, Value *out, struct err *err)
{
    *out = v;
    if (value_is_file(v) || value_is_directory(v))
        return flow_file(e, a, v, out, err);
    if (v.kind == VALUE_ARRAY) {
        Value *items = NEW_ARRAY(a, Value, v.array->len);
        for (size_t i = 0; i < v.array->len; i++)
            if (!flow_value(e, a, v.array->at[i], &items[i], err))
                return false;
        *out = value_array_of(a, items, v.array->len);
    } else if (v.kind == VALUE_MAP) {
        struct value_builder b = value_map_begin(a);
        for (size_t i = 0; i < v.map->len; i++) {
            Value field;
            if (!flow_value(e, a, v.map->at[i].value, &field, err))
                return false;
            value_map_set(&b, value_key(v, i), field);
        }
        *out = value_map_end(&b);
    }
    return true;
}

// --- what is in them

static bool read_start(struct arena *a, Str path, Str *out, bool *is_cut, struct err *err)
{
    FILE *f = fopen(str_z(a, path), "re");
    if (f == NULL)
        return err_errno(err, "cannot read " STR_FMT, STR_ARG(path));
    char *bytes = arena_alloc(a, CONTENTS_MAX + 1);
    size_t len = fread(bytes, 1, CONTENTS_MAX + 1, f);
    bool failed = ferror(f) != 0;
    fclose(f);
    if (failed)
        return err_set(err, ERR_INTERNAL, "cannot read " STR_FMT, STR_ARG(path));
    *is_cut = len > CONTENTS_MAX;
    *out = (Str){ bytes, MIN(len, (size_t)CONTENTS_MAX) };
    return true;
}

bool known_bytes(struct evaluation *e, struct arena *a, Hash hash, Str source, Str *path, Str *bytes, struct err *err)
{
    if (driver_bytes(e->driver, a, hash, source, path, bytes, err))
        return true;
    e->has_lost = source.len == 0 && (err->code == ERR_NOT_FOUND || err->code == ERR_DAMAGED);
    e->lost = hash;
    return false;
}

bool file_text(struct arena *a, Str path, Str *text, struct err *err) { return file_read(a, path, OUTPUT_OBJECT_MAX, text, err); }

// Up to 64 KiB; more: an error in v1.2, cut before. ERR_NOT_FOUND: the bytes are lost.
static bool file_contents(struct evaluation *e, struct arena *a, Value file, enum cwl_version version, Str *contents,
                          struct err *err)
{
    Hash hash;
    int64_t size;
    Str location = value_get_str(file, STR("location")), source, path, bytes;
    bool is_cut = false;
    if (location.len == 0) {
        *contents = value_get_str(file, STR("contents"));
        return true;
    }
    if (!file_bytes(e, a, location, &hash, &size, &source, err) || !known_bytes(e, a, hash, source, &path, &bytes, err))
        return false;
    *contents = bytes;
    if (path.len && !read_start(a, path, contents, &is_cut, err))
        return false;
    if (is_cut && version >= CWL_V1_2)
        return err_set(err, ERR_LIMIT, "loadContents of '" STR_FMT "': the file is larger than 64 KiB, the most that CWL allows",
                       STR_ARG(value_get_str(file, STR("basename"))));
    if (!str_is_utf8(*contents))
        return err_set(err, ERR_INVALID, "loadContents of '" STR_FMT "': the file is not UTF-8 text", STR_ARG(value_get_str(file, STR("basename"))));
    return true;
}

static Value shallow(struct arena *a, Value listing)
{
    Value *items = NEW_ARRAY(a, Value, value_len(listing));
    for (size_t i = 0; i < value_len(listing); i++)
        items[i] = value_without(a, value_at(listing, i), STR("listing"));
    return value_array_of(a, items, value_len(listing));
}

bool load_value(struct evaluation *e, struct arena *a, Value v, bool contents, enum cwl_listing listing, enum cwl_version version,
                Value *out, struct err *err)
{
    *out = v;
    if (v.kind == VALUE_ARRAY) {
        Value *items = NEW_ARRAY(a, Value, v.array->len);
        for (size_t i = 0; i < v.array->len; i++)
            if (!load_value(e, a, v.array->at[i], contents, listing, version, &items[i], err))
                return false;
        *out = value_array_of(a, items, v.array->len);
    } else if (value_is_file(v) && contents) {
        Str text;
        if (!file_contents(e, a, v, version, &text, err))
            return false;
        *out = value_with(a, v, STR("contents"), value_string(a, text));
    } else if (value_is_directory(v)) {
        Value inner;
        if (listing != CWL_SHALLOW_LISTING && listing != CWL_DEEP_LISTING)
            return true;
        if (!folder_listing(e, a, v, &inner, err))
            return false;
        *out = value_with(a, v, STR("listing"), listing == CWL_SHALLOW_LISTING ? shallow(a, inner) : inner);
    }
    return true;
}

enum cwl_listing listing_of(enum cwl_listing own, const struct evaluation *e, const struct scope *s, enum cwl_version version)
{
    if (own != CWL_LISTING_UNSET)
        return own;
    const struct cwl_requirement *r = scope_find(e, s, CWL_REQ_LOAD_LISTING, NULL);
    Str wanted = r ? value_get_str(r->fields, STR("loadListing")) : (Str){ 0 };
    if (str_is(wanted, "deep_listing"))
        return CWL_DEEP_LISTING;
    if (str_is(wanted, "shallow_listing"))
        return CWL_SHALLOW_LISTING;
    return r == NULL && version == CWL_V1_0 ? CWL_DEEP_LISTING : CWL_NO_LISTING;
}

// --- formats

static bool load_formats(struct evaluation *e, struct err *err)
{
    if (e->formats)
        return true;
    e->formats = formats_new(&e->arena);
    for (size_t i = 0; i < e->document->schema_count; i++)
        if (!formats_load(e->formats, e->document->schemas[i], err))
            return false;
    return true;
}

static bool file_format_fits(struct evaluation *e, Value file, Value wanted, struct err *err)
{
    Str format = value_get_str(file, STR("format"));
    if (format.len == 0)
        return err_set(err, ERR_INVALID, "the file '" STR_FMT "' has no format, expected one",
                       STR_ARG(value_get_str(file, STR("basename"))));
    if (wanted.kind == VALUE_STRING && formats_is(e->formats, format, value_str(wanted)))
        return true;
    for (size_t i = 0; i < value_len(wanted); i++)
        if (formats_is(e->formats, format, value_str(value_at(wanted, i))))
            return true;
    return err_set(err, ERR_INVALID, "the file '" STR_FMT "' has the format " STR_FMT ", which is none of those wanted",
                   STR_ARG(value_get_str(file, STR("basename"))), STR_ARG(format));
}

static bool formats_fit(struct evaluation *e, Value v, Value wanted, struct err *err)
{
    if (v.kind == VALUE_ARRAY) {
        for (size_t i = 0; i < v.array->len; i++)
            if (!formats_fit(e, v.array->at[i], wanted, err))
                return false;
        return true;
    }
    return !value_is_file(v) || file_format_fits(e, v, wanted, err);
}

bool format_check(struct evaluation *e, struct arena *a UNUSED, const struct expr_context *x, const struct cwl_param *p, Value v, struct err *err)
{
    Value wanted;
    if (value_is_null(p->format) || value_is_null(v))
        return true;
    if (!load_formats(e, err))
        return false;
    return expr_any(x, p->format, v, &wanted, err) && formats_fit(e, v, wanted, err);
}
