// SPDX-License-Identifier: Apache-2.0
// Inputs, outputs and record fields, with their bindings, formats and secondary files. What belongs to the whole process
// (where "stdout" goes, say) is load_process.c's.
#include "lang/cwl/expr.h"
#include "lang/cwl/load.h"

static void read_position(struct scope *s, const struct node *n, struct cwl_binding *b)
{
    if (!n || n->kind == VALUE_NULL)
        return;
    b->position = n->scalar;
    if (n->kind != VALUE_STRING)
        return;
    if (!expr_is(node_str(n))) {
        diag_add(s->l->diags, n->span, "'position' must be a whole number or an expression, found a string");
        int64_t number;
        if (str_to_int(node_str(n), &number))
            diag_hint(s->l->diags, "write the number without quotes");
    } else if (s->version < CWL_V1_1) {
        diag_add(s->l->diags, n->span, "an expression as 'position' came with CWL v1.1; this document says cwlVersion v1.0");
        diag_hint(s->l->diags, "write a number, or set cwlVersion: v1.1");
    }
}

const struct cwl_binding *cwl_binding_read(struct scope *s, struct node *n)
{
    if (!node_is(n, VALUE_MAP))
        return NULL;
    cwl_check_fields(s->l->diags, n, CWL_C_BINDING, s->version);
    struct cwl_binding *b = NEW(s->l->a, struct cwl_binding);
    const struct node *prefix = node_get(n, STR("prefix")), *separator = node_get(n, STR("itemSeparator"));
    const struct node *value_from = node_get(n, STR("valueFrom")), *separate = node_get(n, STR("separate"));
    *b = (struct cwl_binding){
        .prefix = node_str(prefix),
        .has_prefix = node_is(prefix, VALUE_STRING),
        .has_separate = node_is(separate, VALUE_BOOL),
        .separate = cwl_bool(separate, true),
        .item_separator = node_str(separator),
        .has_item_separator = node_is(separator, VALUE_STRING),
        .value_from = node_str(value_from),
        .has_value_from = node_is(value_from, VALUE_STRING),
        .shell_quote = cwl_bool(node_get(n, STR("shellQuote")), true),
        .load_contents = cwl_bool(node_get(n, STR("loadContents")), false),
        .span = n->span,
    };
    read_position(s, node_get(n, STR("position")), b);
    return b;
}

static const struct cwl_output_binding *output_binding_read(struct scope *s, struct node *n)
{
    if (!node_is(n, VALUE_MAP))
        return NULL;
    cwl_check_fields(s->l->diags, n, CWL_C_OUTPUT_BINDING, s->version);
    const struct node *glob = node_get(n, STR("glob")), *eval = node_get(n, STR("outputEval"));
    const Str *ignored;
    if (node_is(glob, VALUE_ARRAY))
        cwl_strings(s->l, glob, "each 'glob'", &ignored);
    struct cwl_output_binding *b = NEW(s->l->a, struct cwl_output_binding);
    *b = (struct cwl_output_binding){
        .glob = node_value(s->l->a, glob),
        .load_contents = cwl_bool(node_get(n, STR("loadContents")), false),
        .load_listing = cwl_listing_word(s->l, node_get(n, STR("loadListing"))),
        .output_eval = node_str(eval),
        .has_output_eval = node_is(eval, VALUE_STRING),
    };
    return b;
}

// ".bai", "^.fai", since v1.1 ".bai?" and {pattern: .bai, required: false}.
static bool read_secondary(struct scope *s, struct node *n, struct cwl_secondary *out)
{
    struct diags *d = s->l->diags;
    if (n->kind == VALUE_STRING) {
        Str pattern = node_str(n);
        bool optional = s->version >= CWL_V1_1 && str_ends(pattern, STR("?"));
        *out = (struct cwl_secondary){ .pattern = str_first(pattern, pattern.len - optional),
                                       .required = optional ? value_bool(false) : value_null };
        if (out->pattern.len == 0)
            diag_add(d, n->span, "an empty secondaryFiles pattern: expected an ending as \".bai\" or an expression");
        return true;
    }
    if (n->kind != VALUE_MAP) {
        diag_add(d, n->span,
                 "a secondaryFiles entry must be a pattern as \".bai\", an expression, or {pattern: …, required: …}, found " STR_FMT,
                 STR_ARG(cwl_describe(s->l->a, n)));
        return false;
    }
    if (s->version < CWL_V1_1) {
        diag_add(d, n->span, "secondaryFiles with 'pattern' and 'required' came with CWL v1.1; this document says cwlVersion v1.0");
        diag_hint(d, "write the pattern alone, or set cwlVersion: v1.1");
        return false;
    }
    cwl_check_fields(d, n, CWL_C_SECONDARY, s->version);
    const struct node *pattern = node_get(n, STR("pattern"));
    if (!node_is(pattern, VALUE_STRING)) {
        diag_add(d, n->span, "this secondaryFiles entry has no 'pattern'");
        return false;
    }
    *out = (struct cwl_secondary){ .pattern = node_str(pattern), .required = node_value(s->l->a, node_get(n, STR("required"))) };
    return true;
}

static void read_secondaries(struct scope *s, struct node *n, struct cwl_param *p)
{
    if (!n || n->kind == VALUE_NULL)
        return;
    size_t len = n->kind == VALUE_ARRAY ? n->items.len : 1;
    struct cwl_secondary *list = NEW_ARRAY(s->l->a, struct cwl_secondary, len ? len : 1);
    for (size_t i = 0; i < len; i++)
        p->secondary_count += read_secondary(s, n->kind == VALUE_ARRAY ? n->items.at[i] : n, &list[p->secondary_count]);
    p->secondary = list;
}

// A full IRI: by the prefixes of $namespaces, and a name alone relative to the document, as any link in it.
static Value format_iri(struct scope *s, const struct node *n)
{
    Str text = node_str(n);
    if (expr_is(text))
        return n->scalar;
    const struct cwl_file *file = cwl_node_file(n);
    Str iri = cwl_expand_prefix(s->l->a, file->namespaces, text);
    if (!cwl_is_extension(iri))
        iri = str_printf(s->l->a, "file://" STR_FMT "#" STR_FMT, STR_ARG(file->path), STR_ARG(cwl_after_hash(iri)));
    else if (str_eq(iri, text) && str_find(text, STR("://")) < 0) {
        diag_warn(s->l->diags, n->span, "the format '" STR_FMT "' has a prefix that $namespaces does not explain", STR_ARG(text));
        diag_hint(s->l->diags, "add below $namespaces, for example: edam: http://edamontology.org/");
    }
    return value_string(s->l->a, iri);
}

static Value read_format(struct scope *s, const struct node *n)
{
    if (node_is(n, VALUE_STRING))
        return format_iri(s, n);
    if (!node_is(n, VALUE_ARRAY))
        return value_null;
    const Str *ignored;
    if (cwl_strings(s->l, n, "each 'format'", &ignored) != n->items.len)
        return value_null;
    Value *items = NEW_ARRAY(s->l->a, Value, n->items.len + 1);
    for (size_t i = 0; i < n->items.len; i++)
        items[i] = format_iri(s, n->items.at[i]);
    return value_array(s->l->a, items, n->items.len);
}

// The whole type of an input or output of a tool may be the name of a stream; load_process.c does the rest.
static const struct cwl_type *read_type(struct scope *s, const struct item *item, enum cwl_construct construct)
{
    static const struct cwl_type file = { .kind = CWL_FILE }, any = { .kind = CWL_ANY };
    struct node *n = node_get(item->node, STR("type"));
    if (!n || n->kind == VALUE_NULL) {
        diag_add(s->l->diags, item->span, "'" STR_FMT "' has no type", STR_ARG(cwl_short_id(item->id)));
        diag_hint(s->l->diags, "add one, for example type: File");
        return &any;
    }
    Str name = node_str(n);
    if (s->is_tool && construct == CWL_C_INPUT && str_is(name, "stdin")) {
        if (s->version < CWL_V1_1) {
            diag_add(s->l->diags, n->span, "the type stdin came with CWL v1.1; this document says cwlVersion v1.0");
            diag_hint(s->l->diags, "write type: File and stdin: $(inputs." STR_FMT ".path)", STR_ARG(cwl_short_id(item->id)));
        }
        return &file;
    }
    if (s->is_tool && construct == CWL_C_OUTPUT && (str_is(name, "stdout") || str_is(name, "stderr")))
        return &file;
    return cwl_type_read(s, n);
}

static void read_workflow_output(struct scope *s, const struct node *n, struct cwl_param *p)
{
    const struct node *source = node_get(n, STR("outputSource"));
    p->source_count = cwl_strings(s->l, source, "each 'outputSource'", &p->sources);
    p->sources_is_list = node_is(source, VALUE_ARRAY);
    p->link_merge = cwl_link_merge_word(s->l, node_get(n, STR("linkMerge")));
    p->pick_value = cwl_pick_word(s->l, node_get(n, STR("pickValue")));
}

struct cwl_param cwl_param_read(struct scope *s, const struct item *item, enum cwl_construct construct)
{
    struct node *n = item->node;
    cwl_check_fields(s->l->diags, n, construct, s->version);
    struct cwl_param p = {
        .id = cwl_short_id(item->id),
        .label = node_str(node_get(n, STR("label"))),
        .doc = cwl_doc(s->l, node_get(n, STR("doc"))),
        .type = read_type(s, item, construct),
        .streamable = cwl_bool(node_get(n, STR("streamable")), false),
        .format = read_format(s, node_get(n, STR("format"))),
        .load_listing = cwl_listing_word(s->l, node_get(n, STR("loadListing"))),
        .default_value = cwl_data(s->l, node_get(n, STR("default"))),
        .binding = cwl_binding_read(s, node_get(n, STR("inputBinding"))),
        .output = output_binding_read(s, node_get(n, STR("outputBinding"))),
        .span = item->span,
    };
    p.has_default = p.default_value.kind != VALUE_NULL;
    p.load_contents = cwl_bool(node_get(n, STR("loadContents")), p.binding && p.binding->load_contents);
    read_secondaries(s, node_get(n, STR("secondaryFiles")), &p);
    if (construct == CWL_C_WORKFLOW_OUTPUT)
        read_workflow_output(s, n, &p);
    return p;
}
