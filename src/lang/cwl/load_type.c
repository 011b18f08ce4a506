// SPDX-License-Identifier: Apache-2.0
// Types from documents: names, the shorthands "File?" and "string[]", arrays, records, enums, unions, and the named types of
// SchemaDefRequirement. Recursive types are refused: no value could ever have one.
#include "lang/cwl/load.h"

static const struct cwl_type any_type = { .kind = CWL_ANY };

static const struct { const char *name; struct cwl_type type; } primitives[] = {
    { "null", { .kind = CWL_NULL } }, { "boolean", { .kind = CWL_BOOLEAN } }, { "int", { .kind = CWL_INT } },
    { "long", { .kind = CWL_LONG } }, { "float", { .kind = CWL_FLOAT } }, { "double", { .kind = CWL_DOUBLE } },
    { "string", { .kind = CWL_STRING } }, { "File", { .kind = CWL_FILE } }, { "Directory", { .kind = CWL_DIRECTORY } },
    { "Any", { .kind = CWL_ANY } },
};

static const struct cwl_type *find_primitive(Str name)
{
    for (size_t i = 0; i < LEN(primitives); i++)
        if (str_is(name, primitives[i].name))
            return &primitives[i].type;
    return NULL;
}

static struct cwl_type *new_type(struct scope *s, enum cwl_kind kind)
{
    struct cwl_type *type = NEW(s->l->a, struct cwl_type);
    type->kind = kind;
    return type;
}

void cwl_scope_add_types(struct scope *s, struct node *list)
{
    for (size_t i = 0; list && list->kind == VALUE_ARRAY && i < list->items.len; i++) {
        struct node *n = list->items.at[i], *name = node_get(n, STR("name"));
        if (!node_is(name, VALUE_STRING)) {
            diag_add(s->l->diags, n->span, "each type of SchemaDefRequirement must be a map with a 'name', found " STR_FMT,
                     STR_ARG(n->kind == VALUE_MAP ? STR("one without") : cwl_describe(s->l->a, n)));
            continue;
        }
        if (s->types.len >= CWL_NAMED_TYPES_MAX) {
            diag_add(s->l->diags, n->span, "too many named types: at most %d", CWL_NAMED_TYPES_MAX);
            return;
        }
        struct named_type *t = NEW(s->l->a, struct named_type);
        *t = (struct named_type){ .name = cwl_after_hash(node_str(name)), .file = cwl_node_file(n), .node = n };
        vec_push(s->l->a, &s->types, t);
    }
}

// By the file and the name; then by the name's last part, which is how documents that were packed or moved name it.
static struct named_type *find_named(const struct scope *s, Str path, Str id)
{
    for (const struct scope *at = s; at; at = at->outer)
        for (size_t i = at->types.len; i-- > 0;)
            if (str_eq(at->types.at[i]->name, id) && (!path.len || str_eq(at->types.at[i]->file->path, path)))
                return at->types.at[i];
    for (const struct scope *at = s; at; at = at->outer)
        for (size_t i = at->types.len; i-- > 0;)
            if (str_eq(cwl_short_id(at->types.at[i]->name), cwl_short_id(id)))
                return at->types.at[i];
    return NULL;
}

static void report_unknown_type(struct scope *s, const struct node *n, Str name)
{
    static const struct { const char *wrong, *right;
    } common[] = {
        { "integer", "int" },
        { "number", "double" },
        { "bool", "boolean" },
        { "str", "string" },
        { "text", "string" },
        { "dir", "Directory" },
        { "folder", "Directory" },
        { "array", "{type: array, items: File}" },
        { "record", "{type: record, fields: …}" },
        { "enum", "{type: enum, symbols: […]}" },
        { "list", "{type: array, items: File}" },
        { "any", "Any" },
        { "none", "null" },
    };
    struct diags *d = s->l->diags;
    if (str_is(name, "stdin") || str_is(name, "stdout") || str_is(name, "stderr")) {
        diag_add(d, n->span, "type '" STR_FMT "' cannot be used here: it stands alone, as the whole type of %s of a CommandLineTool",
                 STR_ARG(name), str_is(name, "stdin") ? "an input" : "an output");
        return;
    }
    diag_add(d, n->span, "there is no type '" STR_FMT "'", STR_ARG(name));
    for (size_t i = 0; i < LEN(common); i++)
        if (str_is(name, common[i].wrong)) {
            diag_hint(d, "write %s", common[i].right);
            return;
        }
    VEC(Str) names = { 0 };
    for (size_t i = 0; i < LEN(primitives); i++)
        vec_push(s->l->a, &names, str_of(primitives[i].name));
    for (const struct scope *at = s; at; at = at->outer)
        for (size_t i = 0; i < at->types.len; i++)
            vec_push(s->l->a, &names, at->types.at[i]->name);
    if (str_nearest(name, names.at, names.len).len)
        diag_suggest(d, name, names.at, names.len);
    else
        diag_hint(d, "named types come from SchemaDefRequirement, for example types: [{$import: types.yml}]");
}

static const struct cwl_type *read_map(struct scope *s, struct node *n);

static const struct cwl_type *read_named(struct scope *s, struct named_type *t, const struct node *use)
{
    if (t->type)
        return t->type;
    if (t->is_reading) {
        diag_add(s->l->diags, use->span, "type '" STR_FMT "' contains itself, so no value could ever have it", STR_ARG(t->name));
        return &any_type;
    }
    t->is_reading = true;
    const struct cwl_type *type = read_map(s, t->node);
    t->type = type;
    t->is_reading = false;
    return type;
}

void cwl_scope_read_types(struct scope *s)
{
    for (size_t i = 0; i < s->types.len; i++)
        read_named(s, s->types.at[i], s->types.at[i]->node);
}

static const struct cwl_type *read_reference(struct scope *s, const struct node *n, Str name)
{
    Str path = { 0 }, id = name;
    if (str_has(name, '#') && !cwl_split_reference(s->l, cwl_node_file(n), name, n->span, &path, &id))
        return &any_type;
    struct named_type *t = find_named(s, path, id);
    if (t)
        return read_named(s, t, n);
    report_unknown_type(s, n, name);
    return &any_type;
}

static const struct cwl_type *make_optional(struct scope *s, const struct cwl_type *type)
{
    if (cwl_type_accepts_null(type))
        return type;
    size_t inner = type->kind == CWL_UNION ? type->member_count : 1;
    const struct cwl_type **members = NEW_ARRAY(s->l->a, const struct cwl_type *, inner + 1);
    members[0] = find_primitive(STR("null"));
    for (size_t i = 0; i < inner; i++)
        members[i + 1] = type->kind == CWL_UNION ? type->members[i] : type;
    struct cwl_type *out = new_type(s, CWL_UNION);
    out->members = members;
    out->member_count = inner + 1;
    return out;
}

// "File", "File?", "string[]", "string[]?", since v1.2 also "string[][]" and the like; a name of a named type in place of these.
static const struct cwl_type *read_string(struct scope *s, const struct node *n)
{
    Str name = node_str(n);
    bool optional = str_ends(name, STR("?"));
    int levels = 0;
    if (optional)
        name.len--;
    for (; str_ends(name, STR("[]")); levels++)
        name.len -= 2;
    if (levels > 1 && s->version < CWL_V1_2) {
        diag_add(s->l->diags, n->span,
                 "'" STR_FMT "': arrays of arrays in this short form came with CWL v1.2; this document says cwlVersion %s",
                 STR_ARG(node_str(n)), cwl_version_text(s->version));
        diag_hint(s->l->diags, "write {type: array, items: {type: array, items: " STR_FMT "}}, or set cwlVersion: v1.2", STR_ARG(name));
    }
    if (levels > 20) {
        diag_add(s->l->diags, n->span, "a type of %d arrays within each other is too deep", levels);
        return &any_type;
    }
    const struct cwl_type *type = find_primitive(name);
    if (!type && str_has(name, ':'))                    // cwl:File, or the full IRI
        type = find_primitive(cwl_short_id(str_has(name, '#') ? name : str_from(name, (size_t)str_rfind_char(name, ':') + 1)));
    if (!type)
        type = read_reference(s, n, name);
    for (int i = 0; i < levels; i++) {
        struct cwl_type *array = new_type(s, CWL_ARRAY);
        array->items = type;
        type = array;
    }
    return optional ? make_optional(s, type) : type;
}

static bool has_member(const struct cwl_type *const *members, size_t count, const struct cwl_type *type)
{
    for (size_t i = 0; i < count; i++)
        if (members[i] == type || (members[i]->kind == type->kind && type->kind < CWL_ARRAY))
            return true;
    return false;
}

static const struct cwl_type *read_union(struct scope *s, struct node *n)
{
    VEC(const struct cwl_type *) members = { 0 };
    for (size_t i = 0; i < n->items.len; i++) {
        const struct cwl_type *type = cwl_type_read(s, n->items.at[i]);
        size_t inner = type->kind == CWL_UNION ? type->member_count : 1;
        for (size_t k = 0; k < inner; k++) {
            const struct cwl_type *member = type->kind == CWL_UNION ? type->members[k] : type;
            if (!has_member(members.at, members.len, member))
                vec_push(s->l->a, &members, member);
        }
    }
    if (members.len == 0) {
        diag_add(s->l->diags, n->span, "an empty list is no type: it must name at least one");
        return &any_type;
    }
    if (members.len == 1)
        return members.at[0];
    struct cwl_type *type = new_type(s, CWL_UNION);
    type->members = members.at;
    type->member_count = members.len;
    return type;
}

static void read_fields(struct scope *s, struct cwl_type *type, struct node *n)
{
    struct item *items;
    size_t count = cwl_items(s->l, n, "record field", "name", "type", &items);
    struct cwl_param *fields = NEW_ARRAY(s->l->a, struct cwl_param, count ? count : 1);
    for (size_t i = 0; i < count; i++)
        fields[i] = cwl_param_read(s, &items[i], CWL_C_FIELD);
    type->fields = fields;
    type->field_count = count;
}

static void read_symbols(struct scope *s, struct cwl_type *type, const struct node *n, const struct node *map)
{
    const Str *symbols;
    size_t count = cwl_strings(s->l, n, "each symbol of an enum", &symbols);
    Str *names = NEW_ARRAY(s->l->a, Str, count ? count : 1);
    for (size_t i = 0; i < count; i++)
        names[i] = str_has(symbols[i], '#') ? cwl_short_id(symbols[i]) : symbols[i];
    type->symbols = names;
    type->symbol_count = count;
    if (!n)
        diag_add(s->l->diags, map->span, "an enum type needs 'symbols': the list of its values");
}

// A type that is named where it is written can be used by that name from there on.
static void remember_name(struct scope *s, const struct node *n, const struct cwl_type *type)
{
    Str name = cwl_after_hash(node_str(node_get(n, STR("name"))));
    if (name.len == 0 || s->types.len >= CWL_NAMED_TYPES_MAX)
        return;
    for (size_t i = 0; i < s->types.len; i++)
        if (str_eq(s->types.at[i]->name, name))
            return;
    struct named_type *t = NEW(s->l->a, struct named_type);
    *t = (struct named_type){ .name = name, .file = cwl_node_file(n), .type = type };
    vec_push(s->l->a, &s->types, t);
}

static const struct cwl_type *read_complex(struct scope *s, struct node *n, enum cwl_kind kind)
{
    static const enum cwl_construct constructs[] = { [CWL_ARRAY] = CWL_C_ARRAY, [CWL_RECORD] = CWL_C_RECORD, [CWL_ENUM] = CWL_C_ENUM };
    cwl_check_fields(s->l->diags, n, constructs[kind], s->version);
    struct cwl_type *type = new_type(s, kind);
    type->name = cwl_short_id(node_str(node_get(n, STR("name"))));
    if (node_get(n, STR("inputBinding")))
        type->binding = cwl_binding_read(s, node_get(n, STR("inputBinding")));
    if (node_is(node_get(n, STR("outputBinding")), VALUE_MAP))
        diag_warn(s->l->diags, n->span, "an outputBinding on a type has no effect; put it on the output");
    if (kind == CWL_ARRAY && node_get(n, STR("items"))) {
        type->items = cwl_type_read(s, node_get(n, STR("items")));
    } else if (kind == CWL_ARRAY) {
        diag_add(s->l->diags, n->span, "an array type needs 'items': the type of its elements");
        type->items = &any_type;
    }
    if (kind == CWL_RECORD)
        read_fields(s, type, node_get(n, STR("fields")));
    if (kind == CWL_ENUM)
        read_symbols(s, type, node_get(n, STR("symbols")), n);
    remember_name(s, n, type);
    return type;
}

static const struct cwl_type *read_map(struct scope *s, struct node *n)
{
    struct node *kind = node_get(n, STR("type"));
    Str name = cwl_short_id(node_str(kind));
    if (str_starts(name, STR("cwl:")))
        name = str_from(name, 4);
    if (str_is(name, "array"))
        return read_complex(s, n, CWL_ARRAY);
    if (str_is(name, "record"))
        return read_complex(s, n, CWL_RECORD);
    if (str_is(name, "enum"))
        return read_complex(s, n, CWL_ENUM);
    struct diags *d = s->l->diags;
    if (!kind) {
        diag_add(d, n->span, "this type has no 'type': expected array, record or enum");
        if (node_get(n, STR("items")))
            diag_hint(d, "add type: array");
        return &any_type;
    }
    diag_add(
        d, kind->span, "a type written as a map is an array, a record or an enum, found " STR_FMT,
        STR_ARG(kind->kind == VALUE_STRING ? str_printf(s->l->a, "'" STR_FMT "'", STR_ARG(node_str(kind))) : cwl_describe(s->l->a, kind)));
    if (kind->kind == VALUE_STRING && (find_primitive(name) || str_ends(name, STR("[]")) || str_ends(name, STR("?"))))
        diag_hint(d, "write it in one line: type: " STR_FMT, STR_ARG(node_str(kind)));
    return &any_type;
}

const struct cwl_type *cwl_type_read(struct scope *s, struct node *n)
{
    if (n->kind == VALUE_STRING)
        return read_string(s, n);
    if (n->kind == VALUE_ARRAY)
        return read_union(s, n);
    if (n->kind == VALUE_MAP)
        return read_map(s, n);
    diag_add(s->l->diags, n->span, "a type must be a name, a map or a list of these, found " STR_FMT, STR_ARG(cwl_describe(s->l->a, n)));
    if (n->kind == VALUE_NULL)
        diag_hint(s->l->diags, "for the type null write \"null\" in quotes");
    return &any_type;
}
