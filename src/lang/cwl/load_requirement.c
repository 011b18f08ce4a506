// SPDX-License-Identifier: Apache-2.0
// Requirements and hints: which there are, since when, and their fields in one form. What they do is the evaluator's.
#include "lang/cwl/expr.h"
#include "lang/cwl/load.h"

// Names of extensions that became part of the standard, as documents of v1.0 use them.
static const struct { const char *name; enum cwl_req_kind kind; } extensions[] = {
    { "LoadListingRequirement", CWL_REQ_LOAD_LISTING }, { "InplaceUpdateRequirement", CWL_REQ_INPLACE_UPDATE },
    { "TimeLimit", CWL_REQ_TIME_LIMIT }, { "WorkReuse", CWL_REQ_WORK_REUSE }, { "NetworkAccess", CWL_REQ_NETWORK },
};

static int find_kind(struct scope *s, const struct item *item, bool *is_extension)
{
    Str name = cwl_expand_prefix(s->l->a, cwl_node_file(item->node)->namespaces, item->id);
    Str local = cwl_short_id(name);
    *is_extension = false;
    if (str_starts(item->id, STR("cwltool:")) || str_starts(name, STR("http://commonwl.org/cwltool#"))) {
        if (str_starts(local, STR("cwltool:")))
            local = str_from(local, 8);
        *is_extension = true;
        for (size_t i = 0; i < LEN(extensions); i++)
            if (str_is(local, extensions[i].name))
                return (int)extensions[i].kind;
        return -1;
    }
    if (str_is(item->id, "petri:Labels")) {
        *is_extension = true;
        return CWL_REQ_LABELS;
    }
    if (str_starts(name, STR("https://w3id.org/cwl/cwl#")))
        return cwl_requirement_kind(local);
    if (str_starts(name, STR("cwl:")))
        return cwl_requirement_kind(str_from(name, 4));
    return cwl_requirement_kind(name);
}

static void report_unknown(struct scope *s, const struct item *item, bool is_hint)
{
    struct diags *d = s->l->diags;
    const Str *names = cwl_requirement_names();
    bool is_near = !cwl_is_extension(item->id) && str_nearest(item->id, names, CWL_REQ_KINDS).len;
    if (is_hint && !is_near)
        return;
    if (is_hint)
        diag_warn(d, item->span, "the hint '" STR_FMT "' is not known and has no effect", STR_ARG(item->id));
    else if (is_near)
        diag_add(d, item->span, "there is no requirement '" STR_FMT "'", STR_ARG(item->id));
    else
        diag_add(d, item->span, "unsupported: the requirement '" STR_FMT "' is not known here", STR_ARG(item->id));
    if (is_near)
        diag_suggest(d, item->id, names, CWL_REQ_KINDS);
    else
        diag_hint(d, "if the workflow also works without it, move it from 'requirements' to 'hints'");
}

// {name: value} and [{key: name, value_key: value}] both become the list.
static void make_list(struct scope *s, struct node *n, const char *field, const char *key, const char *value_key,
                      enum cwl_construct construct)
{
    struct item *items;
    struct node *old = node_get(n, str_of(field));
    if (!old || old->kind == VALUE_NULL) {
        diag_add(s->l->diags, n->span, "this requirement needs '%s'", field);
        return;
    }
    size_t count = cwl_items(s->l, old, construct == CWL_C_ENV_DEF ? "variable" : "package", key, value_key, &items);
    struct node *list = node_new(s->l->a, VALUE_ARRAY, old->span);
    for (size_t i = 0; i < count; i++) {
        node_map_set(s->l->a, items[i].node, node_string(s->l->a, str_of(key), items[i].span),
                     node_string(s->l->a, items[i].id, items[i].span));
        if (construct == CWL_C_ENV_DEF && !node_get(items[i].node, STR("envValue")))
            diag_add(s->l->diags, items[i].span, "the environment variable '" STR_FMT "' has no 'envValue'", STR_ARG(items[i].id));
        cwl_check_fields(s->l->diags, items[i].node, construct, s->version);
        node_array_push(s->l->a, list, items[i].node);
    }
    node_map_set(s->l->a, n, node_string(s->l->a, str_of(field), old->span), list);
}

static void check_listing_entry(struct scope *s, struct node *n, bool may_be_list)
{
    struct diags *d = s->l->diags;
    if (n->kind == VALUE_STRING || n->kind == VALUE_NULL)
        return;
    if (n->kind == VALUE_ARRAY && may_be_list) {
        for (size_t i = 0; i < n->items.len; i++)
            check_listing_entry(s, n->items.at[i], false);
        return;
    }
    Str class_name = node_str(node_get(n, STR("class")));
    if (n->kind == VALUE_MAP && (str_is(class_name, "File") || str_is(class_name, "Directory")))
        return;
    if (n->kind != VALUE_MAP) {
        diag_add(d, n->span, "an entry of 'listing' must be an expression, {entryname: …, entry: …}, a File or a Directory, found " STR_FMT,
                 STR_ARG(cwl_describe(s->l->a, n)));
        return;
    }
    cwl_check_fields(d, n, CWL_C_DIRENT, s->version);
    if (!node_get(n, STR("entry")))
        diag_add(d, n->span, "this entry of 'listing' has no 'entry': the text of the file, or an expression that gives a File");
}

static void check_listing(struct scope *s, struct node *n)
{
    struct node *listing = node_get(n, STR("listing"));
    if (!listing || listing->kind == VALUE_NULL)
        diag_add(s->l->diags, n->span, "InitialWorkDirRequirement needs 'listing'");
    else if (listing->kind == VALUE_STRING && !expr_is(node_str(listing)))
        diag_add(s->l->diags, listing->span, "'listing' must be a list or an expression, found a string");
    for (size_t i = 0; node_is(listing, VALUE_ARRAY) && i < listing->items.len; i++)
        check_listing_entry(s, listing->items.at[i], true);
}

// Every field is a number or an expression, not negative; fractions since v1.2.
static void check_numbers(struct scope *s, const struct node *n)
{
    struct diags *d = s->l->diags;
    for (size_t i = 0; i < n->fields.len; i++) {
        const struct node *v = n->fields.at[i].value;
        Str name = node_str(n->fields.at[i].key);
        if (str_is(name, "class") || cwl_is_extension(name))
            continue;
        double number = 0;
        if (v->kind == VALUE_FLOAT && s->version < CWL_V1_2) {
            diag_add(d, v->span, "a fraction as '" STR_FMT "' came with CWL v1.2; this document says cwlVersion %s", STR_ARG(name),
                     cwl_version_text(s->version));
            diag_hint(d, "write a whole number, or set cwlVersion: v1.2");
        } else if (v->kind == VALUE_STRING && !expr_is(node_str(v))) {
            diag_add(d, v->span, "'" STR_FMT "' must be a number or an expression, found a string", STR_ARG(name));
            diag_hint(d, "write the number without quotes and without a unit (memory and disk are in MiB, time in seconds)");
        } else if (value_as_double(v->scalar, &number) && !(number >= 0)) {
            diag_add(d, v->span, "'" STR_FMT "' cannot be negative", STR_ARG(name));
        }
    }
}

static void check_present(struct scope *s, const struct node *n, const char *field)
{
    const struct node *v = node_get(n, str_of(field));
    if (!v || v->kind == VALUE_NULL)
        diag_add(s->l->diags, n->span, "this requirement needs '%s'", field);
}

static void check_docker(struct scope *s, const struct node *n)
{
    static const char *const sources[] = { "dockerPull", "dockerLoad", "dockerImport", "dockerFile", "dockerImageId" };
    struct diags *d = s->l->diags;
    bool has_source = false;
    for (size_t i = 0; i < LEN(sources); i++)
        has_source |= node_str(node_get(n, str_of(sources[i]))).len > 0;
    if (!has_source)
        diag_add(d, n->span, "this requirement names no image: it needs 'dockerPull', 'dockerLoad', 'dockerImport', 'dockerFile' or 'dockerImageId'");
    const struct node *folder = node_get(n, STR("dockerOutputDirectory"));
    Str path = node_str(folder);
    if (path.len && (path.data[0] != '/' || str_is(str_normal_path(s->l->a, path), "/")))
        diag_add(d, folder->span, "'dockerOutputDirectory' must be an absolute path of a folder, not '" STR_FMT "'", STR_ARG(path));
}

static void check_kind(struct scope *s, struct node *n, struct cwl_requirement *r)
{
    switch (r->kind) {
    case CWL_REQ_INLINE_JAVASCRIPT:
        r->expression_lib_count = cwl_strings(s->l, node_get(n, STR("expressionLib")), "each part of expressionLib", &r->expression_lib);
        break;
    case CWL_REQ_INITIAL_WORKDIR:
        check_listing(s, n);
        cwl_locate(s->l, n);
        break;
    case CWL_REQ_ENV_VAR:
        make_list(s, n, "envDef", "envName", "envValue", CWL_C_ENV_DEF);
        break;
    case CWL_REQ_SOFTWARE:
        make_list(s, n, "packages", "package", "specs", CWL_C_PACKAGE);
        break;
    case CWL_REQ_RESOURCE:
        check_numbers(s, n);
        break;
    case CWL_REQ_TIME_LIMIT:
        check_present(s, n, "timelimit");
        check_numbers(s, n);
        break;
    case CWL_REQ_LOAD_LISTING:
        cwl_listing_word(s->l, node_get(n, STR("loadListing")));
        break;
    case CWL_REQ_WORK_REUSE: check_present(s, n, "enableReuse"); break;
    case CWL_REQ_NETWORK: check_present(s, n, "networkAccess"); break;
    case CWL_REQ_INPLACE_UPDATE: check_present(s, n, "inplaceUpdate"); break;
    case CWL_REQ_DOCKER: check_docker(s, n); break;
    case CWL_REQ_SCHEMA_DEF: case CWL_REQ_SHELL: case CWL_REQ_SUBWORKFLOW: case CWL_REQ_SCATTER:
    case CWL_REQ_MULTIPLE_INPUT: case CWL_REQ_STEP_INPUT: case CWL_REQ_KINDS:
        break;
    case CWL_REQ_LABELS: check_present(s, n, "labels"); break;
    }
}

static bool read_one(struct scope *s, struct item *item, bool is_hint, struct cwl_requirement *out)
{
    bool is_extension;
    int kind = find_kind(s, item, &is_extension);
    if (kind < 0) {
        report_unknown(s, item, is_hint);
        return false;
    }
    if (!is_extension && s->version < cwl_requirement_since((enum cwl_req_kind)kind)) {
        diag_add(s->l->diags, item->span, "%s came with CWL v1.1; this document says cwlVersion v1.0",
                 cwl_requirement_name((enum cwl_req_kind)kind));
        diag_hint(s->l->diags, "set cwlVersion: v1.1, or write it as the extension cwltool:%s",
                  cwl_requirement_name((enum cwl_req_kind)kind));
        return false;
    }
    cwl_check_fields(s->l->diags, item->node, CWL_C_REQUIREMENT + kind, s->version);
    *out = (struct cwl_requirement){ .kind = (enum cwl_req_kind)kind, .span = item->span };
    check_kind(s, item->node, out);
    out->fields = node_value(s->l->a, item->node);
    return true;
}

struct cwl_requirements cwl_requirements_read(struct scope *s, struct node *n, bool is_hint)
{
    struct item *items;
    size_t count = cwl_items(s->l, n, is_hint ? "hint" : "requirement", "class", NULL, &items);
    struct cwl_requirement *list = NEW_ARRAY(s->l->a, struct cwl_requirement, count ? count : 1);
    struct cwl_requirements out = { .at = list };
    for (size_t i = 0; i < count; i++) {
        // Types come first: another requirement of the list never needs them, the inputs do.
        if (cwl_requirement_kind(cwl_short_id(items[i].id)) == CWL_REQ_SCHEMA_DEF)
            cwl_scope_add_types(s, node_get(items[i].node, STR("types")));
        out.len += read_one(s, &items[i], is_hint, &list[out.len]);
    }
    return out;
}
