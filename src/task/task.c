// SPDX-License-Identifier: Apache-2.0
// The task's canonical form, its key, and how its exit code is taken. Not here: how a task is run, and no file.
//
// The canonical form leaves out what is empty or false. So a field that is added later changes no key of the tasks
// that don't use it, and a million identities stay short.
#include "task/spec.h"

#include "base/err.h"
#include "base/vec.h"
#include "task/bytes.h"
#include "value/read.h"

enum { IDENTITY_VERSION = 1 };

static const struct text_field {
    Str name;
    size_t offset;
} text_fields[] = {
    { STR_CONST("tool"), offsetof(struct task_spec, tool_digest) },
    { STR_CONST("image"), offsetof(struct task_spec, image) },
    { STR_CONST("workdir"), offsetof(struct task_spec, workdir) },
    { STR_CONST("stdin"), offsetof(struct task_spec, stdin_path) },
    { STR_CONST("stdout"), offsetof(struct task_spec, stdout_name) },
    { STR_CONST("stderr"), offsetof(struct task_spec, stderr_name) },
};
static const struct bool_field {
    Str name;
    size_t offset;
} bool_fields[] = {
    { STR_CONST("keep_all"), offsetof(struct task_spec, keep_all) },
    { STR_CONST("network"), offsetof(struct task_spec, network) },
};
static const Str stage_kinds[] = { STR_CONST("file"), STR_CONST("text"), STR_CONST("dir") };

// --- the canonical form

static void set_strings(struct value_builder *b, Str name, const Str *at, size_t count)
{
    if (count == 0)
        return;
    Value *items = NEW_ARRAY(b->arena, Value, count);
    for (size_t i = 0; i < count; i++)
        items[i] = bytes_value(b->arena, at[i]);
    value_map_set(b, name, value_array(b->arena, items, count));
}

// A variable's name can't contain '=', so "=<base64>" is free for the names that are no text.
static Str env_name(struct arena *a, Str name)
{
    return bytes_are_text(name) ? name : str_concat(a, STR("="), base64_encode(a, name));
}

static void set_env(struct value_builder *b, const struct task_spec *spec)
{
    if (spec->env_count == 0)
        return;
    struct value_builder env = value_map_begin(b->arena);
    for (size_t i = 0; i < spec->env_count; i++)
        value_map_set(&env, env_name(b->arena, spec->env[i].name), bytes_value(b->arena, spec->env[i].value));
    value_map_set(b, STR("env"), value_map_end(&env));
}

static Value stage_value(struct arena *a, const struct stage *stage)
{
    struct value_builder b = value_map_begin(a);
    value_map_set(&b, STR("kind"), value_string(a, stage_kinds[stage->kind]));
    value_map_set(&b, STR("path"), bytes_value(a, stage->path));
    if (stage->kind == STAGE_TEXT)
        value_map_set(&b, STR("text"), bytes_value(a, stage->text));
    if (stage->kind == STAGE_FILE) {
        value_map_set(&b, STR("hash"), value_string(a, hash_text(a, stage->hash)));
        value_map_set(&b, STR("size"), value_int(stage->size));
    }
    if (stage->is_writable)
        value_map_set(&b, STR("writable"), value_bool(true));
    if (stage->is_executable)
        value_map_set(&b, STR("executable"), value_bool(true));
    return value_map_end(&b);
}

static Value identity_value(struct arena *a, const struct task_spec *spec)
{
    struct value_builder b = value_map_begin(a);
    value_map_set(&b, STR("task"), value_int(IDENTITY_VERSION));
    set_strings(&b, STR("argv"), spec->argv, spec->argc);
    for (size_t i = 0; i < LEN(text_fields); i++) {
        const Str *text = (const void *)((const char *)spec + text_fields[i].offset);
        if (text->len)
            value_map_set(&b, text_fields[i].name, bytes_value(a, *text));
    }
    set_env(&b, spec);
    if (spec->stage_count) {
        Value *stages = NEW_ARRAY(a, Value, spec->stage_count);
        for (size_t i = 0; i < spec->stage_count; i++)
            stages[i] = stage_value(a, &spec->stages[i]);
        value_map_set(&b, STR("stages"), value_array(a, stages, spec->stage_count));
    }
    set_strings(&b, STR("globs"), spec->globs, spec->glob_count);
    for (size_t i = 0; i < LEN(bool_fields); i++)
        if (*((const bool *)spec + bool_fields[i].offset))
            value_map_set(&b, bool_fields[i].name, value_bool(true));
    return value_map_end(&b);
}

Hash task_key(const struct task_spec *spec, Str *canonical, struct arena *a)
{
    struct arena scratch = { 0 };
    struct strbuf text = { 0 };
    json_write_canonical(&text, identity_value(&scratch, spec));
    CHECK(!text.overflow);
    Hash key = hash_bytes(text.data, text.len);
    if (canonical)
        *canonical = str_copy(a, strbuf_str(&text));
    strbuf_release(&text);
    arena_release(&scratch);
    return key;
}

// --- back from it

static bool bad_field(struct err *err, Str where, const char *expected)
{
    return err_set(err, ERR_INVALID, "task identity: '" STR_FMT "': expected %s", STR_ARG(where), expected);
}

static bool read_strings(struct arena *a, Value v, Str name, const Str **at, size_t *count, struct err *err)
{
    if (v.kind != VALUE_ARRAY)
        return bad_field(err, name, "an array");
    *count = value_len(v);
    Str *items = NEW_ARRAY(a, Str, *count);
    for (size_t i = 0; i < *count; i++)
        if (!bytes_from_value(a, value_at(v, i), &items[i]))
            return bad_field(err, name, "strings or {base64}");
    *at = items;
    return true;
}

static bool read_env(struct arena *a, Value v, struct task_spec *out, struct err *err)
{
    if (v.kind != VALUE_MAP)
        return bad_field(err, STR("env"), "a map");
    struct env_var *env = NEW_ARRAY(a, struct env_var, v.map->len);
    for (size_t i = 0; i < v.map->len; i++) {
        const struct value_string *key = v.map->at[i].key;
        Str name = { key->data, key->len };
        if (!bytes_from_value(a, v.map->at[i].value, &env[i].value))
            return bad_field(err, name, "a string or {base64}");
        if (!str_starts(name, STR("=")))
            env[i].name = str_copy(a, name);
        else if (!base64_decode(a, str_from(name, 1), &env[i].name))
            return bad_field(err, name, "the name of a variable");
    }
    out->env = env;
    out->env_count = v.map->len;
    return true;
}

static bool read_stage_flags(Value v, struct stage *out, size_t *fields)
{
    Value writable = value_get(v, STR("writable")), executable = value_get(v, STR("executable"));
    out->is_writable = value_has(v, STR("writable"));
    out->is_executable = value_has(v, STR("executable"));
    *fields += (size_t)out->is_writable + (size_t)out->is_executable;
    return (!out->is_writable || (writable.kind == VALUE_BOOL && writable.boolean)) &&
           (!out->is_executable || (executable.kind == VALUE_BOOL && executable.boolean));
}

static bool read_stage(struct arena *a, Value v, struct stage *out, struct err *err)
{
    Str kind = value_get_str(v, STR("kind"));
    size_t k = 0, fields = 2;
    while (k < LEN(stage_kinds) && !str_eq(kind, stage_kinds[k]))
        k++;
    if (k == LEN(stage_kinds))
        return bad_field(err, STR("stages.kind"), "file, text or dir");
    out->kind = (enum stage_kind)k;
    if (!bytes_from_value(a, value_get(v, STR("path")), &out->path))
        return bad_field(err, STR("stages.path"), "a string or {base64}");
    if (out->kind == STAGE_TEXT) {
        fields += 1;
        if (!bytes_from_value(a, value_get(v, STR("text")), &out->text))
            return bad_field(err, STR("stages.text"), "a string or {base64}");
    }
    if (out->kind == STAGE_FILE) {
        Value size = value_get(v, STR("size"));
        fields += 2;
        if (!hash_parse(value_get_str(v, STR("hash")), &out->hash))
            return bad_field(err, STR("stages.hash"), "a digest, \"blake3:…\"");
        if (size.kind != VALUE_INT || size.integer < 0)
            return bad_field(err, STR("stages.size"), "a size in bytes");
        out->size = size.integer;
    }
    if (!read_stage_flags(v, out, &fields))
        return bad_field(err, STR("stages"), "writable and executable to be true or absent");
    return value_len(v) == fields || bad_field(err, out->path, "no other fields in its stage");
}

static bool read_stages(struct arena *a, Value v, struct task_spec *out, struct err *err)
{
    if (v.kind != VALUE_ARRAY)
        return bad_field(err, STR("stages"), "an array");
    struct stage *stages = NEW_ARRAY(a, struct stage, value_len(v));
    for (size_t i = 0; i < value_len(v); i++)
        if (!read_stage(a, value_at(v, i), &stages[i], err))
            return false;
    out->stages = stages;
    out->stage_count = value_len(v);
    return true;
}

static bool read_field(struct arena *a, Str name, Value v, struct task_spec *out, struct err *err)
{
    for (size_t i = 0; i < LEN(text_fields); i++)
        if (str_eq(name, text_fields[i].name))
            return bytes_from_value(a, v, (Str *)(void *)((char *)out + text_fields[i].offset)) ||
                   bad_field(err, name, "a string or {base64}");
    for (size_t i = 0; i < LEN(bool_fields); i++)
        if (str_eq(name, bool_fields[i].name)) {
            *((bool *)out + bool_fields[i].offset) = true;
            return (v.kind == VALUE_BOOL && v.boolean) || bad_field(err, name, "true, or no such field");
        }
    if (str_is(name, "argv"))
        return read_strings(a, v, name, &out->argv, &out->argc, err);
    if (str_is(name, "globs"))
        return read_strings(a, v, name, &out->globs, &out->glob_count, err);
    if (str_is(name, "env"))
        return read_env(a, v, out, err);
    if (str_is(name, "stages"))
        return read_stages(a, v, out, err);
    // What is not understood decides the bytes too: to run the task without it would make other ones.
    return str_is(name, "task") || bad_field(err, name, "no field of this name (was it made by a newer Petri?)");
}

bool task_from_identity(struct arena *a, Value identity, struct task_spec *out, struct err *err)
{
    *out = (struct task_spec){ 0 };
    Value version = value_get(identity, STR("task"));
    if (version.kind != VALUE_INT || version.integer != IDENTITY_VERSION)
        return bad_field(err, STR("task"), "version 1");
    for (size_t i = 0; i < identity.map->len; i++) {
        const struct value_string *key = identity.map->at[i].key;
        if (!read_field(a, (Str){ key->data, key->len }, identity.map->at[i].value, out, err))
            return false;
    }
    return out->argc > 0 || bad_field(err, STR("argv"), "at least one argument");
}

// --- copy and exit class

static const Str *copy_strings(struct arena *a, const Str *at, size_t count)
{
    Str *copy = NEW_ARRAY(a, Str, count);
    for (size_t i = 0; i < count; i++)
        copy[i] = str_copy(a, at[i]);
    return copy;
}

static const int *copy_codes(struct arena *a, const int *codes, size_t count)
{
    return count ? arena_copy(a, codes, count * sizeof *codes) : NULL;
}

static const struct stage *copy_stages(struct arena *a, const struct stage *stages, size_t count)
{
    struct stage *copy = NEW_ARRAY(a, struct stage, count);
    for (size_t i = 0; i < count; i++) {
        copy[i] = stages[i];
        copy[i].path = str_copy(a, stages[i].path);
        copy[i].text = str_copy(a, stages[i].text);
        copy[i].source = str_copy(a, stages[i].source);
    }
    return copy;
}

struct task_spec *task_spec_copy(struct arena *a, const struct task_spec *spec)
{
    struct task_spec *copy = NEW(a, struct task_spec);
    *copy = *spec;
    copy->name = str_copy(a, spec->name);
    copy->step = str_copy(a, spec->step);
    for (size_t i = 0; i < LEN(text_fields); i++) {
        Str *text = (void *)((char *)copy + text_fields[i].offset);
        *text = str_copy(a, *text);
    }
    copy->argv = copy_strings(a, spec->argv, spec->argc);
    copy->globs = copy_strings(a, spec->globs, spec->glob_count);
    struct env_var *env = NEW_ARRAY(a, struct env_var, spec->env_count);
    for (size_t i = 0; i < spec->env_count; i++)
        env[i] = (struct env_var){ str_copy(a, spec->env[i].name), str_copy(a, spec->env[i].value) };
    copy->env = env;
    copy->stages = copy_stages(a, spec->stages, spec->stage_count);
    struct task_policy *policy = &copy->policy;
    policy->success_codes = copy_codes(a, policy->success_codes, policy->success_count);
    policy->temporary_codes = copy_codes(a, policy->temporary_codes, policy->temporary_count);
    policy->permanent_codes = copy_codes(a, policy->permanent_codes, policy->permanent_count);
    copy->labels = value_copy(a, spec->labels);
    return copy;
}

static bool has_code(const int *codes, size_t count, int code)
{
    for (size_t i = 0; i < count; i++)
        if (codes[i] == code)
            return true;
    return false;
}

enum exit_class task_exit_class(const struct task_spec *spec, int exit_code)
{
    const struct task_policy *p = &spec->policy;
    if (p->success_count ? has_code(p->success_codes, p->success_count, exit_code) : exit_code == 0)
        return EXIT_IS_SUCCESS;
    if (has_code(p->permanent_codes, p->permanent_count, exit_code))
        return EXIT_IS_PERMANENT;
    return has_code(p->temporary_codes, p->temporary_count, exit_code) ? EXIT_IS_TEMPORARY : EXIT_IS_PERMANENT;
}
