// SPDX-License-Identifier: Apache-2.0
// CWL files into trees: reading, references from file to file, $import, $include and $mixin. Local files only, and no
// knowledge of what the fields mean.
#include <limits.h>

#include "base/err.h"
#include "lang/cwl/iri.h"
#include "lang/cwl/load.h"
#include "sys/file.h"
#include "value/read.h"

enum { DOCUMENT_BYTES_MAX = 64 << 20 };

Str cwl_after_hash(Str id)
{
    ptrdiff_t hash = str_rfind_char(id, '#');
    return hash < 0 ? id : str_from(id, (size_t)hash + 1);
}

Str cwl_short_id(Str id)
{
    id = cwl_after_hash(id);
    ptrdiff_t slash = str_rfind_char(id, '/');
    return slash < 0 ? id : str_from(id, (size_t)slash + 1);
}

struct cwl_file *cwl_node_file(const struct node *n)
{
    CHECK(n->span.source);
    return CONTAINER_OF(n->span.source, struct cwl_file, source);
}

Str cwl_expand_prefix(struct arena *a, Value namespaces, Str name)
{
    ptrdiff_t colon = str_find_char(name, ':');
    if (colon <= 0 || str_starts(str_from(name, (size_t)colon), STR("://")))
        return name;
    Str iri = value_get_str(namespaces, str_first(name, (size_t)colon));
    return iri.len ? str_concat(a, iri, str_from(name, (size_t)colon + 1)) : name;
}

static Str shown_name(const struct loader *l, Str path)
{
    bool below = str_starts(path, l->cwd) && path.len > l->cwd.len && path.data[l->cwd.len] == '/';
    return below ? str_from(path, l->cwd.len + 1) : path;
}

bool cwl_split_reference(struct loader *l, const struct cwl_file *from, Str reference, struct span span, Str *path, Str *id)
{
    Str scheme = iri_scheme(reference), file = reference;
    ptrdiff_t hash = str_rfind_char(reference, '#');
    *id = hash < 0 ? (Str){ 0 } : str_from(reference, (size_t)hash + 1);
    if (hash >= 0)
        file = str_first(reference, (size_t)hash);
    if (scheme.len && !str_is(scheme, "file")) {
        diag_add(l->diags, span, "unsupported: '" STR_FMT "' is not a file on this machine", STR_ARG(reference));
        diag_hint(l->diags, "download the document and refer to the local copy");
        return false;
    }
    if (scheme.len) {
        *path = iri_to_path(l->a, file);
        if (path->len)
            return true;
        diag_add(l->diags, span, "'" STR_FMT "' is no valid file address: expected file:///folder/name", STR_ARG(reference));
        return false;
    }
    if (file.len == 0 && from) {
        *path = from->path;
        return true;
    }
    *path = str_normal_path(l->a, str_join_path(l->a, from ? str_dirname(from->path) : l->cwd, file));
    return true;
}

void cwl_hint_neighbour(struct arena *a, struct diags *diags, Str path)
{
    struct err ignored;
    Str *names, dir = str_dirname(path);
    size_t count;
    if (!dir_list(a, dir, &names, &count, &ignored)) {
        diag_hint(diags, "the folder '" STR_FMT "' is not there either", STR_ARG(dir));
        return;
    }
    Str nearest = str_nearest(str_basename(path), names, count);
    if (nearest.len)
        diag_hint(diags, "there is '" STR_FMT "' in that folder: is it this?", STR_ARG(nearest));
}

static bool read_text(struct loader *l, Str path, struct span span, Str *text)
{
    struct err err;
    if (file_read(l->a, path, DOCUMENT_BYTES_MAX, text, &err)) {
        vec_push(l->a, &l->paths, path);
        return true;
    }
    diag_add(l->diags, span, "%s", err.text);
    if (err.code == ERR_NOT_FOUND)
        cwl_hint_neighbour(l->a, l->diags, path);
    return false;
}

static void read_namespaces(struct loader *l, struct cwl_file *file)
{
    const struct node *n = node_get(file->raw, STR("$namespaces"));
    if (!node_is(n, VALUE_MAP))
        return;
    for (size_t i = 0; i < n->fields.len; i++)
        if (!node_is(n->fields.at[i].value, VALUE_STRING)) {
            diag_add(l->diags, n->fields.at[i].value->span, "a namespace must be a string: the IRI that '" STR_FMT ":' stands for",
                     STR_ARG(node_str(n->fields.at[i].key)));
            return;
        }
    file->namespaces = node_value(l->a, n);
}

struct cwl_file *cwl_file_open(struct loader *l, Str path, struct span span)
{
    struct cwl_file *file = map_find(&l->files, path);
    if (file)
        return file->raw ? file : NULL;
    file = NEW(l->a, struct cwl_file);
    file->path = str_copy(l->a, path);
    file->source.name = str_copy(l->a, shown_name(l, path));
    map_set(&l->files, file->path, file);
    if (!read_text(l, file->path, span, &file->source.text))
        return NULL;
    file->raw = document_read(l->a, &file->source, l->diags);
    if (file->raw)
        read_namespaces(l, file);
    return file->raw ? file : NULL;
}

static struct node *copy_tree(struct loader *l, const struct node *n)
{
    l->imported_nodes++;
    struct node *copy = node_new(l->a, n->kind, n->span);
    copy->is_plain = n->is_plain;
    copy->scalar = n->scalar;
    if (n->kind == VALUE_ARRAY) {
        copy->items.len = n->items.len;
        copy->items.at = NEW_ARRAY(l->a, struct node *, n->items.len);
        for (size_t i = 0; i < n->items.len; i++)
            copy->items.at[i] = copy_tree(l, n->items.at[i]);
    } else if (n->kind == VALUE_MAP) {
        copy->fields.len = n->fields.len;
        copy->fields.at = NEW_ARRAY(l->a, struct node_field, n->fields.len);
        for (size_t i = 0; i < n->fields.len; i++)
            copy->fields.at[i] = (struct node_field){ copy_tree(l, n->fields.at[i].key), copy_tree(l, n->fields.at[i].value) };
    }
    return copy;
}

// The map below `n` whose id or name is `id`.
static const struct node *find_by_id(const struct node *n, Str id)
{
    if (n->kind == VALUE_MAP) {
        const struct node *name = node_get(n, STR("id")) ? node_get(n, STR("id")) : node_get(n, STR("name"));
        if (node_is(name, VALUE_STRING) && str_eq(cwl_after_hash(node_str(name)), id))
            return n;
    }
    size_t len = n->kind == VALUE_MAP ? n->fields.len : n->kind == VALUE_ARRAY ? n->items.len : 0;
    for (size_t i = 0; i < len; i++) {
        const struct node *found = find_by_id(n->kind == VALUE_MAP ? n->fields.at[i].value : n->items.at[i], id);
        if (found)
            return found;
    }
    return NULL;
}

static struct node *resolve(struct loader *l, struct node *n, const struct import_frame *frame);

// "a imports b imports ": from `last` to `frame`.
static void write_imports(struct loader *l, struct strbuf *out, const struct import_frame *frame, const struct import_frame *last)
{
    if (frame != last)
        write_imports(l, out, frame->outer, last);
    strbuf_addf(out, STR_FMT " imports ", STR_ARG(shown_name(l, frame->key)));
}

static bool is_import_allowed(struct loader *l, const struct import_frame *frame, struct span span)
{
    int depth = 0;
    for (const struct import_frame *f = frame->outer; f; f = f->outer, depth++) {
        if (!str_eq(f->key, frame->key))
            continue;
        struct strbuf text = { 0 };
        write_imports(l, &text, frame->outer, f);
        diag_add(l->diags, span, "these documents import each other in a circle: " STR_FMT STR_FMT, STR_ARG(strbuf_str(&text)),
                 STR_ARG(shown_name(l, frame->key)));
        strbuf_release(&text);
        return false;
    }
    if (depth < CWL_IMPORT_DEPTH_MAX && l->imported_nodes < CWL_IMPORT_NODES_MAX)
        return true;
    diag_add(l->diags, span, "too many documents imported by documents: at most %d deep and %d entries in all", CWL_IMPORT_DEPTH_MAX,
             CWL_IMPORT_NODES_MAX);
    return false;
}

static struct node *import(struct loader *l, const struct node *reference, const struct import_frame *outer)
{
    Str path, id;
    if (!node_is(reference, VALUE_STRING)) {
        diag_add(l->diags, reference->span, "an import needs the name of a file, found " STR_FMT, STR_ARG(cwl_describe(l->a, reference)));
        return NULL;
    }
    if (!cwl_split_reference(l, cwl_node_file(reference), node_str(reference), reference->span, &path, &id))
        return NULL;
    struct import_frame frame = { .outer = outer,
                                  .key = id.len ? str_printf(l->a, STR_FMT "#" STR_FMT, STR_ARG(path), STR_ARG(id)) : path };
    if (!is_import_allowed(l, &frame, reference->span))
        return NULL;
    struct cwl_file *file = cwl_file_open(l, path, reference->span);
    if (!file)
        return NULL;
    const struct node *found = id.len ? find_by_id(file->raw, id) : file->raw;
    if (!found) {
        diag_add(l->diags, reference->span, "'" STR_FMT "' has nothing with the id '" STR_FMT "'", STR_ARG(file->source.name), STR_ARG(id));
        return NULL;
    }
    return resolve(l, copy_tree(l, found), &frame);
}

static struct node *include(struct loader *l, const struct node *reference)
{
    Str path, id, text;
    if (!node_is(reference, VALUE_STRING)) {
        diag_add(l->diags, reference->span, "$include needs the name of a file, found " STR_FMT, STR_ARG(cwl_describe(l->a, reference)));
        return NULL;
    }
    if (!cwl_split_reference(l, cwl_node_file(reference), node_str(reference), reference->span, &path, &id) ||
        !read_text(l, path, reference->span, &text))
        return NULL;
    if (str_is_utf8(text))
        return node_string(l->a, text, reference->span);
    diag_add(l->diags, reference->span, "'" STR_FMT "' cannot be included: it is no UTF-8 text", STR_ARG(node_str(reference)));
    return NULL;
}

// Fields beside $mixin win over those of the file.
static struct node *mixin(struct loader *l, struct node *n, const struct node *reference, const struct import_frame *frame)
{
    struct node *base = import(l, reference, frame);
    if (!base)
        return NULL;
    if (base->kind != VALUE_MAP) {
        diag_add(l->diags, reference->span, "$mixin needs a document that is a map");
        return NULL;
    }
    for (size_t i = 0; i < n->fields.len; i++)
        if (!str_is(node_str(n->fields.at[i].key), "$mixin"))
            node_map_set(l->a, base, n->fields.at[i].key, n->fields.at[i].value);
    return base;
}

// A directive stands alone in its map, but for $mixin. After a mistake (reported) null takes its place.
static struct node *resolve_directive(struct loader *l, struct node *n, const struct import_frame *frame, bool *is_directive)
{
    const struct node *reference;
    struct node *result = NULL;
    *is_directive = true;
    if ((reference = node_get(n, STR("$mixin"))))
        result = mixin(l, n, reference, frame);
    else if (n->fields.len == 1 && (reference = node_get(n, STR("$import"))))
        result = import(l, reference, frame);
    else if (n->fields.len == 1 && (reference = node_get(n, STR("$include"))))
        result = include(l, reference);
    else {
        *is_directive = false;
        return n;
    }
    return result ? result : node_new(l->a, VALUE_NULL, n->span);
}

static struct node *resolve_array(struct loader *l, struct node *n, const struct import_frame *frame)
{
    struct node *out = node_new(l->a, VALUE_ARRAY, n->span);
    for (size_t i = 0; i < n->items.len; i++) {
        struct node *item = n->items.at[i];
        bool is_import = node_get(item, STR("$import")) != NULL;
        struct node *value = resolve(l, item, frame);
        if (is_import && value->kind == VALUE_NULL)
            continue;
        if (is_import && value->kind == VALUE_ARRAY)    // an imported list joins the list that imports it
            for (size_t k = 0; k < value->items.len; k++)
                node_array_push(l->a, out, value->items.at[k]);
        else
            node_array_push(l->a, out, value);
    }
    return out;
}

static struct node *resolve(struct loader *l, struct node *n, const struct import_frame *frame)
{
    if (n->kind == VALUE_ARRAY)
        return resolve_array(l, n, frame);
    if (n->kind != VALUE_MAP)
        return n;
    bool is_directive;
    struct node *result = resolve_directive(l, n, frame, &is_directive);
    if (is_directive && result->kind != VALUE_MAP)
        return result;
    if (is_directive && !node_get(n, STR("$mixin")))
        return result;                                  // imported trees come resolved
    for (size_t i = 0; i < result->fields.len; i++)
        result->fields.at[i].value = resolve(l, result->fields.at[i].value, frame);
    return result;
}

struct node *cwl_file_tree(struct loader *l, struct cwl_file *file)
{
    if (!file->is_resolved) {
        struct import_frame frame = { .key = file->path };
        size_t before = l->diags->errors;
        struct node *tree = resolve(l, copy_tree(l, file->raw), &frame);
        file->is_resolved = true;
        file->tree = l->diags->errors == before ? tree : NULL;
    }
    return file->tree;
}
