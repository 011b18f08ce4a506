// SPDX-License-Identifier: Apache-2.0
// Reads and writes lock files. They are JSON that people see in reviews: sorted, one image a block, nothing that changes by itself.
#include "exec/container/lock.h"

#include "base/vec.h"
#include "exec/container/inspect.h"
#include "sys/file.h"
#include "value/read.h"

enum { LOCK_VERSION = 1, LOCK_MAX = 16 << 20 };
#define VERSION_FIELD "petri-images-lock"

Str lock_path(struct arena *a, Str workflow)
{
    return str_concat(a, str_cut(&workflow, '#'), STR(".images.lock"));
}

static void unknown_field(struct diags *diags, const struct node *key, const Str *known, size_t count)
{
    diag_add(diags, key->span, "there is no field '" STR_FMT "' in a lock file", STR_ARG(node_str(key)));
    diag_suggest(diags, node_str(key), known, count);
}

static void read_image(struct arena *a, struct node *name, struct node *entry, struct image *out, struct diags *diags)
{
    static const Str fields[] = { STR_CONST("id"), STR_CONST("digest"), STR_CONST("size") };
    *out = (struct image){ .name = str_copy(a, node_str(name)) };
    if (entry->kind != VALUE_MAP) {
        diag_add(diags, entry->span, "expected {id: …, digest: …}, found %s", value_kind_name(entry->kind));
        return;
    }
    for (size_t i = 0; i < entry->fields.len; i++) {
        const struct node *key = entry->fields.at[i].key, *value = entry->fields.at[i].value;
        Str field = node_str(key);
        if (str_is(field, "size")) {
            bool is_size = value->kind == VALUE_INT && value->scalar.integer >= 0;
            out->size = is_size ? value->scalar.integer : 0;
            if (!is_size)
                diag_add(diags, value->span, "'size' must be a number of bytes");
        } else if (!str_is(field, "id") && !str_is(field, "digest")) {
            unknown_field(diags, key, fields, LEN(fields));
        } else if (value->kind != VALUE_STRING) {
            diag_add(diags, value->span, "'" STR_FMT "' must be a text, found %s", STR_ARG(field), value_kind_name(value->kind));
        } else {
            *(str_is(field, "id") ? &out->id : &out->digest) = str_copy(a, node_str(value));
        }
    }
    ptrdiff_t at = str_find(out->digest, STR("@"));
    if (!image_id_is_valid(out->id))
        diag_add(diags, entry->span, "the image '" STR_FMT "' needs an 'id': \"sha256:\" and 64 hexadecimal digits", STR_ARG(out->name));
    if (out->digest.len && (at <= 0 || !image_id_is_valid(str_from(out->digest, (size_t)at + 1)) || out->digest.data[0] == '-'))
        diag_add(diags, entry->span, "'digest' must be \"REPOSITORY@sha256:…\", as registries know the image");
    if (out->name.len == 0)
        diag_add(diags, name->span, "an image without a name");
}

static void read_images(struct arena *a, struct node *map, struct image_lock *out, struct diags *diags)
{
    if (map->kind != VALUE_MAP) {
        diag_add(diags, map->span, "'images' must be a map from names to {id, digest}, found %s", value_kind_name(map->kind));
        return;
    }
    out->images = NEW_ARRAY(a, struct image, map->fields.len + 1);
    out->count = map->fields.len;
    for (size_t i = 0; i < map->fields.len; i++)
        read_image(a, map->fields.at[i].key, map->fields.at[i].value, &out->images[i], diags);
}

bool lock_parse(struct arena *a, const struct source *source, struct image_lock *out, struct diags *diags)
{
    static const Str fields[] = { STR_CONST(VERSION_FIELD), STR_CONST("images") };
    size_t errors = diags->errors;
    bool has_version = false, has_images = false;
    *out = (struct image_lock){ 0 };
    struct node *root = json_read(a, source, diags);
    if (!root)
        return false;
    if (root->kind != VALUE_MAP) {
        diag_add(diags, root->span, "this is no lock file of images: expected a map, found %s", value_kind_name(root->kind));
        return false;
    }
    for (size_t i = 0; i < root->fields.len; i++) {
        struct node *key = root->fields.at[i].key, *value = root->fields.at[i].value;
        if (str_is(node_str(key), VERSION_FIELD)) {
            has_version = true;
            if (value->kind != VALUE_INT || value->scalar.integer != LOCK_VERSION)
                diag_add(diags, value->span, "unsupported: this lock file is of another version; this program knows version %d", LOCK_VERSION);
        } else if (str_is(node_str(key), "images")) {
            has_images = true;
            read_images(a, value, out, diags);
        } else {
            unknown_field(diags, key, fields, LEN(fields));
        }
    }
    if (!has_version || !has_images)
        diag_add(diags, root->span, "this is no lock file of images: it lacks '%s'", has_version ? "images" : VERSION_FIELD);
    if (diags->errors > errors)
        diag_hint(diags, "'petri images pin WORKFLOW' writes it anew");
    return diags->errors == errors;
}

bool lock_read(struct arena *a, Str path, struct image_lock **out, struct diags *diags)
{
    struct source *source = NEW(a, struct source);
    struct err err;
    source->name = path;
    *out = NULL;
    if (!file_exists(path))
        return true;
    if (!file_read(a, path, LOCK_MAX, &source->text, &err)) {
        diag_add(diags, (struct span){ source, 0, 0 }, "%s", err.text);
        return false;
    }
    *out = NEW(a, struct image_lock);
    return lock_parse(a, source, *out, diags);
}

static int compare_images(const void *x, const void *y)
{
    return str_compare(((const struct image *)x)->name, ((const struct image *)y)->name);
}

Str lock_text(struct arena *a, const struct image_lock *lock)
{
    struct strbuf text = { 0 };
    struct value_builder root = value_map_begin(a), images = value_map_begin(a);
    struct image *sorted = NEW_ARRAY(a, struct image, lock->count + 1);
    if (lock->count) {
        memcpy(sorted, lock->images, lock->count * sizeof *sorted);
        qsort(sorted, lock->count, sizeof *sorted, compare_images);
    }
    for (size_t i = 0; i < lock->count; i++) {
        struct value_builder entry = value_map_begin(a);
        value_map_set(&entry, STR("id"), value_string(a, sorted[i].id));
        if (sorted[i].digest.len)
            value_map_set(&entry, STR("digest"), value_string(a, sorted[i].digest));
        if (sorted[i].size)
            value_map_set(&entry, STR("size"), value_int(sorted[i].size));
        value_map_set(&images, sorted[i].name, value_map_end(&entry));
    }
    value_map_set(&root, STR(VERSION_FIELD), value_int(LOCK_VERSION));
    value_map_set(&root, STR("images"), value_map_end(&images));
    json_write(&text, value_map_end(&root), 2);
    strbuf_addc(&text, '\n');
    return strbuf_take(&text, a);
}

bool lock_write(struct arena *a, Str path, const struct image_lock *lock, struct err *err)
{
    return file_write_atomic(path, lock_text(a, lock), err) || err_wrap(err, "the lock file " STR_FMT, STR_ARG(path));
}
