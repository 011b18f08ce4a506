// SPDX-License-Identifier: Apache-2.0
// Reads a manifest and checks files against it. A manifest may come from anybody: a path that leads out of the folder is refused, and
// nothing but a regular file is read.
#include "view/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "sys/file.h"
#include "value/read.h"

static const struct section {
    const char *name;
    enum manifest_section section;
} sections[] = {
    { "outputs", MANIFEST_OUTPUTS }, { "inputs", MANIFEST_INPUTS }, { "tools", MANIFEST_TOOLS },
};

static struct span span_of(const struct node *n, const struct node *otherwise) { return n ? n->span : otherwise->span; }

static bool read_size(const struct node *item, struct manifest_file *f, struct diags *diags)
{
    const struct node *size = node_get(item, STR("size"));
    f->size = -1;
    if (size == NULL || size->kind == VALUE_NULL)
        return true;
    if (size->kind == VALUE_INT && size->scalar.integer >= 0) {
        f->size = size->scalar.integer;
        return true;
    }
    diag_add(diags, size->span, "'size': expected a number of bytes, 0 or more");
    return false;
}

static void read_file(struct arena *a, const struct node *item, enum manifest_section section, struct manifest *out, struct diags *diags)
{
    struct manifest_file f = { .section = section };
    const struct node *path = node_get(item, STR("path")), *digest = node_get(item, STR("digest"));
    if (!node_is(path, VALUE_STRING)) {
        diag_add(diags, span_of(path, item), "expected an object with 'path', a string, and 'digest'");
        return;
    }
    f.path = node_str(path);
    if (section == MANIFEST_OUTPUTS && !str_is_inner_path(f.path)) {
        diag_add(diags, path->span, "the path of an output must stay inside the folder: it can't be absolute, empty, or hold '.' or '..'");
        return;
    }
    if (section != MANIFEST_OUTPUTS && (!str_starts(f.path, STR("/")) || str_has(f.path, '\0'))) {
        diag_add(diags, path->span, "expected an absolute path");
        return;
    }
    if (digest == NULL && section != MANIFEST_OUTPUTS)  // it was not read
        return;
    if (!hash_parse(node_str(digest), &f.hash) || !str_starts(node_str(digest), STR("blake3:"))) {
        diag_add(diags, span_of(digest, item), "'digest': expected \"blake3:\" and 64 hex digits");
        return;
    }
    if (read_size(item, &f, diags))
        vec_push(a, &out->files, f);
}

static void read_list(struct arena *a, const struct node *list, const char *name, enum manifest_section section, struct manifest *out,
                      struct diags *diags)
{
    if (list == NULL || list->kind == VALUE_NULL)
        return;
    if (list->kind != VALUE_ARRAY) {
        diag_add(diags, list->span, "'%s': expected a list", name);
        return;
    }
    for (size_t i = 0; i < list->items.len; i++)
        read_file(a, list->items.at[i], section, out, diags);
}

static bool check_version(const struct node *root, struct diags *diags)
{
    const struct node *version = node_get(root, STR("petri_manifest"));
    if (!node_is(version, VALUE_INT) || version->scalar.integer < 1) {
        diag_add(diags, span_of(version, root), "this is no manifest of Petri: expected \"petri_manifest\": %d", MANIFEST_VERSION);
        return false;
    }
    if (version->scalar.integer > MANIFEST_VERSION) {
        diag_add(diags, version->span, "unsupported: a manifest of version %lld, made by a newer Petri; this one reads version %d",
                 (long long)version->scalar.integer, MANIFEST_VERSION);
        return false;
    }
    return true;
}

bool manifest_read(struct arena *a, const struct source *source, struct manifest *out, struct diags *diags)
{
    size_t errors = diags->errors;
    *out = (struct manifest){ 0 };
    const struct node *root = json_read(a, source, diags);
    if (root == NULL || !check_version(root, diags))
        return false;
    out->run = node_str(node_get(root, STR("run")));
    out->outdir = node_str(node_get(node_get(root, STR("where")), STR("outdir")));
    for (size_t i = 0; i < LEN(sections); i++)
        read_list(a, node_get(root, str_of(sections[i].name)), sections[i].name, sections[i].section, out, diags);
    read_list(a, node_get(node_get(root, STR("workflow")), STR("files")), "workflow.files", MANIFEST_WORKFLOW, out, diags);
    return diags->errors == errors;
}

// --- checking

static enum manifest_fault compare(struct arena *a, int fd, const struct manifest_file *f, struct manifest_check *out, Str *text)
{
    struct stat st;
    struct err err;
    Hash hash;
    int64_t size;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        *text = STR("is not a regular file");
        return MANIFEST_NO_FILE;
    }
    if (f->size >= 0 && st.st_size != f->size) {
        *text = str_printf(a, "has %lld bytes, the manifest says %lld", (long long)st.st_size, (long long)f->size);
        return MANIFEST_OTHER_SIZE;
    }
    if (!hash_fd(fd, 0, &hash, &size, &err)) {
        *text = str_copy(a, str_of(err.text));
        return MANIFEST_UNREADABLE;
    }
    out->bytes += size;
    if (hash_eq(hash, f->hash))
        return MANIFEST_SAME;
    *text = str_printf(a, "has other bytes: its digest is %.23s…, the manifest says %.23s…", hash_text(a, hash).data, hash_text(a, f->hash).data);
    return MANIFEST_OTHER_BYTES;
}

static enum manifest_fault check_file(struct arena *a, Str path, const struct manifest_file *f, struct manifest_check *out, Str *text)
{
    int fd = open(str_z(a, path), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        bool is_missing = errno == ENOENT || errno == ENOTDIR;
        *text = is_missing ? STR("is missing") : str_printf(a, "cannot be read: %s", strerror(errno));
        return is_missing ? MANIFEST_MISSING : MANIFEST_UNREADABLE;
    }
    enum manifest_fault fault = compare(a, fd, f, out, text);
    close(fd);
    return fault;
}

void manifest_verify(struct arena *a, const struct manifest *m, Str root, bool all, struct manifest_check *out)
{
    *out = (struct manifest_check){ 0 };
    for (size_t i = 0; i < m->files.len; i++) {
        const struct manifest_file *f = &m->files.at[i];
        struct arena scratch = { 0 };
        Str text = { 0 };
        if (f->section != MANIFEST_OUTPUTS && !all)
            continue;
        Str path = f->section == MANIFEST_OUTPUTS ? str_join_path(&scratch, root, f->path) : f->path;
        enum manifest_fault fault = check_file(&scratch, path, f, out, &text);
        out->checked++;
        if (fault != MANIFEST_SAME)
            vec_push(a, &out->differences, (struct manifest_difference){ f, fault, str_copy(a, text) });
        arena_release(&scratch);
    }
}
