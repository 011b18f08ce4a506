// SPDX-License-Identifier: Apache-2.0
// Files and Directories of a job: their absolute locations, that they are there, and their secondary files by plain
// patterns. Contents are never read here; patterns that are expressions are the evaluator's.
#include <errno.h>

#include "base/vec.h"
#include "lang/cwl/expr.h"
#include "lang/cwl/inputs.h"
#include "lang/cwl/iri.h"
#include "lang/cwl/load.h"
#include "sys/file.h"

static void check_on_disk(struct job_check *j, const struct step_in *at, Str path, bool is_directory)
{
    struct stat st;
    if (!file_stat(path, &st)) {
        int why = errno;
        diag_add(j->diags, job_span(j, at), STR_FMT ": the %s '" STR_FMT "' %s", STR_ARG(job_where(j, at)),
                 is_directory ? "folder" : "file", STR_ARG(path), why == ENOENT || why == ENOTDIR ? "does not exist" : "cannot be reached");
        if (why == ENOENT)
            cwl_hint_neighbour(j->a, j->diags, path);
        else if (why != ENOTDIR)
            diag_hint(j->diags, "%s", strerror(why));
    } else if (S_ISDIR(st.st_mode) != is_directory) {
        diag_add(j->diags, job_span(j, at), STR_FMT ": '" STR_FMT "' is a %s, but a %s is expected", STR_ARG(job_where(j, at)),
                 STR_ARG(path), is_directory ? "file" : "folder", is_directory ? "Directory" : "File");
        diag_hint(j->diags, "write class: %s, if that is meant", is_directory ? "File" : "Directory");
    }
}

static void check_literal(struct job_check *j, const struct step_in *at, Value v, bool is_directory)
{
    if (is_directory ? value_get(v, STR("listing")).kind == VALUE_ARRAY : value_get(v, STR("contents")).kind == VALUE_STRING)
        return;
    diag_add(j->diags, job_span(j, at), STR_FMT ": this %s has no 'location' or 'path', and no '%s' of its own", STR_ARG(job_where(j, at)),
             is_directory ? "Directory" : "File", is_directory ? "listing" : "contents");
    diag_hint(j->diags, "add path: and the name of the %s", is_directory ? "folder" : "file");
}

// The absolute location, empty for a literal. Locations from a job document are absolute already; those given otherwise are
// relative to the current folder.
static Str location_of(struct job_check *j, const struct step_in *at, Value v, bool is_directory)
{
    Str location = value_get_str(v, STR("location")), path = value_get_str(v, STR("path"));
    if (location.len)
        location = iri_resolve(j->a, location, path_cwd(j->a));
    else if (path.len)
        location = iri_scheme(path).len ? iri_resolve(j->a, path, path_cwd(j->a)) : iri_of_path(j->a, path_absolute(j->a, path));
    Str scheme = iri_scheme(location);
    if (location.len == 0 || str_is(scheme, "_")) {
        check_literal(j, at, v, is_directory);
    } else if (!str_is(scheme, "file")) {
        diag_add(j->diags, job_span(j, at), "unsupported: " STR_FMT ": '" STR_FMT "' is not on this machine", STR_ARG(job_where(j, at)),
                 STR_ARG(location));
        diag_hint(j->diags, "download it and give the local file");
    } else {
        check_on_disk(j, at, iri_to_path(j->a, location), is_directory);
    }
    return location;
}

static Value complete_list(struct job_check *j, const struct step_in *at, Str key, Value list)
{
    struct step_in field = { .outer = at, .key = key };
    Value *items = NEW_ARRAY(j->a, Value, value_len(list) + 1);
    for (size_t i = 0; i < list.array->len; i++) {
        struct step_in item = { .outer = &field, .index = i };
        items[i] = list.array->at[i];
        if (value_is_file(items[i]) || value_is_directory(items[i]))
            items[i] = job_file(j, &item, items[i]);
        else
            diag_add(j->diags, job_span(j, &item), STR_FMT " must be a File or a Directory, found " STR_FMT, STR_ARG(job_where(j, &item)),
                     STR_ARG(job_describe(j, items[i])));
    }
    return value_array(j->a, items, list.array->len);
}

Value job_file(struct job_check *j, const struct step_in *at, Value v)
{
    bool is_directory = value_is_directory(v);
    Str location = location_of(j, at, v, is_directory), format = value_get_str(v, STR("format"));
    struct value_builder b = value_map_begin(j->a);
    for (size_t i = 0; i < v.map->len; i++)
        if (!str_is(value_key(v, i), "path"))
            value_map_set(&b, value_key(v, i), v.map->at[i].value);
    if (location.len)
        value_map_set(&b, STR("location"), value_string(j->a, location));
    Str path = iri_to_path(j->a, location);
    if (path.len && value_get(v, STR("basename")).kind != VALUE_STRING)
        value_map_set(&b, STR("basename"), value_string(j->a, str_basename(path)));
    if (format.len)
        value_map_set(&b, STR("format"), value_string(j->a, cwl_expand_prefix(j->a, j->process->namespaces, format)));
    static const Str lists[] = { STR_CONST("secondaryFiles"), STR_CONST("listing") };
    for (size_t i = 0; i < LEN(lists); i++)
        if (value_get(v, lists[i]).kind == VALUE_ARRAY)
            value_map_set(&b, lists[i], complete_list(j, at, lists[i], value_get(v, lists[i])));
    return value_map_end(&b);
}

// "^^.fai": each '^' takes an ending off the name; then the rest is added.
static Str apply_pattern(struct arena *a, Str name, Str pattern)
{
    while (str_starts(pattern, STR("^"))) {
        Str extension;
        str_split_extension(name, &name, &extension);
        pattern = str_from(pattern, 1);
    }
    return str_concat(a, name, pattern);
}

static bool is_listed(Value list, Str basename)
{
    for (size_t i = 0; list.kind == VALUE_ARRAY && i < list.array->len; i++)
        if (str_eq(value_get_str(list.array->at[i], STR("basename")), basename))
            return true;
    return false;
}

static Value made_secondary(struct job_check *j, Str path, Str basename, bool is_directory)
{
    struct value_builder b = value_map_begin(j->a);
    value_map_set(&b, STR("class"), value_string(j->a, is_directory ? STR("Directory") : STR("File")));
    value_map_set(&b, STR("location"), value_string(j->a, iri_of_path(j->a, path)));
    value_map_set(&b, STR("basename"), value_string(j->a, basename));
    return value_map_end(&b);
}

Value job_add_secondary(struct job_check *j, const struct step_in *at, const struct cwl_param *p, Value file)
{
    Value have = value_get(file, STR("secondaryFiles"));
    Str primary = iri_to_path(j->a, value_get_str(file, STR("location"))), basename = value_get_str(file, STR("basename"));
    VEC(Value) list = { 0 };
    for (size_t i = 0; have.kind == VALUE_ARRAY && i < have.array->len; i++)
        vec_push(j->a, &list, have.array->at[i]);
    for (size_t i = 0; i < p->secondary_count; i++) {
        const struct cwl_secondary *s = &p->secondary[i];
        if (expr_is(s->pattern) || (basename.len == 0 && primary.len == 0))
            continue;
        Str name = apply_pattern(j->a, basename, s->pattern);
        if (is_listed(have, name))
            continue;
        struct stat st;
        if (primary.len && !file_stat(primary, &st))
            continue;                   // reported already
        Str path = str_join_path(j->a, str_dirname(primary), apply_pattern(j->a, str_basename(primary), s->pattern));
        if (primary.len && file_stat(path, &st)) {
            vec_push(j->a, &list, made_secondary(j, path, name, S_ISDIR(st.st_mode)));
        } else if (s->required.kind == VALUE_NULL || (s->required.kind == VALUE_BOOL && s->required.boolean)) {
            diag_add(j->diags, job_span(j, at),
                     STR_FMT ": the secondary file '" STR_FMT "' (pattern '" STR_FMT "') is missing beside '" STR_FMT "'",
                     STR_ARG(job_where(j, at)), STR_ARG(name), STR_ARG(s->pattern), STR_ARG(primary.len ? primary : basename));
            diag_hint(j->diags, "put it there, or name it in the job below secondaryFiles");
        }
    }
    return list.len ? value_with(j->a, file, STR("secondaryFiles"), value_array(j->a, list.at, list.len)) : file;
}
