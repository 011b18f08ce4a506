// SPDX-License-Identifier: Apache-2.0
// The way in: a path into a checked document.
#include "lang/cwl/load.h"
#include "sys/file.h"

// The ontologies of every file that was read; what is not on this machine cannot be looked at.
static void collect_schemas(struct loader *l, struct cwl_document *document)
{
    VEC(Str) schemas = { 0 };
    for (size_t i = 0; i < l->files.len; i++) {
        const struct cwl_file *file = l->files.entries[i].value;
        const struct node *list = node_get(file->raw, STR("$schemas"));
        const Str *names;
        size_t count = cwl_strings(l, list, "each of $schemas", &names);
        for (size_t k = 0; k < count; k++) {
            Str path, id;
            if (str_starts(names[k], STR("http://")) || str_starts(names[k], STR("https://"))) {
                diag_warn(l->diags, list->span, "the schema '" STR_FMT "' is not on this machine and is left out", STR_ARG(names[k]));
                diag_hint(l->diags, "formats are then compared by their names alone; download it to have subclasses known");
            } else if (cwl_split_reference(l, file, names[k], list->span, &path, &id)) {
                vec_push(l->a, &schemas, path);
            }
        }
    }
    document->schemas = schemas.at;
    document->schema_count = schemas.len;
}

struct cwl_document *cwl_load(struct arena *a, Str path, struct diags *diags)
{
    struct loader l = { .a = a, .diags = diags, .cwd = path_cwd(a) };
    size_t before = diags->errors, harmless = diags->harmless;
    struct source *asked = NEW(a, struct source);       // for what is wrong with the path itself
    asked->name = str_copy(a, path);
    struct cwl_document *document = NEW(a, struct cwl_document);
    document->process = cwl_process_find(&l, CWL_NO_VERSION, path, NULL, (struct span){ .source = asked });
    collect_schemas(&l, document);
    document->files = l.paths.at;
    document->file_count = l.paths.len;
    map_release(&l.files);
    map_release(&l.processes);
    if (document->process && diags->errors - before == diags->harmless - harmless)
        cwl_check(a, document, diags);
    return document->process && diags->errors == before ? document : NULL;
}
