// SPDX-License-Identifier: Apache-2.0
// The command line from inputBindings and arguments: CWL v1.2, CommandLineTool, 4 "Running a command" (sorting key) and
// "CommandLineBinding".
#include "lang/cwl/run.h"

struct key_part {                       // numbers sort before names
    bool is_name;
    int64_t number;
    Str name;
};
struct key {
    struct key_part *at;
    size_t len;
};
struct bound {                          // a binding with its value and its place
    const struct cwl_binding *binding;
    Value datum;
    struct key key;
    size_t order;
};
struct binder {
    struct call *c;
    struct arena *arena;
    struct err *err;
    VEC(struct bound) list;
};

static const struct cwl_binding empty_binding = { .separate = true, .shell_quote = true };
static const struct cwl_type any_type = { .kind = CWL_ANY };
static const struct cwl_type any_list = { .kind = CWL_ARRAY, .items = &any_type };      // what Any is when a list is given
static const struct key no_key;

static struct key key_concat(struct arena *a, struct key x, struct key y)
{
    struct key k = { NEW_ARRAY(a, struct key_part, x.len + y.len + 1), x.len + y.len };
    if (x.len)
        memcpy(k.at, x.at, x.len * sizeof *k.at);
    if (y.len)
        memcpy(k.at + x.len, y.at, y.len * sizeof *k.at);
    return k;
}

static struct key key_number(struct arena *a, int64_t n)
{
    struct key k = { NEW(a, struct key_part), 1 };
    k.at[0].number = n;
    return k;
}

static struct key key_name(struct arena *a, Str name)
{
    struct key k = { NEW(a, struct key_part), 1 };
    k.at[0] = (struct key_part){ .is_name = true, .name = name };
    return k;
}

static int key_compare(struct key x, struct key y)
{
    for (size_t i = 0; i < x.len && i < y.len; i++) {
        const struct key_part *p = &x.at[i], *q = &y.at[i];
        if (p->is_name != q->is_name)
            return p->is_name ? 1 : -1;
        int order = p->is_name ? str_compare(p->name, q->name) : (p->number > q->number) - (p->number < q->number);
        if (order)
            return order;
    }
    return (x.len > y.len) - (x.len < y.len);
}

static int compare_bound(const void *a, const void *b)
{
    const struct bound *x = a, *y = b;
    int order = key_compare(x->key, y->key);
    return order ? order : (x->order > y->order) - (x->order < y->order);
}

static bool position_of(struct binder *b, const struct cwl_binding *binding, Value datum, struct key *key)
{
    Value v = binding->position;
    if (v.kind == VALUE_STRING) {
        struct expr_context x = tool_expr(b->c, datum);
        if (!expr_eval(&x, value_str(v), &v, b->err))
            return err_wrap(b->err, "inputBinding.position");
        if (v.kind == VALUE_STRING) {   // an expression may give a name
            *key = key_name(b->arena, value_str(v));
            return true;
        }
    }
    double d = 0;
    if (!value_is_null(v) && (!value_as_double(v, &d) || !(d >= -0x1p53 && d <= 0x1p53)))
        return err_set(b->err, ERR_INVALID, "inputBinding.position: the expression gives %s, expected a number", value_kind_name(v.kind));
    *key = key_number(b->arena, (int64_t)d);
    return true;
}

static void add(struct binder *b, const struct cwl_binding *binding, Value datum, struct key key)
{
    vec_push(b->arena, &b->list, (struct bound){ binding, datum, key, b->list.len });
}

static bool bind(struct binder *b, const struct cwl_type *type, const struct cwl_binding *binding, const struct key *position, Value v,
                 struct key lead, struct key tail);

static bool bind_fields(struct binder *b, const struct cwl_type *type, Value v, struct key lead)
{
    for (size_t i = 0; i < type->field_count; i++) {
        const struct cwl_param *f = &type->fields[i];
        Value field = value_get(v, f->id);
        if (!value_is_null(field) && !bind(b, f->type, f->binding, NULL, field, lead, key_name(b->arena, f->id)))
            return false;
    }
    return true;
}

static void put_below(struct binder *b, size_t start, struct key above)
{
    for (size_t i = start; i < b->list.len; i++)
        b->list.at[i].key = key_concat(b->arena, above, b->list.at[i].key);
}

// An array, record or enum with the binding written on the type itself. An array's goes to each of its items.
static bool bind_inner(struct binder *b, const struct cwl_type *type, const struct cwl_binding *own, Value v, struct key lead, struct key tail)
{
    struct key key = no_key, position;
    size_t start = b->list.len;
    if (own) {
        if (!position_of(b, own, v, &position))
            return false;
        key = key_concat(b->arena, key_concat(b->arena, lead, position), tail);
    }
    if (type->kind == CWL_RECORD && !bind_fields(b, type, v, lead))
        return false;
    if (type->kind == CWL_ARRAY) {
        for (size_t i = 0; i < value_len(v); i++)
            if (!bind(b, type->items, own, own ? &key : NULL, value_at(v, i), key_number(b->arena, (int64_t)i), tail))
                return false;
        return true;
    }
    if (own) {
        put_below(b, start, key);
        add(b, own, v, key);
    }
    return true;
}

static bool bind(struct binder *b, const struct cwl_type *type, const struct cwl_binding *binding, const struct key *position, Value v,
                 struct key lead, struct key tail)
{
    if (type->kind == CWL_UNION && cwl_type_accepts(type, v, &type) && type->kind != CWL_UNION)
        return bind(b, type, binding, position, v, lead, tail);
    if (type->kind == CWL_ANY && v.kind == VALUE_ARRAY)
        type = &any_list;
    struct key key = no_key, own_position;
    size_t start = b->list.len;
    if (binding) {
        if (position == NULL) {
            if (!position_of(b, binding, v, &own_position))
                return false;
            position = &own_position;
        }
        key = key_concat(b->arena, key_concat(b->arena, lead, *position), tail);
    }
    bool is_nested = type->kind == CWL_ARRAY || type->kind == CWL_RECORD || type->kind == CWL_ENUM;
    if (is_nested && !(binding && binding->has_value_from)) {
        const struct cwl_binding *own = type->binding;
        if (own == NULL && binding && type->kind == CWL_ARRAY && !binding->has_item_separator)
            own = &empty_binding;
        if (!bind_inner(b, type, own, v, lead, tail))
            return false;
    }
    if (binding) {
        put_below(b, start, key);
        add(b, binding, v, key);
    }
    return true;
}

// --- one binding into arguments

static Str text_of(struct arena *a, Value v)
{
    if (value_is_file(v) || value_is_directory(v))
        return value_get_str(v, STR("path"));
    return expr_text(a, v);
}

typedef VEC(Str) Words;

static void add_with_prefix(struct arena *a, const struct cwl_binding *b, Str text, Words *words)
{
    if (b->has_prefix && !b->separate) {
        vec_push(a, words, str_concat(a, b->prefix, text));
        return;
    }
    if (b->has_prefix)
        vec_push(a, words, b->prefix);
    vec_push(a, words, text);
}

static void array_words(struct arena *a, const struct cwl_binding *b, Value v, Words *words)
{
    if (value_len(v) == 0)
        return;
    if (b->has_item_separator) {
        struct strbuf joined = { 0 };
        for (size_t i = 0; i < value_len(v); i++) {
            if (i)
                strbuf_add(&joined, b->item_separator);
            strbuf_add(&joined, text_of(a, value_at(v, i)));
        }
        add_with_prefix(a, b, strbuf_take(&joined, a), words);
        return;
    }
    if (b->has_prefix)
        vec_push(a, words, b->prefix);
    for (size_t i = 0; b->has_value_from && i < value_len(v); i++)
        vec_push(a, words, text_of(a, value_at(v, i)));
}

static void words_of(struct arena *a, const struct cwl_binding *b, Value v, Words *words)
{
    switch (v.kind) {
    case VALUE_NULL: break;
    case VALUE_BOOL:
        if (v.boolean && b->has_prefix)
            vec_push(a, words, b->prefix);
        break;
    case VALUE_ARRAY: array_words(a, b, v, words); break;
    case VALUE_MAP:
        if (value_is_file(v) || value_is_directory(v))
            add_with_prefix(a, b, text_of(a, v), words);
        else if (b->has_prefix)
            vec_push(a, words, b->prefix);
        break;
    case VALUE_INT: case VALUE_FLOAT: case VALUE_STRING: add_with_prefix(a, b, text_of(a, v), words); break;
    }
}

static Str shell_quoted(struct arena *a, Str word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
    bool is_plain = word.len > 0;
    for (size_t i = 0; i < word.len; i++)
        is_plain &= word.data[i] && strchr(plain, word.data[i]) != NULL;
    if (is_plain)
        return word;
    struct strbuf b = { 0 };
    strbuf_addc(&b, '\'');
    for (size_t i = 0; i < word.len; i++)
        word.data[i] == '\'' ? strbuf_addz(&b, "'\"'\"'") : strbuf_addc(&b, word.data[i]);
    strbuf_addc(&b, '\'');
    return strbuf_take(&b, a);
}

static bool add_arguments(struct binder *b)
{
    const struct cwl_process *p = b->c->process;
    for (size_t i = 0; i < p->argument_count; i++) {
        struct key position;
        if (!position_of(b, &p->arguments[i].binding, value_null, &position)) {
            call_blame(b->c, p->arguments[i].binding.span);
            return false;
        }
        add(b, &p->arguments[i].binding, value_null, key_concat(b->arena, position, key_number(b->arena, (int64_t)i)));
    }
    return true;
}

static bool add_inputs(struct binder *b)
{
    const struct cwl_process *p = b->c->process;
    for (size_t i = 0; i < p->input_count; i++) {
        Value v = value_get(b->c->tool->view, p->inputs[i].id);
        if (!value_is_null(v) && !bind(b, p->inputs[i].type, p->inputs[i].binding, NULL, v, no_key, key_name(b->arena, p->inputs[i].id))) {
            call_blame(b->c, p->inputs[i].span);
            return err_wrap(b->err, "input '" STR_FMT "'", STR_ARG(p->inputs[i].id));
        }
    }
    return true;
}

static bool evaluate(struct binder *b, const struct bound *bound, Words *words)
{
    Value v = bound->datum;
    if (bound->binding->has_value_from) {
        struct expr_context x = tool_expr(b->c, v);
        if (!expr_is(bound->binding->value_from))
            v = value_string(b->arena, bound->binding->value_from);
        else if (!expr_eval(&x, bound->binding->value_from, &v, b->err)) {
            call_blame(b->c, bound->binding->span);
            return err_wrap(b->err, "valueFrom");
        }
    }
    words_of(b->arena, bound->binding, v, words);
    return true;
}

bool command_build(struct call *c, struct err *err)
{
    struct binder b = { .c = c, .arena = &c->arena, .err = err };
    struct tool_run *t = c->tool;
    if (!add_arguments(&b) || !add_inputs(&b))
        return false;
    if (b.list.len)
        qsort(b.list.at, b.list.len, sizeof *b.list.at, compare_bound);
    Words command = { 0 };
    bool is_shell = scope_find(c->e, &c->scope, CWL_REQ_SHELL, NULL) != NULL;
    for (size_t i = 0; i < c->process->base_command_count; i++) {
        Str word = c->process->base_command[i];
        vec_push(b.arena, &command, is_shell ? shell_quoted(b.arena, word) : word);
    }
    for (size_t i = 0; i < b.list.len; i++) {
        Words words = { 0 };
        if (!evaluate(&b, &b.list.at[i], &words))
            return false;
        bool quote = is_shell && b.list.at[i].binding->shell_quote;
        for (size_t j = 0; j < words.len; j++)
            vec_push(b.arena, &command, quote ? shell_quoted(b.arena, words.at[j]) : words.at[j]);
    }
    if (command.len == 0)
        return err_set(err, ERR_INVALID, "the command line is empty: give the tool a baseCommand or arguments");
    if (is_shell) {
        struct strbuf line = { 0 };
        for (size_t i = 0; i < command.len; i++) {
            if (i)
                strbuf_addc(&line, ' ');
            strbuf_add(&line, command.at[i]);
        }
        vec_push(b.arena, &t->argv, STR("/bin/sh"));
        vec_push(b.arena, &t->argv, STR("-c"));
        vec_push(b.arena, &t->argv, strbuf_take(&line, b.arena));
        return true;
    }
    for (size_t i = 0; i < command.len; i++)
        vec_push(b.arena, &t->argv, command.at[i]);
    return true;
}
