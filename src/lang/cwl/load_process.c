// SPDX-License-Identifier: Apache-2.0
// Processes: tools, expression tools, workflows and operations, found by reference or written in place. Steps are in
// load_step.c; nothing is checked here that needs more than one process.
#include "base/hash.h"
#include "lang/cwl/expr.h"
#include "lang/cwl/load.h"

static const Str class_names[] = { STR_CONST("CommandLineTool"), STR_CONST("ExpressionTool"), STR_CONST("Workflow"),
                                   STR_CONST("Operation") };

static Str without_prefix(Str word)
{
    if (str_starts(word, STR("cwl:")))
        return str_from(word, 4);
    return str_has(word, '#') ? cwl_after_hash(word) : word;
}

static bool read_version(struct loader *l, const struct node *n, int *version)
{
    if (!node_is(n, VALUE_STRING)) {
        diag_add(l->diags, n->span, "'cwlVersion' must be v1.0, v1.1 or v1.2, found " STR_FMT, STR_ARG(cwl_describe(l->a, n)));
        diag_hint(l->diags, "write it with its v: cwlVersion: v1.2");
        return false;
    }
    Str text = without_prefix(node_str(n)), stable = text;
    ptrdiff_t dev = str_find(text, STR(".0-dev"));      // "v1.2.0-dev5" became v1.2
    if (dev > 0)
        stable = str_first(text, (size_t)dev);
    for (int v = CWL_V1_0; v <= CWL_V1_2; v++)
        if (str_is(stable, cwl_version_text((enum cwl_version)v))) {
            *version = v;
            return true;
        }
    diag_add(l->diags, n->span, "unsupported: cwlVersion '" STR_FMT "'; this program reads v1.0, v1.1 and v1.2", STR_ARG(text));
    if (str_starts(text, STR("draft")))
        diag_hint(l->diags, "drafts can be converted with cwl-upgrader");
    else if (str_is(text, "1.0") || str_is(text, "1.1") || str_is(text, "1.2"))
        diag_hint(l->diags, "write v" STR_FMT, STR_ARG(text));
    return false;
}

// The version of the process, of its file, or of what runs it, in this order.
static bool find_version(struct loader *l, const struct node *n, int outer, int *version)
{
    const struct node *written = node_get(n, STR("cwlVersion"));
    if (!written)
        written = node_get(cwl_node_file(n)->raw, STR("cwlVersion"));
    if (written)
        return read_version(l, written, version);
    *version = outer;
    if (outer != CWL_NO_VERSION)
        return true;
    diag_add(l->diags, n->span, "the document does not say its 'cwlVersion'");
    diag_hint(l->diags, "add the line cwlVersion: v1.2");
    return false;
}

static bool read_class(struct loader *l, const struct node *n, int version, enum cwl_class *out)
{
    const struct node *name = node_get(n, STR("class"));
    if (!node_is(name, VALUE_STRING)) {
        diag_add(l->diags, name ? name->span : n->span, "the document does not say its 'class'");
        diag_hint(l->diags, "add class: CommandLineTool, class: Workflow or class: ExpressionTool");
        return false;
    }
    Str text = without_prefix(node_str(name));
    for (size_t i = 0; i < LEN(class_names); i++)
        if (str_eq(text, class_names[i])) {
            *out = (enum cwl_class)i;
            if (i != CWL_OPERATION || version >= CWL_V1_2)
                return true;
            diag_add(l->diags, name->span, "class Operation came with CWL v1.2; this document says cwlVersion %s",
                     cwl_version_text((enum cwl_version)version));
            return false;
        }
    diag_add(l->diags, name->span, "there is no class '" STR_FMT "': expected CommandLineTool, ExpressionTool, Workflow or Operation",
             STR_ARG(text));
    diag_suggest(l->diags, text, class_names, LEN(class_names));
    return false;
}

static const int *read_codes(struct scope *s, const struct node *n, size_t *count)
{
    if (!node_is(n, VALUE_ARRAY))
        return NULL;
    int *codes = NEW_ARRAY(s->l->a, int, n->items.len + 1);
    for (size_t i = 0; i < n->items.len; i++) {
        const struct node *item = n->items.at[i];
        if (node_is(item, VALUE_INT) && item->scalar.integer >= 0 && item->scalar.integer <= 255)
            codes[(*count)++] = (int)item->scalar.integer;
        else
            diag_add(s->l->diags, item->span, "an exit code must be a whole number from 0 to 255, found " STR_FMT,
                     STR_ARG(cwl_describe(s->l->a, item)));
    }
    return codes;
}

static void read_arguments(struct scope *s, struct cwl_process *p, struct node *n)
{
    if (!node_is(n, VALUE_ARRAY))
        return;
    struct cwl_argument *arguments = NEW_ARRAY(s->l->a, struct cwl_argument, n->items.len + 1);
    for (size_t i = 0; i < n->items.len; i++) {
        struct node *item = n->items.at[i];
        struct cwl_binding *b = &arguments[p->argument_count].binding;
        if (item->kind == VALUE_STRING) {
            *b = (struct cwl_binding){
                .value_from = node_str(item), .has_value_from = true, .separate = true, .shell_quote = true, .span = item->span
            };
            p->argument_count++;
        } else if (item->kind == VALUE_MAP) {
            *b = *cwl_binding_read(s, item);
            p->argument_count++;
            if (!b->has_value_from)
                diag_warn(s->l->diags, item->span, "this argument has no 'valueFrom', so it adds nothing to the command line");
        } else {
            diag_add(s->l->diags, item->span, "an argument must be a string or a map with 'valueFrom', found " STR_FMT,
                     STR_ARG(cwl_describe(s->l->a, item)));
            diag_hint(s->l->diags, "put it in quotes");
        }
    }
    p->arguments = arguments;
}

// The name of a stream's file where the document gives none: the same in every run, as it becomes part of the task's key.
static Str stream_name(struct scope *s, const struct cwl_process *p, const char *stream)
{
    char hex[HASH_HEX + 1];
    Str text = str_printf(s->l->a, STR_FMT "#" STR_FMT, STR_ARG(str_basename(p->source->name)), STR_ARG(s->path));
    hash_hex(hash_bytes(text.data, text.len), hex);
    return str_printf(s->l->a, "%s-%.16s", stream, hex);
}

static void bind_stream(struct scope *s, struct cwl_process *p, const struct item *item, struct cwl_param *output)
{
    Str type = node_str(node_get(item->node, STR("type")));
    Str *expr = str_is(type, "stdout") ? &p->stdout_expr : str_is(type, "stderr") ? &p->stderr_expr : NULL;
    if (!expr)
        return;
    if (output->output)
        diag_add(s->l->diags, item->span, "output '" STR_FMT "' is the tool's " STR_FMT ": it cannot have an outputBinding too",
                 STR_ARG(output->id), STR_ARG(type));
    if (expr->len == 0)
        *expr = stream_name(s, p, str_is(type, "stdout") ? "stdout" : "stderr");
    struct cwl_output_binding *b = NEW(s->l->a, struct cwl_output_binding);
    b->glob = value_string(s->l->a, *expr);
    output->output = b;
}

static void bind_stdin(struct scope *s, struct cwl_process *p, const struct item *item, const struct cwl_param *input)
{
    if (!str_is(node_str(node_get(item->node, STR("type"))), "stdin"))
        return;
    if (p->stdin_expr.len) {
        diag_add(s->l->diags, item->span, "input '" STR_FMT "' is the tool's stdin, but its stdin is given already", STR_ARG(input->id));
        diag_hint(s->l->diags, "take the field 'stdin' or the second input of type stdin out");
    }
    p->stdin_expr = str_printf(s->l->a, "$(inputs[\"" STR_FMT "\"].path)", STR_ARG(input->id));
}

static struct cwl_param *read_params(struct scope *s, struct cwl_process *p, struct node *n, enum cwl_construct construct, size_t *count)
{
    struct item *items;
    bool is_input = construct == CWL_C_INPUT;
    *count = cwl_items(s->l, n, is_input ? "input" : "output", "id", "type", &items);
    struct cwl_param *params = NEW_ARRAY(s->l->a, struct cwl_param, *count + 1);
    for (size_t i = 0; i < *count; i++) {
        params[i] = cwl_param_read(s, &items[i], construct);
        if (s->is_tool && is_input)
            bind_stdin(s, p, &items[i], &params[i]);
        else if (s->is_tool)
            bind_stream(s, p, &items[i], &params[i]);
    }
    return params;
}

static void read_tool(struct scope *s, struct cwl_process *p, struct node *n)
{
    p->base_command_count = cwl_strings(s->l, node_get(n, STR("baseCommand")), "each part of 'baseCommand'", &p->base_command);
    read_arguments(s, p, node_get(n, STR("arguments")));
    p->stdin_expr = node_str(node_get(n, STR("stdin")));
    p->stdout_expr = node_str(node_get(n, STR("stdout")));
    p->stderr_expr = node_str(node_get(n, STR("stderr")));
    p->success_codes = read_codes(s, node_get(n, STR("successCodes")), &p->success_count);
    p->temporary_codes = read_codes(s, node_get(n, STR("temporaryFailCodes")), &p->temporary_count);
    p->permanent_codes = read_codes(s, node_get(n, STR("permanentFailCodes")), &p->permanent_count);
}

static void check_needed(struct scope *s, const struct node *n, const char *field, const char *hint)
{
    const struct node *value = node_get(n, str_of(field));
    if (value && value->kind != VALUE_NULL)
        return;
    diag_add(s->l->diags, n->span, "the " STR_FMT " has no '%s'", STR_ARG(without_prefix(node_str(node_get(n, STR("class"))))), field);
    diag_hint(s->l->diags, "%s", hint);
}

static void read_body(struct scope *s, struct cwl_process *p, struct node *n)
{
    // Requirements first: they bring the named types that inputs and outputs use.
    p->requirements = cwl_requirements_read(s, node_get(n, STR("requirements")), false);
    p->hints = cwl_requirements_read(s, node_get(n, STR("hints")), true);
    cwl_scope_read_types(s);
    if (p->class_ == CWL_TOOL)
        read_tool(s, p, n);
    check_needed(s, n, "inputs", "where there are none, write inputs: []");
    check_needed(s, n, "outputs", "where there are none, write outputs: []");
    p->inputs = read_params(s, p, node_get(n, STR("inputs")), CWL_C_INPUT, &p->input_count);
    enum cwl_construct construct = p->class_ == CWL_WORKFLOW ? CWL_C_WORKFLOW_OUTPUT : CWL_C_OUTPUT;
    struct cwl_param *outputs = read_params(s, p, node_get(n, STR("outputs")), construct, &p->output_count);
    p->outputs = outputs;
    if (p->class_ == CWL_EXPRESSION_TOOL) {
        check_needed(s, n, "expression", "add it, for example expression: \"${ return {out: inputs.x}; }\"");
        p->expression = node_str(node_get(n, STR("expression")));
    } else if (p->class_ == CWL_WORKFLOW) {
        check_needed(s, n, "steps", "where there are none, write steps: []");
        cwl_steps_read(s, p, outputs, node_get(n, STR("steps")));
    }
}

// "s:version: 1.2" or "s:softwareVersion", whatever the prefix of https://schema.org/ is called.
static Str own_version(struct loader *l, const struct node *n)
{
    for (size_t i = 0; i < n->fields.len; i++) {
        const struct node *key = n->fields.at[i].key, *v = n->fields.at[i].value;
        if (!cwl_is_extension(node_str(key)))
            continue;
        Str name = cwl_expand_prefix(l->a, cwl_node_file(n)->namespaces, node_str(key));
        bool is_version = str_ends(name, STR("schema.org/version")) || str_ends(name, STR("schema.org/softwareVersion"))
                       || str_is(name, "s:version") || str_is(name, "s:softwareVersion");
        if (is_version && (v->kind == VALUE_STRING || v->kind == VALUE_INT || v->kind == VALUE_FLOAT))
            return v->kind == VALUE_STRING ? node_str(v) : expr_text(l->a, v->scalar);
    }
    return (Str){ 0 };
}

static const struct cwl_process *read_process(struct loader *l, const struct scope *outer, struct node *n, int outer_version, Str place)
{
    int version;
    struct cwl_process *p = NEW(l->a, struct cwl_process);
    if (!find_version(l, n, outer_version, &version) || !read_class(l, n, version, &p->class_))
        return NULL;
    if (l->depth >= CWL_RUN_DEPTH_MAX) {
        diag_add(l->diags, n->span, "workflows within workflows, more than %d deep", CWL_RUN_DEPTH_MAX);
        return NULL;
    }
    l->depth++;
    cwl_check_fields(l->diags, n, (enum cwl_construct)p->class_, (enum cwl_version)version);
    Str id = node_str(node_get(n, STR("id")));
    struct scope scope = { .l = l, .outer = outer, .version = (enum cwl_version)version, .is_tool = p->class_ == CWL_TOOL,
                           .path = id.len ? cwl_after_hash(id) : place };
    p->version = scope.version;
    p->id = cwl_short_id(id);
    p->label = node_str(node_get(n, STR("label")));
    p->doc = cwl_doc(l, node_get(n, STR("doc")));
    p->intent = cwl_doc(l, node_get(n, STR("intent")));
    p->source = n->span.source;
    p->namespaces = cwl_node_file(n)->namespaces;
    p->own_version = own_version(l, n);
    p->span = n->span;
    read_body(&scope, p, n);
    l->depth--;
    return p;
}

static bool has_id(const struct node *n, Str id)
{
    Str own = cwl_after_hash(node_str(node_get(n, STR("id"))));
    return own.len && str_eq(own, id);
}

static void report_missing_id(struct loader *l, const struct cwl_file *file, const struct node *graph, Str id, struct span span)
{
    VEC(Str) ids = { 0 };
    struct strbuf text = { .limit = 300 };
    for (size_t i = 0; node_is(graph, VALUE_ARRAY) && i < graph->items.len; i++) {
        Str own = cwl_after_hash(node_str(node_get(graph->items.at[i], STR("id"))));
        vec_push(l->a, &ids, own);
        strbuf_addf(&text, "%s" STR_FMT, i ? ", " : "", STR_ARG(own));
    }
    if (id.len)
        diag_add(l->diags, span, "'" STR_FMT "' has no process with the id '" STR_FMT "'", STR_ARG(file->source.name), STR_ARG(id));
    else
        diag_add(l->diags, span, "'" STR_FMT "' holds several processes and none is called 'main'", STR_ARG(file->source.name));
    if (id.len && str_nearest(id, ids.at, ids.len).len)
        diag_suggest(l->diags, id, ids.at, ids.len);
    else if (ids.len)
        diag_hint(l->diags, "name one of them behind '#': " STR_FMT, STR_ARG(strbuf_str(&text)));
    strbuf_release(&text);
}

// The process `id` of a file; without an id: the file's own, or in a $graph 'main' or the only one.
static struct node *select_process(struct loader *l, struct cwl_file *file, Str id, struct span span)
{
    struct node *tree = cwl_file_tree(l, file), *graph = node_get(tree, STR("$graph"));
    if (!tree)
        return NULL;
    if (!graph && tree->kind == VALUE_MAP && (id.len == 0 || has_id(tree, id) || str_is(id, "main")))
        return tree;
    if (!graph && tree->kind != VALUE_MAP) {
        diag_add(l->diags, tree->span, "a CWL document must be a map with 'cwlVersion' and 'class', found " STR_FMT,
                 STR_ARG(cwl_describe(l->a, tree)));
        return NULL;
    }
    size_t len = node_is(graph, VALUE_ARRAY) ? graph->items.len : 0;
    struct node *only = NULL;
    size_t processes = 0;
    for (size_t i = 0; i < len; i++) {
        struct node *item = graph->items.at[i];
        if (item->kind != VALUE_MAP)
            continue;
        if (has_id(item, id.len ? id : STR("main")))
            return item;
        only = item;
        processes++;
    }
    if (processes == 1 && id.len == 0)
        return only;
    report_missing_id(l, file, graph, id, span);
    return NULL;
}

static Str process_key(struct loader *l, const struct cwl_file *file, const struct node *n)
{
    Str id = cwl_after_hash(node_str(node_get(n, STR("id"))));
    return id.len ? str_printf(l->a, STR_FMT "#" STR_FMT, STR_ARG(file->source.name), STR_ARG(id)) : file->source.name;
}

// "a runs b runs ": from `last` to `frame`.
static void write_runs(struct strbuf *out, const struct load_frame *frame, const struct load_frame *last)
{
    if (frame != last)
        write_runs(out, frame->outer, last);
    strbuf_addf(out, STR_FMT " runs ", STR_ARG(frame->key));
}

static bool is_running(struct loader *l, Str key, struct span span)
{
    for (const struct load_frame *f = l->running; f; f = f->outer) {
        if (!str_eq(f->key, key))
            continue;
        struct strbuf text = { 0 };
        write_runs(&text, l->running, f);
        diag_add(l->diags, span, "these workflows run each other in a circle: " STR_FMT STR_FMT, STR_ARG(strbuf_str(&text)), STR_ARG(key));
        strbuf_release(&text);
        return true;
    }
    return false;
}

// Each process is read once, whoever runs it.
const struct cwl_process *cwl_process_find(struct loader *l, int version, Str reference, const struct cwl_file *from, struct span span)
{
    Str path, id;
    if (!cwl_split_reference(l, from, reference, span, &path, &id))
        return NULL;
    struct cwl_file *file = cwl_file_open(l, path, span);
    struct node *n = file ? select_process(l, file, id, span) : NULL;
    if (!n)
        return NULL;
    Str key = process_key(l, file, n);
    if (is_running(l, key, span))
        return NULL;
    Str memo = str_printf(l->a, STR_FMT " %d", STR_ARG(key), version);
    if (map_has(&l->processes, memo))
        return map_find(&l->processes, memo);
    struct load_frame frame = { .outer = l->running, .key = key };
    l->running = &frame;
    const struct cwl_process *p = read_process(l, NULL, n, version, STR("main"));
    l->running = frame.outer;
    map_set(&l->processes, memo, (void *)p);
    return p;
}

const struct cwl_process *cwl_run_read(struct loader *l, const struct scope *outer, struct node *n, Str place)
{
    if (n->kind == VALUE_STRING)
        return cwl_process_find(l, outer->version, node_str(n), cwl_node_file(n), n->span);
    if (n->kind == VALUE_MAP)
        return read_process(l, outer, n, outer->version, place);
    diag_add(l->diags, n->span, "'run' must be the name of a document or a process, found " STR_FMT, STR_ARG(cwl_describe(l->a, n)));
    return NULL;
}
