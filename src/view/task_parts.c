// SPDX-License-Identifier: Apache-2.0
// Compares what keys are made of. Order matters in commands and not in inputs: those are paired by their place in the task, then by
// their bytes.
#include "view/task_parts.h"

#include <strings.h>

#include "task/bytes.h"
#include "task/spec.h"
#include "view/text.h"

enum { SHOWN_COLUMNS = 160 };

struct comparing {
    struct arena *arena;
    Value before, after;
    const struct run_record *of_before, *of_after;
    struct part_differences *out;
};

static void add(struct comparing *c, enum task_part part, Str what, Str before, Str after)
{
    vec_push(c->arena, c->out, (struct part_difference){ .part = part, .what = what, .before = before, .after = after });
}

static Str text_of(struct comparing *c, Value v)
{
    Str text;
    return bytes_from_value(c->arena, v, &text) ? text : (Str){ 0 };
}

static Str quoted(struct comparing *c, Value v) { return str_printf(c->arena, "'" STR_FMT "'", STR_ARG(text_of(c, v))); }

// --- the command

static Str joined(struct comparing *c, Value argv, size_t from, size_t to)
{
    struct strbuf b = { 0 };
    for (size_t i = from; i < to; i++) {
        Str text = quoted(c, value_at(argv, i));
        strbuf_addz(&b, i > from ? " " : "");
        strbuf_add(&b, text);
    }
    return strbuf_take(&b, c->arena);
}

static void compare_argv(struct comparing *c)
{
    Value x = value_get(c->before, STR("argv")), y = value_get(c->after, STR("argv"));
    size_t n = value_len(x), m = value_len(y), first = 0, last = 0;
    while (first < n && first < m && value_eq(value_at(x, first), value_at(y, first)))
        first++;
    while (last < n - first && last < m - first && value_eq(value_at(x, n - 1 - last), value_at(y, m - 1 - last)))
        last++;
    if (n == m) {
        for (size_t i = first; i < n - last; i++) {
            Str what = i ? str_printf(c->arena, "argument %zu", i) : STR("command");
            if (!value_eq(value_at(x, i), value_at(y, i)))
                add(c, PART_ARGUMENT, what, quoted(c, value_at(x, i)), quoted(c, value_at(y, i)));
        }
    } else {
        Str what = str_printf(c->arena, "arguments from number %zu on", MAX(first, 1));
        add(c, PART_ARGUMENT, what, joined(c, x, first, n - last), joined(c, y, first, m - last));
    }
}

// --- single texts

static void compare_text(struct comparing *c, const char *field, enum task_part part, const char *what)
{
    Value x = value_get(c->before, str_of(field)), y = value_get(c->after, str_of(field));
    if (!value_eq(x, y))
        add(c, part, str_of(what), value_is_null(x) ? (Str){ 0 } : text_of(c, x), value_is_null(y) ? (Str){ 0 } : text_of(c, y));
}

// "blake3:… bwa=blake3:…": the digest of the program that is started has no name there, those of the programs it calls have.
static Str program_digest(struct comparing *c, Value identity, Str name)
{
    Str rest = text_of(c, value_get(identity, STR("tool")));
    while (rest.len) {
        Str digest = str_cut(&rest, ' '), own = digest;
        ptrdiff_t equals = str_find_char(digest, '=');
        if (equals >= 0)
            own = str_from(digest, (size_t)equals + 1);
        if (str_eq(equals < 0 ? (Str){ 0 } : str_first(digest, (size_t)equals), name))
            return own;
    }
    return (Str){ 0 };
}

static Str program_text(struct comparing *c, Str program, Str digest, const struct run_record *r)
{
    const struct recorded_tool *t = r ? map_find(&r->tools, program) : NULL;
    if (digest.len == 0)
        return (Str){ 0 };
    if (t && t->version.len && str_eq(hash_text(c->arena, t->hash), digest))
        return str_printf(c->arena, STR_FMT " " STR_FMT " (%.23s…)", STR_ARG(t->package), STR_ARG(t->version), digest.data);
    return str_printf(c->arena, "%.23s…", str_z(c->arena, digest));
}

static void compare_program(struct comparing *c, Str name)
{
    Str before = program_digest(c, c->before, name), after = program_digest(c, c->after, name);
    Str program = name.len ? name : text_of(c, value_at(value_get(c->after, STR("argv")), 0));
    if (!str_eq(before, after))
        add(c, PART_PROGRAM, str_printf(c->arena, "program " STR_FMT, STR_ARG(program)), program_text(c, program, before, c->of_before),
            program_text(c, program, after, c->of_after));
}

static void compare_programs(struct comparing *c)
{
    Value identities[] = { c->before, c->after };
    compare_program(c, (Str){ 0 });
    for (size_t i = 0; i < LEN(identities); i++) {
        Str rest = text_of(c, value_get(identities[i], STR("tool")));
        while (rest.len) {
            Str name = str_cut(&rest, ' ');
            ptrdiff_t equals = str_find_char(name, '=');
            name = str_first(name, equals > 0 ? (size_t)equals : 0);
            if (name.len && (i == 0 || program_digest(c, c->before, name).len == 0))    // each once
                compare_program(c, name);
        }
    }
}

static void compare_flags(struct comparing *c)
{
    static const struct { const char *field, *what; } flags[] = { { "network", "network access" }, { "keep_all", "keeps all it leaves" } };
    for (size_t i = 0; i < LEN(flags); i++) {
        bool x = value_has(c->before, str_of(flags[i].field)), y = value_has(c->after, str_of(flags[i].field));
        if (x != y)
            add(c, PART_FLAG, str_of(flags[i].what), x ? STR("yes") : STR("no"), y ? STR("yes") : STR("no"));
    }
    Value x = value_get(c->before, STR("globs")), y = value_get(c->after, STR("globs"));
    if (!value_eq(x, y))
        add(c, PART_KEPT, STR("files that are kept"), joined(c, x, 0, value_len(x)), joined(c, y, 0, value_len(y)));
}

// --- the environment

static bool is_secret(const char *name)
{
    static const char *const words[] = { "token", "secret", "passw", "credential", "api_key", "apikey", "access_key", "private" };
    for (size_t i = 0; i < LEN(words); i++)
        for (const char *at = name; *at; at++)
            if (strncasecmp(at, words[i], strlen(words[i])) == 0)
                return true;
    return false;
}

static Str env_text(struct comparing *c, const char *name, Value env)
{
    Value v = value_get(env, str_of(name));
    if (value_is_null(v))
        return (Str){ 0 };
    return is_secret(name) ? STR("(not shown)") : quoted(c, v);
}

static void compare_env_of(struct comparing *c, Value names, Value x, Value y, bool only_missing)
{
    for (size_t i = 0; i < value_len(names); i++) {
        const char *name = names.map->at[i].key->data;
        bool is_in_both = value_has(x, str_of(name)) && value_has(y, str_of(name));
        if ((only_missing && is_in_both) || value_eq(value_get(x, str_of(name)), value_get(y, str_of(name))))
            continue;
        add(c, PART_ENVIRONMENT, str_printf(c->arena, "environment variable %s", name), env_text(c, name, x), env_text(c, name, y));
    }
}

static void compare_env(struct comparing *c)
{
    Value x = value_get(c->before, STR("env")), y = value_get(c->after, STR("env"));
    compare_env_of(c, x, x, y, false);
    compare_env_of(c, y, x, y, true);
}

// --- what is staged

// "out.txt of task one[0]", "/data/a.fa": where the run had the bytes from; empty: not known.
static Str recorded_origin(struct arena *a, const struct run_record *r, Hash hash)
{
    for (size_t i = 0; i < r->files.len; i++) {
        const struct recorded_file *f = r->files.entries[i].value;
        if (hash_eq(f->hash, hash))
            return f->name;
    }
    for (size_t i = 0; i < r->tasks.len; i++) {
        const struct recorded_task *t = r->tasks.entries[i].value;
        for (size_t k = 0; k < t->outputs.len; k++)
            if (hash_eq(t->outputs.at[k].hash, hash))
                return str_printf(a, STR_FMT " of task " STR_FMT, STR_ARG(t->outputs.at[k].name), STR_ARG(t->name));
    }
    return (Str){ 0 };
}

static Str short_path(struct comparing *c, Value stage)
{
    Str path = text_of(c, value_get(stage, STR("path")));
    return str_starts(path, STR(TASK_ROOT "/")) ? str_from(path, sizeof TASK_ROOT) : path;
}

static Hash stage_hash(Value stage)
{
    Hash hash;
    return hash_parse(value_get_str(stage, STR("hash")), &hash) ? hash : (Hash){ 0 };
}

static Str stage_text(struct comparing *c, Value stage, const struct run_record *r, bool with_name)
{
    Hash hash = stage_hash(stage);
    struct strbuf b = { 0 };
    if (stage.kind == VALUE_NULL)
        return (Str){ 0 };
    if (with_name)
        strbuf_addf(&b, STR_FMT " ", STR_ARG(short_path(c, stage)));
    if (hash_is_zero(hash)) {
        strbuf_addf(&b, "%s", value_has(stage, STR("text")) ? "a text" : "a folder");
    } else {
        Str origin = r ? recorded_origin(c->arena, r, hash) : (Str){ 0 };
        strbuf_addf(&b, "%.23s…", hash_text(c->arena, hash).data);
        if (origin.len)
            strbuf_addf(&b, " (" STR_FMT ")", STR_ARG(origin));
    }
    if (value_has(stage, STR("writable")))
        strbuf_addz(&b, ", writable");
    return strbuf_take(&b, c->arena);
}

// The first line in which two texts differ.
static void add_text_difference(struct comparing *c, Value x, Value y)
{
    Str before = text_of(c, value_get(x, STR("text"))), after = text_of(c, value_get(y, STR("text"))), path = short_path(c, y);
    for (int line = 1; before.len || after.len; line++) {
        Str old = str_cut(&before, '\n'), new = str_cut(&after, '\n');
        if (str_eq(old, new))
            continue;
        add(c, PART_TEXT, str_printf(c->arena, "text of " STR_FMT ", line %d", STR_ARG(path), line),
            str_printf(c->arena, "'" STR_FMT "'", STR_ARG(old)), str_printf(c->arena, "'" STR_FMT "'", STR_ARG(new)));
        return;
    }
    add(c, PART_TEXT, str_printf(c->arena, "text of " STR_FMT, STR_ARG(path)), STR("without a line end"), STR("with a line end"));
}

static void add_stage_difference(struct comparing *c, Value x, Value y)
{
    Str before = short_path(c, x), after = short_path(c, y);
    bool is_same_place = str_eq(before, after) || value_is_null(x) || value_is_null(y);
    if (value_has(x, STR("text")) && value_has(y, STR("text")) && is_same_place) {
        add_text_difference(c, x, y);
        return;
    }
    add(c, PART_INPUT, str_printf(c->arena, "input " STR_FMT, STR_ARG(value_is_null(y) ? before : after)),
        stage_text(c, x, c->of_before, !is_same_place), stage_text(c, y, c->of_after, !is_same_place));
    c->out->at[c->out->len - 1].before_hash = stage_hash(x);
    c->out->at[c->out->len - 1].after_hash = stage_hash(y);
}

// Pairs what is left by `same`, and reports the pairs that differ.
static void pair_stages(struct comparing *c, Value x, Value y, bool *x_done, bool *y_done, bool (*same)(struct comparing *, Value, Value))
{
    size_t from = 0;                    // both mostly stand in one order
    for (size_t i = 0; i < value_len(x); i++) {
        for (size_t n = 0; !x_done[i] && n < value_len(y); n++) {
            size_t k = (from + n) % value_len(y);
            if (y_done[k] || !same(c, value_at(x, i), value_at(y, k)))
                continue;
            x_done[i] = y_done[k] = true;
            from = k + 1;
            if (!value_eq(value_at(x, i), value_at(y, k)))
                add_stage_difference(c, value_at(x, i), value_at(y, k));
        }
    }
}

static bool is_same_path(struct comparing *c UNUSED, Value x, Value y) { return value_eq(value_get(x, STR("path")), value_get(y, STR("path"))); }
static bool is_same_folder(struct comparing *c, Value x, Value y)       // in/0/a.fa and in/0/b.fa are one input
{
    Str folder = str_dirname(short_path(c, x));
    return str_starts(folder, STR("in/")) && str_eq(folder, str_dirname(short_path(c, y)));
}
static bool is_same_file(struct comparing *c UNUSED, Value x, Value y)
{
    return !hash_is_zero(stage_hash(x)) && hash_eq(stage_hash(x), stage_hash(y));
}

static void compare_stages(struct comparing *c)
{
    Value x = value_get(c->before, STR("stages")), y = value_get(c->after, STR("stages"));
    bool *x_done = NEW_ARRAY(c->arena, bool, value_len(x)), *y_done = NEW_ARRAY(c->arena, bool, value_len(y));
    size_t before = c->out->len;
    if (value_eq(x, y))
        return;
    pair_stages(c, x, y, x_done, y_done, is_same_path);
    pair_stages(c, x, y, x_done, y_done, is_same_folder);
    pair_stages(c, x, y, x_done, y_done, is_same_file);
    for (size_t i = 0; i < value_len(x); i++)
        if (!x_done[i])
            add_stage_difference(c, value_at(x, i), value_null);
    for (size_t i = 0; i < value_len(y); i++)
        if (!y_done[i])
            add_stage_difference(c, value_null, value_at(y, i));
    if (c->out->len == before)
        add(c, PART_INPUT, STR("order of the inputs"), STR("another one"), STR("this one"));
}

void task_parts_compare(struct arena *a, Value before, Value after, const struct run_record *of_before, const struct run_record *of_after,
                        struct part_differences *out)
{
    struct comparing c = { a, before, after, of_before, of_after, out };
    *out = (struct part_differences){ 0 };
    compare_programs(&c);
    compare_text(&c, "image", PART_IMAGE, "container image");
    compare_stages(&c);
    compare_argv(&c);
    compare_env(&c);
    compare_text(&c, "stdin", PART_STREAM, "standard input");
    compare_text(&c, "stdout", PART_STREAM, "name of standard output");
    compare_text(&c, "stderr", PART_STREAM, "name of standard error");
    compare_flags(&c);
}

// --- shown

void part_differences_print(const struct part_differences *d, size_t max, size_t indent, struct strbuf *out)
{
    for (size_t i = 0; i < MIN(d->len, max); i++) {
        const struct part_difference *p = &d->at[i];
        text_add_spaces(out, indent);
        text_add(out, p->what);
        strbuf_addz(out, ":\n");
        text_add_spaces(out, indent + 2);
        strbuf_addz(out, "was  ");
        text_add_cut(out, p->before.len ? p->before : STR("(not there)"), SHOWN_COLUMNS);
        strbuf_addc(out, '\n');
        text_add_spaces(out, indent + 2);
        strbuf_addz(out, "is   ");
        text_add_cut(out, p->after.len ? p->after : STR("(not there)"), SHOWN_COLUMNS);
        strbuf_addc(out, '\n');
    }
    if (d->len > max) {
        text_add_spaces(out, indent);
        strbuf_addf(out, "and %zu more\n", d->len - max);
    }
}

Value part_differences_value(struct arena *a, const struct part_differences *d)
{
    static const char *const kinds[] = { "argument", "program", "image", "environment", "input", "text", "stream", "kept", "flag" };
    Value *items = NEW_ARRAY(a, Value, d->len);
    for (size_t i = 0; i < d->len; i++) {
        struct value_builder b = value_map_begin(a);
        value_map_set(&b, STR("kind"), value_string(a, str_of(kinds[d->at[i].part])));
        value_map_set(&b, STR("what"), value_string(a, d->at[i].what));
        value_map_set(&b, STR("was"), d->at[i].before.len ? value_string(a, d->at[i].before) : value_null);
        value_map_set(&b, STR("is"), d->at[i].after.len ? value_string(a, d->at[i].after) : value_null);
        items[i] = value_map_end(&b);
    }
    return value_array(a, items, d->len);
}
